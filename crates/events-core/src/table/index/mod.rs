//! The key index: where each version of an event that the table ever took went.
//!
//! A run asks it for the ids of a batch, so that what the table has already is not taken again.
//!
//! | word | what |
//! |---|---|
//! | entry | the hash of an id, the check of a version, the partition it went to |
//! | cell | one of 2^n equal parts of all hashes |
//! | bucket | a part of a cell that holds about 64 entries |
//! | segment | an immutable object with the entries of a cell, bucket by bucket |
//! | level | segments of cells of the same size; each holds eight times the entries of the one before it |
//!
//! A segment in the store, all numbers little-endian:
//!
//! | part | bytes | what |
//! |---|---|---|
//! | header | 8 | `EVINDEX` and the version of the form, the byte 1 |
//! | entries | 7 to 15 each, mostly 11 | in ascending order: the rest of the hash (48 bits without those of cell and bucket, in whole bytes), the check (5), the number of the partition (2, or 4 when there are more than 65,536) |
//! | tail: directory | 2 a bucket | how many entries each bucket has (4 a bucket when one has more than 65,535) |
//! | tail: partitions | … | for each name in ascending order: its length (4), its UTF-8, how many days it has (4), the days since 1970 in ascending order (4 each) |
//! | tail: trailer | 40 | see [`trailer`] |
//!
//! The partitions of a segment are numbered from 0 in the order in which they stand. Equal sets of entries make equal
//! bytes.
//!
//! # Why
//!
//! A Bloom filter in each file that is wrong once in a thousand times cannot answer for 5,556 ids in 150 files: it would
//! give 833 false answers, and each costs reading a column of ids. Here an id costs one bucket a level, 350 to 700 bytes
//! on average; and when many are wanted, neighbours are read at once.
//!
//! The levels are those of a log-structured merge tree (O'Neil and others, 1996), with one sorted run a level. Cutting
//! by the bits of a hash is extendible hashing (Fagin and others, 1979): no tree has to be walked, because hashes are
//! uniform, and a segment is found by arithmetic.

mod cell;
mod directory;
mod entry;
mod levels;
mod matching;
mod merge;
mod meta;
mod partitions;
mod reads;
mod segment;
mod shape;
mod trailer;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use cell::Cell;
pub(crate) use entry::{Entry, HASH_BITS, id_hash, version_check};
pub(crate) use levels::{cell_bits, merge_level};
pub(crate) use matching::matches;
pub(crate) use merge::{merge_cell, pack_cell};
pub(crate) use meta::SegmentMeta;
pub(crate) use partitions::Partitions;
pub(crate) use reads::{Read, plan_reads};
pub(crate) use segment::Segment;
pub(crate) use writer::SegmentObject;
#[cfg(test)]
use {
    cell::{CELL_BITS_MAX, by_cell},
    entry::CHECK_BITS,
    levels::{LEVEL_MAX, level_entries_max},
    merge::merge,
    writer::SegmentWriter,
};

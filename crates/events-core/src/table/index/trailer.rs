//! The last bytes of a segment: what the bytes before them mean.
//!
//! | bytes | what, little-endian |
//! |---|---|
//! | 8 | entries |
//! | 8 | where the tail begins |
//! | 4 | number of the cell |
//! | 1 | bits of the cell |
//! | 1 | bits that choose a bucket |
//! | 1 | flags: 1 for counts of 4 bytes, 2 for numbers of partitions of 4 bytes |
//! | 1 | 0 |
//! | 8 | XXH3-64 of the tail up to here |
//! | 8 | [`MAGIC`] |

use bytes::{Buf, BufMut};
use xxhash_rust::xxh3::xxh3_64;

use super::cell::Cell;
use super::shape::Shape;

/// The first and the last bytes of a segment: its kind and the version of its form.
pub(super) const MAGIC: [u8; 8] = *b"EVINDEX\x01";

/// The bytes of a trailer.
pub(super) const TRAILER_BYTES: usize = 40;

/// The bytes of a trailer that the checksum does not cover: itself and [`MAGIC`].
const SEAL_BYTES: usize = 16;

const WIDE_COUNTS: u8 = 1;
const WIDE_PARTITIONS: u8 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trailer {
    pub(super) shape: Shape,
    pub(super) entries: u64,
    pub(super) tail_offset: u64,
    pub(super) wide_counts: bool,
}

impl Trailer {
    /// Appends the trailer to the rest of the tail.
    pub(super) fn write(&self, tail: &mut Vec<u8>) {
        tail.put_u64_le(self.entries);
        tail.put_u64_le(self.tail_offset);
        tail.put_u32_le(self.shape.cell.number());
        tail.put_u8(self.shape.cell.bits());
        tail.put_u8(self.shape.bucket_bits);
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        tail.put_u8(flag(self.wide_counts, WIDE_COUNTS) | flag(self.shape.wide_partitions, WIDE_PARTITIONS));
        tail.put_u8(0);
        seal(tail);
    }

    /// The trailer of a tail, and the bytes before it.
    pub(super) fn read(tail: &[u8]) -> Result<(Self, &[u8]), String> {
        let start = tail.len().checked_sub(TRAILER_BYTES).ok_or("the tail is shorter than its trailer")?;
        let (sealed, mut seal) = tail.split_at(tail.len() - SEAL_BYTES);
        let checksum = seal.get_u64_le();
        if *seal != MAGIC {
            return Err("the object is no segment of this version".to_owned());
        }
        if checksum != xxh3_64(sealed) {
            return Err("the checksum of the tail does not match".to_owned());
        }
        let (before, mut fields) = sealed.split_at(start);
        let (entries, tail_offset) = (fields.get_u64_le(), fields.get_u64_le());
        let (number, bits, bucket_bits) = (fields.get_u32_le(), fields.get_u8(), fields.get_u8());
        let (flags, zero) = (fields.get_u8(), fields.get_u8());
        if flags & !(WIDE_COUNTS | WIDE_PARTITIONS) != 0 || zero != 0 {
            return Err(format!("the flags {flags} and {zero} are unknown"));
        }
        let shape = Shape::stated(Cell::new(bits, number)?, bucket_bits, flags & WIDE_PARTITIONS != 0)?;
        Ok((Self { shape, entries, tail_offset, wide_counts: flags & WIDE_COUNTS != 0 }, before))
    }
}

/// Appends the checksum of what is there, and the magic bytes.
pub(super) fn seal(tail: &mut Vec<u8>) {
    let checksum = xxh3_64(tail);
    tail.put_u64_le(checksum);
    tail.put_slice(&MAGIC);
}

//! Entries become a segment.

use bytes::{BufMut, Bytes};
use xxhash_rust::xxh3::Xxh3;

use super::cell::Cell;
use super::directory::Directory;
use super::entry::Entry;
use super::meta::SegmentMeta;
use super::partitions::Partitions;
use super::shape::Shape;
use super::trailer::{MAGIC, Trailer};

/// Gathers the entries of a cell.
///
/// A segment depends only on its entries and the partitions they name: not on the order in which they came, nor on
/// numbers that partitions had on the way, nor on how often an entry came. So merging is repeatable.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    cell: Cell,
    /// As [`Entry::pack`] makes them: 16 bytes an entry.
    entries: Vec<u128>,
}

/// A segment as it goes to the store.
#[derive(Debug, Clone)]
pub(crate) struct SegmentObject {
    /// The bytes of the object, in pieces; the last piece is the tail.
    pub(crate) bytes: Vec<Bytes>,
    pub(crate) meta: SegmentMeta,
}

impl SegmentWriter {
    /// A writer with memory for so many entries. More of them only cost moving.
    pub(crate) fn new(cell: Cell, entries_expected: usize) -> Self {
        Self { cell, entries: Vec::with_capacity(entries_expected) }
    }

    /// A writer that has entries, all of the cell and as [`Entry::pack`] makes them.
    pub(crate) fn of(cell: Cell, entries: Vec<u128>) -> Self {
        Self { cell, entries }
    }

    /// Takes an entry of the cell, whose partition has its number from the [`Partitions`] that `finish` gets.
    ///
    /// Entries in ascending order are the fastest; in any other they are sorted at last.
    pub(crate) fn push(&mut self, entry: Entry) {
        debug_assert!(self.cell.range().contains(&entry.hash), "{entry:?} is of another cell");
        let packed = entry.pack();
        // Versions that were delivered again come one after the other.
        if self.entries.last() != Some(&packed) {
            self.entries.push(packed);
        }
    }

    /// The segment.
    ///
    /// # Panics
    ///
    /// When the number of an entry's partition is not of `partitions`, or when there are 2^32 entries: levels keep a
    /// segment about 2^20.
    pub(crate) fn finish(mut self, partitions: &Partitions) -> SegmentObject {
        let dictionary = partitions.dictionary(self.entries.iter().map(|&packed| Entry::unpack(packed).partition));
        for packed in &mut self.entries {
            *packed = Entry::unpack(*packed).renumbered(&dictionary.numbers).pack();
        }
        if !self.entries.is_sorted() {
            self.entries.sort_unstable();
        }
        self.entries.dedup();

        let shape = Shape::new(self.cell, self.entries.len(), dictionary.keys.len());
        let mut body = Vec::with_capacity(MAGIC.len() + self.entries.len() * shape.entry_bytes());
        body.put_slice(&MAGIC);
        let mut counts = vec![0_u32; shape.buckets() as usize];
        for entry in self.entries.iter().map(|&packed| Entry::unpack(packed)) {
            counts[shape.bucket_of(entry.hash) as usize] += 1;
            shape.encode(entry, &mut body);
        }

        let mut tail = Vec::new();
        let directory = Directory::new(counts).expect("a segment holds fewer than 2^32 entries");
        directory.write(&mut tail);
        dictionary.write(&mut tail);
        let entries = self.entries.len() as u64;
        let tail_offset = body.len() as u64;
        Trailer { shape, entries, tail_offset, wide_counts: directory.is_wide() }.write(&mut tail);

        let mut digest = Xxh3::new();
        digest.update(&body);
        digest.update(&tail);
        let meta = SegmentMeta {
            cell: self.cell,
            entries,
            bytes: (body.len() + tail.len()) as u64,
            tail_bytes: tail.len() as u64,
            digest: digest.digest128(),
        };
        SegmentObject { bytes: vec![body.into(), tail.into()], meta }
    }
}

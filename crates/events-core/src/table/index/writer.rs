//! Entries become a segment.

use bytes::Bytes;
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
    /// As [`Entry::pack`] makes them: 16 bytes an entry. In several parts, each of which is gone when it is encoded.
    entries: Vec<Vec<u128>>,
}

/// The entries of a part that grows.
const PART_ENTRIES: usize = 64 << 10;

/// A segment as it goes to the store.
#[derive(Debug, Clone)]
pub(crate) struct SegmentObject {
    /// The bytes of the object, in pieces; the last piece is the tail.
    pub(crate) bytes: Vec<Bytes>,
    pub(crate) meta: SegmentMeta,
}

impl SegmentWriter {
    pub(crate) fn new(cell: Cell) -> Self {
        Self { cell, entries: Vec::new() }
    }

    /// A writer that has entries in parts, all of the cell and as [`Entry::pack`] makes them.
    pub(crate) fn of(cell: Cell, entries: Vec<Vec<u128>>) -> Self {
        Self { cell, entries }
    }

    /// Takes an entry of the cell, whose partition has its number from the [`Partitions`] that `finish` gets.
    ///
    /// Entries in ascending order are the fastest; in any other they are sorted at last.
    pub(crate) fn push(&mut self, entry: Entry) {
        debug_assert!(self.cell.range().contains(&entry.hash), "{entry:?} is of another cell");
        let packed = entry.pack();
        match self.entries.last_mut() {
            // Versions that were delivered again come one after the other.
            Some(part) if part.last() == Some(&packed) => {}
            Some(part) if part.len() < PART_ENTRIES => part.push(packed),
            _ => {
                let mut part = Vec::with_capacity(PART_ENTRIES);
                part.push(packed);
                self.entries.push(part);
            }
        }
    }

    /// The entries in ascending order, each once.
    fn sort(&mut self) {
        let ascends = self.entries.iter().flatten().is_sorted_by(|one, two| one < two);
        if !ascends {
            let mut entries = self.entries.concat();
            entries.sort_unstable();
            entries.dedup();
            self.entries = vec![entries];
        }
    }

    /// The segment.
    ///
    /// # Panics
    ///
    /// When the number of an entry's partition is not of `partitions`, or when there are 2^32 entries: levels keep a
    /// segment about 2^20.
    pub(crate) fn finish(mut self, partitions: &Partitions) -> SegmentObject {
        let of = |&packed: &u128| Entry::unpack(packed).partition;
        let dictionary = partitions.dictionary(self.entries.iter().flatten().map(of));
        for packed in self.entries.iter_mut().flatten() {
            *packed = Entry::unpack(*packed).renumbered(&dictionary.numbers).pack();
        }
        self.sort();

        let entries = self.entries.iter().map(Vec::len).sum();
        let shape = Shape::new(self.cell, entries, dictionary.keys.len());
        let tail_offset = (MAGIC.len() + entries * shape.entry_bytes()) as u64;
        let (mut pieces, mut digest) = (Vec::with_capacity(self.entries.len() + 2), Xxh3::new());
        let mut put = |piece: Vec<u8>| {
            digest.update(&piece);
            pieces.push(Bytes::from(piece));
        };
        put(MAGIC.to_vec());
        let mut counts = vec![0_u32; shape.buckets() as usize];
        for part in self.entries {
            let mut piece = Vec::with_capacity(part.len() * shape.entry_bytes());
            for entry in part.iter().map(|&packed| Entry::unpack(packed)) {
                counts[shape.bucket_of(entry.hash) as usize] += 1;
                shape.encode(entry, &mut piece);
            }
            put(piece);
        }

        let mut tail = Vec::new();
        let directory = Directory::new(counts).expect("a segment holds fewer than 2^32 entries");
        directory.write(&mut tail);
        dictionary.write(&mut tail);
        let entries = entries as u64;
        Trailer { shape, entries, tail_offset, wide_counts: directory.is_wide() }.write(&mut tail);
        let tail_bytes = tail.len() as u64;
        put(tail);
        let (bytes, digest) = (tail_offset + tail_bytes, digest.digest128());
        SegmentObject { bytes: pieces, meta: SegmentMeta { cell: self.cell, entries, bytes, tail_bytes, digest } }
    }
}

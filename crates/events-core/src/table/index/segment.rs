//! A segment that is opened: which bytes hold which entries.

use std::ops::Range;

use super::cell::Cell;
use super::directory::Directory;
use super::entry::Entry;
use super::meta::SegmentMeta;
use super::partitions::read_partitions;
use super::shape::Shape;
use super::trailer::{MAGIC, Trailer};
use crate::table::PartitionKey;

/// The tail of a segment, understood.
///
/// Buckets have the numbers from 0 to [`Segment::buckets`]; those of a wanted hash or range are always among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    shape: Shape,
    directory: Directory,
    partitions: Vec<PartitionKey>,
}

impl Segment {
    /// Opens a segment by its tail: the last `meta.tail_bytes` of its object.
    ///
    /// # Errors
    ///
    /// What is wrong with the tail, when it is not the one that was written.
    pub(crate) fn open(meta: &SegmentMeta, tail: &[u8]) -> Result<Self, String> {
        let (trailer, mut before) = Trailer::read(tail)?;
        let Trailer { shape, entries, tail_offset, wide_counts } = trailer;
        let directory = Directory::read(&mut before, shape.buckets(), wide_counts)?;
        let segment = Self { shape, directory, partitions: read_partitions(before)? };
        let counted = u64::from(segment.directory.entries_of_all());
        if entries != counted {
            return Err(format!("the directory counts {counted} entries, the trailer {entries}"));
        }
        let entries_end = segment.bytes_of(0..segment.buckets()).end;
        if tail_offset != entries_end {
            return Err(format!("the entries end at {entries_end}, the tail begins at {tail_offset}"));
        }
        let tail_bytes = tail.len() as u64;
        let stated = (shape.cell, entries, tail_offset.saturating_add(tail_bytes), tail_bytes);
        if stated != (meta.cell, meta.entries, meta.bytes, meta.tail_bytes) {
            return Err(format!("cell, entries, bytes and bytes of the tail are {stated:?}, not those of {meta:?}"));
        }
        Ok(segment)
    }

    pub(crate) fn cell(&self) -> Cell {
        self.shape.cell
    }

    pub(crate) fn buckets(&self) -> u32 {
        self.shape.buckets()
    }

    /// The bucket of a hash of the segment's cell.
    pub(crate) fn bucket_of(&self, hash: u64) -> u32 {
        self.shape.bucket_of(hash)
    }

    /// The buckets that can hold hashes of the range, whatever else they hold.
    pub(crate) fn buckets_of(&self, hashes: &Range<u64>) -> Range<u32> {
        let cell = self.cell().range();
        let (start, end) = (hashes.start.max(cell.start), hashes.end.min(cell.end));
        if start < end { self.bucket_of(start)..self.bucket_of(end - 1) + 1 } else { 0..0 }
    }

    /// Where in the object the entries of a run of buckets are.
    ///
    /// # Panics
    ///
    /// When there are no such buckets.
    pub(crate) fn bytes_of(&self, buckets: Range<u32>) -> Range<u64> {
        let entries = self.directory.entries(&buckets).expect("the buckets are of this segment");
        let offset = |entry: u32| MAGIC.len() as u64 + u64::from(entry) * self.shape.entry_bytes() as u64;
        offset(entries.start)..offset(entries.end)
    }

    /// The entries of a run of buckets, in ascending order, from the bytes that [`Segment::bytes_of`] tells.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes, when they cannot be those entries. Entries have no checksum: damage that leaves
    /// them in order is not seen.
    pub(crate) fn entries<'a>(
        &'a self,
        buckets: Range<u32>,
        bytes: &'a [u8],
    ) -> Result<impl Iterator<Item = Entry> + use<'a>, String> {
        let entries = self
            .directory
            .entries(&buckets)
            .ok_or_else(|| format!("there are {} buckets, none are {buckets:?}", self.buckets()))?;
        if bytes.len() != entries.len() * self.shape.entry_bytes() {
            let entry_bytes = self.shape.entry_bytes();
            return Err(format!("{} bytes are not {} entries of {entry_bytes}", bytes.len(), entries.len()));
        }
        let mut previous = None;
        for (bucket, entry) in self.decode(buckets.clone(), bytes) {
            if !self.shape.bucket_range(bucket).contains(&entry.hash) {
                return Err(format!("bucket {bucket} holds the hash {:012x} of another", entry.hash));
            }
            if self.partition(entry.partition).is_none() {
                return Err(format!("bucket {bucket} names the unknown partition {}", entry.partition));
            }
            if previous >= Some(entry) {
                return Err(format!("bucket {bucket} is not in ascending order"));
            }
            previous = Some(entry);
        }
        Ok(self.decode(buckets, bytes).map(|(_, entry)| entry))
    }

    /// The partition of an entry's number.
    pub(crate) fn partition(&self, number: u32) -> Option<&PartitionKey> {
        self.partitions.get(number as usize)
    }

    /// All partitions that the segment has entries of, in ascending order.
    pub(crate) fn partitions(&self) -> &[PartitionKey] {
        &self.partitions
    }

    /// The entries of buckets, each with its bucket. The bytes have the length of those buckets.
    fn decode<'a>(&'a self, buckets: Range<u32>, bytes: &'a [u8]) -> impl Iterator<Item = (u32, Entry)> + use<'a> {
        let shape = self.shape;
        let mut rest = bytes;
        buckets.flat_map(move |bucket| {
            let length = self.bytes_of(bucket..bucket + 1);
            let (entries, after) = rest.split_at((length.end - length.start) as usize);
            rest = after;
            let start = shape.bucket_range(bucket).start;
            entries.chunks_exact(shape.entry_bytes()).map(move |entry| (bucket, shape.decode(start, entry)))
        })
    }
}

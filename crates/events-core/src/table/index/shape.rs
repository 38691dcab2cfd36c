//! How the entries of a segment are cut into buckets and how long they are.

use std::ops::Range;

use super::cell::Cell;
use super::entry::{CHECK_BITS, Entry, HASH_BITS};

/// What a bucket holds at most on average. Its 700 bytes are little beside what a request costs, and the directory takes
/// 2 bytes for them.
const BUCKET_ENTRIES: u64 = 64;

/// The most bits that a bucket's number has: a thousand million entries a segment.
const BUCKET_BITS_MAX: u8 = 24;

const CHECK_BYTES: u32 = CHECK_BITS as u32 / 8;

/// The partitions that a number of 2 bytes tells apart.
const NARROW_PARTITIONS_MAX: usize = 1 << 16;

/// The form of a segment's entries.
///
/// An entry is one little-endian number: from its lowest byte on, the bits of the hash that neither the cell nor the
/// bucket says, the check, and the number of the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) cell: Cell,
    /// At most [`BUCKET_BITS_MAX`].
    pub(super) bucket_bits: u8,
    /// Whether the number of a partition takes 4 bytes, not 2.
    pub(super) wide_partitions: bool,
}

impl Shape {
    /// The form of so many entries in so many partitions.
    pub(super) fn new(cell: Cell, entries: usize, partitions: usize) -> Self {
        let buckets = (entries as u64).div_ceil(BUCKET_ENTRIES).max(1).next_power_of_two();
        let bucket_bits = buckets.ilog2().min(u32::from(BUCKET_BITS_MAX)) as u8;
        Self { cell, bucket_bits, wide_partitions: partitions > NARROW_PARTITIONS_MAX }
    }

    /// The form that a trailer states.
    pub(super) fn stated(cell: Cell, bucket_bits: u8, wide_partitions: bool) -> Result<Self, String> {
        if bucket_bits > BUCKET_BITS_MAX {
            return Err(format!("{bucket_bits} bits choose a bucket, of which {BUCKET_BITS_MAX} are allowed"));
        }
        Ok(Self { cell, bucket_bits, wide_partitions })
    }

    pub(super) fn buckets(self) -> u32 {
        1 << self.bucket_bits
    }

    /// The bucket of a hash of the cell.
    pub(super) fn bucket_of(self, hash: u64) -> u32 {
        (hash >> self.rest_bits()) as u32 & (self.buckets() - 1)
    }

    /// The hashes of a bucket.
    pub(super) fn bucket_range(self, bucket: u32) -> Range<u64> {
        let start = self.cell.range().start;
        let bucket = u64::from(bucket);
        start + (bucket << self.rest_bits())..start + ((bucket + 1) << self.rest_bits())
    }

    pub(super) fn entry_bytes(self) -> usize {
        let partition_bytes = if self.wide_partitions { 4 } else { 2 };
        (self.rest_bytes() + CHECK_BYTES) as usize + partition_bytes
    }

    /// Appends an entry of the cell.
    pub(super) fn encode(self, entry: Entry, out: &mut Vec<u8>) {
        let rest = entry.hash & ((1 << self.rest_bits()) - 1);
        let number = u128::from(rest)
            | u128::from(entry.check) << (8 * self.rest_bytes())
            | u128::from(entry.partition) << (8 * (self.rest_bytes() + CHECK_BYTES));
        out.extend_from_slice(&number.to_le_bytes()[..self.entry_bytes()]);
    }

    /// The entry of a bucket that begins at `start`. In damaged bytes its hash may lie behind the bucket.
    pub(super) fn decode(self, start: u64, bytes: &[u8]) -> Entry {
        let mut number = [0; 16];
        number[..bytes.len()].copy_from_slice(bytes);
        let number = u128::from_le_bytes(number);
        let lowest = |number: u128, bits: u32| number as u64 & ((1 << bits) - 1);
        Entry {
            hash: start + lowest(number, 8 * self.rest_bytes()),
            check: lowest(number >> (8 * self.rest_bytes()), 8 * CHECK_BYTES),
            partition: (number >> (8 * (self.rest_bytes() + CHECK_BYTES))) as u32,
        }
    }

    fn rest_bits(self) -> u8 {
        HASH_BITS - self.cell.bits() - self.bucket_bits
    }

    fn rest_bytes(self) -> u32 {
        u32::from(self.rest_bits()).div_ceil(8)
    }
}

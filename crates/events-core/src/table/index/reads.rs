//! Which bytes of a segment answer for the hashes that are wanted.

use std::ops::Range;

use super::segment::Segment;

/// One range of an object to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) bytes: Range<u64>,
    /// The buckets that the bytes are of.
    pub(crate) buckets: Range<u32>,
    /// Which of the wanted hashes it answers for.
    pub(crate) hashes: Range<usize>,
}

/// The reads that cover the bucket of each wanted hash, in ascending order.
///
/// The hashes are in ascending order; those of other cells and of empty buckets need no read. Ranges that are at most
/// `gap_bytes_max` apart are one: bytes between them cost less than a request does. When many hashes are wanted, that is
/// one read of everything.
pub(crate) fn plan_reads(segment: &Segment, hashes: &[u64], gap_bytes_max: u64) -> Vec<Read> {
    let cell = segment.cell().range();
    let first = hashes.partition_point(|&hash| hash < cell.start);
    let mut reads: Vec<Read> = Vec::new();
    for (index, &hash) in hashes.iter().enumerate().skip(first).take_while(|(_, hash)| **hash < cell.end) {
        let bucket = segment.bucket_of(hash);
        let bytes = segment.bytes_of(bucket..bucket + 1);
        if bytes.is_empty() {
            continue;
        }
        match reads.last_mut() {
            Some(last) if bytes.start <= last.bytes.end.saturating_add(gap_bytes_max) => {
                last.bytes.end = bytes.end;
                last.buckets.end = bucket + 1;
                last.hashes.end = index + 1;
            }
            _ => reads.push(Read { bytes, buckets: bucket..bucket + 1, hashes: index..index + 1 }),
        }
    }
    reads
}

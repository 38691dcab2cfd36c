//! Laws of the index, for entries of any hashes.

mod cells;
mod damage;
mod levels;
mod lookup;
mod merging;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Cell, Entry, HASH_BITS, Partitions, Read, Segment, SegmentObject, SegmentWriter};
use crate::table::PartitionKey;

/// An entry with its partition instead of a number.
type Version = (u64, u64, PartitionKey);

fn partition(number: u32) -> PartitionKey {
    PartitionKey { domain_event_type: format!("account-{}", number % 7), day: (number / 7) as i32 - 3 }
}

fn cell() -> impl Strategy<Value = Cell> {
    let bits = prop_oneof![Just(0), 0..=super::CELL_BITS_MAX];
    (bits, any::<u32>()).prop_map(|(bits, number)| Cell::new(bits, number & ((1 << bits) - 1)).unwrap())
}

/// Versions in a cell: some far apart, some neighbours, many of the same hash.
fn versions(cell: Cell) -> impl Strategy<Value = Vec<Version>> {
    let size = 1_u64 << (HASH_BITS - cell.bits());
    let hash = prop_oneof![0..size, 0..8_u64.min(size), (size - 8.min(size))..size];
    let check = prop_oneof![0..3_u64, 0..1_u64 << super::CHECK_BITS];
    let version = (hash, check, 0..20_u32);
    let version = version.prop_map(move |(hash, check, number)| (cell.range().start + hash, check, partition(number)));
    prop_oneof![4 => prop::collection::vec(version.clone(), 0..60), 1 => prop::collection::vec(version, 500..1500)]
}

fn cell_and_versions() -> impl Strategy<Value = (Cell, Vec<Version>)> {
    cell().prop_flat_map(|cell| (Just(cell), versions(cell)))
}

fn build(cell: Cell, versions: &[Version]) -> SegmentObject {
    let mut partitions = Partitions::default();
    let mut writer = SegmentWriter::new(cell);
    for &(hash, check, ref key) in versions {
        writer.push(Entry { hash, check, partition: partitions.intern(key) });
    }
    writer.finish(&partitions)
}

fn bytes(object: &SegmentObject) -> Vec<u8> {
    object.bytes.concat()
}

/// The bytes before the tail, and the tail, which is one piece.
fn body_and_tail(object: &SegmentObject) -> (Vec<u8>, Vec<u8>) {
    let (tail, body) = object.bytes.split_last().unwrap();
    (body.concat(), tail.to_vec())
}

fn open(object: &SegmentObject) -> Segment {
    Segment::open(&object.meta, object.bytes.last().unwrap()).unwrap()
}

/// What a read brings, from the bytes of the whole object.
fn read<'a>(segment: &'a Segment, object: &'a [u8], read: &Read) -> impl Iterator<Item = Entry> + use<'a> {
    let range = read.bytes.start as usize..read.bytes.end as usize;
    segment.entries(read.buckets.clone(), &object[range]).unwrap()
}

/// All versions of a segment.
fn all(object: &SegmentObject) -> Vec<Version> {
    let (segment, object) = (open(object), bytes(object));
    let buckets = 0..segment.buckets();
    let everything = Read { bytes: segment.bytes_of(buckets.clone()), buckets, hashes: 0..0 };
    read(&segment, &object, &everything).map(|entry| version(&segment, entry)).collect()
}

fn version(segment: &Segment, entry: Entry) -> Version {
    (entry.hash, entry.check, segment.partition(entry.partition).unwrap().clone())
}

/// Versions in ascending order, each once.
fn distinct(versions: &[Version]) -> Vec<Version> {
    versions.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

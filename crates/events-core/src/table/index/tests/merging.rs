use proptest::prelude::*;

use super::super::{Cell, Entry, Partitions, SegmentObject, by_cell, merge, merge_cell};
use super::{Version, build, bytes, cell_and_versions, distinct, open, versions};

/// The segments of some bits that hold what all `objects` do.
fn merge_all(objects: &[SegmentObject], bits: u8) -> Vec<SegmentObject> {
    let mut partitions = Partitions::default();
    let opened: Vec<_> = objects.iter().map(|object| (open(object), bytes(object))).collect();
    let numbers: Vec<Vec<u32>> =
        opened.iter().map(|(segment, _)| partitions.intern_all(segment.partitions())).collect();
    let merge_one = |number| {
        let cell = Cell::new(bits, number).unwrap();
        let sources = opened.iter().zip(&numbers).map(|((segment, object), numbers)| {
            let buckets = segment.buckets_of(&cell.range());
            let range = segment.bytes_of(buckets.clone());
            let slice = &object[range.start as usize..range.end as usize];
            segment.entries(buckets, slice).unwrap().map(|entry| entry.renumbered(numbers))
        });
        merge_cell(cell, sources, &partitions)
    };
    (0..1 << bits).filter_map(merge_one).collect()
}

/// The versions in parts: each goes to the part that its turn says.
fn split(versions: &[Version], turns: &[usize]) -> Vec<Vec<Version>> {
    let mut parts = vec![Vec::new(); 5];
    for (version, &turn) in versions.iter().zip(turns.iter().cycle()) {
        parts[turn].push(version.clone());
    }
    parts
}

proptest! {
    #[test]
    fn a_segment_does_not_depend_on_order_or_repetition((cell, mut versions) in cell_and_versions()) {
        let once = build(cell, &distinct(&versions));
        versions.extend_from_within(..versions.len() / 2);
        versions.reverse();
        prop_assert_eq!(build(cell, &versions).meta, once.meta.clone());
        prop_assert_eq!(bytes(&build(cell, &versions)), bytes(&once));
    }

    #[test]
    fn parts_merged_are_the_bytes_of_the_whole(
        versions in versions(Cell::WHOLE),
        turns in prop::collection::vec(0..5_usize, 1..20),
        part_bits in 0..3_u8,
        more_bits in 0..4_u8,
    ) {
        let bits = part_bits + more_bits;
        let cells = |versions: &[Version], bits: u8| -> Vec<SegmentObject> {
            let versions = distinct(versions);
            let cell = |version: &Version| Cell::of(version.0, bits);
            versions.chunk_by(|one, two| cell(one) == cell(two)).map(|chunk| build(cell(&chunk[0]), chunk)).collect()
        };
        let parts: Vec<SegmentObject> =
            split(&versions, &turns).iter().flat_map(|part| cells(part, part_bits)).collect();
        let merged = merge_all(&parts, bits);
        let whole = cells(&versions, bits);
        prop_assert!(merged.iter().map(|object| &object.meta).eq(whole.iter().map(|object| &object.meta)));
        prop_assert!(merged.iter().map(bytes).eq(whole.iter().map(bytes)));
    }

    #[test]
    fn sources_come_out_in_order_with_nothing_lost(
        entries in prop::collection::vec((0..9_u64, 0..3_u64, 0..3_u32), 0..200),
        turns in prop::collection::vec(0..6_usize, 1..20),
    ) {
        let mut entries: Vec<Entry> =
            entries.into_iter().map(|(hash, check, partition)| Entry { hash, check, partition }).collect();
        let mut sources = vec![Vec::new(); 6];
        for (entry, &turn) in entries.iter().zip(turns.iter().cycle()) {
            sources[turn].push(*entry);
        }
        for source in &mut sources {
            source.sort_unstable();
        }
        entries.sort_unstable();
        prop_assert_eq!(merge(sources.into_iter().map(Vec::into_iter)).collect::<Vec<_>>(), entries);
    }
}

#[test]
fn new_entries_and_segments_merge_into_the_cells_of_a_level() {
    let key = |number: u64| super::partition(number as u32 % 3);
    let hash = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16;
    let versions = |numbers: std::ops::Range<u64>| -> Vec<Version> {
        distinct(&numbers.map(|number| (hash(number), number, key(number))).collect::<Vec<_>>())
    };
    let old = build(Cell::WHOLE, &versions(0..5000));
    let (segment, old) = (open(&old), bytes(&old));
    let mut partitions = Partitions::default();
    let new: Vec<Entry> = versions(4000..6000)
        .iter()
        .map(|&(hash, check, ref key)| Entry { hash, check, partition: partitions.intern(key) })
        .collect();
    let numbers = partitions.intern_all(segment.partitions());
    let mut merged = Vec::new();
    for (cell, new) in by_cell(&new, 3) {
        let buckets = segment.buckets_of(&cell.range());
        let range = segment.bytes_of(buckets.clone());
        let slice = &old[range.start as usize..range.end as usize];
        let kept = segment.entries(buckets, slice).unwrap().map(|entry| entry.renumbered(&numbers));
        let sources: [Box<dyn Iterator<Item = Entry>>; 2] = [Box::new(new.iter().copied()), Box::new(kept)];
        merged.push(merge_cell(cell, sources, &partitions).unwrap());
    }
    let all = merged.iter().flat_map(|object| {
        let segment = open(object);
        super::all(object).into_iter().inspect(move |version| assert!(segment.cell().range().contains(&version.0)))
    });
    assert!(all.eq(versions(0..6000)));
}

#[test]
fn a_cell_without_entries_has_no_segment() {
    let outside = [Entry { hash: 0, check: 0, partition: 0 }];
    let cell = Cell::new(1, 1).unwrap();
    assert!(merge_cell(cell, [outside.into_iter()], &Partitions::default()).is_none());
}

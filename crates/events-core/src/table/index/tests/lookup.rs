use proptest::prelude::*;

use super::super::{Cell, Entry, HASH_BITS, Segment, SegmentMeta, matches, plan_reads};
use super::{Version, all, body_and_tail, build, bytes, cell_and_versions, distinct, open, partition, read, version};

/// What is found for each of the hashes, in ascending order.
fn find(segment: &Segment, object: &[u8], hashes: &[u64], gap_bytes_max: u64) -> Vec<(usize, Version)> {
    let mut found = Vec::new();
    for planned in plan_reads(segment, hashes, gap_bytes_max) {
        for (index, entry) in matches(read(segment, object, &planned), hashes) {
            if planned.hashes.contains(&index) {
                found.push((index, version(segment, entry)));
            }
        }
    }
    found.sort();
    found
}

proptest! {
    #[test]
    fn what_was_pushed_comes_back_in_order_and_once((cell, versions) in cell_and_versions()) {
        let object = build(cell, &versions);
        let expected = distinct(&versions);
        prop_assert_eq!(object.meta.entries, expected.len() as u64);
        prop_assert_eq!(object.meta.bytes, bytes(&object).len() as u64);
        prop_assert_eq!(all(&object), expected);
    }

    #[test]
    fn a_wanted_hash_finds_all_of_its_versions_and_nothing_else(
        (cell, versions) in cell_and_versions(),
        others in prop::collection::vec(0..1_u64 << HASH_BITS, 0..50),
        every in 1..40_usize,
        gap_bytes_max in prop_oneof![Just(0), 0..5000_u64, Just(u64::MAX)],
    ) {
        let object = build(cell, &versions);
        let (segment, object) = (open(&object), bytes(&object));
        // A hash can be wanted more than once, and need not be of the cell.
        let mut hashes: Vec<u64> = versions.iter().step_by(every).map(|version| version.0).chain(others).collect();
        hashes.sort_unstable();
        let versions = distinct(&versions);
        let of = |hash: u64| {
            let from = versions.partition_point(|version| version.0 < hash);
            versions[from..].iter().take_while(move |version| version.0 == hash).cloned()
        };
        let expected: Vec<(usize, Version)> = hashes
            .iter()
            .enumerate()
            .flat_map(|(index, &hash)| of(hash).map(move |version| (index, version)))
            .collect();
        prop_assert_eq!(find(&segment, &object, &hashes, gap_bytes_max), expected);
    }

    #[test]
    fn reads_cover_what_is_wanted_and_merge_what_is_near(
        (cell, versions) in cell_and_versions(),
        mut hashes in prop::collection::vec(0..1_u64 << HASH_BITS, 0..60),
        gap_bytes_max in 0..3000_u64,
    ) {
        let segment = open(&build(cell, &versions));
        hashes.extend(versions.iter().step_by(7).map(|version| version.0));
        hashes.sort_unstable();
        let reads = plan_reads(&segment, &hashes, gap_bytes_max);
        for pair in reads.windows(2) {
            prop_assert!(pair[0].bytes.end + gap_bytes_max < pair[1].bytes.start);
            prop_assert!(pair[0].hashes.end <= pair[1].hashes.start);
        }
        let wanted_buckets: Vec<u32> = hashes
            .iter()
            .filter(|hash| cell.range().contains(hash))
            .map(|&hash| segment.bucket_of(hash))
            .filter(|&bucket| !segment.bytes_of(bucket..bucket + 1).is_empty())
            .collect();
        for read in &reads {
            prop_assert_eq!(segment.bytes_of(read.buckets.clone()), read.bytes.clone());
            prop_assert!(wanted_buckets.contains(&read.buckets.start));
            prop_assert!(wanted_buckets.contains(&(read.buckets.end - 1)));
            // Between two wanted buckets of a read there is no more than the gap.
            let inside = wanted_buckets.iter().filter(|bucket| read.buckets.contains(bucket));
            let inside: Vec<_> = inside.map(|&bucket| segment.bytes_of(bucket..bucket + 1)).collect();
            let is_near = |pair: &[std::ops::Range<u64>]| {
                pair[0] == pair[1] || pair[1].start - pair[0].end <= gap_bytes_max
            };
            prop_assert!(inside.windows(2).all(is_near));
        }
        for (index, &hash) in hashes.iter().enumerate().filter(|(_, hash)| cell.range().contains(hash)) {
            let bucket = segment.bucket_of(hash);
            let of = |read: &&super::Read| read.hashes.contains(&index) && read.buckets.contains(&bucket);
            let is_empty = segment.bytes_of(bucket..bucket + 1).is_empty();
            prop_assert!(is_empty || reads.iter().filter(of).count() == 1);
        }
    }

    #[test]
    fn buckets_of_a_range_hold_all_entries_of_it(
        (cell, versions) in cell_and_versions(),
        one in 0..=1_u64 << HASH_BITS,
        two in 0..=1_u64 << HASH_BITS,
    ) {
        let object = build(cell, &versions);
        let (segment, object) = (open(&object), bytes(&object));
        let range = one.min(two)..one.max(two);
        let buckets = segment.buckets_of(&range);
        let slice = segment.bytes_of(buckets.clone());
        let slice = &object[slice.start as usize..slice.end as usize];
        let found = segment.entries(buckets, slice).unwrap().filter(|entry| range.contains(&entry.hash));
        let expected = distinct(&versions).into_iter().filter(|version| range.contains(&version.0));
        prop_assert!(found.map(|entry| version(&segment, entry)).eq(expected));
    }

    #[test]
    fn what_a_log_keeps_survives_json((cell, versions) in cell_and_versions()) {
        let meta = build(cell, &versions).meta;
        let json = serde_json::to_string(&meta).unwrap();
        prop_assert_eq!(serde_json::from_str::<SegmentMeta>(&json).unwrap(), meta);
    }
}

#[test]
fn what_a_log_keeps_is_plain_json() {
    let meta = SegmentMeta { cell: Cell::new(5, 3).unwrap(), entries: 7, bytes: 200, tail_bytes: 90, digest: 0xab };
    let digest = "000000000000000000000000000000ab";
    let json =
        format!(r#"{{"cell":{{"bits":5,"number":3}},"entries":7,"bytes":200,"tail_bytes":90,"digest":"{digest}"}}"#);
    assert_eq!(serde_json::to_string(&meta).unwrap(), json);
    for wrong in ["", "ab", "+00000000000000000000000000000ab", "000000000000000000000000000000AB"] {
        let json = json.replace(digest, wrong);
        assert!(serde_json::from_str::<SegmentMeta>(&json).is_err(), "{wrong}");
    }
}

#[test]
fn a_segment_has_the_bytes_that_the_format_says() {
    let object = build(Cell::new(8, 0xab).unwrap(), &[(0xabcd_ef01_2345, 0x98_7654_3210, partition(0))]);
    let (body, tail) = body_and_tail(&object);
    assert_eq!(body[..8], *b"EVINDEX\x01");
    assert_eq!(body[8..], [0x45, 0x23, 0x01, 0xef, 0xcd, 0x10, 0x32, 0x54, 0x76, 0x98, 0, 0]);
    assert_eq!(tail[..2], [1, 0]);
    assert_eq!(tail[2..23], *b"\x09\0\0\0account-0\x01\0\0\0\xfd\xff\xff\xff");
    let (trailer, magic) = tail[23..].split_at(32);
    assert_eq!(trailer[..24], *b"\x01\0\0\0\0\0\0\0\x14\0\0\0\0\0\0\0\xab\0\0\0\x08\0\0\0");
    assert_eq!(magic, b"EVINDEX\x01");
}

#[test]
fn more_partitions_than_two_bytes_number_are_kept() {
    let versions: Vec<Version> =
        (0..70_000).map(|number| (u64::from(number) << 31, u64::from(number), partition(number))).collect();
    let object = build(Cell::WHOLE, &versions);
    let segment = open(&object);
    assert_eq!(segment.partitions().len(), 70_000);
    // A name stands once: days take 4 bytes.
    assert!(object.meta.tail_bytes < 70_000 * 4 + 5000, "{}", object.meta.tail_bytes);
    assert_eq!(all(&object), versions);
    let fewer = build(Cell::WHOLE, &versions[..65_536]);
    let entry_bytes = |meta: &SegmentMeta| (meta.bytes - meta.tail_bytes - 8) / meta.entries;
    assert_eq!((entry_bytes(&object.meta), entry_bytes(&fewer.meta)), (5 + 5 + 4, 5 + 5 + 2));
    assert_eq!(all(&fewer), versions[..65_536]);
}

#[test]
fn more_entries_of_a_hash_than_two_bytes_count_are_kept() {
    let hash = 0xabcd_ef01_2345;
    let mut versions: Vec<Version> = (0..100_000).map(|check| (hash, check, partition(check as u32 % 5))).collect();
    versions.insert(0, (hash - 1, 0, partition(0)));
    versions.push((hash + 1, 0, partition(0)));
    let object = build(Cell::WHOLE, &versions);
    assert_eq!(all(&object), versions);
    let found = find(&open(&object), &bytes(&object), &[hash], 0);
    assert!(found.into_iter().map(|(_, version)| version).eq(versions[1..=100_000].iter().cloned()));
}

#[test]
fn many_wanted_hashes_are_one_read_of_everything() {
    let versions: Vec<Version> = (0..100_000).map(|number: u64| (number << 31, 0, partition(0))).collect();
    let object = build(Cell::WHOLE, &versions);
    let hashes: Vec<u64> = versions.iter().step_by(100).map(|version| version.0).collect();
    let reads = plan_reads(&open(&object), &hashes, 4096);
    assert_eq!(reads.len(), 1);
    assert!(reads[0].bytes.end - reads[0].bytes.start > 99 * (object.meta.bytes - object.meta.tail_bytes) / 100);
}

#[test]
fn an_entry_of_a_hash_wanted_twice_is_found_twice() {
    let entry = Entry { hash: 7, check: 1, partition: 0 };
    let after = Entry { hash: 8, ..entry };
    assert_eq!(matches([entry, after], &[3, 7, 7, 9]).collect::<Vec<_>>(), [(1, entry), (2, entry)]);
}

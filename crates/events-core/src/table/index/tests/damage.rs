use proptest::prelude::*;

use super::super::trailer::seal;
use super::super::{Cell, Entry, Segment, SegmentMeta};
use super::{body_and_tail, build, cell_and_versions, open, partition};

/// Opens a tail as one that a log names, and decodes whatever bytes it asks for.
fn open_and_read(meta: &SegmentMeta, tail: &[u8], body: &[u8]) -> Result<Vec<Entry>, String> {
    let segment = Segment::open(meta, tail)?;
    let buckets = 0..segment.buckets();
    let range = segment.bytes_of(buckets.clone());
    let body = body.get(range.start as usize..range.end as usize).ok_or("the object is shorter")?;
    segment.entries(buckets, body).map(Iterator::collect)
}

proptest! {
    #[test]
    fn a_tail_that_is_cut_or_changed_is_refused(
        (cell, versions) in cell_and_versions(),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let object = build(cell, &versions);
        let (_, mut tail) = body_and_tail(&object);
        let at = at.index(tail.len());
        prop_assert!(Segment::open(&object.meta, &tail[at + 1..]).is_err());
        prop_assert!(Segment::open(&object.meta, &tail[..at]).is_err());
        tail[at] ^= flip;
        prop_assert!(Segment::open(&object.meta, &tail).is_err());
    }

    /// With a checksum that matches, every field is looked at.
    #[test]
    fn a_forged_tail_does_not_panic(
        (cell, versions) in cell_and_versions(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        in_trailer in any::<bool>(),
    ) {
        let object = build(cell, &versions);
        let (body, mut tail) = body_and_tail(&object);
        tail.truncate(tail.len() - 16);
        let from = if in_trailer { tail.len() - 24 } else { 0 };
        for (at, byte) in changes {
            let at = from + at.index(tail.len() - from);
            tail[at] = byte;
        }
        seal(&mut tail);
        let _ = open_and_read(&object.meta, &tail, &body);
    }

    #[test]
    fn any_bytes_do_not_panic(mut tail in prop::collection::vec(any::<u8>(), 0..300), sealed in any::<bool>()) {
        if sealed {
            seal(&mut tail);
        }
        let tail_bytes = tail.len() as u64;
        let meta = SegmentMeta { cell: Cell::WHOLE, entries: 0, bytes: 8 + tail_bytes, tail_bytes, digest: 0 };
        let _ = open_and_read(&meta, &tail, &[0; 8]);
    }

    #[test]
    fn changed_entries_are_refused_or_stay_in_their_buckets(
        (cell, versions) in cell_and_versions(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let object = build(cell, &versions);
        let (mut body, tail) = body_and_tail(&object);
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let segment = open(&object);
        if let Ok(entries) = open_and_read(&object.meta, &tail, &body) {
            prop_assert_eq!(entries.len() as u64, object.meta.entries);
            prop_assert!(entries.is_sorted_by(|one, two| one < two));
            for entry in entries {
                prop_assert!(cell.range().contains(&entry.hash) && segment.partition(entry.partition).is_some());
            }
        }
    }

    #[test]
    fn bytes_of_other_buckets_are_refused(
        (cell, versions) in cell_and_versions(),
        one in 0..40_u32,
        two in 0..40_u32,
        length in 0..2000_usize,
    ) {
        let segment = open(&build(cell, &versions));
        let exists = one <= two && two <= segment.buckets();
        let fits = exists && {
            let range = segment.bytes_of(one..two);
            range.end - range.start == length as u64
        };
        prop_assert!(fits || segment.entries(one..two, &vec![0; length]).is_err());
    }
}

#[test]
fn a_tail_of_another_segment_is_refused() {
    let one = build(Cell::WHOLE, &[(7, 1, partition(0))]);
    let two = build(Cell::WHOLE, &[(7, 1, partition(0)), (8, 1, partition(0))]);
    let error = Segment::open(&one.meta, &body_and_tail(&two).1).unwrap_err();
    assert!(error.starts_with("cell, entries, bytes"), "{error}");
}

#[test]
fn an_index_of_nothing_opens() {
    let object = build(Cell::WHOLE, &[]);
    let (body, tail) = body_and_tail(&object);
    assert_eq!(open_and_read(&object.meta, &tail, &body), Ok(vec![]));
    assert!(open(&object).partitions().is_empty());
}

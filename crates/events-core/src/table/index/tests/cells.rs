use proptest::prelude::*;

use super::super::{CELL_BITS_MAX, CHECK_BITS, Cell, Entry, HASH_BITS, by_cell, id_hash, version_check};

proptest! {
    #[test]
    fn a_hash_is_in_its_cell_and_in_no_other(
        hash in 0..1_u64 << HASH_BITS,
        bits in 0..=CELL_BITS_MAX,
        other in any::<u32>(),
    ) {
        let cell = Cell::of(hash, bits);
        let other = Cell::new(bits, other & ((1 << bits) - 1)).unwrap();
        prop_assert!(cell.range().contains(&hash));
        prop_assert_eq!(other.range().contains(&hash), other == cell);
    }

    #[test]
    fn entries_reach_their_cells_in_order(
        mut hashes in prop::collection::vec(0..1_u64 << HASH_BITS, 0..100),
        bits in 0..=CELL_BITS_MAX,
    ) {
        hashes.sort_unstable();
        let entries: Vec<Entry> = hashes.into_iter().map(|hash| Entry { hash, check: 0, partition: 0 }).collect();
        let cells: Vec<(Cell, &[Entry])> = by_cell(&entries, bits).collect();
        prop_assert!(cells.is_sorted_by(|one, two| one.0 < two.0));
        for (cell, chunk) in &cells {
            prop_assert!(!chunk.is_empty() && chunk.iter().all(|entry| cell.range().contains(&entry.hash)));
        }
        prop_assert_eq!(cells.into_iter().flat_map(|(_, chunk)| chunk).copied().collect::<Vec<_>>(), entries);
    }

    #[test]
    fn a_cell_survives_json(hash in 0..1_u64 << HASH_BITS, bits in 0..=CELL_BITS_MAX) {
        let cell = Cell::of(hash, bits);
        prop_assert_eq!(serde_json::from_str::<Cell>(&serde_json::to_string(&cell).unwrap()).unwrap(), cell);
    }
}

#[test]
fn cells_cut_the_hashes_without_gap_or_overlap() {
    for bits in 0..=10 {
        let mut end = 0;
        for number in 0..1 << bits {
            let range = Cell::new(bits, number).unwrap().range();
            assert_eq!(range.start, end);
            end = range.end;
        }
        assert_eq!(end, 1 << HASH_BITS);
    }
}

#[test]
fn cells_that_cannot_be_are_refused() {
    for json in [r#"{"bits":25,"number":0}"#, r#"{"bits":255,"number":0}"#, r#"{"bits":3,"number":8}"#] {
        let error = serde_json::from_str::<Cell>(json).unwrap_err().to_string();
        assert!(error.starts_with("there is no cell"), "{error}");
    }
}

#[test]
fn hashes_and_checks_stay_as_the_format_says() {
    // As another implementation of XXH3 has them. With other values, what is in a table is no longer found.
    assert_eq!(id_hash(0x3aaa_fb1f_c83b_4e77_9d0a_8d88_f9a9_fa9a), 0xc247_0e7f_ef17);
    assert_eq!(version_check(1_610_619_537_000_000, 0x0123_4567_89ab_cdef), 0x6d_c2c4_3353);
    for number in 0..1000 {
        assert!(id_hash(number) >> HASH_BITS == 0 && version_check(-(number as i64), 7) >> CHECK_BITS == 0);
    }
}

use proptest::prelude::*;

use super::super::{CELL_BITS_MAX, LEVEL_MAX, cell_bits, level_entries_max, merge_level};

/// Levels after one more commit, and how many entries it wrote.
fn commit(levels: &mut [u64], new_entries: u64) -> u64 {
    let level = merge_level(new_entries, levels);
    let written = new_entries + levels[..=level].iter().sum::<u64>();
    levels[..level].fill(0);
    levels[level] = written;
    written
}

fn fits(levels: &[u64]) -> bool {
    levels.iter().enumerate().all(|(level, &entries)| entries <= level_entries_max(level))
}

proptest! {
    #[test]
    fn levels_hold_what_they_may_and_lose_nothing(commits in prop::collection::vec(0..3_000_000_u64, 0..200)) {
        let mut levels = [0; LEVEL_MAX + 1];
        for &new_entries in &commits {
            commit(&mut levels, new_entries);
            prop_assert!(fits(&levels));
        }
        prop_assert_eq!(levels.iter().sum::<u64>(), commits.iter().sum::<u64>());
    }

    #[test]
    fn a_commit_writes_the_smallest_level_that_holds_it(
        new_entries in 0..10_000_000_u64,
        levels in prop::collection::vec(0..10_000_000_u64, 0..6),
    ) {
        let level = merge_level(new_entries, &levels);
        let through = |level: usize| new_entries + levels.iter().take(level + 1).sum::<u64>();
        prop_assert!(through(level) <= level_entries_max(level));
        prop_assert!((0..level).all(|level| through(level) > level_entries_max(level)));
    }
}

#[test]
fn entries_are_written_a_few_times_a_level() {
    let mut levels = [0; LEVEL_MAX + 1];
    let (mut written, mut looked_into) = (0, 0);
    for _ in 0..10_000 {
        written += commit(&mut levels, 5556);
        looked_into += levels.iter().filter(|&&entries| entries > 0).count();
        assert!(fits(&levels));
    }
    // 16.4 times, in five levels of which 3.9 are in use on average.
    assert!(written < 55_560_000 * 17, "{written}");
    assert!(looked_into < 40_000, "{looked_into}");
}

#[test]
fn segments_stay_small_and_cells_only_get_finer() {
    let bits: Vec<u8> = (0..=LEVEL_MAX + 1).map(cell_bits).collect();
    assert_eq!(bits, [0, 0, 2, 5, 8, 11, 14, 17, 20, 23, 23]);
    assert!(bits.iter().all(|&bits| bits <= CELL_BITS_MAX));
    assert!((0..LEVEL_MAX).all(|level| level_entries_max(level) >> bits[level] <= 1 << 20));
}

#[test]
fn the_last_level_takes_whatever_comes() {
    assert_eq!(merge_level(u64::MAX, &[u64::MAX; 20]), LEVEL_MAX);
    assert_eq!(merge_level(0, &[]), 0);
}

//! Levels: how often entries are written again.
//!
//! Level 0 holds 65,536 entries, and each level eight times those of the one before it. A commit writes the smallest
//! level anew that holds its own entries and all of that level and the levels before it, which are empty afterwards. So
//! there are few levels to look into, and an entry is written a few times a level: 10,000 commits of 5,556 entries write
//! each entry 16.4 times and leave 3.9 levels to look into on average. Levels that double would be written 10.7 times,
//! and 5.6 of them looked into.

/// The last level: the one that has the most bits for cells. It takes whatever comes.
pub(crate) const LEVEL_MAX: usize = 9;

/// Level 0 is one small object, so that a commit of few events writes little.
const LEVEL_0_BITS: u8 = 16;

/// A level has eight times the entries of the one before it.
const GROWTH_BITS: u8 = 3;

/// The entries of one segment in a full level: 11.5 MiB, of which a tail is 32 KiB.
const CELL_ENTRIES_BITS: u8 = 20;

/// The entries that a level holds at most. The last holds any number.
pub(crate) fn level_entries_max(level: usize) -> u64 {
    if level < LEVEL_MAX { 1 << entries_bits(level) } else { u64::MAX }
}

/// The bits of a level's cells. They never fall from a level to the next: cells of the one lie in cells of the other.
pub(crate) fn cell_bits(level: usize) -> u8 {
    entries_bits(level.min(LEVEL_MAX)).saturating_sub(CELL_ENTRIES_BITS)
}

/// The level that a commit of new entries writes: the smallest that holds them and all entries of the levels up to it.
/// `level_entries` are the entries of each level.
pub(crate) fn merge_level(new_entries: u64, level_entries: &[u64]) -> usize {
    let mut entries = new_entries;
    (0..LEVEL_MAX)
        .find(|&level| {
            entries = entries.saturating_add(level_entries.get(level).copied().unwrap_or_default());
            entries <= level_entries_max(level)
        })
        .unwrap_or(LEVEL_MAX)
}

fn entries_bits(level: usize) -> u8 {
    LEVEL_0_BITS + GROWTH_BITS * level as u8
}

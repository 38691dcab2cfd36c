//! Which entries are of the hashes that are wanted.

use super::entry::Entry;

/// Each entry of a wanted hash, with the index of that hash.
///
/// Entries and hashes are in ascending order. A hash that is wanted twice gets each of its entries twice.
pub(crate) fn matches(
    entries: impl IntoIterator<Item = Entry>,
    hashes: &[u64],
) -> impl Iterator<Item = (usize, Entry)> {
    let mut at = 0;
    entries.into_iter().flat_map(move |entry| {
        // Most entries lie before the next wanted hash and cost one comparison.
        if hashes.get(at).is_some_and(|&hash| hash < entry.hash) {
            at += hashes[at..].partition_point(|&hash| hash < entry.hash);
        }
        let wanted = hashes[at..].iter().take_while(move |hash| **hash == entry.hash);
        wanted.enumerate().map(move |(offset, _)| (at + offset, entry))
    })
}

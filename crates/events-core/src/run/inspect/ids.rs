//! How many different ids there are, in bounded memory.

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

/// The ids that are kept at once: they take some 17 MB.
const IDS_MAX: usize = 1 << 19;

/// How many different ids events have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DistinctIds {
    /// So many: the rows of a new table, unless it has a [`Horizon`](crate::Horizon).
    pub count: u64,
    /// Events beyond the first of each id.
    pub repeated: u64,
    /// Whether all ids were counted. Of more than half a million those are whose hash begins with so many zeros that they
    /// fit, and the rest is estimated: a percent off is far off.
    pub is_exact: bool,
}

/// Different ids: all of them, or those whose hash begins with some zeros.
#[derive(Debug, Default)]
pub(super) struct Ids {
    kept: HashSet<u128, FixedState>,
    zeros: u32,
    events: u64,
}

impl Ids {
    /// Takes the id of an event.
    pub(super) fn take(&mut self, id: u128) {
        self.take_within(id, IDS_MAX);
    }

    fn take_within(&mut self, id: u128, ids_max: usize) {
        self.events += 1;
        if !is_kept(id, self.zeros) {
            return;
        }
        self.kept.insert(id);
        while self.kept.len() > ids_max {
            self.zeros += 1;
            let zeros = self.zeros;
            self.kept.retain(|id| is_kept(*id, zeros));
        }
    }

    /// How many there are.
    pub(super) fn distinct(&self) -> DistinctIds {
        let count = ((self.kept.len() as u64) << self.zeros).min(self.events);
        DistinctIds { count, repeated: self.events - count, is_exact: self.zeros == 0 }
    }
}

/// A UUID is no hash: some are made of the time.
fn is_kept(id: u128, zeros: u32) -> bool {
    zeros == 0 || xxh3_64(&id.to_le_bytes()).leading_zeros() >= zeros
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_exactly_as_long_as_there_is_room() {
        let mut ids = Ids::default();
        (0..1000).chain(0..500).for_each(|id| ids.take_within(id, 1000));
        assert_eq!(ids.distinct(), DistinctIds { count: 1000, repeated: 500, is_exact: true });
        ids.take_within(1000, 1000);
        assert!(!ids.distinct().is_exact && ids.kept.len() <= 1000);
    }

    #[test]
    fn estimates_what_it_has_no_room_for() {
        let mut ids = Ids::default();
        (0..100_000).flat_map(|id| [id, id]).for_each(|id| ids.take_within(id, 4096));
        let DistinctIds { count, repeated, is_exact } = ids.distinct();
        assert!(!is_exact && (95_000..105_000).contains(&count), "{count}");
        assert_eq!(count + repeated, 200_000);
    }
}

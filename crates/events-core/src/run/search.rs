//! What is looked for in inputs, and what is found.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::event::{Event, EventId};
use crate::json::RepairKinds;
use crate::table::{KindCache, content_digest};

/// The ids that are looked for.
pub(crate) struct Search {
    /// As they are spelled, in the order that they were asked for.
    pub(crate) ids: Vec<EventId<'static>>,
    fingerprints: HashSet<u128>,
}

/// A record of an event that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The number of its input in the plan.
    pub(crate) input: usize,
    /// Where it begins in the decompressed input.
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
    /// The fingerprint of the event's id.
    pub(crate) id: u128,
    pub(crate) timestamp: i64,
    pub(crate) domain: String,
    pub(crate) event_type: String,
    pub(crate) digest: u64,
    pub(crate) repairs: RepairKinds,
}

impl Search {
    pub(crate) fn new(ids: &[EventId<'_>]) -> Self {
        let fingerprints = ids.iter().map(EventId::fingerprint).collect();
        Self { ids: ids.iter().map(|id| EventId::new(id.to_string().into())).collect(), fingerprints }
    }

    /// Whether rows with an id of this fingerprint are looked for.
    pub(crate) fn wants(&self, fingerprint: u128) -> bool {
        self.fingerprints.contains(&fingerprint)
    }

    /// The event of a record that lies there, when it is looked for and is one that the table can have.
    pub(crate) fn take(
        &self,
        event: &Event<'_>,
        (input, offset, bytes): (usize, u64, &[u8]),
        kinds: &mut KindCache,
    ) -> Option<Found> {
        let id = event.id.fingerprint();
        if !self.wants(id) {
            return None;
        }
        let (_, kind) = kinds.get(&event.domain, &event.event_type).ok()?;
        let digest = content_digest(kind.digest, event.data.as_deref(), event.extra.as_deref(), event.repairs);
        Some(Found {
            input,
            offset,
            bytes: bytes.to_vec(),
            id,
            timestamp: event.timestamp,
            domain: event.domain.clone().into_owned(),
            event_type: event.event_type.clone().into_owned(),
            digest,
            repairs: event.repairs,
        })
    }
}

/// The most records that a search keeps: more nobody reads.
pub(crate) const HITS_MAX: usize = 10_000;
/// The most bytes of these records. A single one is kept, however long it is.
const HIT_BYTES_MAX: usize = 64 << 20;

/// What a search has found: the first records, in the order of inputs and of places in them, as many as there is room for.
/// Which these are does not depend on the order in which they come.
#[derive(Debug)]
pub(crate) struct Hits {
    count_max: usize,
    bytes_max: usize,
    /// By input and place.
    kept: BTreeMap<(usize, u64), Found>,
    bytes: usize,
    /// From here on there is no room.
    end: (usize, u64),
    /// How many were left out, by the fingerprint of their id.
    left_out: HashMap<u128, u64>,
}

impl Default for Hits {
    fn default() -> Self {
        Self::with(HITS_MAX, HIT_BYTES_MAX)
    }
}

impl Hits {
    fn with(count_max: usize, bytes_max: usize) -> Self {
        let end = (usize::MAX, u64::MAX);
        Self { count_max, bytes_max, kept: BTreeMap::new(), bytes: 0, end, left_out: HashMap::new() }
    }

    pub(crate) fn add(&mut self, found: Found) {
        let place = (found.input, found.offset);
        if place >= self.end {
            return self.leave_out(found.id);
        }
        self.bytes += found.bytes.len();
        self.kept.insert(place, found);
        while self.kept.len() > self.count_max || (self.bytes > self.bytes_max && self.kept.len() > 1) {
            let Some((place, last)) = self.kept.pop_last() else { return };
            self.bytes -= last.bytes.len();
            self.end = place;
            self.leave_out(last.id);
        }
    }

    fn leave_out(&mut self, id: u128) {
        *self.left_out.entry(id).or_default() += 1;
    }

    /// Adds what was found in inputs that come behind these; the number of their first one is `first`.
    pub(crate) fn append(&mut self, other: Self, first: usize) {
        for (id, count) in other.left_out {
            *self.left_out.entry(id).or_default() += count;
        }
        for found in other.kept.into_values() {
            self.add(Found { input: first + found.input, ..found });
        }
        // Where those had no room, what comes behind them has none.
        self.end = self.end.min((other.end.0.saturating_add(first), other.end.1));
    }

    /// How many records with an id of this fingerprint were left out.
    pub(crate) fn left_out(&self, id: u128) -> u64 {
        self.left_out.get(&id).copied().unwrap_or_default()
    }

    /// The records that are kept, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Found> {
        self.kept.values()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(input: usize, offset: u64, id: u128) -> Found {
        Found {
            input,
            offset,
            bytes: vec![b' '; 10 + (offset as usize * 7) % 20],
            id,
            timestamp: 0,
            domain: String::new(),
            event_type: String::new(),
            digest: 0,
            repairs: RepairKinds::default(),
        }
    }

    proptest! {
        #[test]
        fn keeps_the_first_records_that_fit_whatever_comes_first(
            places in prop::collection::btree_set((0_usize..4, 0_u64..20), 0..40).prop_map(Vec::from_iter),
            order in any::<u64>(),
            count_max in 1_usize..20,
            bytes_max in 1_usize..400,
        ) {
            let records: Vec<_> = places.iter().map(|&(input, offset)| found(input, offset, u128::from(offset % 3))).collect();
            let mut shuffled = records.clone();
            shuffled.sort_by_key(|found| (found.input as u64 * 31 + found.offset + 1).wrapping_mul(order | 1));
            let mut hits = Hits::with(count_max, bytes_max);
            for found in shuffled {
                hits.add(found);
            }

            let mut bytes = 0;
            let fits = records.iter().enumerate().take_while(|(number, found)| {
                bytes += found.bytes.len();
                *number < count_max && (bytes <= bytes_max || *number == 0)
            });
            let expected: Vec<_> = fits.map(|(_, found)| found.clone()).collect();
            let kept: Vec<_> = hits.iter().cloned().collect();
            prop_assert_eq!(&kept, &expected);
            for id in 0..3 {
                let of = |records: &[Found]| records.iter().filter(|found| found.id == id).count() as u64;
                prop_assert_eq!(hits.left_out(id), of(&records) - of(&kept));
            }
        }
    }

    #[test]
    fn adds_what_was_found_in_other_inputs_behind_these() {
        let mut hits = Hits::with(2, 1000);
        hits.add(found(0, 5, 1));
        let mut others = Hits::with(2, 1000);
        for offset in 0..3 {
            others.add(found(0, offset, 1));
        }
        hits.append(others, 3);
        let places = |hits: &Hits| hits.iter().map(|found| (found.input, found.offset)).collect::<Vec<_>>();
        assert_eq!((places(&hits), hits.left_out(1)), (vec![(0, 5), (3, 0)], 2));

        let mut few = Hits::with(1, 1000);
        few.add(found(0, 5, 1));
        few.add(found(0, 6, 1));
        let mut hits = Hits::with(9, 1000);
        hits.append(few, 0);
        hits.add(found(1, 0, 1));
        assert_eq!((places(&hits), hits.left_out(1)), (vec![(0, 5)], 2));
    }
}

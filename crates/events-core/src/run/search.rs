//! What is looked for in inputs, and what is found.

use std::collections::HashSet;

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

//! The kinds of events that are met in inputs.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use serde::Serialize;

use super::span::Span;
use crate::event::{Event, Fault};
use crate::json::{FieldOutline, Outline, OutlineLimits};
use crate::table::{escaped_name, join};

/// The kinds that are told apart: more than any producer has, so that one that takes another field for the kind cannot take
/// all memory.
const KINDS_MAX: usize = 10_000;

/// The kinds of which fields are looked for.
const OUTLINES_MAX: usize = 100;

/// A kind of events in inputs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindContents {
    /// `domain-event_type`, by which partitions are told apart.
    pub kind: String,
    /// The first half of the kind.
    pub domain: String,
    /// The second half of the kind.
    pub event_type: String,
    /// Its events.
    pub events: u64,
    /// From when to when.
    #[serde(flatten)]
    pub span: Span,
    /// Of how many of them fields were looked for: the first ones.
    pub sampled: u64,
    /// Whether there are more fields than are listed.
    pub fields_cut: bool,
    /// The fields of `data`.
    pub fields: Vec<FieldOutline>,
}

/// All kinds.
#[derive(Debug)]
pub(super) struct Kinds {
    known: HashTable<Met>,
    hasher: FixedState,
    outlines: OutlineLimits,
    rows_max: u64,
    /// Events of kinds that there was no room for.
    others: u64,
}

#[derive(Debug)]
struct Met {
    domain: String,
    event_type: String,
    events: u64,
    span: Span,
    outline: Outline,
    /// Of how many events fields are looked for.
    rows_max: u64,
}

impl Kinds {
    /// Looks for fields in so many events of each kind.
    pub(super) fn new(outlines: OutlineLimits, rows_max: u64) -> Self {
        Self { known: HashTable::new(), hasher: FixedState::default(), outlines, rows_max, others: 0 }
    }

    /// Takes an event.
    ///
    /// # Errors
    /// When no partition can have its kind.
    pub(super) fn take(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        let (domain, event_type) = (&*event.domain, &*event.event_type);
        let hash = self.hasher.hash_one((domain, event_type));
        if let Some(met) = self.known.find_mut(hash, |met| met.domain == domain && met.event_type == event_type) {
            met.take(event);
            return Ok(());
        }
        escaped_name(&join(domain, event_type))?;
        let number = self.known.len();
        if number == KINDS_MAX {
            self.others += 1;
            return Ok(());
        }
        let mut met = Met {
            domain: domain.to_owned(),
            event_type: event_type.to_owned(),
            events: 0,
            span: Span::at(event.timestamp),
            outline: Outline::new(self.outlines.clone()),
            rows_max: if number < OUTLINES_MAX { self.rows_max } else { 0 },
        };
        met.take(event);
        let hasher = &self.hasher;
        self.known.insert_unique(hash, met, |met| hasher.hash_one((&*met.domain, &*met.event_type)));
        Ok(())
    }

    /// Events of kinds that are not told.
    pub(super) fn others(&self) -> u64 {
        self.others
    }

    /// The kinds, the most frequent first, then by name.
    pub(super) fn contents(&self) -> Vec<KindContents> {
        let mut kinds: Vec<_> = self.known.iter().map(Met::contents).collect();
        kinds.sort_by(|one, two| two.events.cmp(&one.events).then_with(|| one.kind.cmp(&two.kind)));
        kinds
    }
}

impl Met {
    fn take(&mut self, event: &Event<'_>) {
        self.events += 1;
        self.span = self.span.with(Span::at(event.timestamp));
        if self.outline.taken() < self.rows_max {
            // What the contract has read as `data` is JSON.
            self.outline.take(event.data.as_deref());
        }
    }

    fn contents(&self) -> KindContents {
        KindContents {
            kind: join(&self.domain, &self.event_type),
            domain: self.domain.clone(),
            event_type: self.event_type.clone(),
            events: self.events,
            span: self.span,
            sampled: self.outline.taken(),
            fields_cut: self.outline.is_cut(),
            fields: self.outline.fields(),
        }
    }
}

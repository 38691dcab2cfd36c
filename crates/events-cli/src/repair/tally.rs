//! What there was, in numbers.

use std::collections::BTreeMap;
use std::fmt::Display;

use events_core::event::Reason;
use events_core::json::RepairKind;
use serde::Serialize;

use crate::units::{Count, counted};

/// Counts of findings.
#[derive(Debug, Default, Serialize)]
pub(super) struct Tally {
    records: u64,
    /// Records that were changed.
    repaired: u64,
    repairs: BTreeMap<RepairKind, u64>,
    rejects: BTreeMap<Reason, u64>,
}

impl Tally {
    pub(super) fn record(&mut self, is_repaired: bool) {
        self.records += 1;
        self.repaired += u64::from(is_repaired);
    }

    pub(super) fn repair(&mut self, kind: RepairKind) {
        *self.repairs.entry(kind).or_default() += 1;
    }

    pub(super) fn reject(&mut self, reason: Reason) {
        *self.rejects.entry(reason).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.repaired += other.repaired;
        other.repairs.iter().for_each(|(&kind, count)| *self.repairs.entry(kind).or_default() += count);
        other.rejects.iter().for_each(|(&reason, count)| *self.rejects.entry(reason).or_default() += count);
    }

    pub(super) fn has_rejects(&self) -> bool {
        !self.rejects.is_empty()
    }

    /// Whether there is nothing to do.
    pub(super) fn is_clean(&self) -> bool {
        self.repairs.is_empty() && self.rejects.is_empty()
    }

    /// How many repairs and rejects an input has.
    pub(super) fn verdict(&self) -> String {
        format!("{}; {}", listed(&self.repairs, "repair"), listed(&self.rejects, "reject"))
    }

    /// What was done, in a line.
    pub(super) fn summary(&self) -> String {
        format!("{}, {} changed; {}", counted(self.records, "record"), Count(self.repaired), self.verdict())
    }
}

/// A number of things, and how many there are of each kind, the most frequent first.
fn listed(counts: &BTreeMap<impl Display, u64>, thing: &str) -> String {
    let mut kinds: Vec<_> = counts.iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let kinds: Vec<_> = kinds.into_iter().map(|(kind, count)| format!("{kind} {}", Count(*count))).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    counted(counts.values().sum(), thing) + &kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_there_was_with_the_most_frequent_first() {
        let mut tally = Tally::default();
        assert_eq!(tally.summary(), "0 records, 0 changed; 0 repairs; 0 rejects");
        (0..1200).for_each(|_| tally.record(false));
        tally.record(true);
        tally.repair(RepairKind::TrailingComma);
        (0..2).for_each(|_| tally.repair(RepairKind::SingleQuotes));
        tally.reject(Reason::Truncated);
        assert_eq!(
            tally.summary(),
            "1,201 records, 1 changed; 3 repairs (single_quotes 2, trailing_comma 1); 1 reject (truncated 1)"
        );
        assert!(tally.has_rejects() && !tally.is_clean());
    }
}

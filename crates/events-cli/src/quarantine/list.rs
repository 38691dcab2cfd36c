//! How many rejects there are, by reason and object.

use std::collections::BTreeMap;

use events_core::event::Reason;
use events_core::run::{Input, RejectLine};
use serde::Serialize;

use crate::grid::Grid;
use crate::places;
use crate::units::{Bytes, Count};

/// Counts of rejects. Memory grows with the objects of the quarantine, not with the rejects in them.
#[derive(Debug, Default)]
pub(super) struct List {
    groups: BTreeMap<Group, Counts>,
}

/// Rejects that are told in one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Group {
    reason: Reason,
    /// The run that has put them there.
    run: String,
    /// The name of the input that they are of.
    source: String,
    /// The name of the object below `quarantine`.
    object: String,
}

#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Counts {
    count: u64,
    /// Of the rejects themselves.
    bytes: u64,
}

/// The counts for machines.
#[derive(Debug, Serialize)]
pub(super) struct Document<'a> {
    groups: Vec<Line<'a>>,
    #[serde(flatten)]
    total: Counts,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    group: &'a Group,
    #[serde(flatten)]
    counts: Counts,
}

impl List {
    pub(super) fn count(&mut self, input: &Input, line: &RejectLine<'_>) {
        let group = Group {
            reason: line.reason,
            run: places::run_of_rejects(&input.key).unwrap_or_default().to_owned(),
            source: line.source.clone().into_owned(),
            object: input.key.clone(),
        };
        self.groups.entry(group).or_default().add(Counts { count: 1, bytes: line.length });
    }

    fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.groups.values().for_each(|counts| total.add(*counts));
        total
    }

    pub(super) fn document(&self) -> Document<'_> {
        let groups = self.groups.iter().map(|(group, &counts)| Line { group, counts }).collect();
        Document { groups, total: self.total() }
    }

    /// The counts for people. `place` is where the quarantine is.
    pub(super) fn render(&self, place: &str) -> String {
        if self.groups.is_empty() {
            return format!("no such rejects in `{place}`\n");
        }
        let run_width = self.groups.keys().map(|group| group.run.len()).max().unwrap_or_default();
        let mut grid = Grid::default();
        for (group, counts) in &self.groups {
            let note = format!("{:>8}  {:run_width$}  {}", Bytes(counts.bytes), group.run, group.source);
            grid.line(group.reason.to_string(), Count(counts.count), note);
        }
        let total = self.total();
        grid.gap();
        grid.line("total", Count(total.count), format!("{:>8}  in `{place}`", Bytes(total.bytes)));
        grid.render()
    }
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
    }
}

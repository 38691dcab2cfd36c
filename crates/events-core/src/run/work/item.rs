//! Items of work: what one worker does at a time, in one go.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The kinds of items of a run over several workers, in the order in which they are done.
///
/// All items of a phase may be done at once, [`Write`](Self::Write) and [`Index`](Self::Index) also together; the next
/// phase begins when they all have a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkPhase {
    /// Inputs to rows and keys in the stage.
    Parse,
    /// The rows of some ids that lose.
    Deduplicate,
    /// Rows held against other versions of their events in some partitions of the table.
    Compare,
    /// The files of some partitions.
    Write,
    /// Segments of the table's index.
    Index,
    /// All results to one entry of the table's log.
    Commit,
    /// New files to where readers see them.
    Publish,
    /// Whatever is left: files that replace others, inputs, the stage.
    Finish,
}

impl WorkPhase {
    /// All, in their order.
    pub const ALL: [Self; 8] = [
        Self::Parse,
        Self::Deduplicate,
        Self::Compare,
        Self::Write,
        Self::Index,
        Self::Commit,
        Self::Publish,
        Self::Finish,
    ];

    /// Whether its items change the table or the log, and not the stage alone.
    #[must_use]
    pub fn takes_table(self) -> bool {
        matches!(self, Self::Commit | Self::Publish | Self::Finish)
    }

    /// Whether its items make what the commit is made of.
    pub(super) fn is_before_commit(self) -> bool {
        matches!(self, Self::Parse | Self::Deduplicate | Self::Compare | Self::Write | Self::Index)
    }

    /// Those whose items are done together, in their order.
    pub(super) const BARRIERS: [&[Self]; 7] = [
        &[Self::Parse],
        &[Self::Deduplicate],
        &[Self::Compare],
        &[Self::Write, Self::Index],
        &[Self::Commit],
        &[Self::Publish],
        &[Self::Finish],
    ];

    /// The name, as items have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Deduplicate => "deduplicate",
            Self::Compare => "compare",
            Self::Write => "write",
            Self::Index => "index",
            Self::Commit => "commit",
            Self::Publish => "publish",
            Self::Finish => "finish",
        }
    }
}

impl fmt::Display for WorkPhase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// An item of a run over several workers, written as its phase and number: `parse-00000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkItem {
    /// What is done.
    pub phase: WorkPhase,
    /// The number of the item in its phase, from 0.
    pub number: u32,
}

impl fmt::Display for WorkItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{:05}", self.phase, self.number)
    }
}

impl FromStr for WorkItem {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let item = text.rsplit_once('-').and_then(|(name, number)| {
            let phase = WorkPhase::ALL.into_iter().find(|phase| phase.name() == name)?;
            Some(Self { phase, number: number.parse().ok()? })
        });
        // A number has other spellings, and the name stands in paths.
        item.filter(|item| item.to_string() == text).ok_or_else(|| {
            let problem = format!("`{text}` is not a phase and a number, as `parse-00000` is");
            Error::Setting { name: "item", problem }
        })
    }
}

impl TryFrom<String> for WorkItem {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<WorkItem> for String {
    fn from(item: WorkItem) -> Self {
        item.to_string()
    }
}

/// The part of `all` that the item of a number has when `items` divide them.
pub(super) fn share(number: u32, items: u32, all: usize) -> Range<usize> {
    let at = |number: u32| (all as u128 * u128::from(number) / u128::from(items.max(1))) as usize;
    at(number)..at(number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_nothing_else_is() {
        for phase in WorkPhase::ALL {
            for number in [0, 7, 99_999, 100_000, u32::MAX] {
                let item = WorkItem { phase, number };
                assert_eq!(item.to_string().parse::<WorkItem>().unwrap(), item);
            }
        }
        for text in ["", "parse", "parse-", "parse-1", "parse-00000 ", "sort-00000", "parse-0000000", "../parse-00000"]
        {
            assert!(text.parse::<WorkItem>().is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_everything_once() {
        for items in 1..20 {
            for all in 0..50 {
                let shares: Vec<_> = (0..items).flat_map(|number| share(number, items, all)).collect();
                assert_eq!(shares, (0..all).collect::<Vec<_>>());
            }
        }
    }
}

//! A commit: what a run has decided, and everything that is still to be done after it.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::run::layout::{self, RunId};
use crate::run::plan::Input;
use crate::run::report::{Counts, Job, iso_date};
use crate::table::index::SegmentMeta;

/// The version of an entry's form.
pub(crate) const LOG_VERSION: u32 = 2;

/// A commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LogEntry {
    pub(crate) version: u32,
    pub(crate) sequence: u64,
    pub(crate) run: RunId,
    pub(crate) job: Job,
    /// The day under which inputs and rejects are filed, whenever that is done.
    #[serde(with = "iso_date")]
    pub(crate) date: NaiveDate,
    /// Objects to put where readers see them.
    pub(crate) publish: Vec<Publication>,
    /// Inputs to move out of the way of the next run.
    pub(crate) inputs: Vec<Taken>,
    /// Runs whose stages are to be erased.
    pub(crate) stages: Vec<RunId>,
    /// The files of the table that are new or have new content.
    pub(crate) files: Vec<TableFile>,
    /// Files of the table that are to be erased.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) removed: Vec<TableFile>,
    /// What earlier entries say of files and index does not count: this one says all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) anew: bool,
    /// How many days apart events of one id are two events by this commit; `None` when it knows of no such thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) horizon_days: Option<u32>,
    /// Segments of the index that are new or have new content.
    pub(crate) index: Vec<IndexSegment>,
    /// Levels of the index whose entries are all in others now.
    pub(crate) index_emptied: Vec<u8>,
    pub(crate) totals: Counts,
}

/// An input that a run has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    #[serde(flatten)]
    pub(crate) input: Input,
    /// Of its bytes as stored; `None` when the run has not read it to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<Digest>,
}

/// What lies in the stage zone and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Publication {
    #[serde(flatten)]
    pub(crate) stage: StagedAt,
    pub(crate) zone: Target,
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) step: Step,
    /// Of its bytes; `None` where its name is new for ever and says enough, so never of what replaces something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<Digest>,
    /// What it replaces; `None` for an object that is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaces: Option<Replaced>,
}

impl Publication {
    /// Whether a file of the table gets rows by it.
    pub(crate) fn brings_rows(&self) -> bool {
        self.step != Step::Shrink && self.zone == Target::Trusted && layout::table_file_of(&self.path).is_some()
    }

    /// Whether rows leave a file of the table by it.
    pub(crate) fn takes_rows(&self) -> bool {
        matches!(self.step, Step::Rotate | Step::Shrink)
    }
}

/// Where something lies in the stage zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StagedAt {
    #[serde(rename = "stage")]
    pub(crate) object: String,
    /// Where it begins in an object of several; `None` when it is the whole object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<u64>,
}

impl StagedAt {
    /// An object by itself.
    pub(crate) fn whole(object: String) -> Self {
        Self { object, offset: None }
    }
}

/// The object that is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replaced {
    /// Of its bytes.
    pub(crate) digest: Digest,
    /// What the store calls the version that the run has read; `None` when it has not, and whoever replaces it must look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) e_tag: Option<String>,
}

/// When something is published: each step behind all of the one before, so that a reader who looks at any moment misses
/// no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// New objects.
    Add,
    /// Files that get rows and lose none.
    Grow,
    /// Files that lose rows to new ones or to those that grow, and get others.
    Rotate,
    /// Files that lose rows, by then also to those that rotate.
    Shrink,
}

impl Step {
    /// All, in their order.
    pub(crate) const ALL: [Self; 4] = [Self::Add, Self::Grow, Self::Rotate, Self::Shrink];
}

/// A zone that readers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    Landing,
    Trusted,
}

/// A file of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TableFile {
    /// The partition's folder.
    pub(crate) folder: String,
    /// Its name there, which it keeps when it is replaced.
    pub(crate) name: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// The bytes at its end that tell which ids it may hold.
    pub(crate) tail_bytes: u64,
    /// Of its bytes.
    pub(crate) digest: Digest,
}

/// A segment of the table's index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexSegment {
    pub(crate) level: u8,
    #[serde(flatten)]
    pub(crate) meta: SegmentMeta,
}

impl IndexSegment {
    /// Its path in the trusted zone, which it keeps when it is replaced.
    pub(crate) fn path(&self) -> String {
        layout::index_segment(self.level, self.meta.cell.number())
    }
}

impl TableFile {
    /// Its path in the trusted zone.
    pub(crate) fn path(&self) -> String {
        layout::table_file(&self.folder, &self.name)
    }
}

/// The XXH3-128 of an object's bytes, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Digest(pub(crate) u128);

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digest = (text.len() == 32).then(|| u128::from_str_radix(&text, 16).ok()).flatten();
        digest.map(Self).ok_or_else(|| format!("`{text}` is not 32 hexadecimal digits"))
    }
}

//! What the items of a run over several workers leave to those after them.

use serde::{Deserialize, Serialize};

use crate::run::control::{IndexSegment, Publication};
use crate::run::exchange::Sealed;
use crate::run::outputs::Output;
use crate::run::report::{Report, SampledRepair};
use crate::run::stage::StageManifest;
use crate::table::{Duplicate, PartitionKey};

/// Of an item that parses.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ParseResult {
    pub(super) stage: StageManifest,
    pub(super) repairs: Vec<SampledRepair>,
}

/// Of an item that finds losers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeduplicateResult {
    /// The number of an input among those of the whole run, why rows of it were dropped, and how many.
    pub(super) dropped: Vec<(u32, Duplicate, u64)>,
    /// By bucket: ordinals.
    pub(super) losers: Sealed,
    /// By lane: rows to compare, with the numbers of `partitions`.
    pub(super) candidates: Sealed,
    pub(super) partitions: Vec<PartitionKey>,
    /// By shard: what goes to the index.
    pub(super) entries: Sealed,
}

/// Of an item that compares.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CompareResult {
    /// The object of what was found; `None` when that is nothing.
    pub(super) found: Option<String>,
    /// Folders and names of files that it names.
    pub(super) files: Vec<(String, String)>,
}

/// Of an item that writes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WriteResult {
    pub(super) outputs: Vec<Output>,
}

/// Of an item that writes to the index.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct IndexResult {
    pub(super) segments: Vec<IndexSegment>,
    pub(super) publications: Vec<Publication>,
    pub(super) emptied: Vec<u8>,
}

/// Of the commit.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CommitResult {
    pub(super) report: Report,
}

/// Of an item that publishes, and of the last one.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PublishResult {
    /// How many objects.
    pub(super) published: u64,
}

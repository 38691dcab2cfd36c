//! What a run did, for people and machines.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::layout::{self, RunId};
use super::plan::RefusedKey;
use crate::event::Reason;
use crate::json::{Repair, RepairKind};
use crate::table::Duplicate;

/// The version of [`Report`]'s form. It grows when a field is renamed, removed or changes its meaning.
pub const REPORT_VERSION: u32 = 1;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// [`REPORT_VERSION`].
    pub version: u32,
    /// The run.
    pub run: RunId,
    /// Which part of the job it was.
    pub job: Job,
    /// The day under which inputs and rejects are filed.
    #[serde(with = "iso_date")]
    pub date: NaiveDate,
    /// The number of the run's entry in the table's log; `None` when it committed nothing.
    pub commit: Option<u64>,
    /// Commits of other runs that had not been carried out to their end, and that this run has finished first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovered: Vec<u64>,
    /// Rows that were in the table and gave way to newer versions of the same events.
    #[serde(default)]
    pub superseded: u64,
    /// Rows beside another of the same event in one file, which a rebuild has found and left.
    #[serde(default)]
    pub doubled: u64,
    /// Files of the table whose rows are in others now: they are gone, or hold no row where they cannot be removed.
    #[serde(default)]
    pub files_emptied: u64,
    /// Inputs that are still pending, because the run was to take no more at once.
    #[serde(default, skip_serializing_if = "is_none_left")]
    pub left: usize,
    /// The sum over all inputs.
    pub totals: Counts,
    /// Some of the repairs: the first of each kind in each input, at most [`SampledRepair::A_RUN_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<SampledRepair>,
    /// By input, in the order of their names.
    pub inputs: Vec<InputReport>,
    /// What lies beside the inputs under names that no run can ask for, by its name there. It stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedKey>,
    /// What was written, in the order of the paths.
    pub partitions: Vec<PartitionReport>,
    /// How long each phase took, and what its threads did; empty when the run was given no clock.
    pub elapsed: Vec<PhaseReport>,
    /// Why the report of a run that has committed is not in the control zone, where
    /// [`Distributor::history`](super::Distributor::history) looks for it. The run is done for all that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsaved: Option<String>,
}

impl Report {
    /// The objects of the quarantine that the run has made, below the landing zone, and how many rejects are in each.
    ///
    /// None of those that [`Job::Retry`] makes: their names tell of the rejects that were tried again.
    pub fn quarantined(&self) -> impl Iterator<Item = (String, u64)> {
        let is_new = matches!(self.job, Job::Run | Job::Parse);
        let inputs = self.inputs.iter().filter(move |_| is_new).map(|input| (input, input.counts.rejects_total()));
        inputs
            .filter(|(_, rejects)| *rejects > 0)
            .map(|(input, rejects)| (layout::quarantine(self.date, &self.run, &input.key), rejects))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_none_left(left: &usize) -> bool {
    *left == 0
}

/// The part of the job that a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Pending inputs to the table.
    Run,
    /// Rejects in the quarantine to the table.
    Retry,
    /// Inputs that were processed before to the table, once more.
    Reprocess,
    /// Small files of the table to larger ones.
    Compact,
    /// The files of the table to log and index.
    Rebuild,
    /// Pending inputs to the stage zone.
    Parse,
    /// The stage zone to the table.
    Distribute,
}

/// What became of the bytes of an input.
///
/// `records = events + rejects` always, and once deduplicated `events = rows + duplicates`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Bytes as stored.
    pub bytes: u64,
    /// Bytes after decompression.
    pub text_bytes: u64,
    /// Records and pieces of damage that were framed.
    pub records: u64,
    /// Records that met the contract.
    pub events: u64,
    /// Events whose records were mended first.
    #[serde(default)]
    pub repaired: u64,
    /// Events that became rows of the table. Zero after `parse`, which does not know yet.
    pub rows: u64,
    /// Events that were dropped for a greater one of the same id, by how they relate to it.
    pub duplicates: BTreeMap<Duplicate, u64>,
    /// Records that are in the quarantine, by reason.
    pub rejects: BTreeMap<Reason, u64>,
    /// What was done within records that became events, and between records, by kind.
    #[serde(default)]
    pub repairs: BTreeMap<RepairKind, u64>,
}

/// A repair and the input that it was done to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampledRepair {
    /// The name of the input below `pending`.
    pub source: String,
    /// What was done.
    #[serde(flatten)]
    pub repair: Repair,
}

impl SampledRepair {
    /// The most repairs of a kind and an input in a report.
    pub const A_KIND_MAX: u64 = 3;
    /// The most repairs in a report.
    pub const A_RUN_MAX: usize = 100;

    /// Keeps the first repairs of each kind.
    pub(crate) fn keep_some(kept: &mut Vec<Self>, repairs: &mut Vec<Self>) {
        repairs.sort_by_key(|sampled| sampled.repair.offset);
        for repair in repairs.drain(..) {
            if (kept.iter().filter(|other| other.repair.kind == repair.repair.kind).count() as u64) < Self::A_KIND_MAX {
                kept.push(repair);
            }
        }
    }
}

impl Counts {
    /// All rejects.
    #[must_use]
    pub fn rejects_total(&self) -> u64 {
        self.rejects.values().sum()
    }

    /// All duplicates.
    #[must_use]
    pub fn duplicates_total(&self) -> u64 {
        self.duplicates.values().sum()
    }
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.text_bytes += other.text_bytes;
        self.records += other.records;
        self.events += other.events;
        self.repaired += other.repaired;
        self.rows += other.rows;
        for (&duplicate, count) in &other.duplicates {
            *self.duplicates.entry(duplicate).or_default() += count;
        }
        for (&kind, count) in &other.repairs {
            *self.repairs.entry(kind).or_default() += count;
        }
        for (&reason, count) in &other.rejects {
            *self.rejects.entry(reason).or_default() += count;
        }
    }
}

/// What became of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct InputReport {
    /// Its name below `pending`.
    pub key: String,
    /// What was in it.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What was written to a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PartitionReport {
    /// The partition's folder below the table's.
    pub path: String,
    /// Rows that the run brought.
    pub rows: u64,
    /// Bytes of these files, with rows that were there before.
    pub bytes: u64,
    /// Files with rows that were written, new and in the place of others.
    pub files: u64,
}

/// How long a phase of a run took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseReport {
    /// The phase.
    pub phase: Phase,
    /// Milliseconds.
    pub elapsed_ms: u64,
    /// What its threads did meanwhile, in milliseconds of all of them together: what is missing from the product of threads
    /// and [`elapsed_ms`](Self::elapsed_ms) is time in which a thread had nothing left to do. Empty for a phase without
    /// threads.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub threads_ms: BTreeMap<Part, u64>,
}

/// What a thread of a run does with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Cutting inputs into pieces, and decompressing them.
    Read,
    /// Framing, repairing and decoding records.
    Decode,
    /// Rows and keys on their way between the halves of the job, in memory and in scratch files.
    Exchange,
    /// Finding the rows that stay.
    Deduplicate,
    /// Looking ids up in the index of the table, comparing versions, and making the index's new segments.
    Index,
    /// Sorting rows.
    Sort,
    /// Encoding Parquet, also for another thread, and waiting for the one that does it.
    Encode,
    /// Waiting for a store.
    Store,
    /// Waiting for other threads.
    Wait,
    /// All else.
    Other,
}

impl Part {
    /// All of them, in the order of a run.
    pub const ALL: [Self; 10] = [
        Self::Read,
        Self::Decode,
        Self::Exchange,
        Self::Deduplicate,
        Self::Index,
        Self::Sort,
        Self::Encode,
        Self::Store,
        Self::Wait,
        Self::Other,
    ];
}

/// The phases of a run, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Listing the inputs.
    Plan,
    /// Framing and decoding them.
    Parse,
    /// Finding the rows that stay.
    Deduplicate,
    /// Sorting and encoding files of the table, to the stage zone.
    Write,
    /// Committing, and putting files where readers see them.
    Publish,
    /// Moving inputs to `processed`.
    Move,
    /// Erasing the stage.
    Erase,
}

impl Phase {
    /// All of them, in their order.
    pub const ALL: [Self; 7] =
        [Self::Plan, Self::Parse, Self::Deduplicate, Self::Write, Self::Publish, Self::Move, Self::Erase];
}

/// Dates as `YYYY-MM-DD`.
pub(crate) mod iso_date {
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(crate) fn serialize<S: Serializer>(date: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Times as RFC 3339, in UTC.
pub(crate) mod iso_time {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).map_err(D::Error::custom)
    }
}

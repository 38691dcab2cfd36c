//! What the control zone tells of past runs: the commits of the log, and the reports that runs have left beside it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use serde::{Deserialize, Serialize};

use super::control::{self, LogEntry};
use super::layout::{self, LOG, LogObject, RunId};
use super::report::{Counts, Job, REPORT_VERSION, Report, iso_date};
use super::zone::Zone;
use crate::error::Result;

/// A run that has committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastRun {
    /// The number of its commit.
    pub commit: u64,
    /// Its name.
    pub run: RunId,
    /// What it did.
    pub job: Job,
    /// The day under which its inputs and rejects are filed.
    #[serde(with = "iso_date")]
    pub date: NaiveDate,
    /// When it committed, by the clock of the store.
    #[serde(with = "iso_time")]
    pub committed: DateTime<Utc>,
    /// Whether the commit is carried out to its end. If not, the next run does that first.
    pub finished: bool,
    /// How many inputs it took.
    pub inputs: u64,
    /// What became of their records.
    pub totals: Counts,
    /// Partitions that got files.
    pub partitions: u64,
    /// Files that it wrote, new and in the place of others.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// All that it told; `None` for a run that was killed before its end, or was finished by another, or by another version
    /// of this program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

impl PastRun {
    fn new(entry: &LogEntry, committed: DateTime<Utc>, finished: bool, report: Option<Report>) -> Self {
        let partitions: BTreeSet<_> = entry.files.iter().map(|file| &file.folder).collect();
        Self {
            commit: entry.sequence,
            run: entry.run.clone(),
            job: entry.job,
            date: entry.date,
            committed,
            finished,
            inputs: entry.inputs.len() as u64,
            totals: entry.totals.clone(),
            partitions: partitions.len() as u64,
            files: entry.files.len() as u64,
            bytes: entry.files.iter().map(|file| file.bytes).sum(),
            report,
        }
    }
}

/// Entries and reports that are read at once.
const READS_AT_ONCE: usize = 16;

/// The last `last` runs that have committed, in the order of their commits.
pub(super) async fn past_runs(trusted: &Zone, last: usize) -> Result<Vec<PastRun>> {
    let (mut committed, mut finished) = (BTreeMap::new(), BTreeSet::new());
    let mut objects = trusted.store().list(Some(&trusted.path(LOG)?));
    while let Some(object) = objects.try_next().await.map_err(|error| trusted.error("listing", LOG, error))? {
        match trusted.relative(&object.location).and_then(LogObject::of) {
            Some(LogObject::Entry(sequence)) => {
                committed.insert(sequence, object.last_modified);
            }
            Some(LogObject::Done(sequence)) => {
                finished.insert(sequence);
            }
            Some(LogObject::Checkpoint(_)) | None => {}
        }
    }
    let from = committed.len().saturating_sub(last);
    let read = committed.into_iter().skip(from).map(|(sequence, at)| {
        let is_finished = finished.contains(&sequence);
        async move {
            let entry = control::entry(trusted, sequence).await?;
            let report = if is_finished { report(trusted, sequence).await? } else { None };
            Ok(PastRun::new(&entry, at, is_finished, report))
        }
    });
    futures::stream::iter(read.collect::<Vec<_>>()).buffered(READS_AT_ONCE).try_collect().await
}

/// The report that the run of a commit has left.
async fn report(trusted: &Zone, sequence: u64) -> Result<Option<Report>> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let path = layout::report(sequence);
    match control::document::<Version>(trusted, &path).await? {
        Some(Version { version: REPORT_VERSION }) => control::document(trusted, &path).await,
        _ => Ok(None),
    }
}

/// Leaves the report of a run that is done beside its commit. When that fails, the report tells of it: it is the run's last
/// act, and undoes nothing.
pub(super) async fn save(trusted: &Zone, report: &mut Report) {
    let Some(sequence) = report.commit else { return };
    if let Err(error) = control::put_document(trusted, &layout::report(sequence), report).await {
        report.unsaved = Some(error.to_string());
    }
}

/// Times as RFC 3339, to the second.
mod iso_time {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).map_err(D::Error::custom)
    }
}

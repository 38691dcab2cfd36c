//! What the control zone tells of past runs: the commits of the log, and the reports that runs have left beside it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::control::{self, LogEntry, Table};
use super::layout::{self, LOG, LogObject, RunId};
use super::report::{Counts, Job, REPORT_VERSION, Report, iso_date, iso_time};
use super::zone::Zone;
use crate::error::{Error, Result};

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
    /// Files with rows that it wrote, new and in the place of others, as the sum over [`Report::partitions`].
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
        // What says all of a table anew has written none of it.
        let files = if entry.anew { &[][..] } else { &entry.files };
        // As the report has it: one that has lost its last row is none that anybody got.
        let files: Vec<_> = files.iter().filter(|file| file.rows > 0).collect();
        let partitions: BTreeSet<_> = files.iter().map(|file| &file.folder).collect();
        // Neither what was parsed before nor what is read again stands in the entry.
        let inputs = report.as_ref().map_or(0, |report| report.inputs.len()).max(entry.inputs.len());
        Self {
            commit: entry.sequence,
            run: entry.run.clone(),
            job: entry.job,
            date: entry.date,
            committed,
            finished,
            inputs: inputs as u64,
            totals: entry.totals.clone(),
            partitions: partitions.len() as u64,
            files: files.len() as u64,
            bytes: files.iter().map(|file| file.bytes).sum(),
            report,
        }
    }
}

/// Entries and reports that are read at once.
const READS_AT_ONCE: usize = 16;

/// The last `last` runs that have committed, of those of a name when there is one, in the order of their commits.
pub(super) async fn past_runs(trusted: &Zone, last: usize, name: Option<&RunId>) -> Result<Vec<PastRun>> {
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
    if committed.is_empty() {
        // Files without a log are no table without a history.
        Table::open(trusted).await?;
    }
    let from = committed.len().saturating_sub(last);
    let read = committed.into_iter().skip(from).map(|(sequence, at)| {
        let is_finished = finished.contains(&sequence);
        async move {
            let entry = control::entry(trusted, sequence).await?;
            if name.is_some_and(|name| entry.run != *name) {
                return Ok(None);
            }
            let report = if is_finished { report(trusted, &entry).await? } else { None };
            Ok(Some(PastRun::new(&entry, at, is_finished, report)))
        }
    });
    let read = futures::stream::iter(read.collect::<Vec<_>>()).buffered(READS_AT_ONCE);
    read.try_filter_map(async |run| Ok(run)).try_collect().await
}

/// The report that the run of a commit has left; none when it is of another version, or of another run: a log that was lost
/// begins its numbers again.
pub(super) async fn report(trusted: &Zone, entry: &LogEntry) -> Result<Option<Report>> {
    let path = layout::report(entry.sequence);
    let wrong = |error: serde_json::Error| Error::Table { object: trusted.name(&path), problem: error.to_string() };
    let document: Option<Value> = control::document(trusted, &path).await?;
    let known = document.filter(|document| document["version"] == REPORT_VERSION);
    let report: Option<Report> = known.map(serde_json::from_value).transpose().map_err(wrong)?;
    Ok(report.filter(|report| report.run == entry.run))
}

/// Leaves the report of a run that is done beside its commit. When that fails, the report tells of it: it is the run's last
/// act, and undoes nothing.
///
/// What its samples of repairs show of values is masked: the inputs have them, and nobody has to look for them elsewhere.
pub(super) async fn save(trusted: &Zone, report: &mut Report) {
    let Some(sequence) = report.commit else { return };
    let mut kept = report.clone();
    for sampled in &mut kept.repairs {
        sampled.repair.mask();
    }
    if let Err(error) = control::put_document(trusted, &layout::report(sequence), &kept).await {
        report.unsaved = Some(error.to_string());
    }
}

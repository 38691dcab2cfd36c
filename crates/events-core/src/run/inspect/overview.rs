//! What a table has: its files, by its log, or by what lies there.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use serde::Serialize;

use super::INSPECT_VERSION;
use super::sample::footer;
use super::warning::{self, Warning};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::run::control::{Table, TableFile};
use crate::run::layout::{self, TABLE};
use crate::run::merge::{Group, groups};
use crate::run::writers::Writers;
use crate::run::zone::Zone;
use crate::table::PartitionKey;

/// Footers that are read at once for each request that a thread may have in flight.
const READS_A_REQUEST: usize = 8;

/// What a table has. It is also the form of the first half of `events inspect --output json`.
#[derive(Debug, Serialize)]
pub struct TableOverview {
    /// [`INSPECT_VERSION`].
    pub version: u32,
    /// Where the files are.
    pub table: String,
    /// The newest commit; `None` when the log tells of none.
    pub commit: Option<u64>,
    /// Commits that are not carried out to their end, so that files may not be what is told of them yet.
    pub unfinished: u64,
    /// How many days apart events of one id are two events; `None` when that is never so.
    pub horizon_days: Option<u32>,
    /// Why the files were listed and asked instead of the log; `None` when the log has told.
    pub log_problem: Option<String>,
    /// Objects among the files that are none of a partition, when the files were listed.
    pub strangers: u64,
    /// In the order of their folders.
    pub partitions: Vec<PartitionOverview>,
    /// Files that could not be asked, when they were listed. They are in no partition here.
    #[serde(skip)]
    pub unread: Vec<Error>,
    /// How many files without rows merging would remove, by the log.
    #[serde(skip)]
    removable: u64,
}

/// What a partition has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartitionOverview {
    /// Its folder below the table's.
    pub path: String,
    /// The name and the day that the folder tells of; `None` for one that no run makes.
    #[serde(skip)]
    pub key: Option<PartitionKey>,
    /// The rows of all files.
    pub rows: u64,
    /// The bytes of all files.
    pub bytes: u64,
    /// By name.
    pub files: Vec<FileOverview>,
}

/// A file of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileOverview {
    /// Its name in the folder of its partition.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
}

/// All partitions of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindOverview {
    /// `domain-event_type`.
    pub kind: String,
    /// Its rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their files.
    pub files: u64,
    /// How many partitions, which are days.
    pub partitions: u64,
}

impl TableOverview {
    fn of(trusted: &Zone) -> Self {
        Self {
            version: INSPECT_VERSION,
            table: trusted.name(TABLE),
            commit: None,
            unfinished: 0,
            horizon_days: None,
            log_problem: None,
            strangers: 0,
            partitions: Vec::new(),
            unread: Vec::new(),
            removable: 0,
        }
    }

    /// Whether there is no table: neither a commit nor a file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.commit.is_none() && self.partitions.is_empty() && self.log_problem.is_none()
    }

    /// The rows of all partitions.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.rows).sum()
    }

    /// The bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.bytes).sum()
    }

    /// How many files there are.
    #[must_use]
    pub fn files(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.files.len() as u64).sum()
    }

    /// The kinds with rows, the largest first, then by name. Those that share a name are one.
    #[must_use]
    pub fn kinds(&self) -> Vec<KindOverview> {
        let mut kinds: BTreeMap<&str, KindOverview> = BTreeMap::new();
        for (key, partition) in self.keyed() {
            let kind = kinds.entry(&key.domain_event_type).or_insert_with(|| KindOverview {
                kind: key.domain_event_type.clone(),
                rows: 0,
                bytes: 0,
                files: 0,
                partitions: 0,
            });
            kind.rows += partition.rows;
            kind.bytes += partition.bytes;
            kind.files += partition.files.len() as u64;
            kind.partitions += 1;
        }
        let mut kinds: Vec<_> = kinds.into_values().collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.rows));
        kinds
    }

    /// The rows of each day that has any.
    #[must_use]
    pub fn days(&self) -> BTreeMap<NaiveDate, u64> {
        let mut days = BTreeMap::new();
        for (key, partition) in self.keyed() {
            *days.entry(key.date()).or_default() += partition.rows;
        }
        days
    }

    /// What a person should look at. `today` is what days are held against.
    #[must_use]
    pub fn warnings(&self, today: NaiveDate) -> Vec<Warning> {
        let unfinished = (self.unfinished > 0).then_some(Warning::Unfinished { commits: self.unfinished });
        let warnings = [
            unfinished,
            warning::small_files(&self.partitions),
            warning::empty_files(&self.partitions, self.removable),
            warning::skew(&self.partitions),
            warning::improbable_days(&self.days(), today),
            warning::many_kinds(self.kinds().iter().map(|kind| kind.rows)),
        ];
        warnings.into_iter().flatten().collect()
    }

    /// The partitions that have rows and a folder that a run makes.
    pub(super) fn keyed(&self) -> impl Iterator<Item = (&PartitionKey, &PartitionOverview)> {
        let keyed = self.partitions.iter().filter_map(|partition| Some((partition.key.as_ref()?, partition)));
        keyed.filter(|(_, partition)| partition.rows > 0)
    }
}

impl PartitionOverview {
    pub(super) fn of(path: String, key: Option<PartitionKey>, files: Vec<FileOverview>) -> Self {
        let rows = files.iter().map(|file| file.rows).sum();
        let bytes = files.iter().map(|file| file.bytes).sum();
        Self { path, key, rows, bytes, files }
    }
}

/// What the table has.
pub(crate) async fn overview(trusted: &Zone, requests_max: usize) -> Result<TableOverview> {
    match Table::open(trusted).await {
        Ok(table) => Ok(by_log(trusted, &table)),
        Err(error @ Error::Table { .. }) => by_files(trusted, &error, requests_max).await,
        Err(error) => Err(error),
    }
}

fn by_log(trusted: &Zone, table: &Table) -> TableOverview {
    let snapshot = &table.snapshot;
    let partition = |folder: &String| {
        let files = snapshot.partition(folder).map(|file| FileOverview {
            name: file.name.clone(),
            rows: file.rows,
            bytes: file.bytes,
        });
        PartitionOverview::of(folder.clone(), PartitionKey::of_folder(folder), files.collect())
    };
    // A partition whose files were all removed is none.
    let partitions = snapshot.folders().map(partition).filter(|partition| !partition.files.is_empty());
    TableOverview {
        commit: (snapshot.sequence > 0).then_some(snapshot.sequence),
        unfinished: table.unfinished.len() as u64,
        horizon_days: snapshot.horizon_days,
        partitions: partitions.collect(),
        removable: snapshot.partitions().map(|files| removable(files.values())).sum(),
        ..TableOverview::of(trusted)
    }
}

/// How many of the files of a partition are without rows and go to others when these are merged.
fn removable<'a>(files: impl Iterator<Item = &'a TableFile>) -> u64 {
    let merged = groups(files, Config::DEFAULT_FILE_BYTES_MAX as u64, Writers::Single);
    let removed = |group: Group| {
        let empty = group.iter().filter(|file| file.rows == 0).count();
        // One file of each group stays.
        empty.min(group.len() - 1) as u64
    };
    merged.into_iter().map(removed).sum()
}

/// Lists the files, and reads the footer of each.
async fn by_files(trusted: &Zone, problem: &Error, requests_max: usize) -> Result<TableOverview> {
    let mut overview = TableOverview { log_problem: Some(problem.to_string()), ..TableOverview::of(trusted) };
    let failed = |error| trusted.error("listing", TABLE, error);
    let prefix = trusted.path(TABLE)?;
    let mut objects = trusted.store().list(Some(&prefix));
    let mut found = Vec::new();
    while let Some(object) = objects.try_next().await.map_err(failed)? {
        let path = trusted.relative(&object.location).unwrap_or_default();
        match layout::table_file_of(path) {
            Some((folder, name)) => found.push((folder.to_owned(), name.to_owned(), object.size)),
            None => overview.strangers += 1,
        }
    }
    found.sort_unstable();
    let asked = found.into_iter().map(|(folder, name, bytes)| async move {
        let path = layout::table_file(&folder, &name);
        let rows = footer(trusted, &path, bytes).await.map(|(footer, _)| footer.rows());
        (folder, rows.map(|rows| FileOverview { name, rows, bytes }))
    });
    let mut asked = futures::stream::iter(asked).buffered(READS_A_REQUEST * requests_max);
    let mut partitions: BTreeMap<String, Vec<FileOverview>> = BTreeMap::new();
    while let Some((folder, file)) = asked.next().await {
        match file {
            Ok(file) => partitions.entry(folder).or_default().push(file),
            Err(error) => overview.unread.push(error),
        }
    }
    let partitions = partitions.into_iter().map(|(folder, files)| {
        let key = PartitionKey::of_folder(&folder);
        PartitionOverview::of(folder, key, files)
    });
    overview.partitions = partitions.collect();
    Ok(overview)
}

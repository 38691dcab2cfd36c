//! A table as a run finds it: what is in its log, and what of it is still to be carried out.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, PutOptions};
use serde::{Deserialize, Serialize};

use super::entry::LogEntry;
use super::log::{self, Listing};
use super::snapshot::{SNAPSHOT_VERSION, Snapshot};
use crate::error::{Error, Result};
use crate::run::layout;
use crate::run::zone::Zone;

/// Entries behind the newest checkpoint before there is another: each costs every run a request.
const ENTRIES_PER_CHECKPOINT: u64 = 16;

/// Entries that are read at once.
const READS_MAX: usize = 16;

/// A table by its log.
#[derive(Debug)]
pub(crate) struct Table {
    /// Behind the newest commit.
    pub(crate) snapshot: Snapshot,
    /// Commits that nobody is known to have carried out, in their order: at most the newest, unless a marker was lost.
    pub(crate) unfinished: Vec<LogEntry>,
    checkpoint: u64,
}

/// Where to begin to list the log. Only a hint: behind what it says there may be newer checkpoints.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Latest {
    checkpoint: u64,
}

/// The log from where the hint says.
async fn list_from_hint(trusted: &Zone) -> Result<Listing> {
    // Whoever writes the hint may be late, and may write it badly: then the whole log is listed.
    let latest: Option<Latest> = log::document(trusted, layout::LATEST).await.unwrap_or_default();
    log::list(trusted, latest.unwrap_or_default().checkpoint).await
}

/// The folders of partitions that got files after a commit, and the newest commit: 0 when there is none. When too many have
/// followed that one, or it is none of this table, the folders are those of the whole table.
pub(crate) async fn folders_since(trusted: &Zone, commit: u64) -> Result<(u64, BTreeSet<String>)> {
    let listing = list_from_hint(trusted).await?;
    let newest = listing.last.max(listing.checkpoint.unwrap_or_default());
    if commit == 0 || newest.checked_sub(commit).is_none_or(|behind| behind > ENTRIES_PER_CHECKPOINT) {
        let snapshot = Table::open(trusted).await?.snapshot;
        return Ok((snapshot.sequence, snapshot.folders().cloned().collect()));
    }
    let entries = (commit + 1..=newest).map(|sequence| log::entry(trusted, sequence));
    let entries: Vec<_> = futures::stream::iter(entries).buffered(READS_MAX).try_collect().await?;
    let files = entries.into_iter().flat_map(|entry| entry.files);
    Ok((newest, files.map(|file| file.folder).collect()))
}

/// The horizon of a table, as far as its log can be read: what is damaged or missing says nothing.
pub(crate) async fn horizon_days(trusted: &Zone) -> Result<Option<u32>> {
    if let Some(table) = readable(Table::open(trusted).await)? {
        return Ok(table.snapshot.horizon_days);
    }
    let Listing { checkpoint, entries, .. } = log::list(trusted, 0).await?;
    let mut snapshot = match checkpoint {
        None => Snapshot::default(),
        Some(sequence) => readable(read_checkpoint(trusted, sequence).await)?.unwrap_or_default(),
    };
    let entries = entries.into_iter().filter(|sequence| *sequence > snapshot.sequence);
    let entries = entries.map(|sequence| log::entry(trusted, sequence));
    let mut entries = futures::stream::iter(entries.collect::<Vec<_>>()).buffered(READS_MAX);
    while let Some(entry) = entries.next().await {
        if let Some(entry) = readable(entry)? {
            snapshot.push_horizon(&entry);
        }
    }
    Ok(snapshot.horizon_days)
}

/// `None` for an object of the log that is damaged or missing.
fn readable<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Err(Error::Table { .. }) => Ok(None),
        read => read.map(Some),
    }
}

impl Table {
    /// Reads the log, and changes nothing.
    ///
    /// # Errors
    /// [`Error::Table`] when an object of the log is not what a run writes there, or when there is a table without one.
    pub(crate) async fn open(trusted: &Zone) -> Result<Self> {
        let listing = list_from_hint(trusted).await?;
        let checkpoint = listing.checkpoint.unwrap_or_default();
        let mut snapshot = match checkpoint {
            0 => Snapshot::default(),
            sequence => read_checkpoint(trusted, sequence).await?,
        };
        if listing.last == 0 && checkpoint == 0 {
            require_empty(trusted).await?;
        }
        let tail = tail(trusted, &listing, checkpoint)?;
        let entries = tail.map(|sequence| log::entry(trusted, sequence));
        let entries: Vec<_> = futures::stream::iter(entries).buffered(READS_MAX).try_collect().await?;
        let mut unfinished = Vec::new();
        for entry in entries {
            snapshot.push(&entry);
            if listing.done.binary_search(&entry.sequence).is_err() {
                unfinished.push(entry);
            }
        }
        Ok(Self { snapshot, unfinished, checkpoint })
    }

    /// A table of which an entry that says all is the newest one, and carried out. What the log says before it does not
    /// count, so the table is noted at once.
    pub(crate) async fn anew(trusted: &Zone, entry: &LogEntry) -> Result<Self> {
        let mut snapshot = Snapshot::default();
        snapshot.push(entry);
        let mut table = Self { snapshot, unfinished: Vec::new(), checkpoint: 0 };
        table.write_checkpoint(trusted).await?;
        Ok(table)
    }

    /// The number of the next commit.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.snapshot.sequence + 1
    }

    /// Notes the table, whose commits are all carried out, when that has not been done for a while.
    pub(crate) async fn note(&mut self, trusted: &Zone) -> Result<()> {
        let is_new = self.snapshot.sequence < self.checkpoint + ENTRIES_PER_CHECKPOINT;
        if is_new { Ok(()) } else { self.write_checkpoint(trusted).await }
    }

    async fn write_checkpoint(&mut self, trusted: &Zone) -> Result<()> {
        let sequence = self.snapshot.sequence;
        log::put_once(trusted, &layout::checkpoint(sequence), log::json(&self.snapshot)?).await?;
        self.checkpoint = sequence;
        let latest = log::json(&Latest { checkpoint: sequence })?;
        let put = trusted.store().put_opts(&trusted.path(layout::LATEST)?, latest, PutOptions::default()).await;
        put.map(drop).map_err(|error| trusted.error("writing", layout::LATEST, error))
    }
}

/// The commits behind the checkpoint.
///
/// # Errors
/// [`Error::Table`] when one is missing.
fn tail(trusted: &Zone, listing: &Listing, checkpoint: u64) -> Result<impl Iterator<Item = u64> + use<>> {
    let last = listing.last.max(checkpoint);
    for sequence in checkpoint + 1..=last {
        if listing.entries.binary_search(&sequence).is_err() {
            let object = trusted.name(&layout::log_entry(sequence));
            return Err(Error::Table { object, problem: "it is missing among later ones".to_owned() });
        }
    }
    Ok(checkpoint + 1..=last)
}

async fn read_checkpoint(trusted: &Zone, sequence: u64) -> Result<Snapshot> {
    let path = layout::checkpoint(sequence);
    let wrong = |problem: &str| Error::Table { object: trusted.name(&path), problem: problem.to_owned() };
    let snapshot: Snapshot = log::document(trusted, &path).await?.ok_or_else(|| wrong("it is not there"))?;
    if snapshot.version != SNAPSHOT_VERSION || snapshot.sequence != sequence {
        return Err(wrong("another version of this program has written it"));
    }
    Ok(snapshot)
}

/// Refuses files that no log knows: a run cannot tell what is in them.
async fn require_empty(trusted: &Zone) -> Result<()> {
    let prefix = trusted.path(layout::TABLE)?;
    let mut objects = trusted.store().list(Some(&prefix));
    match objects.try_next().await.map_err(|error| trusted.error("listing", layout::TABLE, error))? {
        None => Ok(()),
        Some(object) => {
            let path = trusted.relative(&object.location).unwrap_or_default();
            let problem = "it is in the table, but the table has no log: `events rebuild` makes one".to_owned();
            Err(Error::Table { object: trusted.name(path), problem })
        }
    }
}

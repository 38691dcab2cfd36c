//! The table's log: one entry a commit, numbered without gaps from 1, never changed.
//!
//! The entry is the moment of a run: before it nothing of the run is in the table, and it holds everything that is still
//! to be done after it.

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use serde::{Deserialize, Serialize};

use super::layout::{self, LOG, RunId};
use super::plan::Input;
use super::report::Counts;
use super::zone::Zone;
use crate::error::{Error, Result};

/// The version of an entry's form.
pub(crate) const LOG_VERSION: u32 = 1;

/// A commit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LogEntry {
    pub(crate) version: u32,
    pub(crate) sequence: u64,
    pub(crate) run: RunId,
    pub(crate) date: String,
    /// To be moved to `processed`.
    pub(crate) inputs: Vec<Input>,
    /// To be put where readers see them.
    pub(crate) publish: Vec<Publication>,
    pub(crate) totals: Counts,
}

/// An object in the stage zone and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Publication {
    pub(crate) stage: String,
    pub(crate) zone: Target,
    pub(crate) path: String,
    pub(crate) bytes: u64,
}

/// A zone that readers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    Landing,
    Trusted,
}

/// The number of the next entry.
pub(crate) async fn next_sequence(trusted: &Zone) -> Result<u64> {
    let failed = |error| trusted.error("listing", LOG, error);
    let prefix = trusted.path(LOG)?;
    let mut last = 0;
    let mut entries = trusted.store().list(Some(&prefix));
    while let Some(entry) = entries.try_next().await.map_err(failed)? {
        last = last.max(trusted.relative(&entry.location).and_then(layout::sequence_of).unwrap_or_default());
    }
    Ok(last + 1)
}

/// Commits: makes the entry, unless there is one of its number.
pub(crate) async fn append(trusted: &Zone, entry: &LogEntry) -> Result<()> {
    let path = layout::log_entry(entry.sequence);
    let json = serde_json::to_vec(entry).map_err(|error| Error::Ledger { problem: error.to_string() })?;
    let location = trusted.path(&path)?;
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match trusted.store().put_opts(&location, PutPayload::from(json), options).await {
        Ok(_) => Ok(()),
        // The store may have lost its own answer to us: whose entry it is, the entry says.
        Err(object_store::Error::AlreadyExists { .. }) if holds(trusted, &path, &entry.run).await? => Ok(()),
        Err(object_store::Error::AlreadyExists { .. }) => Err(Error::Conflict { entry: location }),
        Err(error) => Err(trusted.error("committing", &path, error)),
    }
}

async fn holds(trusted: &Zone, path: &str, run: &RunId) -> Result<bool> {
    let failed = |error| trusted.error("reading", path, error);
    let json = trusted.store().get(&trusted.path(path)?).await.map_err(failed)?.bytes().await.map_err(failed)?;
    Ok(serde_json::from_slice::<LogEntry>(&json).is_ok_and(|entry| entry.run == *run))
}

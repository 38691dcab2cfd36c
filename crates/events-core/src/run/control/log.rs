//! The table's log: one entry a commit, numbered without gaps from 1, never changed and never erased.
//!
//! The entry is the moment of a run: before it nothing of the run is in the table, and it holds everything that is still
//! to be done after it. A marker beside it says that this is done.

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entry::{LOG_VERSION, LogEntry};
use crate::error::{Error, Result};
use crate::run::layout::{self, LOG, LogObject, RunId};
use crate::run::zone::Zone;

/// How often an object is put whose store says neither that it is there nor that it is not.
const PUTS_MAX: usize = 4;

/// What became of an attempt to commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commit {
    /// The entry is in the log.
    Done,
    /// Another run's entry has its number.
    Lost,
}

/// Makes the entry, unless there is one of its number.
///
/// A store's answer to a conditional put may be lost, or be about an earlier try of its own client, so after any answer
/// but a plain yes the entry is read back. It is this run's when all of it is: a name alone may be used by two.
///
/// # Errors
/// [`Error::Undecided`] when the store says neither.
pub(crate) async fn commit(trusted: &Zone, entry: &LogEntry) -> Result<Commit> {
    let path = layout::log_entry(entry.sequence);
    let payload = json(entry)?;
    let ours = Bytes::from(payload.clone());
    let mut last = None;
    for _ in 0..PUTS_MAX {
        match put_new(trusted, &path, payload.clone()).await {
            Ok(()) => return Ok(Commit::Done),
            Err(error) => last = Some(error),
        }
        match bytes(trusted, &path).await {
            Ok(Some(there)) => return Ok(if there == ours { Commit::Done } else { Commit::Lost }),
            // Nothing is there, so the same bytes can be put again.
            Ok(None) => {}
            Err(error) => {
                return Err(Error::Undecided { entry: trusted.name(&path), source: Box::new(error) });
            }
        }
    }
    let source = last.map(|error| trusted.error("committing", &path, error));
    let source = source.unwrap_or(Error::Interrupted);
    Err(Error::Undecided { entry: trusted.name(&path), source: Box::new(source) })
}

/// Notes that an entry is carried out. Noting it again changes nothing.
pub(crate) async fn mark_done(trusted: &Zone, sequence: u64) -> Result<()> {
    put_once(trusted, &layout::log_done(sequence), PutPayload::from_static(b"{}\n")).await
}

/// The newest commit of which anything is there.
pub(crate) async fn newest(trusted: &Zone) -> Result<u64> {
    let Listing { last, checkpoint, done, .. } = list(trusted, 0).await?;
    Ok(last.max(checkpoint.unwrap_or_default()).max(done.last().copied().unwrap_or_default()))
}

/// The numbers of all commits.
pub(crate) async fn sequences(trusted: &Zone) -> Result<Vec<u64>> {
    Ok(list(trusted, 0).await?.entries)
}

/// Whether there is an entry of that number.
pub(crate) async fn is_committed(trusted: &Zone, sequence: u64) -> Result<bool> {
    exists(trusted, &layout::log_entry(sequence)).await
}

/// Whether an entry is carried out.
pub(crate) async fn is_done(trusted: &Zone, sequence: u64) -> Result<bool> {
    exists(trusted, &layout::log_done(sequence)).await
}

/// Puts an object of which any is as good: the first one stays.
pub(crate) async fn put_once(zone: &Zone, path: &str, payload: PutPayload) -> Result<()> {
    let mut last = None;
    for _ in 0..PUTS_MAX {
        match put_new(zone, path, payload.clone()).await {
            Ok(()) => return Ok(()),
            // Somebody was first; unless nobody was, because stores answer so to a conflict too.
            Err(StoreError::AlreadyExists { .. }) if exists(zone, path).await? => return Ok(()),
            Err(error @ StoreError::AlreadyExists { .. }) => last = Some(error),
            Err(error) => return Err(zone.error("writing", path, error)),
        }
    }
    last.map_or(Ok(()), |error| Err(zone.error("writing", path, error)))
}

async fn put_new(zone: &Zone, path: &str, payload: PutPayload) -> Result<(), StoreError> {
    let location = zone.path(path).map_err(|error| StoreError::Generic { store: "zone", source: Box::new(error) })?;
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    zone.store().put_opts(&location, payload, options).await.map(drop)
}

async fn exists(zone: &Zone, path: &str) -> Result<bool> {
    match zone.store().head(&zone.path(path)?).await {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(zone.error("looking at", path, error)),
    }
}

/// Puts a document, in the place of any other.
pub(crate) async fn put_document(zone: &Zone, path: &str, document: &impl Serialize) -> Result<()> {
    let put = zone.store().put(&zone.path(path)?, json(document)?).await;
    put.map(drop).map_err(|error| zone.error("writing", path, error))
}

pub(super) fn json(document: &impl Serialize) -> Result<PutPayload> {
    let json = serde_json::to_vec(document).map_err(|error| Error::Ledger { problem: error.to_string() })?;
    Ok(PutPayload::from(json))
}

/// A document of the table's; `None` when there is none.
///
/// # Errors
/// [`Error::Table`] when it is not what a run writes there.
pub(crate) async fn document<T: DeserializeOwned>(zone: &Zone, path: &str) -> Result<Option<T>> {
    let document = bytes(zone, path).await?.map(|bytes| read(zone, path, &bytes));
    document.transpose()
}

async fn bytes(zone: &Zone, path: &str) -> Result<Option<Bytes>> {
    let failed = |error| zone.error("reading", path, error);
    match zone.store().get(&zone.path(path)?).await {
        Ok(got) => got.bytes().await.map(Some).map_err(failed),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn read<T: DeserializeOwned>(zone: &Zone, path: &str, bytes: &[u8]) -> Result<T> {
    let wrong = |error: serde_json::Error| Error::Table { object: zone.name(path), problem: error.to_string() };
    serde_json::from_slice(bytes).map_err(wrong)
}

/// The newest entry of a run, among the last ones.
pub(crate) async fn entry_of(trusted: &Zone, run: &RunId) -> Result<Option<LogEntry>> {
    /// Nobody asks for a run that so many have followed.
    const LOOKED_AT_MAX: usize = 64;
    let Listing { entries, .. } = list(trusted, 0).await?;
    for sequence in entries.into_iter().rev().take(LOOKED_AT_MAX) {
        let entry = entry(trusted, sequence).await?;
        if entry.run == *run {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// An entry of the log.
pub(crate) async fn entry(trusted: &Zone, sequence: u64) -> Result<LogEntry> {
    #[derive(serde::Deserialize)]
    struct Version {
        version: u32,
    }
    let path = layout::log_entry(sequence);
    let wrong = |problem: &str| Error::Table { object: trusted.name(&path), problem: problem.to_owned() };
    let bytes = bytes(trusted, &path).await?.ok_or_else(|| wrong("it is not there"))?;
    // An entry of another version may lack anything else.
    match read::<Version>(trusted, &path, &bytes)?.version {
        LOG_VERSION => read(trusted, &path, &bytes),
        _ => Err(wrong("another version of this program has written it")),
    }
}

/// What is in the log, from some commit on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// The newest commit; 0 when there is none.
    pub(super) last: u64,
    /// The newest checkpoint that was listed.
    pub(super) checkpoint: Option<u64>,
    /// The commits that were listed.
    pub(super) entries: Vec<u64>,
    pub(super) done: Vec<u64>,
}

/// Lists the log from a commit on.
pub(super) async fn list(trusted: &Zone, from: u64) -> Result<Listing> {
    let failed = |error| trusted.error("listing", LOG, error);
    let (prefix, offset) = (trusted.path(LOG)?, trusted.path(&layout::log_from(from))?);
    let mut listing = Listing::default();
    let mut objects = trusted.store().list_with_offset(Some(&prefix), &offset);
    while let Some(object) = objects.try_next().await.map_err(failed)? {
        match trusted.relative(&object.location).and_then(LogObject::of) {
            Some(LogObject::Entry(sequence)) => listing.entries.push(sequence),
            Some(LogObject::Done(sequence)) => listing.done.push(sequence),
            Some(LogObject::Checkpoint(sequence)) => {
                listing.checkpoint = listing.checkpoint.max(Some(sequence));
            }
            None => {}
        }
    }
    listing.entries.sort_unstable();
    listing.done.sort_unstable();
    listing.last = listing.entries.last().copied().unwrap_or_default();
    Ok(listing)
}

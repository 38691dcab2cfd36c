//! A lease on a table, where several may write to it: who comes second learns it before the work and not after.
//!
//! It saves work and gives no safety. A run that has lost its lease, or never had one, does no harm: the entry of the log
//! alone decides.
//!
//! One object tells who holds it, and is only ever replaced under the version that was read. It is neither erased, because
//! no store that we know erases under a condition, nor does it come to a version that it had before as long as nobody else
//! erases it, because each holds the number of writes: on some stores the bytes are the version.
//!
//! A holder that is silent for [`Lease::TERM`] counts as dead. Silence is measured by the store alone, as the time between
//! two of its own writes, so no clock of a host matters.

use std::time::Duration;

use chrono::{DateTime, Utc};
use object_store::{
    Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use serde::{Deserialize, Serialize};

use super::log::json;
use super::mark::unconditional;
use crate::error::{Error, Result};
use crate::run::layout::{LEASE, LEASE_NOW, RunId};
use crate::run::zone::Zone;

const LEASE_VERSION: u32 = 1;

/// How often somebody tries who finds the lease free each time and is not the one who gets it.
const TAKES_MAX: usize = 4;

/// The right to work on a table, as long as it is renewed: see [`Distributor::lease`](crate::run::Distributor::lease).
///
/// Dropping it gives nothing back: [`Lease::release`] does.
#[derive(Debug)]
#[must_use = "a lease that is dropped holds others up until its term is over: release it"]
pub struct Lease {
    trusted: Zone,
    content: Content,
    version: UpdateVersion,
    /// Several workers of the run hold it, and each renews it for all.
    shared: bool,
}

/// What the object holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    version: u32,
    /// Who holds it; nobody when it was given back.
    run: Option<RunId>,
    /// How often it was written, which makes each version another.
    writes: u64,
}

impl Content {
    fn new(run: Option<RunId>, writes: u64) -> Self {
        Self { version: LEASE_VERSION, run, writes }
    }
}

/// Who has last said that it is at work on a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The name of the run; `None` when the lease cannot be read.
    pub run: Option<String>,
    /// When it said so, by the time of the store. Behind [`Lease::TERM`] it counts as dead.
    pub renewed: DateTime<Utc>,
}

/// The object as it is in the store.
struct There {
    /// `None` when it is nothing that a run writes.
    content: Option<Content>,
    meta: ObjectMeta,
}

impl Lease {
    /// How long a holder may be silent until it counts as dead. It bounds what a killed run costs the next one.
    pub const TERM: Duration = Duration::from_secs(60);

    /// How often a holder renews: four times a term, so that one that misses some renewals keeps its lease.
    pub const RENEW_EVERY: Duration = Duration::from_secs(15);

    /// Who holds the lease of the table in a trusted zone; `None` when nobody does. Changes nothing.
    ///
    /// # Errors
    /// When the lease cannot be read.
    pub async fn holder(trusted: &Zone) -> Result<Option<Holder>> {
        let there = look(trusted).await?.filter(There::is_held);
        Ok(there.map(|There { content, meta }| Holder {
            run: content.and_then(|content| content.run).map(|run| run.to_string()),
            renewed: meta.last_modified,
        }))
    }

    /// # Errors
    /// [`Error::Busy`] when another one holds it.
    pub(crate) async fn take(trusted: &Zone, run: &RunId) -> Result<Self> {
        for _ in 0..TAKES_MAX {
            let there = look(trusted).await?;
            let holder = there.as_ref().filter(|there| there.is_held());
            if let Some(there) = holder {
                let age = age(now(trusted).await?, there.meta.last_modified);
                if age < Self::TERM {
                    return Err(busy(trusted, there.content.as_ref(), age));
                }
            }
            let writes = there.as_ref().and_then(|there| there.content.as_ref()).map_or(0, |content| content.writes);
            let mode = there.map_or(PutMode::Create, |there| PutMode::Update(version(&there.meta)));
            let content = Content::new(Some(run.clone()), writes.saturating_add(1));
            if let Some(version) = put(trusted, mode, &content).await? {
                return Ok(Self { trusted: trusted.clone(), content, version, shared: false });
            }
        }
        Err(busy(trusted, None, Duration::ZERO))
    }

    /// The lease of a run whose workers hold it together. The first of them takes it.
    ///
    /// # Errors
    /// [`Error::Busy`] when another run holds it.
    pub(crate) async fn share(trusted: &Zone, run: &RunId) -> Result<Self> {
        if let Some(There { content: Some(content), meta }) = look(trusted).await?
            && content.run.as_ref() == Some(run)
        {
            let mut lease = Self { trusted: trusted.clone(), content, version: version(&meta), shared: true };
            // Nobody may have been at work for a while.
            if lease.renew().await? {
                return Ok(lease);
            }
        }
        Ok(Self { shared: true, ..Self::take(trusted, run).await? })
    }

    /// Tells the others that the holder lives. `false`: it was silent for too long and another one holds the lease now, so
    /// there is nothing left to renew.
    ///
    /// # Errors
    /// When the store fails. The lease may be renewed again, and holds as long as the term has not passed.
    pub async fn renew(&mut self) -> Result<bool> {
        let run = self.content.run.clone();
        self.replace(run).await
    }

    /// Gives it back, so that nobody has to wait for the end of its term. One that another holds by now stays with that one.
    ///
    /// # Errors
    /// When the store fails: then it ends with its term.
    pub async fn release(mut self) -> Result<()> {
        self.replace(None).await.map(drop)
    }

    /// Whether the object was this one's until now.
    async fn replace(&mut self, run: Option<RunId>) -> Result<bool> {
        for _ in 0..TAKES_MAX {
            let content = Content::new(run.clone(), self.content.writes.saturating_add(1));
            if let Some(version) = put(&self.trusted, PutMode::Update(self.version.clone()), &content).await? {
                (self.content, self.version) = (content, version);
                return Ok(true);
            }
            // A write whose answer was lost may have come to the store.
            let Some(There { content: Some(content), meta }) = look(&self.trusted).await? else { return Ok(false) };
            if content.run.is_none() || content.run != self.content.run {
                return Ok(false);
            }
            (self.content, self.version) = (content, version(&meta));
            if self.shared && run.is_some() {
                // Another worker has just renewed it.
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl There {
    /// What cannot be read may be of somebody who lives: only its age tells.
    fn is_held(&self) -> bool {
        self.content.as_ref().is_none_or(|content| content.run.is_some())
    }
}

fn busy(trusted: &Zone, holder: Option<&Content>, age: Duration) -> Error {
    let run = holder.and_then(|content| content.run.as_ref()).map(ToString::to_string);
    Error::Busy { table: trusted.url().to_owned(), run, age, left: Lease::TERM.saturating_sub(age) }
}

async fn look(trusted: &Zone) -> Result<Option<There>> {
    let failed = |error| trusted.error("reading", LEASE, error);
    let path = trusted.path(LEASE)?;
    match trusted.store().get(&path).await {
        Ok(got) => {
            let meta = got.meta.clone();
            let bytes = got.bytes().await.map_err(failed)?;
            let content = serde_json::from_slice(&bytes).ok();
            Ok(Some(There { content: content.filter(|content: &Content| content.version == LEASE_VERSION), meta }))
        }
        Err(StoreError::NotFound { .. }) => Ok(None),
        // What may not be read, because of a key or a class of storage, can still be told by its age.
        Err(error @ StoreError::PermissionDenied { .. }) => match trusted.store().head(&path).await {
            Ok(meta) => Ok(Some(There { content: None, meta })),
            Err(_) => Err(failed(error)),
        },
        Err(error) => Err(failed(error)),
    }
}

/// The time of the store: that of an object which is just written.
async fn now(trusted: &Zone) -> Result<DateTime<Utc>> {
    let failed = |error| trusted.error("asking for the time with", LEASE_NOW, error);
    let path = trusted.path(LEASE_NOW)?;
    trusted.store().put(&path, PutPayload::from_static(b"{}\n")).await.map_err(failed)?;
    Ok(trusted.store().head(&path).await.map_err(failed)?.last_modified)
}

fn age(now: DateTime<Utc>, modified: DateTime<Utc>) -> Duration {
    (now - modified).to_std().unwrap_or_default()
}

fn version(meta: &ObjectMeta) -> UpdateVersion {
    UpdateVersion { e_tag: meta.e_tag.clone(), version: meta.version.clone() }
}

/// Puts the object; `None` when it is not the version that was expected. A store's answer may be about an earlier try of
/// its own client, so then the object is read back: it is this one's when it is the same.
async fn put(trusted: &Zone, mode: PutMode, content: &Content) -> Result<Option<UpdateVersion>> {
    let is_new = matches!(mode, PutMode::Create);
    let options = PutOptions { mode, ..PutOptions::default() };
    match trusted.store().put_opts(&trusted.path(LEASE)?, json(content)?, options).await {
        Ok(put) => Ok(Some(put.into())),
        // What a new object does not find is its bucket.
        Err(error @ StoreError::NotFound { .. }) if is_new => Err(trusted.error("writing", LEASE, error)),
        Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. } | StoreError::NotFound { .. }) => {
            let there = look(trusted).await?;
            let ours = there.filter(|there| there.content.as_ref() == Some(content));
            Ok(ours.map(|there| version(&there.meta)))
        }
        Err(error) => Err(unconditional(trusted, &error).unwrap_or_else(|| trusted.error("writing", LEASE, error))),
    }
}

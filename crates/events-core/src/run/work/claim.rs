//! Who is at work on an item, so that others take another one. No safety rests on it: an item may be done twice.
//!
//! A claim is an object of its own, made once. Its holder writes it again from time to time; when it has not for a term,
//! by the time of the store, the next claim has the next number.

use std::time::Duration;

use chrono::{DateTime, Utc};
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};

use super::item::WorkItem;
use crate::error::Result;
use crate::run::control::Lease;
use crate::run::layout::{self, RunId};
use crate::run::zone::Zone;

/// The word of a worker that it is at work on an item, as long as it is renewed.
#[derive(Debug)]
pub struct Claim {
    stage: Zone,
    path: String,
    worker: RunId,
}

/// The newest claim on an item, as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claimed {
    pub(super) number: u32,
    pub(super) renewed: DateTime<Utc>,
}

impl Claim {
    /// How long a worker may be silent until others take its item.
    pub const TERM: Duration = Lease::TERM;

    /// How often a worker renews its claim.
    pub const RENEW_EVERY: Duration = Lease::RENEW_EVERY;

    /// Claims an item, unless somebody else has and lives.
    pub(super) async fn take(
        stage: &Zone,
        run: &RunId,
        item: WorkItem,
        last: Option<Claimed>,
        worker: &RunId,
    ) -> Result<Option<Self>> {
        if let Some(last) = last {
            let now = now(stage, run, worker).await?;
            if (now - last.renewed).to_std().unwrap_or_default() < Self::TERM {
                return Ok(None);
            }
        }
        let number = last.map_or(0, |last| last.number) + 1;
        let path = layout::work_claim(run, &item.to_string(), number);
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match stage.store().put_opts(&stage.path(&path)?, payload(worker), options).await {
            Ok(_) => Ok(Some(Self { stage: stage.clone(), path, worker: worker.clone() })),
            Err(StoreError::AlreadyExists { .. }) => Ok(None),
            Err(error) => Err(stage.error("writing", &path, error)),
        }
    }

    /// Tells the others that the worker lives.
    ///
    /// # Errors
    /// When the store fails: the claim may be renewed again, and holds as long as the term has not passed.
    pub async fn renew(&self) -> Result<()> {
        let put = self.stage.store().put(&self.stage.path(&self.path)?, payload(&self.worker)).await;
        put.map(drop).map_err(|error| self.stage.error("writing", &self.path, error))
    }

    /// Gives the item back, for others to take at once.
    ///
    /// # Errors
    /// When the store fails: then others wait for the term.
    pub async fn release(self) -> Result<()> {
        match self.stage.store().delete(&self.stage.path(&self.path)?).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.stage.error("erasing", &self.path, error)),
        }
    }
}

/// The time of the store: that of an object which is just written.
async fn now(stage: &Zone, run: &RunId, worker: &RunId) -> Result<DateTime<Utc>> {
    let path = layout::work_now(run, worker);
    let failed = |error| stage.error("asking for the time with", &path, error);
    let location = stage.path(&path)?;
    stage.store().put(&location, payload(worker)).await.map_err(failed)?;
    Ok(stage.store().head(&location).await.map_err(failed)?.last_modified)
}

fn payload(worker: &RunId) -> PutPayload {
    PutPayload::from(format!("{worker}\n").into_bytes())
}

//! A parsed stage: what says that it is whole, and how several are read as one.

use std::sync::Arc;

use chrono::NaiveDate;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::control::{Publication, Taken};
use super::exchange::{Exchange, Rebase, Spool, Spread, StageWhat, Staged};
use super::layout::{self, RUNS, RunId};
use super::report::{InputReport, iso_date};
use super::zone::Zone;
use crate::error::{Error, Result};
use crate::event::Fault;
use crate::table::KindCache;

/// The version of a manifest's form.
const STAGE_VERSION: u32 = 3;

/// What lies in the stage of a parse. It is written last.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StageManifest {
    version: u32,
    pub(crate) run: RunId,
    /// The day under which its inputs and rejects are filed.
    #[serde(with = "iso_date")]
    pub(crate) date: NaiveDate,
    spread: Spread,
    pub(crate) inputs: Vec<InputReport>,
    /// Inputs to move out of the way of the next run.
    pub(crate) taken: Vec<Taken>,
    /// Rejects to put into the quarantine.
    pub(crate) quarantine: Vec<Publication>,
    /// Domain and event type of every kind in the rows.
    kinds: Vec<(String, String)>,
    /// By bucket.
    rows: Vec<Vec<Staged>>,
    /// By shard.
    keys: Vec<Vec<Staged>>,
}

/// What a parse has put into its stage: see [`StageManifest`].
pub(crate) struct StageContent {
    pub(crate) inputs: Vec<InputReport>,
    pub(crate) taken: Vec<Taken>,
    pub(crate) quarantine: Vec<Publication>,
    pub(crate) rows: Vec<Vec<Staged>>,
    pub(crate) keys: Vec<Vec<Staged>>,
}

impl StageManifest {
    pub(crate) fn new(context: &Context, run: RunId, spread: Spread, parsed: StageContent) -> Self {
        let StageContent { inputs, taken, quarantine, rows, keys } = parsed;
        let kinds = context.kinds.list();
        Self {
            version: STAGE_VERSION,
            run,
            date: context.start.date,
            spread,
            inputs,
            taken,
            quarantine,
            kinds: kinds.iter().map(|kind| (kind.domain.clone(), kind.event_type.clone())).collect(),
            rows,
            keys,
        }
    }

    /// How many rows it has.
    pub(crate) fn row_count(&self) -> u64 {
        self.rows.iter().flatten().map(|object| object.entries).sum()
    }

    /// The URL of the manifest.
    pub(crate) fn name(&self, stage: &Zone) -> String {
        stage.name(&layout::stage_complete(&self.run))
    }

    pub(crate) async fn put(&self, stage: &Zone) -> Result<()> {
        let path = layout::stage_complete(&self.run);
        let json = serde_json::to_vec(self).map_err(|error| Error::Ledger { problem: error.to_string() })?;
        let put = stage.store().put(&stage.path(&path)?, PutPayload::from(json)).await;
        put.map(drop).map_err(|error| stage.error("writing", &path, error))
    }

    /// The manifests of all stages that are whole, in the order of their runs' names.
    ///
    /// # Errors
    /// [`Error::NoStage`] when there is none.
    pub(crate) async fn all(stage: &Zone) -> Result<Vec<Self>> {
        let failed = |error| stage.error("listing", RUNS, error);
        let prefix = stage.path(RUNS)?;
        let mut objects = stage.store().list(Some(&prefix));
        let mut runs = Vec::new();
        while let Some(object) = objects.try_next().await.map_err(failed)? {
            runs.extend(stage.relative(&object.location).and_then(layout::run_of_complete));
        }
        runs.sort_unstable();
        let mut manifests = Vec::with_capacity(runs.len());
        for run in &runs {
            manifests.push(Self::get(stage, run).await?);
        }
        if manifests.is_empty() { Err(Error::NoStage { zone: stage.url().to_owned() }) } else { Ok(manifests) }
    }

    pub(crate) async fn get(stage: &Zone, run: &RunId) -> Result<Self> {
        let path = layout::stage_complete(run);
        let failed = |error| stage.error("reading", &path, error);
        let json = stage.store().get(&stage.path(&path)?).await.map_err(failed)?.bytes().await.map_err(failed)?;
        let wrong = |problem: String| Error::Stage { object: stage.name(&path), problem };
        let manifest: Self = serde_json::from_slice(&json).map_err(|error| wrong(error.to_string()))?;
        if manifest.version != STAGE_VERSION || manifest.spread != Spread::STAGED {
            return Err(wrong("it was made by another version".to_owned()));
        }
        if manifest.rows.len() != Spread::STAGED.buckets || manifest.keys.len() != Spread::STAGED.shards {
            return Err(wrong("it does not list every lane".to_owned()));
        }
        Ok(manifest)
    }
}

/// The rows and keys of several stages of one spread as one exchange. Rows and inputs of a stage come behind those of the ones before.
pub(crate) fn open(context: &Context, manifests: &mut [StageManifest]) -> Result<Exchange> {
    let spread = manifests.first().map_or(Spread::STAGED, |manifest| manifest.spread);
    let mut rows = vec![Vec::new(); spread.buckets];
    let mut keys = vec![Vec::new(); spread.shards];
    let mut next = vec![0_u64; spread.buckets];
    let mut input = 0;
    let too_many = |_| Error::Ledger { problem: "more than 2^32 rows in a bucket of all stages".to_owned() };
    // Partitions are ordered by the names of all kinds, so all are met before the first row is read.
    let mut kinds = KindCache::new(Arc::clone(&context.kinds));
    for manifest in manifests {
        let mut numbers = Vec::with_capacity(manifest.kinds.len());
        for (domain, event_type) in &manifest.kinds {
            let named = |fault: Fault| Error::Stage {
                object: context.zones.stage.name(&layout::stage_complete(&manifest.run)),
                problem: fault.to_string(),
            };
            numbers.push(kinds.get(domain, event_type).map_err(named)?.0);
        }
        let ordinals = next.iter().map(|&next| u32::try_from(next)).collect::<Result<_, _>>().map_err(too_many)?;
        let rebase = Arc::new(Rebase { input, ordinals, kinds: numbers });
        input += manifest.inputs.len() as u32;
        for ((lane, next), objects) in rows.iter_mut().zip(&mut next).zip(&mut manifest.rows) {
            *next += objects.iter().map(|object| object.entries).sum::<u64>();
            lane.append(objects);
        }
        for (lane, objects) in keys.iter_mut().zip(&mut manifest.keys) {
            lane.extend(objects.drain(..).map(|object| Staged { rebase: Some(Arc::clone(&rebase)), ..object }));
        }
    }
    next.iter().try_for_each(|&next| u32::try_from(next).map(drop)).map_err(too_many)?;
    Ok(Exchange {
        rows: Spool::staged(rows, context.stage_lanes(StageWhat::Rows)),
        keys: Spool::staged(keys, context.stage_lanes(StageWhat::Keys)),
        spread,
    })
}

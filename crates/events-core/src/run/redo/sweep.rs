//! What runs have left in the stage zone because they died.

use futures::TryStreamExt;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};

use super::{apply, erase};
use crate::error::{Error, Result};
use crate::run::barrier::Barrier;
use crate::run::context::Context;
use crate::run::layout::{self, RUNS, RunId};
use crate::run::stage::StageManifest;
use crate::run::writers::Writers;
use crate::run::zone::Zone;

/// What a run notes in its stage before anything else, and erases last.
#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    /// The newest commit that it knows: its own can only be the next one. `None` for a parse, which makes none.
    behind: Option<u64>,
    /// It is done by several workers, and between two of them nobody holds the table.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    workers: bool,
}

/// Notes behind which commit a run begins.
pub(crate) async fn begin(context: &Context, behind: Option<u64>) -> Result<()> {
    note(context, &Begun { behind, workers: false }).await
}

/// Notes behind which commit a run of several workers begins.
pub(crate) async fn begin_for_workers(context: &Context, behind: u64) -> Result<()> {
    note(context, &Begun { behind: Some(behind), workers: true }).await
}

async fn note(context: &Context, begun: &Begun) -> Result<()> {
    let json = serde_json::to_vec(begun).map_err(|error| Error::Ledger { problem: error.to_string() })?;
    put(&context.zones.stage, &layout::stage_begun(&context.stage), json.into()).await
}

/// Whether the stage of a run begins as that of several workers.
pub(crate) async fn is_of_workers(context: &Context) -> Result<bool> {
    let (stage, path) = (&context.zones.stage, layout::stage_begun(&context.stage));
    let failed = |error| stage.error("reading", &path, error);
    match stage.store().get(&stage.path(&path)?).await {
        Ok(got) => {
            let begun: Option<Begun> = serde_json::from_slice(&got.bytes().await.map_err(failed)?).ok();
            Ok(begun.is_some_and(|begun| begun.workers))
        }
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Finishes what dead runs have left in the stage zone: a whole stage of a parse gets its inputs moved, and the stage of a
/// run that can never commit is erased. `newest` is the newest commit, which is carried out.
///
/// Gives the names of the inputs that it has moved.
pub(crate) async fn sweep(context: &Context, newest: u64) -> Result<Vec<String>> {
    let mut moved = Vec::new();
    let stage = &context.zones.stage;
    let failed = |error| stage.error("listing", RUNS, error);
    let listing = stage.store().list_with_delimiter(Some(&stage.path(RUNS)?)).await.map_err(failed)?;
    let runs = listing.common_prefixes.iter().filter_map(|prefix| layout::run_of_stage(stage.relative(prefix)?));
    for run in runs.filter(|run| *run != context.stage) {
        let left = Left::of(stage, &run).await?;
        if left.complete {
            if !left.moved {
                let manifest = StageManifest::get(stage, &run).await?;
                finish_parse(context, &manifest).await?;
                moved.extend(manifest.taken.into_iter().map(|taken| taken.input.key));
            }
        } else if left.is_dead(context, &run, newest).await? {
            erase::erase_stage(stage, &run).await?;
        }
    }
    Ok(moved)
}

/// What a run whose stage is whole does last: rejects go to the quarantine, and inputs where they stay.
pub(crate) async fn finish_parse(context: &Context, manifest: &StageManifest) -> Result<()> {
    Barrier::pass(context.barrier.as_ref())?;
    apply::publish(context, &manifest.quarantine, None).await?;
    apply::move_inputs(context, &manifest.taken, manifest.date).await?;
    Barrier::pass(context.barrier.as_ref())?;
    put(&context.zones.stage, &layout::stage_moved(&manifest.run), PutPayload::from_static(b"")).await
}

/// What is left in the stage of a run.
#[derive(Debug, Default)]
struct Left {
    complete: bool,
    moved: bool,
    begun: bool,
}

impl Left {
    async fn of(stage: &Zone, run: &RunId) -> Result<Self> {
        let path = layout::stage(run);
        let failed = |error| stage.error("listing", &path, error);
        let mut left = Self::default();
        let names = [layout::stage_complete(run), layout::stage_moved(run), layout::stage_begun(run)];
        let mut objects = stage.store().list(Some(&stage.path(&path)?));
        while let Some(object) = objects.try_next().await.map_err(failed)? {
            let found = stage.relative(&object.location);
            left.complete |= found == Some(names[0].as_str());
            left.moved |= found == Some(names[1].as_str());
            left.begun |= found == Some(names[2].as_str());
        }
        Ok(left)
    }

    /// Whether the run can never commit: it is behind a commit that another has followed, or nobody but this run can be
    /// alive. A stage without a note is what came late of a run whose stage was erased.
    async fn is_dead(&self, context: &Context, run: &RunId, newest: u64) -> Result<bool> {
        if !self.begun {
            return Ok(true);
        }
        let (stage, path) = (&context.zones.stage, layout::stage_begun(run));
        let failed = |error| stage.error("reading", &path, error);
        match stage.store().get(&stage.path(&path)?).await {
            Ok(got) => {
                let json = got.bytes().await.map_err(failed)?;
                let begun: Option<Begun> = serde_json::from_slice(&json).ok();
                // Whoever has the table to itself has outlived every process that is not one of several.
                let alone = context.writers == Writers::Single && begun.as_ref().is_none_or(|begun| !begun.workers);
                Ok(alone || begun.is_some_and(|begun| begun.behind.is_some_and(|behind| behind < newest)))
            }
            // Somebody else has swept.
            Err(StoreError::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }
}

async fn put(stage: &Zone, path: &str, payload: PutPayload) -> Result<()> {
    let put = stage.store().put(&stage.path(path)?, payload).await;
    put.map(drop).map_err(|error| stage.error("writing", path, error))
}

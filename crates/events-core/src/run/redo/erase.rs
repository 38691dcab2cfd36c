//! Erasing what nobody needs any more.

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt};

use crate::error::Result;
use crate::run::layout::{self, RUNS, RunId};
use crate::run::zone::Zone;

/// Whether nothing lies below a path.
pub(crate) async fn is_empty(zone: &Zone, path: &str) -> Result<bool> {
    let mut objects = zone.store().list(Some(&zone.path(path)?));
    let first = objects.try_next().await.map_err(|error| zone.error("listing", path, error))?;
    Ok(first.is_none())
}

/// Erases the stage of a run. What is gone already is no failure.
///
/// A plan for several workers goes first, so that none of them takes what is half erased for work to do. The note of where
/// the run began goes last: what is left by whoever is killed meanwhile is known to be dead by it.
pub(crate) async fn erase_stage(stage: &Zone, run: &RunId) -> Result<()> {
    let (plan, begun) = (stage.path(&layout::work_plan(run))?, stage.path(&layout::stage_begun(run))?);
    let all = list(stage, &layout::stage(run)).await?;
    let (first, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|path| *path == plan);
    let (last, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(|path| *path == begun);
    erase(stage, first).await?;
    erase(stage, rest).await?;
    erase(stage, last).await
}

/// Erases an object. One that is gone already is no failure.
pub(super) async fn erase_object(zone: &Zone, path: &str) -> Result<()> {
    match zone.store().delete(&zone.path(path)?).await {
        Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
        Err(error) => Err(zone.error("erasing", path, error)),
    }
}

/// The listing is finished before anything is deleted: a store may not like both at once.
async fn list(zone: &Zone, path: &str) -> Result<Vec<Path>> {
    let objects = zone.store().list(Some(&zone.path(path)?)).map_ok(|object| object.location);
    objects.try_collect().await.map_err(|error| zone.error("listing", path, error))
}

async fn erase(zone: &Zone, locations: Vec<Path>) -> Result<()> {
    if locations.is_empty() {
        return Ok(());
    }
    let mut deleted = zone.store().delete_stream(futures::stream::iter(locations.into_iter().map(Ok)).boxed());
    while let Some(result) = deleted.next().await {
        match result {
            Ok(_) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(zone.error("erasing in", RUNS, error)),
        }
    }
    Ok(())
}

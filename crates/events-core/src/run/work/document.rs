//! Documents of a run over several workers, in its stage: each is written once.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::{Error as StoreError, ObjectStoreExt, PutPayload};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::item::WorkItem;
use crate::error::{Error, Result};
use crate::run::control;
use crate::run::layout::{self, RunId};
use crate::run::zone::Zone;

/// Documents that are read at once.
const READS_AT_ONCE: usize = 32;

/// Writes a document.
pub(super) async fn put(stage: &Zone, path: &str, document: &(impl Serialize + ?Sized)) -> Result<()> {
    let put = stage.store().put(&stage.path(path)?, json(document)?).await;
    put.map(drop).map_err(|error| stage.error("writing", path, error))
}

/// Writes a document, unless there is one.
pub(super) async fn put_new(stage: &Zone, path: &str, document: &impl Serialize) -> Result<()> {
    control::put_once(stage, path, json(document)?).await
}

/// Writes the result of an item, unless there is one: then that one stays, and what it names is as good.
pub(super) async fn put_result(stage: &Zone, run: &RunId, item: WorkItem, result: &impl Serialize) -> Result<()> {
    let path = layout::work_result(run, &item.to_string());
    control::put_once(stage, &path, json(result)?).await
}

/// The result of an item; `None` when it has none yet.
pub(super) async fn result<T: DeserializeOwned>(stage: &Zone, run: &RunId, item: WorkItem) -> Result<Option<T>> {
    let path = layout::work_result(run, &item.to_string());
    get(stage, &path).await?.map(|json| read(stage, &path, &json)).transpose()
}

/// Whether an item has a result.
pub(super) async fn has_result(stage: &Zone, run: &RunId, item: WorkItem) -> Result<bool> {
    let path = layout::work_result(run, &item.to_string());
    match stage.store().head(&stage.path(&path)?).await {
        Ok(_) => Ok(true),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(stage.error("looking at", &path, error)),
    }
}

/// The results of items, in their order.
///
/// # Errors
/// [`Error::Setting`] when one of them has none yet.
pub(super) async fn results<T: DeserializeOwned>(
    stage: &Zone,
    run: &RunId,
    items: impl Iterator<Item = WorkItem>,
) -> Result<Vec<T>> {
    let results = items.map(|item| async move {
        let none = || Error::Setting { name: "item", problem: format!("`{item}` comes first and has no result yet") };
        result(stage, run, item).await?.ok_or_else(none)
    });
    futures::stream::iter(results.collect::<Vec<_>>()).buffered(READS_AT_ONCE).try_collect().await
}

pub(super) async fn get(stage: &Zone, path: &str) -> Result<Option<Bytes>> {
    let failed = |error| stage.error("reading", path, error);
    match stage.store().get(&stage.path(path)?).await {
        Ok(got) => got.bytes().await.map(Some).map_err(failed),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn read<T: DeserializeOwned>(stage: &Zone, path: &str, json: &[u8]) -> Result<T> {
    let wrong = |error: serde_json::Error| Error::Stage { object: stage.name(path), problem: error.to_string() };
    serde_json::from_slice(json).map_err(wrong)
}

fn json(document: &(impl Serialize + ?Sized)) -> Result<PutPayload> {
    let json = serde_json::to_vec(document).map_err(|error| Error::Ledger { problem: error.to_string() })?;
    Ok(PutPayload::from(json))
}

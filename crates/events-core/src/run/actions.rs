//! What a run does to stores besides reading inputs and writing to its stage: few actions, each safe to repeat.

use std::error::Error as _;
use std::io;

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error as StoreError, GetOptions, ObjectStore, ObjectStoreExt, RenameOptions,
    RenameTargetMode,
};
use xxhash_rust::xxh3::Xxh3;

use super::layout;
use super::log::{Publication, Target};
use super::plan::Input;
use super::zone::{Zone, Zones};
use crate::error::Result;

/// Puts a staged object where readers see it. Its name there is new, so nothing is replaced.
pub(crate) async fn publish(zones: &Zones, publication: &Publication) -> Result<()> {
    let target = match publication.zone {
        Target::Landing => &zones.landing,
        Target::Trusted => &zones.trusted,
    };
    let (from, to) = (zones.stage.path(&publication.stage)?, target.path(&publication.path)?);
    if zones.stage.shares_store(target) {
        match target.store().rename(&from, &to).await {
            Ok(()) => return Ok(()),
            // Folders of one root may be on several disks, between which nothing can be renamed: it is copied below.
            Err(error) if crosses_devices(&error) => {}
            Err(error) => return Err(target.error("publishing", &publication.path, error)),
        }
    }
    let staged = zones.stage.store().get(&from).await;
    let read = |error| zones.stage.error("reading", &publication.stage, error);
    let bytes = staged.map_err(read)?.bytes().await.map_err(read)?;
    let put = target.store().put(&to, bytes.into()).await;
    put.map(drop).map_err(|error| target.error("publishing", &publication.path, error))
}

fn crosses_devices(error: &StoreError) -> bool {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::CrossesDevices)
}

/// Moves an input to `processed`. Nothing there is replaced: an input of the same name with other bytes gets a name of
/// its own, one with the same bytes is there already.
pub(crate) async fn move_input(landing: &Zone, input: &Input, date: NaiveDate) -> Result<()> {
    let from = input.path();
    let to = input.done_path(date);
    if rename_new(landing, input, &to).await? {
        return Ok(());
    }
    let digest = digest(landing, &from).await?;
    if digest != self::digest(landing, &to).await? {
        let to = layout::again(&to, digest);
        // The digest in the name makes whatever has that name a copy.
        if rename_new(landing, input, &to).await? {
            return Ok(());
        }
    }
    let deleted = landing.store().delete(&landing.path(&from)?).await;
    deleted.map_err(|error| landing.error("erasing", &from, error))
}

/// Renames an input, unless the new name is taken: then `false`.
async fn rename_new(landing: &Zone, input: &Input, to: &str) -> Result<bool> {
    let from_path = landing.path(&input.path())?;
    let to_path = landing.path(to)?;
    let options = RenameOptions { target_mode: RenameTargetMode::Create, ..RenameOptions::default() };
    match landing.store().rename_opts(&from_path, &to_path, options).await {
        Ok(()) => Ok(true),
        Err(StoreError::AlreadyExists { .. }) => Ok(false),
        // Consoles of S3 make empty objects for folders, whose names end with a slash that listings drop.
        Err(StoreError::NotFound { .. }) if input.bytes == 0 => Ok(true),
        Err(StoreError::NotSupported { .. } | StoreError::NotImplemented { .. }) => {
            copy_new(landing, input, &from_path, to, &to_path).await
        }
        Err(error) => Err(landing.error("moving to", to, error)),
    }
}

/// [`rename_new`] for stores that cannot copy conditionally, which S3 does not unless it is told how.
async fn copy_new(landing: &Zone, input: &Input, from: &Path, to: &str, to_path: &Path) -> Result<bool> {
    let store = landing.store();
    match store.head(to_path).await {
        Ok(_) => return Ok(false),
        Err(StoreError::NotFound { .. }) => {}
        Err(error) => return Err(landing.error("looking at", to, error)),
    }
    let options = CopyOptions { mode: CopyMode::Overwrite, ..CopyOptions::default() };
    match store.copy_opts(from, to_path, options).await {
        Ok(()) => {}
        Err(StoreError::NotFound { .. }) if input.bytes == 0 => return Ok(true),
        Err(error) => return Err(landing.error("copying to", to, error)),
    }
    store.delete(from).await.map_err(|error| landing.error("erasing", &input.path(), error))?;
    Ok(true)
}

/// XXH3-128 of an object, read in ranges: streams of local files are slow.
async fn digest(zone: &Zone, path: &str) -> Result<u128> {
    const RANGE_BYTES: u64 = 4 << 20;
    let failed = |error| zone.error("reading", path, error);
    let location = zone.path(path)?;
    let size = zone.store().head(&location).await.map_err(failed)?.size;
    let mut digest = Xxh3::new();
    for start in (0..size).step_by(RANGE_BYTES as usize) {
        let range = start..size.min(start + RANGE_BYTES);
        let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
        let got = zone.store().get_opts(&location, options).await.map_err(failed)?;
        digest.update(&got.bytes().await.map_err(failed)?);
    }
    Ok(digest.digest128())
}

/// Whether nothing lies below a path.
pub(crate) async fn is_empty(zone: &Zone, path: &str) -> Result<bool> {
    let mut objects = zone.store().list(Some(&zone.path(path)?));
    let first = objects.try_next().await.map_err(|error| zone.error("listing", path, error))?;
    Ok(first.is_none())
}

/// Erases everything below a path. What is gone already is no failure.
pub(crate) async fn erase(zone: &Zone, path: &str) -> Result<()> {
    let failed = |error| zone.error("erasing", path, error);
    let prefix = zone.path(path)?;
    // The listing is finished before anything is deleted: a store may not like both at once.
    let found: Vec<_> =
        zone.store().list(Some(&prefix)).map_ok(|object| object.location).try_collect().await.map_err(failed)?;
    let locations = futures::stream::iter(found.into_iter().map(Ok)).boxed();
    let mut deleted = zone.store().delete_stream(locations);
    while let Some(result) = deleted.next().await {
        match result {
            Ok(_) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

//! Staged objects become visible: by a rename where one writer has a file system to itself, by a conditional put where
//! several share a store.

use std::error::Error as _;
use std::io;

use bytes::Bytes;
use object_store::{
    Error as StoreError, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, RenameOptions,
    RenameTargetMode, UpdateVersion,
};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::error::{Error, Result};
use crate::run::control::{Digest, Publication, Replaced, Target, is_done};
use crate::run::writers::Writers;
use crate::run::zone::{Zone, Zones};

/// How often something is put whose store says that its condition is not met, although it is.
const PUTS_MAX: usize = 4;

/// What is published, and what is to be known for it.
#[derive(Clone, Copy)]
pub(super) struct Publish<'a> {
    pub(super) zones: &'a Zones,
    pub(super) writers: Writers,
    pub(super) publication: &'a Publication,
    /// Whose it is; `None` when it is a parse's, which makes no commit.
    pub(super) commit: Option<u64>,
    /// The digests of what the same commit puts in its place after it: when one of them is there, this is done.
    pub(super) later: &'a [Digest],
}

impl Publish<'_> {
    fn target(&self) -> &Zone {
        match self.publication.zone {
            Target::Landing => &self.zones.landing,
            Target::Trusted => &self.zones.trusted,
        }
    }
}

/// Puts an object of the stage where readers see it.
///
/// # Errors
/// [`Error::Changed`] when what it is to replace is neither what the run has read nor the new content.
pub(super) async fn publish_object(publish: Publish<'_>) -> Result<()> {
    let Publish { zones, writers, publication, later, .. } = publish;
    let target = publish.target();
    if writers == Writers::Single
        && zones.stage.shares_store(target)
        && rename(zones, target, publication, later).await?
    {
        return Ok(());
    }
    let object = staged(&zones.stage, &publication.stage.object).await?;
    publish_part(publish, object.as_ref()).await
}

/// Puts a part of an object of the stage where readers see it; `None` when the object is gone.
///
/// # Errors
/// As of [`publish_object`].
pub(super) async fn publish_part(publish: Publish<'_>, object: Option<&Bytes>) -> Result<()> {
    let Publish { zones, writers, publication, commit, later } = publish;
    let target = publish.target();
    let Some(object) = object else {
        // The stage is erased when everything in it is published.
        return require_there(target, publication, later).await;
    };
    let bytes = part(&zones.stage, publication, object)?;
    match (&publication.replaces, writers) {
        (None, Writers::Many) => create(target, publication, bytes).await,
        (Some(replaced), Writers::Many) => {
            let commit = commit.map(|sequence| (&zones.trusted, sequence));
            replace(target, publication, replaced, later, bytes, commit).await
        }
        // What comes after it may be there already, and readers must not see the table go back.
        (Some(_), Writers::Single) if is_there(target, publication, later).await? => Ok(()),
        // A file system that has lost its power may have a name and not the bytes, so what is there is put again.
        (_, Writers::Single) => put_over(target, publication, bytes).await,
    }
}

/// Puts a staged object in the place of whatever is there.
pub(crate) async fn overwrite(zones: &Zones, publication: &Publication) -> Result<()> {
    let Some(object) = staged(&zones.stage, &publication.stage.object).await? else {
        return Err(changed_stage(&zones.stage, publication));
    };
    put_over(&zones.trusted, publication, part(&zones.stage, publication, &object)?).await
}

/// Puts bytes in the place of whatever is there.
async fn put_over(target: &Zone, publication: &Publication, bytes: Bytes) -> Result<()> {
    let put = put(target, publication, bytes, PutMode::Overwrite).await?;
    put.map_err(|error| failed(target, publication, error))
}

/// Publishes within a store; `false` when it cannot rename.
async fn rename(zones: &Zones, target: &Zone, publication: &Publication, later: &[Digest]) -> Result<bool> {
    let (from, to) = (zones.stage.path(&publication.stage.object)?, target.path(&publication.path)?);
    let target_mode = match publication.replaces {
        None => RenameTargetMode::Create,
        Some(_) => RenameTargetMode::Overwrite,
    };
    let options = RenameOptions { target_mode, ..RenameOptions::default() };
    match target.store().rename_opts(&from, &to, options).await {
        // A name that is taken is new for ever, so it was published before.
        Ok(()) | Err(StoreError::AlreadyExists { .. }) => Ok(true),
        Err(StoreError::NotFound { .. }) => require_there(target, publication, later).await.map(|()| true),
        // Some cannot rename under a condition, and folders of one root may be on several disks.
        Err(StoreError::NotSupported { .. } | StoreError::NotImplemented { .. }) => Ok(false),
        Err(error) if is_of_kind(&error, io::ErrorKind::CrossesDevices) => Ok(false),
        Err(error) => Err(failed(target, publication, error)),
    }
}

/// Whether the operating system has refused something for this reason.
pub(super) fn is_of_kind(error: &StoreError, kind: io::ErrorKind) -> bool {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|cause| cause.kind() == kind)
}

/// An object of the stage; `None` when it is gone.
pub(super) async fn staged(stage: &Zone, object: &str) -> Result<Option<Bytes>> {
    let failed = |error| stage.error("reading", object, error);
    match stage.store().get(&stage.path(object)?).await {
        Ok(got) => got.bytes().await.map(Some).map_err(failed),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// What is to be published of an object of the stage.
///
/// # Errors
/// [`Error::Changed`] when the object has another length.
fn part(stage: &Zone, publication: &Publication, object: &Bytes) -> Result<Bytes> {
    let (start, bytes) = (publication.stage.offset.unwrap_or_default() as usize, publication.bytes as usize);
    let rest = object.len().saturating_sub(start);
    let fits = if publication.stage.offset.is_some() { bytes <= rest } else { bytes == rest };
    if fits { Ok(object.slice(start..start + bytes)) } else { Err(changed_stage(stage, publication)) }
}

fn changed_stage(stage: &Zone, publication: &Publication) -> Error {
    Error::Changed { object: stage.name(&publication.stage.object) }
}

/// Makes an object whose name is new for ever: whatever has it is this object.
async fn create(target: &Zone, publication: &Publication, bytes: Bytes) -> Result<()> {
    let mut last = None;
    for _ in 0..PUTS_MAX {
        match put(target, publication, bytes.clone(), PutMode::Create).await? {
            Ok(()) => return Ok(()),
            // Stores answer so to a conflict too, after which nothing is there.
            Err(error @ StoreError::AlreadyExists { .. }) => {
                if e_tag(target, publication).await?.is_some() {
                    return Ok(());
                }
                last = Some(error);
            }
            Err(error) => return Err(failed(target, publication, error)),
        }
    }
    last.map_or(Ok(()), |error| Err(failed(target, publication, error)))
}

/// Replaces the version of an object that the run has read.
///
/// That its bytes are there does not say that they have been there all the time: a later commit may have taken away what
/// this one has added, and what is left is again what this one was to replace. But a later commit is made only when this
/// one is done. So after a look comes the question whether it `is_done`, and when it was not, the version that was seen is
/// older than any later commit, and the condition of the put holds against all that happens from then on.
async fn replace(
    target: &Zone,
    publication: &Publication,
    replaced: &Replaced,
    later: &[Digest],
    bytes: Bytes,
    commit: Option<(&Zone, u64)>,
) -> Result<()> {
    let mut e_tag = replaced.e_tag.clone();
    for _ in 0..PUTS_MAX {
        if e_tag.is_some() {
            let version = UpdateVersion { e_tag: e_tag.take(), version: None };
            match put(target, publication, bytes.clone(), PutMode::Update(version)).await? {
                Ok(()) => return Ok(()),
                // A store may say so of the very version that was asked for, or of what its client has put before.
                Err(StoreError::Precondition { .. } | StoreError::AlreadyExists { .. }) => {}
                Err(error) => return Err(failed(target, publication, error)),
            }
        }
        let Some(current) = look(target, &publication.path).await? else { break };
        if Some(current.digest) == publication.digest || later.contains(&current.digest) {
            return Ok(());
        }
        if current.digest != replaced.digest {
            break;
        }
        if let Some((trusted, sequence)) = commit
            && is_done(trusted, sequence).await?
        {
            break;
        }
        e_tag = current.e_tag;
    }
    Err(changed(target, publication))
}

async fn put(target: &Zone, publication: &Publication, bytes: Bytes, mode: PutMode) -> Result<Result<(), StoreError>> {
    let options = PutOptions { mode, ..PutOptions::default() };
    let location = target.path(&publication.path)?;
    Ok(target.store().put_opts(&location, PutPayload::from(bytes), options).await.map(drop))
}

/// Checks that an object was published whose stage is gone.
async fn require_there(target: &Zone, publication: &Publication, later: &[Digest]) -> Result<()> {
    if is_there(target, publication, later).await? { Ok(()) } else { Err(changed(target, publication)) }
}

async fn is_there(target: &Zone, publication: &Publication, later: &[Digest]) -> Result<bool> {
    let Some(expected) = publication.digest else { return Ok(e_tag(target, publication).await?.is_some()) };
    let there = digest(target, &publication.path).await?.map(Digest);
    Ok(there.is_some_and(|there| there == expected || later.contains(&there)))
}

/// What the store calls the object; `None` when there is none.
async fn e_tag(target: &Zone, publication: &Publication) -> Result<Option<Option<String>>> {
    match target.store().head(&target.path(&publication.path)?).await {
        Ok(object) => Ok(Some(object.e_tag)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(target.error("looking at", &publication.path, error)),
    }
}

/// An object that is there.
struct Current {
    digest: Digest,
    e_tag: Option<String>,
}

/// What is there, and what the store calls it.
async fn look(zone: &Zone, path: &str) -> Result<Option<Current>> {
    let failed = |error| zone.error("reading", path, error);
    match zone.store().get(&zone.path(path)?).await {
        Ok(got) => {
            let e_tag = got.meta.e_tag.clone();
            Ok(Some(Current { digest: Digest(xxh3_128(&got.bytes().await.map_err(failed)?)), e_tag }))
        }
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// XXH3-128 of an object, read in ranges, because streams of local files are slow; `None` when there is none.
pub(super) async fn digest(zone: &Zone, path: &str) -> Result<Option<u128>> {
    const RANGE_BYTES: u64 = 4 << 20;
    let failed = |error| zone.error("reading", path, error);
    let location = zone.path(path)?;
    let size = match zone.store().head(&location).await {
        Ok(object) => object.size,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut digest = Xxh3::new();
    for start in (0..size).step_by(RANGE_BYTES as usize) {
        let range = start..size.min(start + RANGE_BYTES);
        let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
        let got = zone.store().get_opts(&location, options).await.map_err(failed)?;
        digest.update(&got.bytes().await.map_err(failed)?);
    }
    Ok(Some(digest.digest128()))
}

fn failed(target: &Zone, publication: &Publication, error: StoreError) -> Error {
    target.error("publishing", &publication.path, error)
}

fn changed(target: &Zone, publication: &Publication) -> Error {
    Error::Changed { object: target.name(&publication.path) }
}

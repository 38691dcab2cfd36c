//! Inputs that a run has taken go to where they stay, and are gone from where they waited only after that.

use std::io;

use bytes::Bytes;
use chrono::NaiveDate;
use object_store::{
    CopyMode, CopyOptions, Error as StoreError, GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions, PutPayload, RenameOptions, RenameTargetMode,
};
use xxhash_rust::xxh3::xxh3_128;

use super::erase::erase_object;
use super::publish::{digest, is_of_kind};
use crate::error::{Error, Result};
use crate::run::control::Taken;
use crate::run::layout;
use crate::run::plan::Input;
use crate::run::writers::Writers;
use crate::run::zone::Zone;

/// The largest input that is moved through memory, where its bytes are verified. A larger one is copied by the store.
const THROUGH_MEMORY_BYTES_MAX: u64 = 8 << 20;

/// How often an input is put whose store says that its new name is taken, although it is not.
const PUTS_MAX: usize = 4;

/// Moves an input. Nothing is replaced where it goes: an input of the same name with other bytes gets a name of its own,
/// one with the same bytes is there already.
///
/// An input that is not there any more was moved before. One that is another by now, because somebody has written to its
/// name again, stays where it is: it is the next run's.
pub(super) async fn move_input(landing: &Zone, writers: Writers, taken: &Taken, date: NaiveDate) -> Result<()> {
    let input = &taken.input;
    let (from, to) = (input.path(), input.done_path(date));
    let Some(object) = head(landing, &from).await? else { return Ok(()) };
    if !is_taken(input, &object) {
        return Ok(());
    }
    match writers {
        Writers::Single => move_alone(landing, input, &from, &to).await,
        Writers::Many => move_among_many(landing, taken, &from, &to).await,
    }
}

/// Whether an object is the one that was taken.
fn is_taken(input: &Input, object: &ObjectMeta) -> bool {
    object.size == input.bytes && (input.e_tag.is_none() || object.e_tag == input.e_tag)
}

async fn move_alone(landing: &Zone, input: &Input, from: &str, to: &str) -> Result<()> {
    if rename_new(landing, input, from, to).await? {
        return Ok(());
    }
    let Some(digest) = digest(landing, from).await? else { return Ok(()) };
    // The digest in the name makes whatever has that name a copy.
    if self::digest(landing, to).await? != Some(digest)
        && rename_new(landing, input, from, &layout::again(to, digest)).await?
    {
        return Ok(());
    }
    erase_object(landing, from).await
}

/// Renames an input, unless the new name is taken: then `false`.
async fn rename_new(landing: &Zone, input: &Input, from: &str, to: &str) -> Result<bool> {
    let (from_path, to_path) = (landing.path(from)?, landing.path(to)?);
    let options = RenameOptions { target_mode: RenameTargetMode::Create, ..RenameOptions::default() };
    match landing.store().rename_opts(&from_path, &to_path, options).await {
        // Moved now, or before.
        Ok(()) | Err(StoreError::NotFound { .. }) => Ok(true),
        Err(StoreError::AlreadyExists { .. }) => Ok(false),
        Err(StoreError::NotSupported { .. } | StoreError::NotImplemented { .. }) => {
            if head(landing, to).await?.is_some() || !copy(landing, input, from, to, CopyMode::Overwrite).await? {
                return Ok(false);
            }
            erase_object(landing, from).await?;
            Ok(true)
        }
        // The system may refuse a second name for a file of somebody else, but not another name. Nobody else is at work.
        Err(error) if is_of_kind(&error, io::ErrorKind::PermissionDenied) => {
            if head(landing, to).await?.is_some() {
                return Ok(false);
            }
            let moved = landing.store().rename(&from_path, &to_path).await;
            moved.map(|()| true).map_err(|error| landing.error("moving to", to, error))
        }
        Err(error) => Err(landing.error("moving to", to, error)),
    }
}

async fn move_among_many(landing: &Zone, taken: &Taken, from: &str, to: &str) -> Result<()> {
    let input = &taken.input;
    let copied = if input.bytes <= THROUGH_MEMORY_BYTES_MAX {
        put_copy(landing, taken, from, to).await?
    } else {
        copy_within(landing, input, from, to).await?
    };
    // What is erased must be what was copied: somebody may have written to the name meanwhile.
    match head(landing, from).await? {
        Some(object) if copied && is_taken(input, &object) => erase_object(landing, from).await,
        _ => Ok(()),
    }
}

/// Copies an input through memory. `false` when it is another by now.
async fn put_copy(landing: &Zone, taken: &Taken, from: &str, to: &str) -> Result<bool> {
    let failed = |error| landing.error("reading", from, error);
    let options = GetOptions { if_match: taken.input.e_tag.clone(), ..GetOptions::default() };
    let bytes = match landing.store().get_opts(&landing.path(from)?, options).await {
        Ok(got) => got.bytes().await.map_err(failed)?,
        Err(StoreError::NotFound { .. } | StoreError::Precondition { .. }) => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let digest = xxh3_128(&bytes);
    if taken.digest.is_some_and(|taken| taken.0 != digest) {
        return Err(Error::InputChanged { object: landing.name(from) });
    }
    if !put_new(landing, to, &bytes, digest).await? {
        // The digest in the name makes whatever has that name a copy.
        put_new(landing, &layout::again(to, digest), &bytes, digest).await?;
    }
    Ok(true)
}

/// Makes an object, or finds its bytes there. `false` when other bytes are there.
async fn put_new(landing: &Zone, to: &str, bytes: &Bytes, digest: u128) -> Result<bool> {
    let mut last = None;
    for _ in 0..PUTS_MAX {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match landing.store().put_opts(&landing.path(to)?, PutPayload::from(bytes.clone()), options).await {
            Ok(_) => return Ok(true),
            Err(error @ StoreError::AlreadyExists { .. }) => match self::digest(landing, to).await? {
                Some(there) => return Ok(there == digest),
                // Stores answer so to a conflict too, after which nothing is there.
                None => last = Some(error),
            },
            Err(error) => return Err(landing.error("writing", to, error)),
        }
    }
    last.map_or(Ok(true), |error| Err(landing.error("writing", to, error)))
}

/// Copies an input within the store. `false` when it is not there any more.
async fn copy_within(landing: &Zone, input: &Input, from: &str, to: &str) -> Result<bool> {
    if head(landing, to).await?.is_none() {
        return copy_new(landing, input, from, to).await;
    }
    let Some(digest) = digest(landing, from).await? else { return Ok(false) };
    if self::digest(landing, to).await? == Some(digest) {
        return Ok(true);
    }
    let to = layout::again(to, digest);
    if head(landing, &to).await?.is_some() { Ok(true) } else { copy_new(landing, input, from, &to).await }
}

async fn copy_new(landing: &Zone, input: &Input, from: &str, to: &str) -> Result<bool> {
    match copy(landing, input, from, to, CopyMode::Create).await {
        Err(Error::Storage { source, .. })
            if matches!(*source, StoreError::NotSupported { .. } | StoreError::NotImplemented { .. }) =>
        {
            // Nobody else uses the name, but for a process that does the same copy.
            copy(landing, input, from, to, CopyMode::Overwrite).await
        }
        // Somebody was faster, or it is left from before: the bytes tell.
        Err(Error::Storage { source, .. }) if matches!(*source, StoreError::AlreadyExists { .. }) => {
            let Some(digest) = digest(landing, from).await? else { return Ok(false) };
            Ok(self::digest(landing, to).await? == Some(digest))
        }
        copied => copied,
    }
}

/// Copies an object; `false` when it is not there any more.
async fn copy(landing: &Zone, input: &Input, from: &str, to: &str, mode: CopyMode) -> Result<bool> {
    let options = CopyOptions { mode, ..CopyOptions::default() };
    match landing.store().copy_opts(&landing.path(from)?, &landing.path(to)?, options).await {
        Ok(()) => Ok(true),
        // Consoles of S3 make empty objects for folders, whose names end with a slash that listings drop.
        Err(StoreError::NotFound { .. }) if input.bytes == 0 => Ok(true),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(landing.error("copying to", to, error)),
    }
}

async fn head(landing: &Zone, path: &str) -> Result<Option<ObjectMeta>> {
    match landing.store().head(&landing.path(path)?).await {
        Ok(object) => Ok(Some(object)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(error) => Err(landing.error("looking at", path, error)),
    }
}

//! An object that comes in parts, because it may be larger than memory has room for.

use object_store::{ObjectStore, ObjectStoreExt, PutMultipartOptions, PutPayload};

use super::remote::Remote;
use super::zone::Zone;
use crate::error::Result;

/// The parts of an upload: S3 takes none smaller than 5 MiB but the last, and no more than 10,000.
pub(crate) const PART_BYTES: usize = 16 << 20;

/// Writes an object of parts of [`PART_BYTES`], the last of which may be smaller. One part alone is a single request.
pub(crate) fn upload(
    zone: &Zone,
    path: &str,
    mut parts: impl Iterator<Item = Result<Vec<u8>>>,
    remote: &Remote,
) -> Result<()> {
    let failed = {
        let (zone, path) = (zone.clone(), path.to_owned());
        move |error| zone.error("writing", &path, error)
    };
    let (zone, location) = (zone.clone(), zone.path(path)?);
    let first = parts.next().transpose()?.unwrap_or_default();
    let Some(second) = parts.next() else {
        let put = async move { zone.store().put(&location, first.into()).await.map(drop).map_err(failed) };
        return remote.start(put).wait();
    };
    let begin = {
        let failed = failed.clone();
        async move { zone.store().put_multipart_opts(&location, PutMultipartOptions::default()).await.map_err(failed) }
    };
    let mut upload = remote.start(begin).wait()?;
    let mut put = |part: Vec<u8>| {
        let (part, failed) = (upload.put_part(PutPayload::from(part)), failed.clone());
        remote.start(async move { part.await.map_err(failed) }).wait()
    };
    let parts = [Ok(first), second].into_iter().chain(parts).try_for_each(|part| put(part?));
    let end = async move {
        match parts {
            Ok(()) => upload.complete().await.map(drop).map_err(failed),
            // Parts that nobody puts together would stay, unseen, and cost. The error of the part is the one to tell.
            Err(error) => {
                let _ = upload.abort().await;
                Err(error)
            }
        }
    };
    remote.start(end).wait()
}

/// Blocks of any length as parts of an upload.
pub(crate) fn parts(mut blocks: impl Iterator<Item = Result<Vec<u8>>>) -> impl Iterator<Item = Result<Vec<u8>>> {
    std::iter::from_fn(move || {
        let mut part = Vec::new();
        while part.len() < PART_BYTES {
            match blocks.next() {
                Some(Ok(block)) if part.is_empty() => part = block,
                Some(Ok(mut block)) => part.append(&mut block),
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
        }
        (!part.is_empty()).then_some(Ok(part))
    })
}

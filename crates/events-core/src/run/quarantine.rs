//! Rejects on their way to the quarantine: an object an input, a line a reject, in the order of the input.

use std::sync::Arc;

use object_store::{ObjectStore, PutMultipartOptions, PutPayload};

use super::context::Context;
use super::control::{Publication, StagedAt, Step, Target};
use super::exchange::Spool;
use super::layout;
use super::remote::Remote;
use crate::error::Result;

/// Writes the rejects of all inputs to the stage.
pub(crate) struct Quarantine {
    context: Arc<Context>,
    /// By input.
    rejects: Arc<Spool>,
    /// By input: where they go; `None` when they stay where they are.
    paths: Vec<Option<String>>,
}

/// The parts of an upload: S3 takes none smaller than 5 MiB but the last, and no more than 10,000.
const PART_BYTES: usize = 16 << 20;

impl Quarantine {
    pub(crate) fn new(context: &Arc<Context>, rejects: &Arc<Spool>, paths: Vec<Option<String>>) -> Self {
        Self { context: Arc::clone(context), rejects: Arc::clone(rejects), paths }
    }

    pub(crate) fn work(&self, remote: &Remote) -> Result<Vec<Publication>> {
        let mut written = Vec::new();
        for (input, path) in self.paths.iter().enumerate() {
            let bytes = self.rejects.bytes(input);
            let Some(path) = path.clone().filter(|_| bytes > 0) else { continue };
            self.context.stop.check()?;
            let stage = layout::stage_quarantine(&self.context.stage, input);
            self.upload(input, &stage, remote)?;
            let (stage, zone, step) = (StagedAt::whole(stage), Target::Landing, Step::Add);
            written.push(Publication { stage, zone, path, bytes, step, digest: None, replaces: None });
        }
        Ok(written)
    }

    /// Rejects can be as large as their input: they go part by part.
    fn upload(&self, input: usize, path: &str, remote: &Remote) -> Result<()> {
        let zone = self.context.zones.stage.clone();
        let failed = {
            let (zone, path) = (zone.clone(), path.to_owned());
            move |error| zone.error("writing", &path, error)
        };
        let location = zone.path(path)?;
        let begin = {
            let failed = failed.clone();
            async move { zone.store().put_multipart_opts(&location, PutMultipartOptions::default()).await.map_err(failed) }
        };
        let mut upload = remote.start(begin).wait()?;
        let mut put = |part: Vec<u8>| {
            let (part, failed) = (upload.put_part(PutPayload::from(part)), failed.clone());
            remote.start(async move { part.await.map_err(failed) }).wait()
        };
        let parts = self.parts(input, remote).try_for_each(|part| put(part?));
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

    /// The rejects of an input in parts of an upload.
    fn parts<'a>(&'a self, input: usize, remote: &'a Remote) -> impl Iterator<Item = Result<Vec<u8>>> + 'a {
        let mut blocks = self.rejects.take(input, PART_BYTES, remote);
        std::iter::from_fn(move || {
            let mut part = Vec::new();
            while part.len() < PART_BYTES {
                match blocks.next() {
                    Some(Ok(mut block)) => part.append(&mut block),
                    Some(Err(error)) => return Some(Err(error)),
                    None => break,
                }
            }
            (!part.is_empty()).then_some(Ok(part))
        })
    }
}

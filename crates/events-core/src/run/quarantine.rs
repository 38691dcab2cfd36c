//! Rejects on their way to the quarantine: an object an input, a line a reject, in the order of the input.

use std::sync::Arc;

use object_store::{ObjectStore, PutMultipartOptions, PutPayload};

use super::context::Context;
use super::exchange::Spool;
use super::layout;
use super::log::{Publication, Target};
use super::remote::Remote;
use crate::error::Result;

/// Writes the rejects of all inputs to the stage.
pub(crate) struct Quarantine {
    context: Arc<Context>,
    /// By input.
    rejects: Arc<Spool>,
    /// By input.
    keys: Vec<String>,
}

/// The parts of an upload: S3 takes none smaller than 5 MiB but the last, and no more than 10,000.
const PART_BYTES: usize = 16 << 20;

impl Quarantine {
    pub(crate) fn new(context: &Arc<Context>, rejects: &Arc<Spool>, keys: Vec<String>) -> Self {
        Self { context: Arc::clone(context), rejects: Arc::clone(rejects), keys }
    }

    pub(crate) fn work(&self, remote: &Remote) -> Result<Vec<Publication>> {
        let mut written = Vec::new();
        for (input, key) in self.keys.iter().enumerate() {
            let bytes = self.rejects.bytes(input);
            if bytes == 0 {
                continue;
            }
            self.context.stop.check()?;
            let start = &self.context.start;
            let stage = layout::stage_quarantine(&start.run, input);
            self.upload(input, &stage, remote)?;
            let path = layout::quarantine(start.date, &start.run, key);
            written.push(Publication { stage, zone: Target::Landing, path, bytes });
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
        let mut part = Vec::new();
        for block in self.rejects.take(input, PART_BYTES, remote) {
            part.append(&mut block?);
            if part.len() >= PART_BYTES {
                put(std::mem::take(&mut part))?;
            }
        }
        if !part.is_empty() {
            put(part)?;
        }
        remote.start(async move { upload.complete().await.map(drop).map_err(failed) }).wait()
    }
}

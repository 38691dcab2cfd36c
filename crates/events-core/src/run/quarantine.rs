//! Rejects on their way to the quarantine: an object an input, a line a reject, in the order of the input.

use std::sync::Arc;

use super::context::Context;
use super::control::{Publication, StagedAt, Step, Target};
use super::exchange::Spool;
use super::layout;
use super::remote::Remote;
use super::upload::{PART_BYTES, parts, upload};
use crate::error::Result;

/// Writes the rejects of all inputs to the stage.
pub(crate) struct Quarantine {
    context: Arc<Context>,
    /// By input.
    rejects: Arc<Spool>,
    /// By input: where they go; `None` when they stay where they are.
    paths: Vec<Option<String>>,
}

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
            // They can be as large as their input.
            let blocks = self.rejects.take(input, PART_BYTES, remote);
            upload(&self.context.zones.stage, &stage, parts(blocks), remote)?;
            let (stage, zone, step) = (StagedAt::whole(stage), Target::Landing, Step::Add);
            written.push(Publication { stage, zone, path, bytes, step, digest: None, replaces: None });
        }
        Ok(written)
    }
}

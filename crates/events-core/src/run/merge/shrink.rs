//! Files lose the rows that newer ones replace.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::compare::Superseded;
use super::object::TableObjects;
use crate::error::{Error, Result};
use crate::run::context::Context;
use crate::run::control::{Digest, Replaced, Snapshot, Step};
use crate::run::files::{Destination, Output, put};
use crate::run::layout;
use crate::run::remote::Remote;
use crate::table::{KindCache, Rewrite, Source};

/// Rewrites all files that lose rows, for many threads.
pub(crate) struct Shrink {
    context: Arc<Context>,
    snapshot: Arc<Snapshot>,
    superseded: Arc<Superseded>,
    /// What the run has written already: some of the files have new rows by that.
    outputs: Arc<Vec<Output>>,
    next: AtomicUsize,
}

impl Shrink {
    pub(crate) fn new(
        context: &Arc<Context>,
        snapshot: &Arc<Snapshot>,
        superseded: &Arc<Superseded>,
        outputs: &Arc<Vec<Output>>,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            snapshot: Arc::clone(snapshot),
            superseded: Arc::clone(superseded),
            outputs: Arc::clone(outputs),
            next: AtomicUsize::new(0),
        }
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<Vec<Output>> {
        let mut written = Vec::new();
        let mut kinds = KindCache::new(Arc::default());
        let files: Vec<_> = self.superseded.iter().collect();
        loop {
            self.context.stop.check()?;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(((folder, name), ids)) = files.get(number) else { return Ok(written) };
            let (file, replaced) = self.source(folder, name, remote)?;
            let config = &self.context.config;
            let source = Source { file, drop: |id| ids.contains(&id) };
            let failed = |problem| Error::Table {
                object: self.context.zones.trusted.name(&layout::table_file(folder, name)),
                problem,
            };
            let mut rewrite = Rewrite::open(vec![source], &mut kinds, &config.file_config(), config.file_bytes_max)
                .map_err(|error| failed(error.problem))?;
            if rewrite.dropped() != ids.len() as u64 {
                let problem = format!("{} rows to replace, but {} are there", ids.len(), rewrite.dropped());
                return Err(Error::Ledger { problem });
            }
            let mut first = Some(Destination::Replace { name: name.clone(), replaced });
            while let Some(file) = rewrite.next() {
                let file = file.map_err(|error| failed(error.problem))?;
                // What does not fit any more must be there before the file loses it.
                let (destination, step) = match first.take() {
                    Some(destination) => (destination, Step::Shrink),
                    None => (Destination::New, Step::Add),
                };
                written.push(put(&self.context, file, folder.clone(), destination, step, remote)?);
            }
        }
    }

    /// The file as it is before it shrinks.
    fn source(&self, folder: &str, name: &str, remote: &Remote) -> Result<(bytes::Bytes, Replaced)> {
        let objects = TableObjects::new(&self.context);
        let grown = self.outputs.iter().find(|output| output.folder == folder && output.replaces(name));
        if let Some(grown) = grown {
            let stage = layout::stage_out(&self.context.stage, folder, grown.digest);
            return Ok((objects.staged(&stage, remote)?, Replaced { digest: Digest(grown.digest), e_tag: None }));
        }
        let file = self.snapshot.file(folder, name);
        let file = file.ok_or_else(|| Error::Ledger { problem: format!("no file `{name}` in `{folder}`") })?;
        let object = objects.read(file, remote)?;
        Ok((object.bytes, Replaced { digest: file.digest, e_tag: object.e_tag }))
    }
}

//! Files lose the rows that newer ones replace.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::compare::Superseded;
use super::object::TableObjects;
use crate::error::{Error, Result};
use crate::run::context::Context;
use crate::run::control::{Replaced, Snapshot, Step};
use crate::run::ledger::check_replaced;
use crate::run::outputs::{Destination, Output};
use crate::run::profile::spend;
use crate::run::remote::Remote;
use crate::run::report::Part;
use crate::run::staging::Staging;
use crate::table::{KindCache, Rewrite, RewriteError, Source};

/// Rewrites all files that lose rows, for many threads.
pub(crate) struct Shrink {
    context: Arc<Context>,
    snapshot: Arc<Snapshot>,
    superseded: Arc<Superseded>,
    /// What the run has written already: some of the files have new rows, and have lost the others, by that.
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
        let _working = spend(Part::Encode);
        let mut staging = Staging::new(&self.context, remote);
        let mut kinds = KindCache::new(Arc::default());
        let files: Vec<_> = self.superseded.iter().collect();
        loop {
            self.context.stop.check()?;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(((folder, name), ids)) = files.get(number) else { return staging.finish() };
            if self.outputs.iter().any(|output| output.folder == *folder && output.replaces(name)) {
                // It got new rows, and was shrunk at once.
                continue;
            }
            let objects = TableObjects::new(&self.context);
            let file = self.snapshot.file(folder, name);
            let file = file.ok_or_else(|| Error::Ledger { problem: format!("no file `{name}` in `{folder}`") })?;
            let object = objects.read(file, remote)?;
            let failed = |error: RewriteError| objects.damaged(file, error.problem);
            let source = Source { file: object.bytes, without: Some(ids) };
            let config = self.context.config.file_config().anew_by(self.snapshot.sequence + 1);
            // It only becomes smaller.
            let rewrite = Rewrite::open(vec![source], &mut kinds, &config, usize::MAX);
            let rewrite = rewrite.map_err(failed)?;
            check_replaced(ids.len() as u64, rewrite.dropped())?;
            for shrunk in rewrite {
                let replaced = Replaced { digest: file.digest, e_tag: object.e_tag.clone() };
                let destination = Destination::Replace { name: name.clone(), replaced };
                staging.send(shrunk.map_err(failed)?, folder.clone(), 0, destination, Step::Shrink)?;
            }
        }
    }
}

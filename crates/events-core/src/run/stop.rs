//! How a run is stopped: by whoever started it, or by the first of its threads that fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// A switch that stops a run. Clones are the same switch.
///
/// A run looks at it between pieces of work. Before the commit it ends with [`Error::Interrupted`], erases its stage and
/// leaves the inputs where they are; after the commit it finishes.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the run to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the threads of a run look at.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    cancel: Cancel,
    failed: AtomicBool,
}

impl Stop {
    pub(crate) fn new(cancel: Cancel) -> Self {
        Self { cancel, failed: AtomicBool::new(false) }
    }

    /// The same for other threads, after some have failed.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.cancel.clone())
    }

    /// A thread failed: the others need not go on.
    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// # Errors
    /// [`Error::Interrupted`] when the run is to stop.
    pub(crate) fn check(&self) -> Result<()> {
        let stop = self.cancel.is_cancelled() || self.failed.load(Ordering::Relaxed);
        if stop { Err(Error::Interrupted) } else { Ok(()) }
    }
}

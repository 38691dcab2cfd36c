//! What makes writes survive a loss of power.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::error::{Error, Result};

/// Makes everything that was written so far survive a loss of power, such as `syncfs` does for a file system.
///
/// A run calls it where the order of writes matters: before the commit, whose files it names; behind it, before anything
/// is done that stands only in it; and before the commit counts as carried out. Without one, a store is taken to keep what
/// it has acknowledged, as S3 does, and as a file system does for a process that is killed.
#[derive(Clone)]
pub struct Barrier(Arc<dyn Fn() -> io::Result<()> + Send + Sync>);

impl Barrier {
    /// A barrier that is `sync`. It is called on the task that awaits the run, and may take its time.
    #[must_use]
    pub fn new(sync: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(sync))
    }

    /// # Errors
    /// [`Error::Sync`] when the system refuses.
    pub(crate) fn pass(barrier: Option<&Self>) -> Result<()> {
        barrier.map_or(Ok(()), |Self(sync)| sync().map_err(|source| Error::Sync { source }))
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Barrier")
    }
}

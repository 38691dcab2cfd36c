//! The runtime in which a command waits for stores.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::error::{Error, Result};

/// Threads that only wait for stores: the core computes on its own.
const RUNTIME_THREADS: usize = 2;

/// Threads that wait for a disk, at most. Hundreds, of which each does one thing, keep waking one another.
const DISK_THREADS_MAX: usize = 16;

/// How long the end of a command waits for what a store still does, which is of no use to anybody by then.
const SHUT_DOWN_MAX: Duration = Duration::from_secs(2);

/// A runtime for futures that wait for stores.
pub(crate) fn start() -> Result<Runtime> {
    let mut runtime = Builder::new_multi_thread();
    runtime.worker_threads(RUNTIME_THREADS).max_blocking_threads(DISK_THREADS_MAX).enable_all();
    runtime.build().map_err(|source| Error::Process { operation: "starting the runtime", source })
}

/// Ends a runtime.
///
/// Its threads are joined: without, they end while they are detached, and glibc (2.36) then looks at memory of a thread
/// that is gone, which was seen to end a run with a segmentation fault behind its commit.
pub(crate) fn shut_down(runtime: Runtime) {
    runtime.shutdown_timeout(SHUT_DOWN_MAX);
}

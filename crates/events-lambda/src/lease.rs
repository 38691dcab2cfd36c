//! One run at a time on a table in a bucket, as far as runs know of each other: a lease, renewed for as long as the run is
//! at work.
//!
//! It saves the work of a run that would lose. No safety rests on it, so a lease that is lost while the run goes on is
//! only told of.

use std::time::Duration;

use events_core::run::Lease;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tracing::warn;

/// How long the end of an invocation waits for a store to take the lease back. Without that, the next run is refused until
/// the term has passed.
const RELEASE_MAX: Duration = Duration::from_secs(2);

/// A lease that is renewed until it is released, or dropped: nothing goes on between invocations.
pub(crate) struct HeldLease {
    end: Option<oneshot::Sender<()>>,
    keeper: JoinHandle<()>,
}

impl HeldLease {
    /// Renews a lease from now on. Called in a runtime.
    pub(crate) fn keep(lease: Lease) -> Self {
        let (end, ended) = oneshot::channel();
        Self { end: Some(end), keeper: tokio::spawn(keep(lease, ended)) }
    }

    /// Gives it back.
    pub(crate) async fn release(mut self) {
        drop(self.end.take());
        if timeout(RELEASE_MAX, &mut self.keeper).await.is_err() {
            warn!("the store did not take the lease back: runs are refused until it ends");
        }
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// The text of a store's error may hold a token, so it is not part of what is logged.
async fn keep(mut lease: Lease, mut ended: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            _ = &mut ended => break,
            () = sleep(Lease::RENEW_EVERY) => {}
        }
        match lease.renew().await {
            Ok(true) => {}
            Ok(false) => {
                warn!(
                    "the lease is lost, because this run was silent for too long or somebody has erased it: if another run works on the table as well, the first to commit wins"
                );
                return;
            }
            Err(_) => warn!("the lease was not renewed: the store failed"),
        }
    }
    if lease.release().await.is_err() {
        warn!("the lease was not given back, because the store failed: runs are refused until it ends");
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use events_core::run::{Distributor, Start, Zones};
    use events_core::{Config, ErrorKind};
    use object_store::ObjectStore;
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::*;
    use crate::error::Error;

    #[tokio::test]
    async fn a_second_run_is_busy_until_the_first_ends() {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let zones = Zones::below(&store, &Path::default(), "memory:///");
        let distributor = Distributor::new(zones, PathBuf::new(), Config::default()).unwrap();
        let take = async |run: &str| {
            let start = Start { run: run.parse().unwrap(), date: "2026-11-23".parse().unwrap() };
            distributor.lease(&start).await
        };
        let first = HeldLease::keep(take("first").await.unwrap());
        let error = take("second").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert_eq!(Error::from(error).type_name(), "Busy");
        first.release().await;
        // What is dropped is not given back, because its run may have left more than that.
        drop(HeldLease::keep(take("second").await.unwrap()));
        assert_eq!(take("third").await.unwrap_err().kind(), ErrorKind::Busy);
    }
}

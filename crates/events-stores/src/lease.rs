//! One run at a time on a table in a store that keeps conditions, as far as runs know of each other: a lease, renewed for
//! as long as the run is at work.
//!
//! It saves the work of a run that would lose. No safety rests on it, so a lease that is lost while the run goes on is
//! only told of.

use std::time::Duration;

use events_core::run::{Cancel, Distributor, Lease, RunId, Start};
use events_core::{Error, ErrorKind};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tracing::warn;

use crate::patience::Patience;

/// How often somebody who waits looks: three requests each time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A lease that is renewed until it is released, or dropped: then nothing is given back, because its run may have left
/// more than that.
#[derive(Debug)]
pub struct HeldLease {
    end: Option<oneshot::Sender<()>>,
    keeper: JoinHandle<()>,
}

impl HeldLease {
    /// Takes the lease of the table, as soon as nobody else has it, and keeps it. Called in a runtime.
    ///
    /// # Errors
    /// [`Error::Busy`] when another run has it and keeps it for longer than `wait`; [`Error::Interrupted`].
    pub async fn take(
        distributor: &Distributor,
        start: &Start,
        wait: Duration,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let mut patience = Patience::new("another run", wait, LOOK_EVERY, cancel);
        loop {
            match distributor.lease(start).await {
                Ok(lease) => return Ok(Self::keep(lease, Lease::RENEW_EVERY)),
                Err(error) if error.kind() == ErrorKind::Busy && patience.wait().await? => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Holds the lease of a run together with its other workers. Called in a runtime.
    ///
    /// It is to be released when the run is over, and else dropped: then the others hold it.
    ///
    /// # Errors
    /// [`Error::Busy`] when another run has it.
    pub async fn share(distributor: &Distributor, run: &RunId) -> Result<Self, Error> {
        Ok(Self::keep(distributor.shared_lease(run).await?, Lease::RENEW_EVERY))
    }

    fn keep(lease: Lease, renew_every: Duration) -> Self {
        let (end, ended) = oneshot::channel();
        Self { end: Some(end), keeper: tokio::spawn(keep(lease, renew_every, ended)) }
    }

    /// Gives it back, if the store takes it within that time. Otherwise the next run waits until the lease ends.
    pub async fn release(mut self, within: Duration) {
        drop(self.end.take());
        if timeout(within, &mut self.keeper).await.is_err() {
            warn!("the store did not take the lease back: the next run waits until it ends");
        }
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// The text of a store's error may hold a token, so it is not part of what is logged.
async fn keep(mut lease: Lease, renew_every: Duration, mut ended: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            _ = &mut ended => break,
            () = sleep(renew_every) => {}
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
        warn!("the lease was not given back, because the store failed: the next run waits until it ends");
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use events_core::config::Config;
    use events_core::run::Zones;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};

    use super::*;

    const RELEASE_MAX: Duration = Duration::from_secs(5);

    fn table() -> (Arc<dyn ObjectStore>, Distributor) {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let zones = Zones::below(&store, &Path::default(), "memory:///");
        (store, Distributor::new(zones, PathBuf::new(), Config::default()).unwrap())
    }

    fn start(run: &str) -> Start {
        Start { run: run.parse().unwrap(), date: "2026-11-23".parse().unwrap() }
    }

    async fn take(distributor: &Distributor, run: &str, wait: Duration) -> Result<HeldLease, Error> {
        HeldLease::take(distributor, &start(run), wait, &Cancel::default()).await
    }

    async fn content(store: &Arc<dyn ObjectStore>) -> String {
        let bytes = store.get(&Path::from("trusted/control/lease.json")).await.unwrap().bytes().await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn is_had_by_one_at_a_time_and_given_back() {
        let (_, distributor) = table();
        let first = take(&distributor, "first", Duration::ZERO).await.unwrap();
        let error = take(&distributor, "second", Duration::ZERO).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Busy && error.to_string().contains("`first`"), "{error}");
        let (second, ()) = tokio::join!(take(&distributor, "second", Duration::from_secs(60)), async {
            sleep(Duration::from_millis(50)).await;
            first.release(RELEASE_MAX).await;
        });
        second.unwrap();
    }

    #[tokio::test]
    async fn is_renewed_while_it_is_held() {
        let (store, distributor) = table();
        let lease = HeldLease::keep(distributor.lease(&start("run")).await.unwrap(), Duration::from_millis(1));
        while !content(&store).await.contains(r#""writes":4"#) {
            sleep(Duration::from_millis(1)).await;
        }
        lease.release(RELEASE_MAX).await;
        assert!(content(&store).await.contains(r#""run":null"#));
    }

    #[tokio::test]
    async fn who_waits_can_be_stopped() {
        let (_, distributor) = table();
        let _held = take(&distributor, "first", Duration::ZERO).await.unwrap();
        let cancel = Cancel::default();
        cancel.cancel();
        let waited = HeldLease::take(&distributor, &start("second"), Duration::from_secs(3600), &cancel).await;
        assert_eq!(waited.unwrap_err().kind(), ErrorKind::Interrupted);
    }

    #[tokio::test]
    async fn is_not_given_back_by_who_has_lost_it() {
        let (store, distributor) = table();
        let lease = HeldLease::keep(distributor.lease(&start("run")).await.unwrap(), Duration::from_millis(1));
        store.put(&Path::from("trusted/control/lease.json"), "another's".into()).await.unwrap();
        sleep(Duration::from_millis(20)).await;
        lease.release(RELEASE_MAX).await;
        assert_eq!(content(&store).await, "another's");
    }

    #[tokio::test]
    async fn what_is_dropped_is_not_given_back() {
        let (_, distributor) = table();
        drop(take(&distributor, "first", Duration::ZERO).await.unwrap());
        assert_eq!(take(&distributor, "second", Duration::ZERO).await.unwrap_err().kind(), ErrorKind::Busy);
    }
}

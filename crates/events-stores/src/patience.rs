//! Waiting for what another run has.

use std::time::{Duration, Instant};

use events_core::Error;
use events_core::run::Cancel;
use tokio::time::sleep;
use tracing::info;

/// Somebody who looks again and again whether another run has given back what it has.
#[derive(Debug)]
pub(crate) struct Patience<'a> {
    /// What is waited for.
    what: &'static str,
    wait: Duration,
    look_every: Duration,
    cancel: &'a Cancel,
    began: Instant,
    is_told: bool,
}

impl<'a> Patience<'a> {
    pub(crate) fn new(what: &'static str, wait: Duration, look_every: Duration, cancel: &'a Cancel) -> Self {
        Self { what, wait, look_every, cancel, began: Instant::now(), is_told: false }
    }

    /// Waits until it is time to look again. `false`: it has been waited for long enough.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub(crate) async fn wait(&mut self) -> Result<bool, Error> {
        if self.cancel.is_cancelled() {
            return Err(Error::Interrupted);
        }
        let left = self.wait.saturating_sub(self.began.elapsed());
        if left.is_zero() {
            return Ok(false);
        }
        if !self.is_told {
            info!(wait_s = self.wait.as_secs(), "waiting for {}", self.what);
            self.is_told = true;
        }
        sleep(self.look_every.min(left)).await;
        Ok(true)
    }
}

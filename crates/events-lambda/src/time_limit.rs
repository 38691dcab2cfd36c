//! The end of an invocation, which a run must not meet.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use events_core::run::Cancel;
use tokio::task::JoinHandle;

/// What a run has left when it is asked to stop: to finish what it is at, and to erase its stage.
const MARGIN: Duration = Duration::from_secs(10);

/// Longer than any host lets an invocation take.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Stops a run shortly before the host would end the process, which would leave scratch files and a stage behind and
/// tell nobody why.
pub(crate) struct TimeLimit(Option<JoinHandle<()>>);

impl TimeLimit {
    /// Watches until it is dropped. Without a time there is no limit.
    pub(crate) fn watch(time: Option<Duration>, cancel: Cancel) -> Self {
        Self(time.map(|time| {
            tokio::spawn(async move {
                tokio::time::sleep(time).await;
                cancel.cancel();
            })
        }))
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        if let Some(watch) = &self.0 {
            watch.abort();
        }
    }
}

/// How long a run may take until it is asked to stop; `None` when its end is unknown.
///
/// `deadline_ms` is the host's, in milliseconds since 1970; `grace` is what a run that commits at the last moment still
/// waits for readers, at most twice.
pub(crate) fn run_time(deadline_ms: u64, now: SystemTime, grace: Duration) -> Option<Duration> {
    let left = time_left(deadline_ms, now)?;
    // A function of a few seconds is there for runs of a few milliseconds.
    Some(left.saturating_sub(MARGIN.min(left / 10)).saturating_sub(grace.saturating_mul(2)))
}

/// How long it is until the host ends the invocation, zero when that should have been; `None` when it is unknown.
pub(crate) fn time_left(deadline_ms: u64, now: SystemTime) -> Option<Duration> {
    // No invocation takes days: hosts for development put something else there.
    match UNIX_EPOCH.checked_add(Duration::from_millis(deadline_ms))?.duration_since(now) {
        Ok(left) => (left <= LONGEST).then_some(left),
        Err(late) => (late.duration() <= LONGEST).then_some(Duration::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_a_run_before_its_invocation() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let time = |deadline_ms| run_time(deadline_ms, now, Duration::ZERO);
        assert_eq!(time(1_000_900_000), Some(Duration::from_secs(890)));
        assert_eq!(time(1_000_003_000), Some(Duration::from_millis(2700)));
        assert_eq!((time(999_999_999), time(913_600_000)), (Some(Duration::ZERO), Some(Duration::ZERO)), "is over");
        for unknown in [0, 600_000, 913_599_999, 1_086_400_001, u64::MAX] {
            assert_eq!(time(unknown), None, "{unknown}");
        }
        assert_eq!(time(1_086_400_000).map(|time| time.as_secs()), Some(86_390));
    }

    #[test]
    fn leaves_time_for_readers() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        let time = |grace| run_time(1_000_900_000, now, Duration::from_secs(grace));
        assert_eq!(time(30), Some(Duration::from_secs(830)));
        assert_eq!(time(600), Some(Duration::ZERO));
        assert_eq!(time(u64::MAX), Some(Duration::ZERO));
    }
}

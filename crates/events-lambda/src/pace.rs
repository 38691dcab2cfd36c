//! How much a run takes at once, so that it comes to its commit in the time that it has.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use events_core::run::{InputsMax, Report};

use crate::error::{Error, Result};

/// Bytes of inputs that a run is trusted with for each second and each whole processor: a fraction of what it was measured to do
/// (see `docs/LAMBDA.md`), because inputs may be compressed to a tenth, and partitions that they touch may have to be written
/// anew.
const RATE: u64 = 2_000_000;

/// What an input costs beside its bytes, as bytes: it is read, copied and erased by requests of their own.
const INPUT_BYTES: u64 = 40_000;

/// The memory of a function with one whole processor. Less memory comes with less of it; with more, there are more threads,
/// and storage is as slow as before.
const WHOLE_PROCESSOR_BYTES: usize = 1769 << 20;

/// The slowest that a process becomes: an input is always taken, however large it is.
const RATE_MIN: u64 = 10_000;

/// The limit of the runs of a process, which learns from those that came too close to their end and from those that were
/// far from it.
pub(crate) struct Pace {
    input_bytes_max: Option<u64>,
    /// Bytes a second.
    rate: AtomicU64,
}

impl Pace {
    pub(crate) fn new(input_bytes_max: Option<u64>, function_memory_bytes: Option<usize>) -> Self {
        let memory_bytes = function_memory_bytes.unwrap_or(WHOLE_PROCESSOR_BYTES).min(WHOLE_PROCESSOR_BYTES);
        let rate = (RATE * (memory_bytes >> 20) as u64 / (WHOLE_PROCESSOR_BYTES >> 20) as u64).max(RATE_MIN);
        Self { input_bytes_max, rate: AtomicU64::new(rate) }
    }

    /// What a run of that time takes. Without a time only the setting counts.
    pub(crate) fn inputs_max(&self, time: Option<Duration>) -> Option<InputsMax> {
        let bytes = match (self.bytes_in(time), self.input_bytes_max) {
            (Some(fit), Some(max)) => fit.min(max),
            (fit, max) => fit.or(max)?,
        };
        let count = self.bytes_in(time).map_or(usize::MAX, |bytes| (bytes / INPUT_BYTES).max(1) as usize);
        Some(InputsMax { bytes, count })
    }

    /// Half as much after a run that was stopped; twice as much after one that had inputs left and took less than a third of
    /// its time.
    pub(crate) fn learn(&self, time: Option<Duration>, elapsed: Duration, result: &Result<Report>) {
        let rate = self.rate.load(Ordering::Relaxed);
        match (result, time) {
            (Err(Error::TimeLimit), _) => self.rate.store((rate / 2).max(RATE_MIN), Ordering::Relaxed),
            (Ok(report), Some(time)) if report.left > 0 && elapsed < time / 3 => {
                self.rate.store(rate.saturating_mul(2), Ordering::Relaxed);
            }
            _ => {}
        }
    }

    fn bytes_in(&self, time: Option<Duration>) -> Option<u64> {
        let rate = u128::from(self.rate.load(Ordering::Relaxed));
        time.map(|time| u64::try_from(rate * time.as_millis() / 1000).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

    #[test]
    fn takes_what_fits_into_the_time_and_the_setting() {
        let max = |setting, memory, time| Pace::new(setting, memory).inputs_max(time).map(|max| (max.bytes, max.count));
        assert_eq!(max(None, Some(1769 << 20), MINUTE), Some((120_000_000, 3000)));
        assert_eq!(max(None, Some(10_240 << 20), MINUTE), Some((120_000_000, 3000)));
        assert_eq!(max(None, None, MINUTE), Some((120_000_000, 3000)));
        assert_eq!(max(None, Some(512 << 20), MINUTE), Some((34_731_480, 868)));
        assert_eq!(max(Some(7), None, MINUTE), Some((7, 3000)));
        assert_eq!(max(Some(7), None, None), Some((7, usize::MAX)));
        assert_eq!(max(None, None, Some(Duration::ZERO)), Some((0, 1)));
        assert_eq!(max(None, None, None), None);
    }

    #[test]
    fn halves_after_a_stop_and_doubles_when_there_is_time_left() {
        let pace = Pace::new(None, None);
        let bytes = || pace.inputs_max(MINUTE).unwrap().bytes;
        pace.learn(MINUTE, Duration::from_secs(60), &Err(Error::TimeLimit));
        assert_eq!(bytes(), 60_000_000);
        pace.learn(
            MINUTE,
            Duration::ZERO,
            &Err(Error::Stores(events_stores::Error::Busy { table: "table".to_owned() })),
        );
        pace.learn(MINUTE, Duration::from_secs(1), &Ok(report(0)));
        pace.learn(MINUTE, Duration::from_secs(20), &Ok(report(1)));
        pace.learn(None, Duration::from_secs(1), &Ok(report(1)));
        assert_eq!(bytes(), 60_000_000);
        pace.learn(MINUTE, Duration::from_secs(19), &Ok(report(1)));
        assert_eq!(bytes(), 120_000_000);
        for _ in 0..64 {
            pace.learn(MINUTE, Duration::ZERO, &Err(Error::TimeLimit));
        }
        assert_eq!(bytes(), RATE_MIN * 60);
    }

    fn report(left: usize) -> Report {
        let mut report = crate::response::tests::report(0, 0);
        report.left = left;
        report
    }
}

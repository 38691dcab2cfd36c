//! Where the time of a run's threads goes.
//!
//! Each thread has a watch that runs for one [`Part`] at a time: whoever begins another part stops the one before, and
//! lets it go on at its end. So the parts of a thread add up to its time, however they are nested. Without a clock nothing
//! is counted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::report::{Part, Phase};

/// The time since some moment.
pub(crate) type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The time that all threads of a run have spent.
pub(crate) struct Profile {
    clock: Clock,
    /// By phase and part, in nanoseconds.
    spent: [[AtomicU64; Part::ALL.len()]; Phase::ALL.len()],
}

impl Profile {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, spent: Default::default() }
    }

    /// What was spent in a phase since it was last asked for, in milliseconds; parts of less than one are left out.
    pub(crate) fn take(&self, phase: Phase) -> BTreeMap<Part, u64> {
        let spent = Part::ALL.into_iter().zip(&self.spent[phase as usize]);
        let millis = spent.map(|(part, spent)| (part, spent.swap(0, Ordering::Relaxed) / 1_000_000));
        millis.filter(|(_, millis)| *millis > 0).collect()
    }

    fn add(&self, phase: Phase, part: Part, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.spent[phase as usize][part as usize].fetch_add(nanos, Ordering::Relaxed);
    }
}

/// The watch of a thread.
struct Watch {
    profile: Arc<Profile>,
    phase: Phase,
    part: Part,
    since: Duration,
}

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

impl Watch {
    /// Notes the time of the part that ends, and begins another one.
    fn turn_to(&mut self, part: Part) -> Part {
        let now = (self.profile.clock)();
        self.profile.add(self.phase, self.part, now.saturating_sub(self.since));
        self.since = now;
        std::mem::replace(&mut self.part, part)
    }
}

/// Calls `work` with a watch on this thread.
pub(crate) fn watched<T>(profile: Option<&Arc<Profile>>, phase: Phase, work: impl FnOnce() -> T) -> T {
    let Some(profile) = profile else { return work() };
    let watch = Watch { profile: Arc::clone(profile), phase, part: Part::Other, since: (profile.clock)() };
    WATCH.with_borrow_mut(|slot| *slot = Some(watch));
    let done = work();
    if let Some(mut watch) = WATCH.take() {
        watch.turn_to(Part::Other);
    }
    done
}

/// A part under way, until it is dropped.
#[must_use]
pub(crate) struct Spending {
    /// What goes on behind it; `None` on a thread without a watch.
    before: Option<Part>,
}

/// Begins a part of what this thread does.
pub(crate) fn spend(part: Part) -> Spending {
    Spending { before: WATCH.with_borrow_mut(|watch| watch.as_mut().map(|watch| watch.turn_to(part))) }
}

impl Drop for Spending {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            WATCH.with_borrow_mut(|watch| watch.as_mut().map(|watch| watch.turn_to(before)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    /// A profile whose clock goes on by a second each time that it is asked.
    fn ticking() -> Arc<Profile> {
        let seconds = AtomicU64::new(0);
        Arc::new(Profile::new(Arc::new(move || Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed)))))
    }

    #[test]
    fn parts_add_up_to_the_time_of_the_thread_however_they_are_nested() {
        let profile = ticking();
        watched(Some(&profile), Phase::Write, || {
            let _sort = spend(Part::Sort);
            drop(spend(Part::Exchange));
            let _encode = spend(Part::Encode);
            drop(spend(Part::Store));
        });
        let spent = profile.take(Phase::Write);
        let seconds = |part| spent.get(&part).copied().unwrap_or_default() / 1000;
        assert_eq!([Part::Exchange, Part::Store].map(seconds), [1, 1]);
        // Before, between and behind what is nested in them.
        assert_eq!([Part::Sort, Part::Encode, Part::Other].map(seconds), [3, 2, 2]);
        assert_eq!(profile.take(Phase::Write), BTreeMap::new());
    }

    #[test]
    fn counts_nothing_without_a_clock() {
        let done = watched(None, Phase::Parse, || {
            let _parse = spend(Part::Decode);
            7
        });
        assert_eq!(done, 7);
    }
}

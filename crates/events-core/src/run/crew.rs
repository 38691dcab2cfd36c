//! Threads of a phase that have no work of their own any more help those that have.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::profile::spend;
use super::report::Part;
use crate::table::{Chore, Hands};

/// The threads of a phase.
#[derive(Default)]
pub(crate) struct Crew {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Threads that have work of their own.
    working: usize,
    /// Threads that wait for a chore.
    idle: usize,
    /// No more of them than threads that wait.
    chores: Vec<Chore>,
}

/// A thread with work of its own, until it is dropped: also by a panic.
pub(crate) struct Working<'a>(&'a Crew);

impl Crew {
    /// What a thread holds as long as it has work of its own.
    pub(crate) fn work(&self) -> Working<'_> {
        self.state().working += 1;
        Working(self)
    }

    /// Does chores until no thread has work of its own any more.
    pub(crate) fn help(&self) {
        let _waiting = spend(Part::Wait);
        let mut state = self.state();
        state.idle += 1;
        loop {
            if let Some(chore) = state.chores.pop() {
                state.idle -= 1;
                drop(state);
                {
                    let _encoding = spend(Part::Encode);
                    chore();
                }
                state = self.state();
                state.idle += 1;
            } else if state.working == 0 {
                state.idle -= 1;
                return;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is locked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hands for Crew {
    fn leave(&self, chore: Chore) -> Option<Chore> {
        let mut state = self.state();
        if state.chores.len() >= state.idle {
            return Some(chore);
        }
        state.chores.push(chore);
        drop(state);
        self.changed.notify_one();
        None
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.state().working -= 1;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn whoever_has_nothing_to_do_does_a_chore_of_another() {
        let crew = Crew::default();
        let (send, done) = channel();
        let leave = |text: &'static str| {
            let send = send.clone();
            crew.leave(Box::new(move || send.send((text, thread::current().id())).unwrap()))
        };
        let working = crew.work();
        assert!(leave("nobody is idle").is_some());
        thread::scope(|scope| {
            let helper = scope.spawn(|| crew.help());
            while leave("somebody is").is_some() {
                thread::yield_now();
            }
            assert_eq!(done.recv().unwrap(), ("somebody is", helper.thread().id()));
            drop(working);
        });
        assert!(leave("nobody is left").is_some());
    }

    #[test]
    fn a_thread_that_panics_keeps_nobody_waiting() {
        let crew = Crew::default();
        let working = crew.work();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| crew.help());
            let failed = scope.spawn(|| {
                let _working = working;
                panic!("as planned");
            });
            assert!(failed.join().is_err());
            waiting.join().unwrap();
        });
    }
}

//! Several runners of which exactly one goes on at a time.
//!
//! Each has a thread, and its store blocks that thread before every operation until all others wait too or are done. So
//! the whole is a function of the schedule and the director, however the machine schedules threads.

use std::sync::Arc;
use std::thread;

use object_store::ObjectStore;

use crate::fault::Director;
use crate::faults::Faults;
use crate::schedule::Schedule;
use crate::store::FaultStore;

/// A runner's place in the order of turns.
#[derive(Debug)]
pub struct Seat {
    number: usize,
    faults: Arc<Faults>,
}

/// What someone does with a seat. What it does before it asks a store of the seat for something it does in the order of
/// seats.
pub type Actor<'a> = Box<dyn FnOnce(&Seat) + Send + 'a>;

impl Seat {
    /// The number of the seat.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The store of a new runner, whose operations wait for the seat's turn.
    #[must_use]
    pub fn store(&self, inner: &Arc<dyn ObjectStore>) -> FaultStore {
        self.faults.store_at(inner, Some(self.number))
    }

    /// What all runners share.
    #[must_use]
    pub fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }
}

impl Drop for Seat {
    /// Also when the actor panics, so that the others come to their end.
    fn drop(&mut self) {
        self.faults.leave(self.number);
    }
}

/// What actors share that take turns: [`Faults`] for so many seats.
#[must_use]
pub fn faults_with_turns(
    seats: usize,
    schedule: impl Schedule + 'static,
    director: impl Director + 'static,
) -> Arc<Faults> {
    Faults::with(Box::new(director), Some(Box::new(schedule)), seats)
}

/// Runs actors to their end, each in a seat of its own: the first in seat 0.
///
/// The threads of the actors may be those of a runtime as long as nothing else has to run on them: a turn is waited for
/// by blocking.
///
/// # Errors
/// What the observer says is wrong.
///
/// # Panics
/// When there are not as many actors as seats, or an actor panics.
pub fn take_turns(faults: &Arc<Faults>, actors: Vec<Actor<'_>>) -> Result<(), String> {
    let seat = |number| Seat { number, faults: Arc::clone(faults) };
    let alone = actors.len() == 1;
    let seated = actors.into_iter().enumerate().map(|(number, actor)| (actor, seat(number)));
    if alone {
        // Nobody to wait for, so no thread to switch to.
        seated.for_each(|(actor, seat)| actor(&seat));
    } else {
        thread::scope(|scope| {
            for (actor, seat) in seated {
                let number = seat.number;
                scope.spawn(move || actor(&seat));
                faults.wait_until_seated(number);
            }
        });
    }
    faults.look()
}

//! Who goes next.

use std::collections::VecDeque;

use crate::operation::Operation;
use crate::random::Random;

/// Someone who waits at the gate.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// The number of the [`Seat`](crate::Seat).
    pub seat: usize,
    /// What is about to happen if it goes on.
    pub operation: &'a Operation,
}

/// Chooses which runner goes on by one operation.
pub trait Schedule: Send {
    /// The index in `waiting`, which is not empty and ordered by seat, of the one that goes on.
    fn next(&mut self, waiting: &[Waiting<'_>]) -> usize;
}

impl<F: FnMut(&[Waiting<'_>]) -> usize + Send> Schedule for F {
    fn next(&mut self, waiting: &[Waiting<'_>]) -> usize {
        self(waiting)
    }
}

/// One after the other: a seat goes on for so many operations or until it is done, then comes the next segment. After
/// the last segment the lowest seat that waits goes on.
#[derive(Debug, Clone)]
pub struct Segments(VecDeque<(usize, usize)>);

impl Segments {
    /// A segment that lasts until the seat is done.
    pub const ALL: usize = usize::MAX;

    /// The segments, each a seat and how many operations it goes on for.
    #[must_use]
    pub fn new(segments: impl IntoIterator<Item = (usize, usize)>) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl Schedule for Segments {
    fn next(&mut self, waiting: &[Waiting<'_>]) -> usize {
        while let Some((seat, operations)) = self.0.front_mut() {
            let index = waiting.iter().position(|waiting| waiting.seat == *seat);
            if let (Some(index), 1..) = (index, *operations) {
                *operations -= 1;
                return index;
            }
            self.0.pop_front();
        }
        0
    }
}

/// Whoever a seed says.
#[derive(Debug, Clone)]
pub struct Shuffled {
    random: Random,
    /// How often, in a thousand, whoever went last goes on if it can.
    stays_per_mille: usize,
    last: usize,
}

impl Shuffled {
    /// A schedule in which the seat that went last goes on so many times in a thousand: with 0 all take turns, with 990
    /// one is long ahead of the others.
    #[must_use]
    pub fn new(random: Random, stays_per_mille: usize) -> Self {
        Self { random, stays_per_mille, last: 0 }
    }
}

impl Schedule for Shuffled {
    fn next(&mut self, waiting: &[Waiting<'_>]) -> usize {
        let last = waiting.iter().position(|waiting| waiting.seat == self.last);
        let index = match last {
            Some(last) if self.random.chance(self.stays_per_mille) => last,
            _ => self.random.below(waiting.len()),
        };
        self.last = waiting[index].seat;
        index
    }
}

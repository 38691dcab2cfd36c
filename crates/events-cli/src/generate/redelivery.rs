//! Which earlier event comes again.

use super::event::Version;
use super::random::Random;

/// How many candidates wait at most: 1 MiB a lane, whatever the size of the output.
const CANDIDATES_MAX: usize = 65_536;

/// An event written once so far, and the version in which it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) index: u64,
    pub(crate) version: Version,
}

/// A sample of the events written once so far.
///
/// Invariant: no event is in it twice, and what is taken never returns, so each event comes again at most once.
#[derive(Debug, Default)]
pub(crate) struct RedeliveryPool {
    candidates: Vec<Candidate>,
    offered: u64,
}

impl RedeliveryPool {
    /// Offers an event that was just written for the first time.
    ///
    /// Reservoir sampling (Vitter 1985, algorithm R) keeps old events as likely as new ones: a redelivery comes
    /// moments later or many objects later.
    pub(crate) fn offer(&mut self, candidate: Candidate, random: &mut Random) {
        self.offered += 1;
        if self.candidates.len() < CANDIDATES_MAX {
            self.candidates.push(candidate);
        } else if let Some(place) = self.candidates.get_mut(random.below(self.offered) as usize) {
            *place = candidate;
        }
    }

    /// Takes an event to redeliver; none when all have come again.
    pub(crate) fn take(&mut self, random: &mut Random) -> Option<Candidate> {
        let candidates = self.candidates.len() as u64;
        (candidates > 0).then(|| self.candidates.swap_remove(random.below(candidates) as usize))
    }
}

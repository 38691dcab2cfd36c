//! Promises, and how a broken one is told.

use std::fmt;

use crate::trace::Trace;

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Invariant {
    /// The table holds what the oracle says, one row for each id.
    Oracle,
    /// The bytes of every input are pending or processed.
    NoLoss,
    /// What rests in `processed` are inputs, and nothing that was put there changes.
    EqualBytes,
    /// After clean runs nothing is left in the stage, and nothing half-written on a disk.
    NothingLeft,
    /// A run on nothing changes nothing.
    Idempotence,
    /// Readers see nothing of what is not committed.
    NothingEarly,
    /// Readers never miss what they have seen, nor see only an older version of it.
    NoGap,
    /// The numbers of the log have no gap.
    Log,
    /// No input is in more commits than it was put.
    OneCommit,
    /// A run without faults succeeds.
    CleanRunSucceeds,
    /// No run finds a bug in itself, whatever the store does.
    NoBug,
    /// What the caller of a driver looks at.
    Other,
}

/// A promise that does not hold, and what does not hold about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The promise.
    pub invariant: Invariant,
    /// What is wrong.
    pub problem: String,
}

/// A broken promise, and all that it takes to see it again.
#[derive(Debug, Clone)]
pub struct Violation {
    /// What was simulated: the scenario and the faults, or the seed.
    pub case: String,
    /// What does not hold.
    pub broken: Broken,
    /// What happened until it was noticed.
    pub trace: Trace,
}

impl Invariant {
    /// The failure of the promise.
    pub fn broken(self, problem: impl Into<String>) -> Broken {
        Broken { invariant: self, problem: problem.into() }
    }

    /// An error unless something holds.
    ///
    /// # Errors
    /// When it does not.
    pub fn holds(self, holds: bool, problem: impl FnOnce() -> String) -> Result<(), Broken> {
        if holds { Ok(()) } else { Err(self.broken(problem())) }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Oracle => "the table equals the oracle",
            Self::NoLoss => "no input is lost",
            Self::EqualBytes => "processed inputs are what was put",
            Self::NothingLeft => "nothing is left behind",
            Self::Idempotence => "a run on nothing changes nothing",
            Self::NothingEarly => "nothing is seen before its commit",
            Self::NoGap => "readers miss nothing",
            Self::Log => "the log has no gap",
            Self::OneCommit => "an input is committed once",
            Self::CleanRunSucceeds => "a run without faults succeeds",
            Self::NoBug => "no run finds a bug in itself",
            Self::Other => "what the test asks for",
        })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "broken: {}\n{}", self.invariant, self.problem)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\nin {}\n{}", self.broken, self.case, self.trace)
    }
}

//! The outcome of many simulations.

use std::collections::BTreeMap;
use std::fmt;

use crate::broken::{Invariant, Violation};

/// How many simulations there were, and what they broke.
#[derive(Debug, Default)]
#[must_use = "violations are in it"]
pub struct Tally {
    /// Simulations.
    pub cases: usize,
    /// Runs of the distributor in them.
    pub runs: usize,
    /// Broken promises, the first of each case.
    pub violations: Vec<Violation>,
}

impl Tally {
    /// Adds a simulation of so many runs.
    pub fn add(&mut self, runs: usize, outcome: Result<(), Violation>) {
        self.cases += 1;
        self.runs += runs;
        self.violations.extend(outcome.err());
    }

    /// Adds another.
    pub fn merge(&mut self, other: Self) {
        self.cases += other.cases;
        self.runs += other.runs;
        self.violations.extend(other.violations);
    }

    /// How many cases broke each promise.
    #[must_use]
    pub fn broken(&self) -> BTreeMap<Invariant, usize> {
        let mut broken = BTreeMap::new();
        for violation in &self.violations {
            *broken.entry(violation.broken.invariant).or_default() += 1;
        }
        broken
    }

    /// Asserts that no promise was broken.
    ///
    /// # Panics
    /// When one was: with the first violation and its trace.
    pub fn assert_sound(&self) {
        if let Some(first) = self.violations.first() {
            panic!("{self}\n\n{first}");
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} cases, {} runs, {} violations", self.cases, self.runs, self.violations.len())?;
        self.broken().iter().try_for_each(|(invariant, cases)| write!(formatter, "\n  {cases:6}  {invariant}"))
    }
}

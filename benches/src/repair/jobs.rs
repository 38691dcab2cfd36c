//! What repair costs a whole run.

use std::path::Path;

use events_cli::generate::GenerateConfig;
use events_core::json::Level;
use serde::Serialize;

use super::measure::Ratio;
use crate::case::Case;
use crate::child;
use crate::error::{Error, Result};
use crate::input::Input;
use crate::job::JobRun;
use crate::spread::Spread;

/// The input of all jobs, damaged or not.
const CASE: Case = Case::M;
/// How many of its records are damaged, in the ways of the generator.
const DAMAGED_SHARE: f64 = 0.01;

/// Of so many rows of the damaged input, one may be missing: what follows a record that was cut off behind a colon reads as
/// the value of its last member, and is rejected with it. Three of 288,081 rows are.
const ROWS_A_MISSING_ONE: u64 = 10_000;

/// The jobs of a round, in their order.
pub(crate) const NAMES: [&str; 3] = ["clean, framing", "clean, lenient", "damaged, lenient"];

/// Three jobs, one right after the other.
pub(crate) type Round = [JobRun; NAMES.len()];

/// The two inputs.
pub(crate) struct Inputs {
    clean: Input,
    damaged: Input,
}

/// What people compare.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Jobs {
    /// Megabytes of input a second, as [`NAMES`] has it.
    pub(crate) mb_per_s: [Spread; NAMES.len()],
    pub(crate) cpu_ms: [Option<Spread>; NAMES.len()],
    pub(crate) rss_peak_bytes: [Option<u64>; NAMES.len()],
    pub(crate) ratios: Vec<Ratio>,
    pub(crate) rounds: Vec<Round>,
}

impl Inputs {
    /// Generates them below `parent`, in small for a check.
    pub(crate) fn generate(parent: &Path, is_check: bool) -> Result<Self> {
        let clean = if is_check { CASE.check_config() } else { CASE.config() };
        let damaged = GenerateConfig { damage: DAMAGED_SHARE, ..clean.clone() };
        Ok(Self { clean: Input::generate(&clean, parent)?, damaged: Input::generate(&damaged, parent)? })
    }

    /// Runs the jobs of the round of that number, which begins with zero.
    pub(crate) fn round(&self, number: u32, threads: u16) -> Result<Round> {
        let run = |input: &Input, lake, level, rows_missing_max| -> Result<JobRun> {
            let run = child::job(&input.lake(lake)?, threads, level)?;
            let expected = input.expected();
            let rows_missing = expected.rows.saturating_sub(run.rows);
            let rows = if rows_missing > rows_missing_max { expected.rows } else { expected.rows - rows_missing };
            let counts = [("bytes read", expected.stored_bytes, run.bytes), ("rows", rows, run.rows)];
            match counts.into_iter().find(|(_, expected, actual)| expected != actual) {
                None => Ok(run),
                Some((what, expected, actual)) => Err(Error::Mismatch { case: CASE.name(), what, expected, actual }),
            }
        };
        let missing_max = self.damaged.expected().rows / ROWS_A_MISSING_ONE;
        Ok([
            run(&self.clean, 2 * number, Level::Framing, 0)?,
            run(&self.clean, 2 * number + 1, Level::Lenient, 0)?,
            run(&self.damaged, number, Level::Lenient, missing_max)?,
        ])
    }
}

impl Jobs {
    /// The figures of the rounds; `None` when there are none.
    pub(crate) fn of(rounds: Vec<Round>) -> Option<Self> {
        let mb_per_s = |run: &JobRun| run.bytes as f64 / 1e3 / run.wall_ms;
        let each = |index: usize| rounds.iter().map(move |round| &round[index]);
        let ratio = |what, subject: usize, other: usize| {
            let times = Spread::of(rounds.iter().map(|round| mb_per_s(&round[subject]) / mb_per_s(&round[other])))?;
            Some(Ratio { what, input: "job", times })
        };
        let speeds = [0, 1, 2].map(|index| Spread::of(each(index).map(mb_per_s)));
        let [Some(framing), Some(lenient), Some(damaged)] = speeds else { return None };
        let cpu_ms =
            |index| each(index).map(|run| Some(run.cpu_ms? as f64)).collect::<Option<Vec<_>>>().and_then(Spread::of);
        Some(Self {
            mb_per_s: [framing, lenient, damaged],
            cpu_ms: [0, 1, 2].map(cpu_ms),
            rss_peak_bytes: [0, 1, 2].map(|index| each(index).map(|run| run.rss_peak_bytes).max().flatten()),
            ratios: vec![ratio("clean, lenient ÷ framing", 1, 0)?, ratio("lenient, damaged ÷ clean", 2, 1)?],
            rounds,
        })
    }
}

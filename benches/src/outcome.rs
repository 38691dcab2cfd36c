//! The figures of a case.

use events_cli::generate::Expected;
use serde::Serialize;

use crate::case::Case;
use crate::floor::FloorRun;
use crate::job::JobRun;
use crate::spread::Spread;

/// A run and its floor, measured one right after the other: what slows one down has slowed down both.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Pair {
    pub(crate) job: JobRun,
    pub(crate) floor: FloorRun,
}

/// Everything about a case.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    pub(crate) case: Case,
    pub(crate) expected: Expected,
    pub(crate) figures: Figures,
    pub(crate) pairs: Vec<Pair>,
}

/// What people compare.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    pub(crate) wall_ms: Spread,
    /// Megabytes of input a second, at the median.
    pub(crate) input_mb_per_s: f64,
    /// CPU time of the job, where it is known.
    pub(crate) cpu_ms: Option<Spread>,
    /// The worst of all runs, where it is known.
    pub(crate) rss_peak_bytes: Option<u64>,
    pub(crate) floor_ms: Spread,
    /// Wall time of the job ÷ floor, pair by pair.
    pub(crate) job_to_floor: Spread,
    /// The same of CPU times: steadier on a machine that is shared.
    pub(crate) cpu_to_floor: Option<Spread>,
    /// Bytes of the table ÷ bytes of the input.
    pub(crate) output_to_input: f64,
}

impl Figures {
    /// The figures of the runs; `None` when there are none.
    pub(crate) fn of(pairs: &[Pair]) -> Option<Self> {
        let spread = |figure: fn(&Pair) -> f64| Spread::of(pairs.iter().map(figure));
        // A figure that one run does not know is not known.
        let known = |figure: fn(&Pair) -> Option<f64>| {
            pairs.iter().map(figure).collect::<Option<Vec<_>>>().and_then(Spread::of)
        };
        let job = &pairs.first()?.job;
        let wall_ms = spread(|pair| pair.job.wall_ms)?;
        Some(Self {
            wall_ms,
            input_mb_per_s: job.bytes as f64 / 1e3 / wall_ms.median,
            cpu_ms: known(|pair| Some(pair.job.cpu_ms? as f64)),
            rss_peak_bytes: pairs.iter().map(|pair| pair.job.rss_peak_bytes).max().flatten(),
            floor_ms: spread(|pair| pair.floor.floor_ms)?,
            job_to_floor: spread(|pair| pair.job.wall_ms / pair.floor.floor_ms)?,
            // An input so small that its floor takes less than a tick has no ratio.
            cpu_to_floor: known(|pair| {
                Some(pair.job.cpu_ms? as f64 / pair.floor.cpu_ms.filter(|&floor| floor > 0)? as f64)
            }),
            output_to_input: job.output_bytes as f64 / job.bytes as f64,
        })
    }
}

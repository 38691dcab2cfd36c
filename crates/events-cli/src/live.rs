//! A run while it goes on: a display on a terminal, log lines anywhere.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use events_core::run::{Phase, Progress};
use indicatif::ProgressBar;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, info};

use crate::console::Console;
use crate::names;
use crate::units::{Bytes, Count, Elapsed, noun, rate};

/// How often the counters are read.
const SAMPLE_EVERY: Duration = Duration::from_millis(125);
/// How often a long phase is logged.
const LOG_EVERY: Duration = Duration::from_secs(10);
/// The width of the bar in characters.
const BAR_WIDTH: usize = 24;

/// Watches a run until it is dropped, and leaves nothing on the screen.
#[derive(Debug)]
pub(crate) struct Watch {
    task: JoinHandle<()>,
    display: ProgressBar,
}

impl Watch {
    /// Begins to watch. Called in a runtime.
    pub(crate) fn start(progress: Arc<Progress>, console: &Console) -> Self {
        let display = console.display("{msg}");
        let task = tokio::spawn(watch(progress, display.clone()));
        Self { task, display }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
        self.display.finish_and_clear();
    }
}

async fn watch(progress: Arc<Progress>, display: ProgressBar) {
    let mut ticks = interval(SAMPLE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut phase, mut entered, mut logged) = (None, Instant::now(), Instant::now());
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let sample = Sample::of(&progress);
        if phase != Some(sample.phase) {
            if let Some(over) = phase {
                debug!(phase = names::phase(over), elapsed_ms = (now - entered).as_millis() as u64, "phase over");
            }
            (phase, entered, logged) = (Some(sample.phase), now, now);
            info!(phase = names::phase(sample.phase), "phase");
        } else if now - logged >= LOG_EVERY {
            logged = now;
            sample.log();
        }
        display.set_message(sample.line(now - entered));
    }
}

/// The counters of a run at one moment.
#[derive(Debug, Clone, Copy)]
struct Sample {
    phase: Phase,
    input_bytes: u64,
    bytes_read: u64,
    records: u64,
    rows_written: u64,
    rows_expected: u64,
    files_published: u64,
    files_expected: u64,
}

impl Sample {
    fn of(progress: &Progress) -> Self {
        Self {
            phase: progress.phase(),
            input_bytes: progress.input_bytes(),
            bytes_read: progress.bytes_read(),
            records: progress.records(),
            rows_written: progress.rows_written(),
            rows_expected: progress.rows_expected(),
            files_published: progress.files_published(),
            files_expected: progress.files_expected(),
        }
    }

    fn log(&self) {
        info!(
            phase = names::phase(self.phase),
            bytes_read = self.bytes_read,
            input_bytes = self.input_bytes,
            records = self.records,
            rows_written = self.rows_written,
            files_published = self.files_published,
            "progress"
        );
    }

    /// What the display shows after that long in the phase.
    fn line(&self, elapsed: Duration) -> String {
        let mut line = format!("{:<11}", names::phase(self.phase));
        let (done, all, unit) = match self.phase {
            Phase::Parse => (self.bytes_read, self.input_bytes, None),
            Phase::Write => (self.rows_written, self.rows_expected, Some("row")),
            Phase::Publish => (self.files_published, self.files_expected, Some("file")),
            _ => (0, 0, None),
        };
        if all == 0 {
            return line.trim_end().to_owned() + " …";
        }
        let share = (done as f64 / all as f64).min(1.0);
        let filled = (share * BAR_WIDTH as f64) as usize;
        let amount = |amount: u64| unit.map_or_else(|| Bytes(amount).to_string(), |_| Count(amount).to_string());
        // Writing to a string does not fail.
        let _ = write!(line, " [{:<BAR_WIDTH$}] {:>3.0} %  ", "=".repeat(filled), share * 100.0);
        let _ = write!(line, "{} of {}", amount(done), amount(all));
        line.extend(unit.map(|unit| format!(" {}", noun(all, unit))));
        if let Some(speed) = rate(done, elapsed).filter(|speed| *speed > 0) {
            let _ = write!(line, "  {}/s", amount(speed));
            if self.phase == Phase::Parse {
                let _ = write!(line, "  {} records/s", Count(rate(self.records, elapsed).unwrap_or_default()));
            }
            let left = all.saturating_sub(done).div_ceil(speed);
            let _ = if left < 100 {
                write!(line, "  ETA {left} s")
            } else {
                write!(line, "  ETA {}", Elapsed(Duration::from_secs(left)))
            };
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(phase: Phase) -> Sample {
        Sample {
            phase,
            input_bytes: 200_000_000,
            bytes_read: 50_000_000,
            records: 150_000,
            rows_written: 3000,
            rows_expected: 4000,
            files_published: 0,
            files_expected: 7,
        }
    }

    #[test]
    fn shows_what_a_phase_does_and_when_it_ends() {
        let line = |phase, seconds| sample(phase).line(Duration::from_secs(seconds));
        assert_eq!(
            line(Phase::Parse, 1),
            "parse       [======                  ]  25 %  50.0 MB of 200 MB  50.0 MB/s  150,000 records/s  ETA 3 s"
        );
        assert_eq!(
            line(Phase::Write, 1),
            "write       [==================      ]  75 %  3,000 of 4,000 rows  3,000/s  ETA 1 s"
        );
        assert_eq!(line(Phase::Publish, 0), "publish     [                        ]   0 %  0 of 7 files");
        assert_eq!(line(Phase::Deduplicate, 5), "deduplicate …");
    }

    #[test]
    fn names_phases_as_reports_do() {
        for phase in
            [Phase::Plan, Phase::Parse, Phase::Deduplicate, Phase::Write, Phase::Publish, Phase::Move, Phase::Erase]
        {
            assert_eq!(serde_json::to_string(&phase).unwrap(), format!("\"{}\"", names::phase(phase)));
        }
    }
}

//! The job, as the command runs it when nobody sets anything but the threads.

use std::time::Instant;

use chrono::NaiveDate;
use events_core::Config;
use events_core::json::Level;
use events_core::run::{Distributor, PhaseReport, Report, Start, Writers};
use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;

use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::usage;

/// The least memory that the command gives a run.
const MEMORY_BYTES_MIN: usize = 64 << 20;
/// What the command gives it for each thread.
const MEMORY_BYTES_A_THREAD: usize = 32 << 20;
/// What the command gives its runtime, whose threads only wait for stores.
const RUNTIME_THREADS: usize = 2;
/// And the threads of it that wait for a disk.
const DISK_THREADS_MAX: usize = 16;

/// What a run did, and what it took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobRun {
    /// From opening the store to the report. Starting the process is not in it.
    pub(crate) wall_ms: f64,
    /// User and system time of all threads.
    pub(crate) cpu_ms: Option<u64>,
    /// The most memory that the process had at a time.
    pub(crate) rss_peak_bytes: Option<u64>,
    /// Bytes of the inputs.
    pub(crate) bytes: u64,
    pub(crate) events: u64,
    pub(crate) rows: u64,
    pub(crate) rejects: u64,
    pub(crate) partitions: u64,
    /// Files of the table.
    pub(crate) files: u64,
    /// Bytes of these files.
    pub(crate) output_bytes: u64,
    pub(crate) phases: Vec<PhaseReport>,
}

/// The settings of a run with that many threads.
pub(crate) fn config(threads: u16) -> Config {
    let threads = usize::from(threads);
    Config { threads, memory_bytes: MEMORY_BYTES_MIN.max(MEMORY_BYTES_A_THREAD * threads), ..Config::default() }
}

/// Runs the job once, with repair up to that level. The process must be new, because what it has used is read at the end.
pub(crate) fn run(lake: &Lake, threads: u16, repair: Level) -> Result<JobRun> {
    let began = Instant::now();
    let config = Config { repair, ..config(threads) };
    let distributor = Distributor::new(lake.zones()?, lake.scratch(), config)?;
    let distributor = distributor.with_writers(Writers::Single).with_clock(move || began.elapsed());
    // Neither is of any consequence for what a run costs.
    let start = Start { run: "bench".parse()?, date: NaiveDate::default() };
    let runtime = Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .max_blocking_threads(DISK_THREADS_MAX)
        .enable_all()
        .build();
    let runtime = runtime.map_err(Error::Runtime)?;
    let report = runtime.block_on(distributor.run(&start));
    runtime.shutdown_background();
    let wall = began.elapsed();
    let report = report?;
    Ok(JobRun {
        wall_ms: wall.as_secs_f64() * 1e3,
        cpu_ms: usage::cpu_ms(),
        rss_peak_bytes: usage::rss_peak_bytes(),
        bytes: report.totals.bytes,
        events: report.totals.events,
        rows: report.totals.rows,
        rejects: report.totals.rejects_total(),
        partitions: report.partitions.len() as u64,
        files: sum(&report, |partition| partition.files),
        output_bytes: sum(&report, |partition| partition.bytes),
        phases: report.elapsed,
    })
}

fn sum(report: &Report, count: fn(&events_core::run::PartitionReport) -> u64) -> u64 {
    report.partitions.iter().map(count).sum()
}

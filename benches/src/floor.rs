//! The floor: encoding the rows of a table once more, with nothing else to do.
//!
//! No job that writes these files with this encoder can take less, so the ratio tells what everything else costs:
//! reading, parsing, deduplicating, sorting, building batches, writing.

use std::cmp::Reverse;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use events_core::table::{FileConfig, write_parquet};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::job;
use crate::lake::Lake;
use crate::usage;

/// Rows of a batch, as many as the job encodes at once. With another number, pages would end elsewhere and the files
/// would differ, which is noticed.
const BATCH_ROWS: usize = 8192;

/// What encoding a table took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FloorRun {
    /// From the first file to the last, on all threads.
    pub(crate) wall_ms: f64,
    /// The sum over the threads of the time in which each was at work.
    pub(crate) thread_ms: f64,
    /// [`FloorRun::thread_ms`] shared evenly. With many files it is the wall time; a single file keeps one thread busy,
    /// and the wall time would hide that the others could have helped.
    pub(crate) floor_ms: f64,
    /// User and system time of all threads.
    pub(crate) cpu_ms: Option<u64>,
    pub(crate) files: u64,
    pub(crate) rows: u64,
    /// Bytes of the files as encoded again.
    pub(crate) bytes: u64,
}

/// The rows of a file of the table.
struct Rows {
    batches: Vec<RecordBatch>,
    count: usize,
}

/// What a thread did.
#[derive(Default)]
struct Share {
    elapsed: Duration,
    rows: u64,
    bytes: u64,
}

/// Reads the table into memory, and measures how long encoding it takes.
pub(crate) fn run(lake: &Lake, threads: u16) -> Result<FloorRun> {
    let config = job::config(threads);
    let config = FileConfig { codec: config.compression, row_group_rows_max: config.row_group_rows_max, commit: None };
    let mut files = lake.table_files()?.iter().map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    // The largest first, so that no thread begins it when the others are done. The job does likewise.
    files.sort_by_key(|rows| Reverse(rows.count));

    let next = AtomicUsize::new(0);
    let cpu_ms_before = usage::cpu_ms();
    let began = Instant::now();
    let shares = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| encode(&files, &next, &config))).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().map(join).collect::<Result<Vec<Share>, ParquetError>>()
    })?;
    let wall = began.elapsed();
    let cpu_ms = usage::cpu_ms().zip(cpu_ms_before).map(|(after, before)| after - before);

    let thread_ms = shares.iter().map(|share| share.elapsed).sum::<Duration>().as_secs_f64() * 1e3;
    Ok(FloorRun {
        wall_ms: wall.as_secs_f64() * 1e3,
        thread_ms,
        floor_ms: thread_ms / f64::from(threads),
        cpu_ms,
        files: files.len() as u64,
        rows: shares.iter().map(|share| share.rows).sum(),
        bytes: shares.iter().map(|share| share.bytes).sum(),
    })
}

fn read(path: &Path) -> Result<Rows> {
    let file = File::open(path).map_err(Error::io("opening", path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(BATCH_ROWS).build()?;
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(ParquetError::from)?;
    let count = batches.iter().map(RecordBatch::num_rows).sum();
    Ok(Rows { batches, count })
}

/// A thread's part: encodes file after file, and drops each.
fn encode(files: &[Rows], next: &AtomicUsize, config: &FileConfig) -> Result<Share, ParquetError> {
    let began = Instant::now();
    let mut share = Share::default();
    while let Some(rows) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
        let file = write_parquet(&rows.batches, config)?;
        share.rows += file.rows;
        share.bytes += file.length;
    }
    share.elapsed = began.elapsed();
    Ok(share)
}

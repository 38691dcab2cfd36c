//! Small pieces of the job, each over a sample and on one thread.

use std::fmt;
use std::hint::black_box;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use clap::ValueEnum;
use events_core::event::{Event, Events, parse_epoch, parse_timestamp};
use events_core::json::{Finding, FrameLimits, Framer, Level, Repairer, decompress};
use events_core::run::Report;
use events_core::table::{FileConfig, PartitionKey, deduplicate, to_batch, write_parquet};
use parquet::errors::ParquetError;
use serde_json::Value;

use crate::memory::MemoryLake;
use crate::sample::{Sample, Samples};

/// What stops a workload.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A sample cannot be read.
    #[error("reading a sample")]
    Sample(#[from] std::io::Error),
    /// A record of a sample is not what the workload needs.
    #[error("reading a record of a sample")]
    Record(#[from] serde_json::Error),
    /// Events do not become a batch.
    #[error("making a batch")]
    Batch(#[from] ArrowError),
    /// A batch does not become a file.
    #[error("encoding a file")]
    File(#[from] ParquetError),
    /// The store of a run fails.
    #[error("using the store")]
    Store(#[from] object_store::Error),
    /// A run fails.
    #[error("running the job")]
    Job(#[from] events_core::Error),
}

/// A piece of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Workload {
    /// An input that gzip has compressed becomes text
    Inflate,
    /// Records of one a line framed
    FrameLines,
    /// Records with nothing between them framed
    FrameConcatenated,
    /// Sound records of one a line become events
    DecodeLines,
    /// Sound records with nothing between them become events
    DecodeConcatenated,
    /// Records of which 2 % are damaged become lines
    Repair,
    /// Texts and numbers become times
    Timestamps,
    /// Events become a batch
    Batch,
    /// One row stays of each id
    Deduplicate,
    /// A batch becomes a file
    Encode,
    /// Kinds and times become folders
    Partition,
    /// A whole run into an empty table
    Run,
    /// A whole run into many small partitions
    RunWide,
    /// A whole run of events that the table has: each is looked up in the index
    RunKnown,
}

/// How much a workload does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// Bytes of input.
    Bytes(u64),
    /// Rows, times or folders.
    Elements(u64),
}

/// A workload that has all that it needs, and can be repeated.
pub struct Task {
    /// How much a repetition does.
    pub amount: Amount,
    repeat: Box<dyn Fn() -> Result<u64, Error>>,
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Task").field("amount", &self.amount).finish_non_exhaustive()
    }
}

impl Task {
    /// Does it once. What comes back are the records, rows, times or folders that it was about.
    ///
    /// # Errors
    /// When the workload fails.
    pub fn repeat(&self) -> Result<u64, Error> {
        (self.repeat)()
    }

    fn over_bytes(bytes: Vec<u8>, work: impl Fn(&[u8]) -> u64 + 'static) -> Self {
        Self { amount: Amount::Bytes(bytes.len() as u64), repeat: Box::new(move || Ok(work(black_box(&bytes)))) }
    }

    fn over_rows(batch: RecordBatch, work: impl Fn(&RecordBatch) -> Result<u64, Error> + 'static) -> Self {
        Self { amount: Amount::Elements(batch.num_rows() as u64), repeat: Box::new(move || work(black_box(&batch))) }
    }

    fn over_run(bytes: u64, lake: MemoryLake, name: &'static str, count: fn(&Report) -> u64) -> Self {
        Self { amount: Amount::Bytes(bytes), repeat: Box::new(move || Ok(count(&lake.fork().run(name)?))) }
    }
}

impl Workload {
    /// All of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether it is a whole run, whose threads and requests make its figures less steady.
    #[must_use]
    pub fn is_run(self) -> bool {
        matches!(self, Self::Run | Self::RunWide | Self::RunKnown)
    }

    /// Reads its sample and does what comes before it.
    ///
    /// # Errors
    /// When that fails.
    pub fn prepare(self, samples: &Samples) -> Result<Task, Error> {
        let read = |sample| samples.read(sample);
        Ok(match self {
            Self::Inflate => inflate(read(Sample::Compressed)?)?,
            Self::FrameLines => Task::over_bytes(read(Sample::Lines)?, frame),
            Self::FrameConcatenated => Task::over_bytes(read(Sample::Concatenated)?, frame),
            Self::DecodeLines => Task::over_bytes(read(Sample::Lines)?, decode),
            Self::DecodeConcatenated => Task::over_bytes(read(Sample::Concatenated)?, decode),
            Self::Repair => Task::over_bytes(read(Sample::Damaged)?, repair),
            Self::Timestamps => timestamps(&read(Sample::Lines)?)?,
            Self::Batch => batches(&read(Sample::Concatenated)?),
            Self::Deduplicate => Task::over_rows(batch(&read(Sample::Concatenated)?)?, |batch| {
                Ok(deduplicate(batch)?.batch.num_rows() as u64)
            }),
            Self::Encode => Task::over_rows(batch(&read(Sample::Concatenated)?)?, |batch| {
                Ok(write_parquet(std::slice::from_ref(batch), &FileConfig::default())?.rows)
            }),
            Self::Partition => partitions(&read(Sample::Concatenated)?),
            Self::Run => run(read(Sample::Seed)?)?,
            Self::RunWide => run(read(Sample::Wide)?)?,
            Self::RunKnown => run_known(read(Sample::Concatenated)?)?,
        })
    }
}

/// As much as a run reads at once of a small input.
const PIECE_BYTES: usize = 256 << 10;

fn inflate(compressed: Vec<u8>) -> Result<Task, Error> {
    let bytes = decompress(&compressed)?.len() as u64;
    let inflate = move || Ok(black_box(decompress(black_box(&compressed))?).len() as u64);
    Ok(Task { amount: Amount::Bytes(bytes), repeat: Box::new(inflate) })
}

fn frame(bytes: &[u8]) -> u64 {
    let mut framer = Framer::new(FrameLimits::default());
    let mut found = 0;
    let mut take = |framer: &mut Framer| {
        while let Some(frame) = framer.next_frame() {
            black_box(frame);
            found += 1;
        }
    };
    for piece in bytes.chunks(PIECE_BYTES) {
        framer.push(piece);
        take(&mut framer);
    }
    framer.finish();
    take(&mut framer);
    found
}

fn decode(bytes: &[u8]) -> u64 {
    Events::new(bytes).filter_map(|event| black_box(event).ok()).count() as u64
}

fn repair(bytes: &[u8]) -> u64 {
    let mut records = 0;
    let mut take = |finding: Finding<'_>| records += u64::from(matches!(black_box(finding), Finding::Record { .. }));
    let mut repairer = Repairer::new(Level::Lenient, FrameLimits::default());
    for piece in bytes.chunks(PIECE_BYTES) {
        repairer.push(piece, &mut take);
    }
    repairer.finish(&mut take);
    records
}

fn timestamps(lines: &[u8]) -> Result<Task, Error> {
    let mut texts = Vec::new();
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let mut record: Value = serde_json::from_slice(line)?;
        match record["timestamp"].take() {
            Value::String(text) => texts.push((true, text)),
            other => texts.push((false, other.to_string())),
        }
    }
    let amount = Amount::Elements(texts.len() as u64);
    let parse = move || {
        let parsed = texts.iter().filter_map(|(is_text, text)| {
            let text = black_box(text.as_str());
            black_box(if *is_text { parse_timestamp(text) } else { parse_epoch(text) }).ok()
        });
        Ok(parsed.count() as u64)
    };
    Ok(Task { amount, repeat: Box::new(parse) })
}

fn batches(bytes: &[u8]) -> Task {
    let events: Vec<_> = Events::new(bytes).filter_map(Result::ok).map(Event::into_owned).collect();
    let amount = Amount::Elements(events.len() as u64);
    Task { amount, repeat: Box::new(move || Ok(to_batch(black_box(&events))?.num_rows() as u64)) }
}

fn batch(bytes: &[u8]) -> Result<RecordBatch, Error> {
    let events: Vec<_> = Events::new(bytes).filter_map(Result::ok).collect();
    Ok(to_batch(&events)?)
}

fn partitions(bytes: &[u8]) -> Task {
    let events = Events::new(bytes).filter_map(Result::ok);
    let keys: Vec<_> =
        events.map(|event| (event.domain.into_owned(), event.event_type.into_owned(), event.timestamp)).collect();
    let amount = Amount::Elements(keys.len() as u64);
    let folders = move || {
        for (domain, event_type, timestamp) in black_box(&keys) {
            black_box(PartitionKey::new(domain, event_type, *timestamp).folder());
        }
        Ok(keys.len() as u64)
    };
    Task { amount, repeat: Box::new(folders) }
}

fn run(input: Vec<u8>) -> Result<Task, Error> {
    let bytes = input.len() as u64;
    let lake = MemoryLake::default();
    lake.add("events.json", input)?;
    Ok(Task::over_run(bytes, lake, "first", |report| report.totals.rows))
}

fn run_known(input: Vec<u8>) -> Result<Task, Error> {
    let bytes = input.len() as u64;
    let lake = MemoryLake::default();
    lake.add("events.json", input.clone())?;
    lake.run("first")?;
    lake.add("again.json", input)?;
    Ok(Task::over_run(bytes, lake, "second", |report| report.totals.duplicates.values().sum()))
}

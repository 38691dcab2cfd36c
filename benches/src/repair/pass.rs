//! One pass over a file, in a process of its own: repair as the command does it, and the floor of it.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::time::Instant;

use events_core::json::{Finding, FrameLimits, Level, Repairer};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::usage;

/// What the command reads at once, and gathers before it writes.
pub(crate) const PIECE_BYTES: usize = 256 << 10;

/// A file that takes everything and keeps nothing.
const SINK: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// What a pass took.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// From opening the file to the last byte written. Starting the process is not in it.
    pub(crate) wall_ms: f64,
    /// User and system time of the process.
    pub(crate) cpu_ms: Option<u64>,
    /// The most memory that the process had at a time.
    pub(crate) rss_peak_bytes: Option<u64>,
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    pub(crate) repairs: u64,
    pub(crate) rejects: u64,
}

impl Pass {
    /// Megabytes of input a second.
    pub(crate) fn mb_per_s(&self) -> f64 {
        self.bytes as f64 / 1e3 / self.wall_ms
    }

    fn measured(began: Instant, counts: &Counts) -> Self {
        Self {
            wall_ms: began.elapsed().as_secs_f64() * 1e3,
            cpu_ms: usage::cpu_ms(),
            rss_peak_bytes: usage::rss_peak_bytes(),
            bytes: counts.bytes,
            records: counts.records,
            repairs: counts.repairs,
            rejects: counts.rejects,
        }
    }
}

#[derive(Default)]
struct Counts {
    bytes: u64,
    records: u64,
    repairs: u64,
    rejects: u64,
}

/// Repairs a file.
pub(crate) fn repair(path: &Path, level: Level) -> Result<Pass> {
    let began = Instant::now();
    let mut file = File::open(path).map_err(Error::io("opening", path))?;
    let sink = File::create(SINK).map_err(Error::io("opening", SINK.as_ref()))?;
    let mut sink = BufWriter::with_capacity(PIECE_BYTES, sink);
    let mut counts = Counts::default();
    let mut written = Ok(());
    let mut repairer = Repairer::new(level, FrameLimits::default());
    let mut bytes = 0;
    let mut take = |finding: Finding<'_>| match finding {
        Finding::Record { json, .. } => {
            counts.records += 1;
            let line = sink.write_all(json.as_bytes()).and_then(|()| sink.write_all(b"\n"));
            if line.is_err() {
                written = line;
            }
        }
        Finding::Repair(_) => counts.repairs += 1,
        Finding::Reject { .. } => counts.rejects += 1,
    };
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        let length = file.read(&mut buffer).map_err(Error::io("reading", path))?;
        if length == 0 {
            break;
        }
        bytes += length as u64;
        repairer.push(&buffer[..length], &mut take);
    }
    repairer.finish(&mut take);
    written.and_then(|()| sink.flush()).map_err(Error::io("writing to", SINK.as_ref()))?;
    counts.bytes = bytes;
    Ok(Pass::measured(began, &counts))
}

/// The floor: `serde_json` checks each line, and does nothing else. Whoever gives out lines of JSON has at least to know
/// that they are JSON.
pub(crate) fn check(path: &Path) -> Result<Pass> {
    let text = fs::read_to_string(path).map_err(Error::io("reading", path))?;
    let began = Instant::now();
    let mut counts = Counts { bytes: text.len() as u64, ..Counts::default() };
    for line in text.lines() {
        match black_box(serde_json::from_str::<IgnoredAny>(black_box(line))) {
            Ok(_) => counts.records += 1,
            Err(_) => counts.rejects += 1,
        }
    }
    Ok(Pass::measured(began, &counts))
}

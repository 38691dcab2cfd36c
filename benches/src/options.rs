//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use events_core::json::Level;
use tempfile::TempDir;

use crate::case::Case;
use crate::error::{Error, Result};
use crate::repair::Peers;

/// Measures the job beside the pure encoding of the rows that it writes.
///
/// Every run is checked: a table that is not the one expected ends the benchmark.
#[derive(Debug, Clone, Parser)]
#[command(name = "bench", max_term_width = 110, args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    /// What to measure [default: all]
    #[arg(value_name = "CASE", value_enum)]
    cases: Vec<Case>,
    /// How often to measure each case
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// Threads of the job and of its floor
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: u16,
    /// Where the folder for inputs and tables is made; about 4 GB for 3 runs of all cases [default: the system's folder for such]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Also write everything that was measured to this file
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub(crate) json: Option<PathBuf>,
    /// Measure nothing: run every case once at a hundredth of its size, and check its table; without a case, also check repair
    #[arg(long)]
    pub(crate) check: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

impl Options {
    /// The cases that were asked for, as typed.
    pub(crate) fn cases(&self) -> &[Case] {
        if self.cases.is_empty() { &Case::ALL } else { &self.cases }
    }

    /// Whether nothing was chosen.
    pub(crate) fn is_everything(&self) -> bool {
        self.cases.is_empty()
    }

    /// Where temporary folders are made.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone().unwrap_or_else(std::env::temp_dir)
    }
}

/// What else the program does.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Measures repair: what it recovers of damaged records, and how fast it is.
    Repair(RepairOptions),
    /// Measures the table: micro-batches into a large one, a bulk load beside the build before, and a thousand micro-batches.
    Table(TableOptions),
    /// One measurement, in a process of its own.
    #[command(subcommand, hide = true)]
    Child(Errand),
}

/// `repair`
#[derive(Debug, Clone, Args)]
pub(crate) struct RepairOptions {
    /// How often to measure everything but the peers
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// Megabytes of records
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) megabytes: usize,
    /// What the records and their damage are drawn from
    #[arg(long, value_name = "N", default_value_t = Self::DEFAULT_SEED)]
    pub(crate) seed: u64,
    /// Threads of the jobs; repair by itself has one
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: u16,
    /// Where the folder for inputs and tables is made; about 700 MB for 5 runs [default: the system's folder for such]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Also write everything that was measured to this file
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    pub(crate) json: Option<PathBuf>,
    /// Measure nothing: only judge a small input
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) peers: Peers,
}

impl RepairOptions {
    pub(crate) const DEFAULT_SEED: u64 = 7;

    /// Where temporary folders are made.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone().unwrap_or_else(std::env::temp_dir)
    }
}

/// What of the table is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TablePart {
    /// Micro-batches into a table of 10 million rows
    Micro,
    /// 1 GB into an empty table, beside the build before
    Bulk,
    /// A thousand micro-batches
    Series,
}

/// `table`
#[derive(Debug, Clone, Args)]
pub(crate) struct TableOptions {
    /// What to measure [default: all]
    #[arg(value_name = "PART", value_enum)]
    parts: Vec<TablePart>,
    /// Micro-batches of each sort
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
    /// Bulk loads of 3.3 million rows that make the table
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) loads: u32,
    /// Pairs of bulk loads
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pairs: u32,
    /// Micro-batches one after the other
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) batches: u64,
    /// This program of the build before
    #[arg(long, value_name = "FILE")]
    pub(crate) before: Option<PathBuf>,
    /// Where the times of the series are written
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Where they are drawn
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,
    /// Where the folder for inputs and tables is made; about 6 GB [default: the system's folder for such]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl TableOptions {
    /// What was asked for.
    pub(crate) fn parts(&self) -> &[TablePart] {
        if self.parts.is_empty() { TablePart::value_variants() } else { &self.parts }
    }

    /// Where temporary folders are made.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.clone().unwrap_or_else(std::env::temp_dir)
    }

    /// A folder that is gone when it is dropped.
    pub(crate) fn temporary(&self) -> Result<TempDir> {
        let parent = self.folder();
        let folder = tempfile::Builder::new().prefix("events-bench-").tempdir_in(&parent);
        folder.map_err(Error::io("creating a folder in", &parent))
    }
}

/// What a child is started for.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Errand {
    /// The job.
    Run {
        #[command(flatten)]
        place: Place,
        #[arg(long)]
        level: Level,
    },
    /// Its floor.
    Encode(Place),
    /// Repair of a file.
    Repair {
        #[arg(long)]
        file: PathBuf,
        #[arg(long)]
        level: Level,
    },
    /// The floor of repair.
    Check {
        #[arg(long)]
        file: PathBuf,
    },
}

/// Where a child works, and with how many threads.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    #[arg(long)]
    pub(crate) lake: PathBuf,
    #[arg(long)]
    pub(crate) threads: u16,
}

//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use events_benches::workload::Workload;

/// Counts instructions, allocations and requests to stores over fixed workloads, and fails when they are not as expected.
#[derive(Debug, Clone, Parser)]
#[command(name = "guard", max_term_width = 110, args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    /// Take what is seen for what is expected from now on
    #[arg(long)]
    pub(crate) bless: bool,
    /// What is expected
    #[arg(long, value_name = "FILE", default_value = "benches/guards.json")]
    pub(crate) figures: PathBuf,
    /// Where the profiles of Callgrind are left, one a workload
    #[arg(long, value_name = "DIR", default_value = "target/guard")]
    pub(crate) profiles: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What else the program does.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Makes the samples in an empty folder, for `repeat`
    Samples {
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// A workload a number of times and nothing else, for whatever looks at a process: Callgrind, DHAT, perf
    Repeat(Errand),
}

/// What a child does.
#[derive(Debug, Clone, Args)]
pub(crate) struct Errand {
    #[arg(long)]
    pub(crate) workload: Workload,
    #[arg(long)]
    pub(crate) times: u64,
    #[arg(long)]
    pub(crate) samples: PathBuf,
}

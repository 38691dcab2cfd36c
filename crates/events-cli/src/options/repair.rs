//! The options of `repair`.

use std::path::PathBuf;

use clap::Args;
use events_core::json::Level;

use super::LimitOptions;
use super::read::repair_level;

/// `events repair`
#[derive(Debug, Clone, Args)]
pub(crate) struct RepairOptions {
    /// The files to read, gzip and zstd included; standard input when there are none, and for `-`
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write no records: only say for each file how many repairs and rejects it has, and end with 3 when there are any
    #[arg(long, conflicts_with = "diff")]
    pub(crate) check: bool,
    /// Write no records: show those that would change before and after, and the rejects
    #[arg(long)]
    pub(crate) diff: bool,
    /// Write what was done to this file: a JSON object a line, one for each repair
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write what is no record to this file: a JSON object a line, as in a quarantine
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// How far repair goes: not at all, only between records, where there is one reading, or by guessing; strict ends at the
    /// first damage [default: lenient]
    // Its name in variables and in the settings file is that of the same setting of a run.
    #[arg(long = "level", alias = "repair", value_name = "LEVEL", value_parser = repair_level(),
        help_heading = "Repair and limits")]
    pub(crate) repair: Option<Level>,
    #[command(flatten)]
    pub(crate) limits: LimitOptions,
}

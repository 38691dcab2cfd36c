//! The options of `runs`, `report` and `trace`: what was done to a table.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{BoolishValueParser, NonEmptyStringValueParser};
use events_core::run::{DateRange, RunId};

use super::{EngineOptions, ReadOptions, ZoneOptions, date_range};

/// `events runs`
#[derive(Debug, Clone, Args)]
pub(crate) struct RunsOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    /// How many runs to show, the newest first [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Runs")]
    pub(crate) last: Option<u32>,
}

/// `events report`
#[derive(Debug, Clone, Args)]
pub(crate) struct ReportOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    /// The file to write; `-` for standard output
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub(crate) html: Option<PathBuf>,
    /// The last N runs together [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Report")]
    pub(crate) last: Option<u32>,
    /// The run of that name instead, as `events runs` shows it
    #[arg(long, value_name = "NAME", conflicts_with = "last", help_heading = "Report")]
    pub(crate) run: Option<RunId>,
    /// Show samples of rejects and repairs as they came; without it, letters are x and digits 0
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Report",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) show_values: Option<bool>,
}

/// `events trace`
#[derive(Debug, Clone, Args)]
pub(crate) struct TraceOptions {
    /// The ids of events
    #[arg(value_name = "EVENT_ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    /// Search only inputs that were processed on these days, by the folders of `processed`: one, or the first and the last of
    /// several [default: all, and what is pending]
    #[arg(long = "date", value_name = "YYYY-MM-DD[..YYYY-MM-DD]", value_parser = date_range, help_heading = "Inputs")]
    pub(crate) days_read: Option<DateRange>,
    #[command(flatten)]
    pub(crate) read: ReadOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
}

//! The options of `inspect`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;
use events_core::json::Level;

use super::read::repair_level;
use super::{LimitOptions, ZoneOptions};

/// `events inspect`
#[derive(Debug, Clone, Args)]
pub(crate) struct InspectOptions {
    /// What to look at: the place of a table (a root, a trusted zone or its `events`: a folder or a URL), or inputs (files,
    /// folders, `s3://bucket/key`, `-` for standard input) [default: the table of --root or --trusted]
    #[arg(value_name = "TABLE|FILE")]
    pub(crate) places: Vec<PathBuf>,
    /// The most events or rows of each kind in which fields of `data` are looked for; 0 reads no rows [default: 10000]
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<u64>,
    /// Show no value of a record: neither examples of fields nor what rejects hold
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) mask: Option<bool>,
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    /// Of inputs, how far repair goes: what it would do is counted [default: lenient]
    // Its name in variables and in the settings file is that of the same setting of a run.
    #[arg(long = "level", alias = "repair", value_name = "LEVEL", value_parser = repair_level(),
        help_heading = "Repair and limits")]
    pub(crate) repair: Option<Level>,
    #[command(flatten)]
    pub(crate) limits: LimitOptions,
}

//! The options of `doctor`.

use clap::Args;
use clap::builder::BoolishValueParser;

use super::{Durability, EngineOptions, GlueOptions, ZoneOptions};

/// `events doctor`
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    /// Do only what writes nothing: no object is put into a zone and no folder is made
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Checks",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) read_only: Option<bool>,
    /// As of a run: whether it goes on although the store does not keep conditions
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Run",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) unsafe_single_writer: Option<bool>,
    /// As of a run: what it waits for in zones on local disks [default: none]
    #[arg(long, value_name = "WHEN", help_heading = "Run")]
    pub(crate) durability: Option<Durability>,
    #[command(flatten)]
    pub(crate) glue: GlueOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
}

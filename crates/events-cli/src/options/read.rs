//! How input is read, wherever a command reads any.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use events_core::json::Level;

use crate::units::Size;

/// How far repair goes, and what it refuses to go through.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Repair and limits")]
pub(crate) struct ReadOptions {
    /// How far damaged records are mended: not at all, only between records, where there is one reading, or by guessing;
    /// strict ends at the first damage and does nothing [default: lenient]
    #[arg(long, visible_alias = "level", value_name = "LEVEL", value_parser = repair_level())]
    pub(crate) repair: Option<Level>,
    #[command(flatten)]
    pub(crate) limits: LimitOptions,
}

/// What is too much.
#[expect(clippy::struct_field_names, reason = "the names are those of the options")]
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Repair and limits")]
pub(crate) struct LimitOptions {
    /// The longest record; a longer one is a reject, as are those beyond the next two limits [default: 8MiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) record_max: Option<Size>,
    /// The deepest nesting of a record [default: 127]
    #[arg(long, value_name = "N")]
    pub(crate) depth_max: Option<u32>,
    /// The most keys of a record [default: 10000]
    #[arg(long, value_name = "N")]
    pub(crate) keys_max: Option<usize>,
    /// The most that a compressed input may decompress to; the rest of it is not read [default: 64GiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) decompressed_max: Option<Size>,
    /// How many times its size a compressed input may become, above 64 MiB [default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) ratio_max: Option<u64>,
}

/// The names of levels.
pub(super) fn repair_level() -> impl TypedValueParser<Value = Level> {
    PossibleValuesParser::new(Level::ALL.map(Level::name)).try_map(|name| name.parse::<Level>())
}

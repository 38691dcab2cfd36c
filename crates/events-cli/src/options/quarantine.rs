//! The options of `quarantine` and its commands.

use clap::{Args, Subcommand};
use events_core::event::Reason;
use events_core::run::RunId;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::job::TableOptions;
use super::{EngineOptions, ReadOptions, StartOptions, ZoneOptions};

/// `events quarantine`
#[derive(Debug, Clone, Args)]
pub(crate) struct QuarantineOptions {
    #[command(subcommand)]
    pub(crate) command: QuarantineCommand,
}

/// What to do with rejects.
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// Count rejects by reason and object
    #[command(after_help = super::QUARANTINE_LAYERS_HELP)]
    List(ListOptions),
    /// Show rejects with their bytes
    #[command(after_help = super::QUARANTINE_LAYERS_HELP)]
    Show(ShowOptions),
    /// Put rejects through again, with the level and the limits of now: what succeeds becomes rows, the rest stays
    #[command(after_help = super::QUARANTINE_LAYERS_HELP)]
    Retry(RetryOptions),
}

/// `events quarantine list`
#[derive(Debug, Clone, Args)]
pub(crate) struct ListOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) filter: FilterOptions,
}

/// `events quarantine show`
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) filter: FilterOptions,
    /// The most rejects to show [default: 20; with --output json all]
    #[arg(long, value_name = "N", help_heading = "Rejects")]
    pub(crate) limit: Option<u64>,
}

/// `events quarantine retry`
#[derive(Debug, Clone, Args)]
pub(crate) struct RetryOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) filter: FilterOptions,
    #[command(flatten)]
    pub(crate) start: StartOptions,
    #[command(flatten)]
    pub(crate) table: TableOptions,
    #[command(flatten)]
    pub(crate) read: ReadOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOptions,
}

/// Which rejects.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Rejects")]
pub(crate) struct FilterOptions {
    /// Only those that this run has put there
    #[arg(long, value_name = "NAME")]
    pub(crate) run: Option<RunId>,
    /// Only those of inputs whose names begin so
    #[arg(long, value_name = "PREFIX")]
    pub(crate) source: Option<String>,
    /// Only those for this reason; may be given several times
    #[arg(long, value_name = "NAME", value_parser = reject_reason)]
    pub(crate) reason: Vec<Reason>,
}

impl QuarantineCommand {
    pub(super) fn zones_mut(&mut self) -> &mut ZoneOptions {
        match self {
            Self::List(options) => &mut options.zones,
            Self::Show(options) => &mut options.zones,
            Self::Retry(options) => &mut options.zones,
        }
    }
}

/// The reason of that name, as reports and the quarantine spell it.
fn reject_reason(name: &str) -> Result<Reason, Error> {
    Reason::deserialize(name.into_deserializer())
}

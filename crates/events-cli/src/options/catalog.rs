//! The options of `catalog`, and those by which runs name a catalog.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};

use super::ZoneOptions;

/// The table in a catalog.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Catalog")]
pub(crate) struct GlueOptions {
    /// The database of AWS Glue in which the table and its partitions are registered behind each commit, so that Athena sees
    /// them at once; both are made when they are missing [default: none]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) glue_database: Option<String>,
    /// The name of the table there [default: events]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) glue_table: Option<String>,
}

/// `events catalog`
#[derive(Debug, Clone, Args)]
pub(crate) struct CatalogOptions {
    #[command(subcommand)]
    pub(crate) command: CatalogCommand,
}

/// What to do with the catalog.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Register the table and all its partitions, whatever the catalog has noted; what is there stays as it is
    #[command(after_help = super::LAYERS_HELP)]
    Sync(SyncOptions),
}

/// `events catalog sync`
#[derive(Debug, Clone, Args)]
pub(crate) struct SyncOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    #[command(flatten)]
    pub(crate) glue: GlueOptions,
}

impl CatalogCommand {
    pub(crate) fn zones_mut(&mut self) -> &mut ZoneOptions {
        match self {
            Self::Sync(options) => &mut options.zones,
        }
    }
}

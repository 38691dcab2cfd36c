//! What `events ddl` is to print.

use events_core::table::{Dialect, Projection};
use events_stores::ZoneUrl;

use super::zones;
use crate::error::{Error, Result};
use crate::options::{DdlOptions, DeclaredZone};

/// What a database, and the table of the trusted zone, are called when nobody says.
const DEFAULT_NAME: &str = "events";
/// What the rows of the stage zone are called when nobody says, as in the Terraform module.
const DEFAULT_STAGE_NAME: &str = "events_stage";
/// The years that queries see when nobody says: those of the Terraform module.
const DEFAULT_YEARS: (i32, i32) = (2015, 2035);

/// Rows to be declared.
#[derive(Debug, Clone)]
pub(crate) struct DdlSettings {
    pub(crate) dialect: Dialect,
    pub(crate) database: String,
    pub(crate) table: String,
    pub(crate) rows: DeclaredRows,
}

/// Where the rows lie.
#[derive(Debug, Clone)]
pub(crate) enum DeclaredRows {
    Trusted { zone: ZoneUrl, projection: Option<Projection> },
    Stage { zone: ZoneUrl },
}

pub(super) fn resolve(options: DdlOptions) -> Result<DdlSettings> {
    let dialect = options.dialect.ok_or_else(|| {
        let names = Dialect::ALL.map(Dialect::name).join(", ");
        missing(&format!("no engine: name it with --dialect, one of {names}"))
    })?;
    let (database, table) = (options.database.clone(), options.table.clone());
    let (rows, default_table) = match options.zone.unwrap_or_default() {
        DeclaredZone::Trusted => (trusted(dialect, options)?, DEFAULT_NAME),
        DeclaredZone::Stage => (stage(options)?, DEFAULT_STAGE_NAME),
    };
    let named = |name: Option<String>, default: &str| name.unwrap_or_else(|| default.to_owned());
    let (database, table) = (named(database, DEFAULT_NAME), named(table, default_table));
    Ok(DdlSettings { dialect, database, table, rows })
}

fn trusted(dialect: Dialect, options: DdlOptions) -> Result<DeclaredRows> {
    let wants_projection = options.projection.unwrap_or_default();
    if wants_projection && dialect != Dialect::Athena {
        return Err(missing("--projection is for --dialect athena: no other engine computes partitions"));
    }
    if !wants_projection && (options.years.is_some() || options.event_types.is_some()) {
        return Err(missing("--years and --event-types are for --projection: otherwise all are seen"));
    }
    let projection = Projection {
        years: options.years.unwrap_or(DEFAULT_YEARS),
        names: options.event_types.map(|names| names.0).unwrap_or_default(),
    };
    let zone = zones::resolve_trusted(options.zones)?.trusted;
    Ok(DeclaredRows::Trusted { zone, projection: wants_projection.then_some(projection) })
}

fn stage(options: DdlOptions) -> Result<DeclaredRows> {
    if options.projection.is_some() || options.years.is_some() || options.event_types.is_some() {
        let problem =
            "--projection, --years and --event-types are for the table: the stage zone has a folder for each run";
        return Err(missing(problem));
    }
    Ok(DeclaredRows::Stage { zone: zones::resolve_stage(options.zones)?.stage })
}

fn missing(problem: &str) -> Error {
    Error::Missing { problem: problem.to_owned() }
}

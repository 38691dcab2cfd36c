//! What `events ddl` is to print.

use events_core::table::{Dialect, Projection};
use events_stores::ZoneUrl;

use super::zones;
use crate::error::{Error, Result};
use crate::options::DdlOptions;

/// What a table and its database are called when nobody says.
const DEFAULT_NAME: &str = "events";
/// The years that queries see when nobody says: those of the Terraform module.
const DEFAULT_YEARS: (i32, i32) = (2015, 2035);

/// A table to be declared.
#[derive(Debug, Clone)]
pub(crate) struct DdlSettings {
    pub(crate) dialect: Dialect,
    pub(crate) database: String,
    pub(crate) table: String,
    pub(crate) trusted: ZoneUrl,
    pub(crate) projection: Option<Projection>,
}

pub(super) fn resolve(options: DdlOptions) -> Result<DdlSettings> {
    let missing = |problem: &str| Error::Missing { problem: problem.to_owned() };
    let dialect = options.dialect.ok_or_else(|| {
        let names = Dialect::ALL.map(Dialect::name).join(", ");
        missing(&format!("no engine: name it with --dialect, one of {names}"))
    })?;
    let wants_projection = options.projection.unwrap_or_default();
    if wants_projection && dialect != Dialect::Athena {
        return Err(missing("--projection is for --dialect athena: no other engine computes partitions"));
    }
    let name = |name: Option<String>| name.unwrap_or_else(|| DEFAULT_NAME.to_owned());
    let projection = Projection {
        years: options.years.unwrap_or(DEFAULT_YEARS),
        names: options.event_types.map(|names| names.0).unwrap_or_default(),
    };
    Ok(DdlSettings {
        dialect,
        database: name(options.database),
        table: name(options.table),
        trusted: zones::resolve_trusted(options.zones)?.trusted,
        projection: wants_projection.then_some(projection),
    })
}

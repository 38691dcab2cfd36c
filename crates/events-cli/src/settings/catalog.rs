//! Which table of which catalog a command is about.

use events_catalog::TableName;
use events_stores::ZoneUrls;

use super::zones;
use crate::error::{Error, Result};
use crate::options::{GlueOptions, SyncOptions};

/// `events catalog sync`.
#[derive(Debug, Clone)]
pub(crate) struct SyncSettings {
    pub(crate) zones: ZoneUrls,
    pub(crate) name: TableName,
}

/// The table of the catalog, when a catalog is wanted.
pub(super) fn resolve_name(options: GlueOptions) -> Result<Option<TableName>> {
    let table = options.glue_table;
    match options.glue_database {
        Some(database) => Ok(Some(TableName::new(database, table))),
        None if table.is_some() => Err(missing()),
        None => Ok(None),
    }
}

pub(super) fn resolve_sync(options: SyncOptions) -> Result<SyncSettings> {
    let name = resolve_name(options.glue)?.ok_or_else(missing)?;
    Ok(SyncSettings { zones: zones::resolve_trusted(options.zones)?, name })
}

fn missing() -> Error {
    Error::Missing { problem: "no database of the catalog: name it with --glue-database".to_owned() }
}

//! `events ddl`: the statements that declare the table to a query engine.

use events_core::table::{Dialect, TableDdl};
use serde::Serialize;

use crate::console::Console;
use crate::error::Result;
use crate::options::OutputForm;
use crate::settings::DdlSettings;
use crate::{exit, job, places};

/// The statements for machines.
#[derive(Debug, Serialize)]
struct Document<'a> {
    dialect: &'a str,
    location: &'a str,
    statements: Vec<String>,
}

/// Prints the statements, and touches nothing.
pub(crate) fn command(settings: &DdlSettings, console: &Console) -> Result<u8> {
    // DuckDB reads patterns of paths, not of URLs of folders.
    let location = match settings.trusted.local_folder().filter(|_| settings.dialect == Dialect::DuckDb) {
        Some(folder) => places::table_folder(&folder)?,
        None => format!("{}/{}/", settings.trusted.location()?, places::EVENTS),
    };
    let table = TableDdl {
        database: &settings.database,
        table: &settings.table,
        location: &location,
        projection: settings.projection.as_ref(),
    };
    let dialect = settings.dialect;
    console.print(&match console.output() {
        OutputForm::Human => table.script(dialect),
        OutputForm::Json => {
            let statements = table.statements(dialect);
            job::json(&Document { dialect: dialect.name(), location: &location, statements })
        }
    })?;
    Ok(exit::DONE)
}

//! `events ddl`: the statements that declare the table, or the rows of the stage zone, to a query engine.

use events_core::table::{Dialect, StageDdl, TableDdl};
use events_stores::ZoneUrl;
use serde::Serialize;

use crate::console::Console;
use crate::error::{Error, Result};
use crate::options::OutputForm;
use crate::settings::{DdlSettings, DeclaredRows};
use crate::{console, exit, places};

/// The statements for machines.
#[derive(Debug, Serialize)]
struct Document<'a> {
    dialect: &'a str,
    location: &'a str,
    statements: Vec<String>,
}

/// Prints the statements, and touches nothing.
pub(crate) fn command(settings: &DdlSettings, console: &Console) -> Result<u8> {
    let (dialect, database, table) = (settings.dialect, &settings.database, &settings.table);
    let (location, statements) = match &settings.rows {
        DeclaredRows::Trusted { zone, projection } => {
            let location = location(dialect, zone)?;
            let table = TableDdl { database, table, location: &location, projection: projection.as_ref() };
            let statements = table.statements(dialect);
            (location, statements)
        }
        DeclaredRows::Stage { zone } => {
            let location = location(dialect, zone)?;
            let statements = StageDdl { database, table, location: &location }.statements(dialect);
            (location, statements.ok_or_else(|| not_stage(dialect))?)
        }
    };
    console.print(&match console.output() {
        OutputForm::Human => statements.join(";\n\n") + ";\n",
        OutputForm::Json => console::json(&Document { dialect: dialect.name(), location: &location, statements }),
    })?;
    Ok(exit::DONE)
}

/// Where rows lie, with a slash at the end.
fn location(dialect: Dialect, zone: &ZoneUrl) -> Result<String> {
    // DuckDB reads patterns of paths, not of URLs of folders.
    match zone.local_folder().filter(|_| dialect == Dialect::DuckDb) {
        Some(folder) => places::events_folder(&folder),
        None => Ok(format!("{}/{}/", zone.location()?, places::EVENTS)),
    }
}

fn not_stage(dialect: Dialect) -> Error {
    let problem = format!(
        "--zone stage is for --dialect athena or duckdb: {dialect} does not look into the folders in which a run keeps its rows"
    );
    Error::Missing { problem }
}

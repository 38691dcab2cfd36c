//! What a table is called in the catalog.

use std::fmt;

use serde::Serialize;

/// What a table is called when nobody says.
const DEFAULT_TABLE: &str = "events";

/// The name of a table in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableName {
    /// The database.
    pub database: String,
    /// The table in it.
    pub table: String,
}

impl TableName {
    /// A table in a database; when nobody says how it is called, `events`.
    #[must_use]
    pub fn new(database: String, table: Option<String>) -> Self {
        Self { database, table: table.unwrap_or_else(|| DEFAULT_TABLE.to_owned()) }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}.{}`", self.database, self.table)
    }
}

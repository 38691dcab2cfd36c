//! The statements that declare a table and its view of latest rows.

use super::dialect::Dialect;
use super::projection::Projection;
use super::statement::{create_database, external_table, listed, name, typed, without_patterns};
use crate::table::column;

/// What is behind the table's name in that of the view with one row an event.
const LATEST: &str = "_latest";
/// The number of a row among those of its event, newest first.
const PLACE: &str = "place";

/// A table to be declared.
///
/// ```
/// use events_core::table::{Dialect, TableDdl};
///
/// let table = TableDdl { database: "lake", table: "events", location: "s3://bucket/trusted/events/", projection: None };
/// let statements = table.statements(Dialect::Trino);
/// assert_eq!(statements[0], "CREATE SCHEMA IF NOT EXISTS \"lake\"");
/// assert!(statements[1].contains("external_location = 's3://bucket/trusted/events/'"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableDdl<'a> {
    /// The database, or schema, that it is in.
    pub database: &'a str,
    /// Its name.
    pub table: &'a str,
    /// The URL of the folder of the table, with a slash at the end; for DuckDB a path is as good.
    pub location: &'a str,
    /// For Athena: how partitions are computed; without it, they are registered. Other engines have none.
    pub projection: Option<&'a Projection>,
}

impl TableDdl<'_> {
    /// The statements, one after the other: the database, the table, its partitions where the engine has to look for them,
    /// and a view `<table>_latest` with one row an event also while a run moves rows.
    ///
    /// The view reads the whole table. Where a [`Projection`] makes each query name its partitions there is none.
    #[must_use]
    pub fn statements(&self, dialect: Dialect) -> Vec<String> {
        let mut statements = vec![create_database(dialect, self.database), self.create_table(dialect)];
        statements.extend(self.find_partitions(dialect));
        let injected = |projection: &Projection| dialect == Dialect::Athena && projection.is_injected();
        if !self.projection.is_some_and(injected) {
            statements.push(self.create_latest(dialect));
        }
        statements
    }

    fn create_table(&self, dialect: Dialect) -> String {
        let (name, files, path) = (self.name(dialect, ""), dialect.file_columns(), dialect.path_columns());
        let all = || typed(dialect, files.iter().chain(&path));
        let location = dialect.literal(self.location);
        match dialect {
            Dialect::Athena => {
                let properties = self.projection.map(|projection| projection.properties(self.location));
                external_table(&name, &files, &path, self.location, &properties.unwrap_or_default())
            }
            Dialect::Spark => format!(
                "CREATE TABLE IF NOT EXISTS {name} (\n{}\n)\nUSING PARQUET\nPARTITIONED BY ({})\nLOCATION {location}",
                all(),
                listed(&path, |column| dialect.quoted(column)),
            ),
            Dialect::DuckDb => format!(
                "CREATE OR REPLACE VIEW {name} AS\nSELECT {}\nFROM read_parquet(\n  {},\n  hive_partitioning = true,\n  \
                hive_types = {{{}}}\n)",
                listed(files.iter().chain(&path), |column| dialect.quoted(column)),
                dialect.literal(&format!("{}**/*.parquet", without_patterns(self.location))),
                path.iter()
                    .map(|column| format!("{}: {}", dialect.literal(&column.name), column.type_name))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            Dialect::Trino => format!(
                "CREATE TABLE IF NOT EXISTS {name} (\n{}\n)\nWITH (\n  format = 'PARQUET',\n  \
                external_location = {location},\n  partitioned_by = ARRAY[{}]\n)",
                all(),
                listed(&path, |column| dialect.literal(column)),
            ),
        }
    }

    fn find_partitions(&self, dialect: Dialect) -> Option<String> {
        let name = self.name(dialect, "");
        match dialect {
            Dialect::Athena if self.projection.is_some() => None,
            Dialect::Athena => Some(format!("MSCK REPAIR TABLE {name}")),
            Dialect::Spark => Some(format!("ALTER TABLE {name} RECOVER PARTITIONS")),
            Dialect::DuckDb => None,
            Dialect::Trino => Some(format!(
                "CALL system.sync_partition_metadata({}, {}, 'ADD')",
                dialect.literal(self.database),
                dialect.literal(self.table)
            )),
        }
    }

    /// A filter belongs around the view: within, it could hide the newer version of an event.
    fn create_latest(&self, dialect: Dialect) -> String {
        // Athena's views are Trino's.
        let of_view = if dialect == Dialect::Athena { Dialect::Trino } else { dialect };
        let quoted = |name: &str| of_view.quoted(name);
        let (files, path) = (dialect.file_columns(), dialect.path_columns());
        let columns = listed(files.iter().chain(&path), quoted);
        let (view, table, place) = (self.name(of_view, LATEST), self.name(of_view, ""), quoted(PLACE));
        let number = format!(
            "row_number() OVER (PARTITION BY {} ORDER BY {} DESC)",
            quoted(column::EVENT_ID),
            quoted(column::TIMESTAMP)
        );
        match dialect {
            Dialect::DuckDb => {
                format!("CREATE OR REPLACE VIEW {view} AS\nSELECT {columns}\nFROM {table}\nQUALIFY {number} = 1")
            }
            _ => format!(
                "CREATE OR REPLACE VIEW {view} AS\nSELECT {columns}\nFROM (SELECT *, {number} AS {place} FROM {table})\n\
                WHERE {place} = 1"
            ),
        }
    }

    fn name(&self, dialect: Dialect, suffix: &str) -> String {
        name(dialect, self.database, &format!("{}{suffix}", self.table))
    }
}

//! The statements that declare the rows of the stage zone.

use super::dialect::{Dialect, TypedColumn};
use super::statement::{create_database, external_table, listed, name, without_patterns};

/// The column of the run that parsed a row.
const RUN: &str = "run";

/// Rows as `parse` leaves them in the stage zone, before duplicates are dropped, to be declared.
///
/// They have the columns of the table's files and `run`, which is in their path. A run over several workers keeps its rows
/// elsewhere in the zone, many in an object: no engine can read those.
///
/// ```
/// use events_core::table::{Dialect, StageDdl};
///
/// let stage = StageDdl { database: "lake", table: "stage", location: "s3://bucket/stage/events/" };
/// assert!(stage.statements(Dialect::DuckDb).unwrap()[1].contains("'s3://bucket/stage/events/run=*/rows/*/*.parquet'"));
/// assert_eq!(stage.statements(Dialect::Trino), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageDdl<'a> {
    /// The database, or schema, that they are in.
    pub database: &'a str,
    /// Their name.
    pub table: &'a str,
    /// The URL of the folder with the runs of the zone, with a slash at the end; for DuckDB a path is as good.
    pub location: &'a str,
}

impl StageDdl<'_> {
    /// The statements, one after the other: the database and the table. For Athena, each query has to say which run it
    /// wants. For DuckDB, there must be a run when the statement is executed.
    ///
    /// `None` for [`Spark`](Dialect::Spark) and [`Trino`](Dialect::Trino): rows of a run lie in folders of the run's folder
    /// that are no partitions, where neither looks unless its session says so.
    #[must_use]
    pub fn statements(&self, dialect: Dialect) -> Option<Vec<String>> {
        let create_table = match dialect {
            Dialect::Athena => self.create_for_athena(),
            Dialect::DuckDb => self.create_for_duckdb(),
            Dialect::Spark | Dialect::Trino => return None,
        };
        Some(vec![create_database(dialect, self.database), create_table])
    }

    fn create_for_athena(&self) -> String {
        let (dialect, run) = (Dialect::Athena, TypedColumn { name: RUN.to_owned(), type_name: "string" });
        let properties = [
            ("projection.enabled", "true".to_owned()),
            ("projection.run.type", "injected".to_owned()),
            ("storage.location.template", format!("{}run=${{run}}/rows", self.location)),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let name = name(dialect, self.database, self.table);
        external_table(&name, &dialect.file_columns(), &[run], self.location, &properties)
    }

    fn create_for_duckdb(&self) -> String {
        let dialect = Dialect::DuckDb;
        format!(
            "CREATE OR REPLACE VIEW {} AS\nSELECT {}, {}\nFROM read_parquet(\n  {},\n  hive_partitioning = true,\n  \
            hive_types = {{'{RUN}': VARCHAR}}\n)",
            name(dialect, self.database, self.table),
            listed(&dialect.file_columns(), |column| dialect.quoted(column)),
            dialect.quoted(RUN),
            dialect.literal(&format!("{}run=*/rows/*/*.parquet", without_patterns(self.location))),
        )
    }
}

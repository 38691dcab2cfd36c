//! What differs between engines in names, texts and types.

use std::fmt;
use std::str::FromStr;

use arrow_schema::{DataType, Schema};

use crate::table::{partition_schema, table_schema};

/// An engine that statements are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Amazon Athena: tables as in Hive, views as in Trino.
    Athena,
    /// Apache Spark.
    Spark,
    /// DuckDB, where the table is a view of its files.
    DuckDb,
    /// Trino with its Hive connector.
    Trino,
}

/// A column with its type as an engine spells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedColumn {
    /// The name.
    pub name: String,
    /// The type.
    pub type_name: &'static str,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Athena, Self::Spark, Self::DuckDb, Self::Trino];

    /// The name by which it is chosen: `athena`, `spark`, `duckdb` or `trino`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Athena => "athena",
            Self::Spark => "spark",
            Self::DuckDb => "duckdb",
            Self::Trino => "trino",
        }
    }

    /// The columns of a file of the table, in their order. Those of [`Athena`](Self::Athena) are Glue's too.
    #[must_use]
    pub fn file_columns(self) -> Vec<TypedColumn> {
        self.columns(&table_schema())
    }

    /// The columns of a file's path, in the order of the folders.
    #[must_use]
    pub fn path_columns(self) -> Vec<TypedColumn> {
        self.columns(&partition_schema())
    }

    fn columns(self, schema: &Schema) -> Vec<TypedColumn> {
        let fields = schema.fields().iter();
        fields
            .map(|field| TypedColumn { name: field.name().clone(), type_name: self.type_name(field.data_type()) })
            .collect()
    }

    fn type_name(self, data_type: &DataType) -> &'static str {
        let [hive, duckdb, trino] = match data_type {
            DataType::Utf8 => ["string", "VARCHAR", "varchar"],
            DataType::Int32 => ["int", "INTEGER", "integer"],
            DataType::Timestamp(..) => ["timestamp", "TIMESTAMP WITH TIME ZONE", "timestamp(6)"],
            _ => unreachable!("no column of the table has another type"),
        };
        match self {
            Self::Athena | Self::Spark => hive,
            Self::DuckDb => duckdb,
            Self::Trino => trino,
        }
    }

    /// A name between the quotes of the engine. For Athena, those of tables; its views have those of Trino.
    pub(super) fn quoted(self, name: &str) -> String {
        match self {
            Self::Athena | Self::Spark => format!("`{}`", name.replace('`', "``")),
            Self::DuckDb | Self::Trino => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A text as a literal.
    pub(super) fn literal(self, text: &str) -> String {
        match self {
            Self::Athena | Self::Spark => format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'")),
            Self::DuckDb | Self::Trino => format!("'{}'", text.replace('\'', "''")),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|dialect| dialect.name() == text);
        found.ok_or_else(|| format!("unknown dialect `{text}`: one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

//! The table and the stage as catalogs and query engines name them: columns with their types, and the statements that
//! declare them.
//!
//! Columns come from [`table_schema`](super::table_schema) and [`partition_schema`](super::partition_schema), so that what
//! is declared is what is written.
//!
//! | Arrow | Athena, Spark | DuckDB | Trino |
//! |---|---|---|---|
//! | `Utf8` | `string` | `VARCHAR` | `varchar` |
//! | `Int32` | `int` | `INTEGER` | `integer` |
//! | `Timestamp(µs, UTC)` | `timestamp` | `TIMESTAMP WITH TIME ZONE` | `timestamp(6)` |

mod dialect;
mod projection;
mod stage;
mod statement;
mod table;
#[cfg(test)]
mod tests;

pub use dialect::{Dialect, TypedColumn};
pub use projection::Projection;
pub use stage::StageDdl;
pub use table::TableDdl;

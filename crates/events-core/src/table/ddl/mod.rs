//! The table as catalogs and query engines name it: columns with their types, and the statements that declare it.
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
mod table;
#[cfg(test)]
mod tests;

pub use dialect::{Dialect, TypedColumn};
pub use projection::Projection;
pub use table::TableDdl;

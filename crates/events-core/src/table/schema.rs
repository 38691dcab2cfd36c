//! The columns of the table.
//!
//! | column | Arrow | Parquet | null |
//! |---|---|---|---|
//! | `event_id` | `Utf8` | `BYTE_ARRAY (STRING)`, Bloom filter | never |
//! | `timestamp` | `Timestamp(µs, UTC)` | `INT64 (TIMESTAMP(MICROS, UTC))`, `DELTA_BINARY_PACKED` | never |
//! | `domain` | `Utf8` | `BYTE_ARRAY (STRING)`, dictionary | never |
//! | `event_type` | `Utf8` | `BYTE_ARRAY (STRING)`, dictionary | never |
//! | `data` | `Utf8` | `BYTE_ARRAY (STRING)` | when the event had none |
//! | `extra` | `Utf8` | `BYTE_ARRAY (STRING)` | when the event had no unknown fields |
//! | `repairs` | `Utf8` | `BYTE_ARRAY (STRING)`, dictionary | when the record is as it came |
//!
//! The columns of a path live in the path of a file and not in it.
//!
//! | column | Arrow |
//! |---|---|
//! | `domain_event_type` | `Utf8` |
//! | `year`, `month`, `day` | `Int32` |

use std::sync::{Arc, LazyLock};

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// The names of the columns.
pub mod column {
    pub use crate::event::field::{DATA, DOMAIN, EVENT_ID, EVENT_TYPE, TIMESTAMP};

    /// The unknown fields of an event as one JSON object.
    pub const EXTRA: &str = "extra";
    /// What was done to the record before it was read: the kinds of repair, with commas between them.
    pub const REPAIRS: &str = "repairs";
    /// `domain`, a hyphen and `event_type`.
    pub const DOMAIN_EVENT_TYPE: &str = "domain_event_type";
    /// The year of `timestamp` in UTC.
    pub const YEAR: &str = "year";
    /// The month of `timestamp` in UTC, from 1.
    pub const MONTH: &str = "month";
    /// The day of the month of `timestamp` in UTC, from 1.
    pub const DAY: &str = "day";
}

/// The schema of a file of the table.
#[must_use]
pub fn table_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        Arc::new(Schema::new(vec![
            Field::new(column::EVENT_ID, DataType::Utf8, false),
            Field::new(column::TIMESTAMP, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
            Field::new(column::DOMAIN, DataType::Utf8, false),
            Field::new(column::EVENT_TYPE, DataType::Utf8, false),
            Field::new(column::DATA, DataType::Utf8, true),
            Field::new(column::EXTRA, DataType::Utf8, true),
            Field::new(column::REPAIRS, DataType::Utf8, true),
        ]))
    });
    Arc::clone(&SCHEMA)
}

/// The columns that are in the path of a file, in the order of its folders.
#[must_use]
pub fn partition_schema() -> SchemaRef {
    static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
        Arc::new(Schema::new(vec![
            Field::new(column::DOMAIN_EVENT_TYPE, DataType::Utf8, false),
            Field::new(column::YEAR, DataType::Int32, false),
            Field::new(column::MONTH, DataType::Int32, false),
            Field::new(column::DAY, DataType::Int32, false),
        ]))
    });
    Arc::clone(&SCHEMA)
}

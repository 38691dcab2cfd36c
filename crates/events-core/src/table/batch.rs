//! Rows become columns.

use std::sync::Arc;

use arrow_array::builder::{StringBuilder, TimestampMicrosecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;

use super::row::Row;
use super::schema::table_schema;

/// Rows that are handed to the encoder at once. Part of what fixes a file's bytes.
pub(crate) const BATCH_ROWS: usize = 8192;

/// Columns in the making.
pub(super) struct BatchBuilder {
    ids: StringBuilder,
    timestamps: TimestampMicrosecondBuilder,
    domains: StringBuilder,
    event_types: StringBuilder,
    data: StringBuilder,
    extra: StringBuilder,
    repairs: StringBuilder,
    /// The rows so far.
    pub(super) rows: usize,
}

impl BatchBuilder {
    pub(super) fn new(capacity: usize) -> Self {
        let strings = |bytes: usize| StringBuilder::with_capacity(capacity, capacity * bytes);
        Self {
            ids: strings(36),
            timestamps: TimestampMicrosecondBuilder::with_capacity(capacity),
            domains: strings(16),
            event_types: strings(16),
            data: strings(192),
            extra: strings(0),
            repairs: strings(0),
            rows: 0,
        }
    }

    pub(super) fn push(&mut self, row: &Row<'_>, domain: &str, event_type: &str) {
        row.id.with_text(|id| self.ids.append_value(id));
        self.timestamps.append_value(row.timestamp);
        self.domains.append_value(domain);
        self.event_types.append_value(event_type);
        self.data.append_option(row.data);
        self.extra.append_option(row.extra);
        if row.repairs.is_empty() {
            self.repairs.append_null();
        } else {
            self.repairs.append_value(row.repairs.to_string());
        }
        self.rows += 1;
    }

    /// The columns so far as a batch; the builder starts again.
    pub(super) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.ids.finish()),
            Arc::new(self.timestamps.finish().with_timezone("UTC")),
            Arc::new(self.domains.finish()),
            Arc::new(self.event_types.finish()),
            Arc::new(self.data.finish()),
            Arc::new(self.extra.finish()),
            Arc::new(self.repairs.finish()),
        ];
        RecordBatch::try_new(table_schema(), columns)
    }
}

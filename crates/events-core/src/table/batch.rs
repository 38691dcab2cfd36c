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
        // A full batch is probably followed by one like it, for which memory would otherwise grow step by step.
        let rows = if self.rows == BATCH_ROWS { self.rows } else { 0 };
        let finish = |strings: &mut StringBuilder| -> ArrayRef {
            let bytes = if rows == 0 { 0 } else { strings.values_slice().len() };
            let next = StringBuilder::with_capacity(rows, bytes + bytes / 32);
            Arc::new(std::mem::replace(strings, next).finish())
        };
        let timestamps = TimestampMicrosecondBuilder::with_capacity(rows);
        let mut timestamps = std::mem::replace(&mut self.timestamps, timestamps);
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            finish(&mut self.ids),
            Arc::new(timestamps.finish().with_timezone("UTC")),
            finish(&mut self.domains),
            finish(&mut self.event_types),
            finish(&mut self.data),
            finish(&mut self.extra),
            finish(&mut self.repairs),
        ];
        RecordBatch::try_new(table_schema(), columns)
    }
}

//! The job on batches in memory: for whoever embeds a part of it, and the model that tests hold the engine against.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int32Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, Schema};
use chrono::Datelike;

use super::batch::BatchBuilder;
use super::columns::Columns;
use super::content::kind_digest;
use super::dedup::{Duplicate, Key, resolve};
use super::file::{EncodedFile, FileConfig, encode};
use super::partition::{date, day, join};
use super::row::Row;
use super::schema::partition_schema;
use crate::event::{Event, EventId};

/// A batch of the [table's schema](super::table_schema) with a row for each event, in their order.
///
/// # Errors
/// When the events hold more than 2 GiB of text in one column.
pub fn to_batch(events: &[Event<'_>]) -> Result<RecordBatch, ArrowError> {
    let mut batch = BatchBuilder::new(events.len());
    for event in events {
        let row = Row {
            kind: 0,
            id: event.id.clone(),
            timestamp: event.timestamp,
            data: event.data.as_deref(),
            extra: event.extra.as_deref(),
            repairs: event.repairs,
        };
        batch.push(&row, &event.domain, &event.event_type);
    }
    batch.finish()
}

/// Adds the partition columns behind the others: `domain_event_type` (`Utf8`), `year`, `month` and `day` (`Int32`) of
/// the UTC instant. Rows keep their order.
///
/// # Errors
/// When a column of the table's schema is missing, or has another type or a null that the schema forbids.
pub fn with_partition_columns(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = Columns::of(batch).map_err(ArrowError::SchemaError)?;
    let name = |row| {
        let (domain, event_type) = columns.kind(row);
        join(domain, event_type)
    };
    let names: StringArray = (0..columns.rows()).map(name).map(Some).collect();
    let dates: Vec<_> = (0..columns.rows()).map(|row| date(day(columns.timestamp(row)))).collect();
    let numbers =
        |part: fn(&chrono::NaiveDate) -> i32| -> ArrayRef { Arc::new(dates.iter().map(part).collect::<Int32Array>()) };
    let added: [ArrayRef; 4] = [
        Arc::new(names),
        numbers(Datelike::year),
        numbers(|date| date.month() as i32),
        numbers(|date| date.day() as i32),
    ];
    let schema = batch.schema();
    let fields: Vec<_> = schema.fields().iter().chain(partition_schema().fields()).cloned().collect();
    let arrays = batch.columns().iter().cloned().chain(added).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

/// What [`deduplicate`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Deduplicated {
    /// The rows that stay, in their order.
    pub batch: RecordBatch,
    /// The rows that were dropped, by position in the batch given, in that order.
    pub dropped: Vec<(usize, Duplicate)>,
}

/// Keeps one row of each `event_id`: the latest, and among rows of the same time the one with the greatest digest of
/// its content. Of equal rows the first stays. Rows keep their order.
///
/// # Errors
/// When a column of the table's schema is missing, or has another type or a value that the table cannot hold: a null that
/// the schema forbids, an empty id, a repair that does not exist.
pub fn deduplicate(batch: &RecordBatch) -> Result<Deduplicated, ArrowError> {
    let columns = Columns::of(batch).map_err(ArrowError::SchemaError)?;
    let key = |number| {
        let (domain, event_type) = columns.kind(number);
        let row = columns.row(number, 0).map_err(ArrowError::SchemaError)?;
        Ok(Key {
            id: row.id.fingerprint(),
            timestamp: row.timestamp,
            digest: row.digest(kind_digest(domain, event_type)),
            ordinal: number as u32,
            input: 0,
            kind: 0,
            bucket: 0,
            uuid: matches!(row.id, EventId::Uuid(_)),
        })
    };
    let keys = (0..columns.rows()).map(key).collect::<Result<Vec<_>, ArrowError>>()?;
    let mut dropped = Vec::new();
    resolve(&keys, |_, _| true, |key, duplicate| dropped.push((key.ordinal as usize, duplicate)));
    dropped.sort_unstable();
    let mut keep = vec![true; batch.num_rows()];
    for &(row, _) in &dropped {
        keep[row] = false;
    }
    let batch = arrow_select::filter::filter_record_batch(batch, &BooleanArray::from(keep))?;
    Ok(Deduplicated { batch, dropped })
}

/// A file of the table with the rows of the batches, in their order. The table's own files are sorted by
/// `(timestamp, event_id)` and hold the rows of one partition; this function does not see to either.
///
/// # Errors
/// When a batch has not the table's schema, or a value that the table cannot hold: an empty id, a repair that does not
/// exist.
pub fn write_parquet(batches: &[RecordBatch], config: &FileConfig) -> parquet::errors::Result<EncodedFile> {
    encode(batches, config)
}

//! The job on batches in memory: for whoever embeds a part of it, and the model that tests hold the engine against.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, BooleanArray, Int32Array, RecordBatch, StringArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use chrono::Datelike;

use super::batch::BatchBuilder;
use super::content::{content_digest, kind_digest};
use super::dedup::{Duplicate, Key, resolve};
use super::file::{EncodedFile, FileConfig, encode};
use super::partition::{date, day, join};
use super::row::Row;
use super::schema::column;
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

/// The columns of a batch of the table's schema.
struct Columns<'a> {
    ids: &'a StringArray,
    timestamps: &'a [i64],
    domains: &'a StringArray,
    event_types: &'a StringArray,
    data: &'a StringArray,
    extra: &'a StringArray,
    repairs: &'a StringArray,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, ArrowError> {
        let array = |name: &str| {
            batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column `{name}`")))
        };
        let strings = |name: &str| {
            array(name)?.as_string_opt().ok_or_else(|| ArrowError::SchemaError(format!("`{name}` is not a string")))
        };
        let timestamps = array(column::TIMESTAMP)?.as_primitive_opt::<TimestampMicrosecondType>();
        Ok(Self {
            ids: strings(column::EVENT_ID)?,
            timestamps: timestamps
                .ok_or_else(|| ArrowError::SchemaError("`timestamp` is not in microseconds".to_owned()))?
                .values(),
            domains: strings(column::DOMAIN)?,
            event_types: strings(column::EVENT_TYPE)?,
            data: strings(column::DATA)?,
            extra: strings(column::EXTRA)?,
            repairs: strings(column::REPAIRS)?,
        })
    }
}

/// Adds the partition columns behind the others: `domain_event_type` (`Utf8`), `year`, `month` and `day` (`Int32`) of
/// the UTC instant. Rows keep their order.
///
/// # Errors
/// When a column of the table's schema is missing or has another type.
pub fn with_partition_columns(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = Columns::of(batch)?;
    let names = columns.domains.iter().zip(columns.event_types);
    let names: StringArray = names.map(|(domain, event_type)| Some(join(domain?, event_type?))).collect();
    let dates: Vec<_> = columns.timestamps.iter().map(|&timestamp| date(day(timestamp))).collect();
    let numbers =
        |part: fn(&chrono::NaiveDate) -> i32| -> ArrayRef { Arc::new(dates.iter().map(part).collect::<Int32Array>()) };
    let added: [(&str, DataType, ArrayRef); 4] = [
        (column::DOMAIN_EVENT_TYPE, DataType::Utf8, Arc::new(names)),
        (column::YEAR, DataType::Int32, numbers(Datelike::year)),
        (column::MONTH, DataType::Int32, numbers(|date| date.month() as i32)),
        (column::DAY, DataType::Int32, numbers(|date| date.day() as i32)),
    ];
    let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
    let mut arrays = batch.columns().to_vec();
    for (name, data_type, array) in added {
        fields.push(Arc::new(Field::new(name, data_type, false)));
        arrays.push(array);
    }
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
/// When a column of the table's schema is missing or has another type.
pub fn deduplicate(batch: &RecordBatch) -> Result<Deduplicated, ArrowError> {
    let columns = Columns::of(batch)?;
    let text = |column: &'_ StringArray, row: usize| column.is_valid(row).then(|| column.value(row).to_owned());
    let keys: Vec<_> = (0..batch.num_rows())
        .map(|row| {
            let kind = kind_digest(columns.domains.value(row), columns.event_types.value(row));
            let (data, extra) = (text(columns.data, row), text(columns.extra, row));
            let repairs = text(columns.repairs, row).unwrap_or_default().parse();
            let repairs = repairs.map_err(ArrowError::SchemaError)?;
            Ok(Key {
                id: EventId::new(columns.ids.value(row).into()).fingerprint(),
                timestamp: columns.timestamps[row],
                digest: content_digest(kind, data.as_deref(), extra.as_deref(), repairs),
                ordinal: row as u32,
                input: 0,
                bucket: 0,
            })
        })
        .collect::<Result<_, ArrowError>>()?;
    let mut dropped = Vec::new();
    resolve(&keys, |key, duplicate| dropped.push((key.ordinal as usize, duplicate)));
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
/// When a batch has not the table's schema.
pub fn write_parquet(batches: &[RecordBatch], config: &FileConfig) -> parquet::errors::Result<EncodedFile> {
    encode(batches, config)
}

//! The rows of a table as a reader finds them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, RecordBatch, StringArray};
use bytes::Bytes;
use events_core::table::column;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// A row, and the folder of the partition in which it lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The identity of the event.
    pub id: String,
    /// Microseconds since 1970.
    pub timestamp: i64,
    /// The partition, below the folder of the table.
    pub folder: String,
    /// The first half of the kind.
    pub domain: String,
    /// The second half of the kind.
    pub event_type: String,
    /// The payload.
    pub data: Option<String>,
    /// The unknown fields.
    pub extra: Option<String>,
    /// What was mended.
    pub repairs: Option<String>,
}

/// The rows of a batch. `folder` says in which partition a row lies that is complete but for that.
///
/// # Errors
/// When the batch has not the columns of the table.
pub fn rows(batch: &RecordBatch, folder: impl Fn(&Row) -> String) -> Result<Vec<Row>, String> {
    let array = |name: &str| batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"));
    let strings =
        |name: &str| array(name)?.as_string_opt::<i32>().ok_or_else(|| format!("`{name}` holds something else"));
    let (ids, domains) = (strings(column::EVENT_ID)?, strings(column::DOMAIN)?);
    let (event_types, data) = (strings(column::EVENT_TYPE)?, strings(column::DATA)?);
    let (extra, repairs) = (strings(column::EXTRA)?, strings(column::REPAIRS)?);
    let timestamps = array(column::TIMESTAMP)?.as_primitive_opt::<TimestampMicrosecondType>();
    let timestamps = timestamps.ok_or("`timestamp` holds something else")?;
    let text = |array: &StringArray, row: usize| array.is_valid(row).then(|| array.value(row).to_owned());
    let row = |row| Row {
        id: ids.value(row).to_owned(),
        timestamp: timestamps.value(row),
        folder: String::new(),
        domain: domains.value(row).to_owned(),
        event_type: event_types.value(row).to_owned(),
        data: text(data, row),
        extra: text(extra, row),
        repairs: text(repairs, row),
    };
    let in_folder = |row: Row| Row { folder: folder(&row), ..row };
    Ok((0..batch.num_rows()).map(row).map(in_folder).collect())
}

/// Files that were decoded before: simulations write the same bytes again and again.
#[derive(Debug, Default)]
pub struct Decoded(HashMap<(String, Bytes), Arc<[Row]>>);

/// The files that are remembered, of some kilobytes each.
const DECODED_MAX: usize = 4096;

impl Decoded {
    /// The rows of a file in a folder.
    ///
    /// # Errors
    /// When it is no whole file of the table.
    pub fn rows(&mut self, folder: &str, file: &Bytes) -> Result<Arc<[Row]>, String> {
        let key = (folder.to_owned(), file.clone());
        if let Some(rows) = self.0.get(&key) {
            return Ok(Arc::clone(rows));
        }
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(file.clone()).and_then(ParquetRecordBatchReaderBuilder::build);
        let mut all = Vec::new();
        for batch in reader.map_err(|error| error.to_string())? {
            all.extend(rows(&batch.map_err(|error| error.to_string())?, |_| folder.to_owned())?);
        }
        if self.0.len() >= DECODED_MAX {
            self.0.clear();
        }
        let all: Arc<[Row]> = all.into();
        self.0.insert(key, Arc::clone(&all));
        Ok(all)
    }
}

//! Parquet becomes rows again, a batch at a time.

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::ParquetMetaData;

use super::batch::BATCH_ROWS;
use super::columns::Columns;
use super::guard::guard;
use super::kind::{Kind, KindCache};
use super::row::Row;

/// The batches of a Parquet object in memory.
pub(crate) struct Batches {
    /// `None` behind the last batch and behind an error.
    reader: Option<ParquetRecordBatchReader>,
    rows: u64,
    left: u64,
}

/// What a batch takes at most, when rows are about as long as those of their file are: as much as a batch of short rows.
const BATCH_BYTES: u64 = 4 << 20;

impl Batches {
    /// Fails when the object is not Parquet.
    pub(crate) fn open(object: Bytes) -> Result<Self, String> {
        guard(|| Self::build(object, None))
    }

    /// The batches of one column.
    pub(super) fn of_column(object: Bytes, column: &str) -> Result<Self, String> {
        guard(|| Self::build(object, Some(column)))
    }

    fn build(object: Bytes, column: Option<&str>) -> Result<Self, String> {
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(object, options).map_err(message)?;
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).map_err(message)?;
        let projection = column
            .map_or_else(ProjectionMask::all, |column| ProjectionMask::columns(builder.parquet_schema(), [column]));
        let batch_rows = batch_rows(builder.metadata(), rows);
        let reader = builder.with_projection(projection).with_batch_size(batch_rows).build().map_err(message)?;
        Ok(Self { reader: Some(reader), rows, left: rows })
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, String> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let batch = reader.next().transpose().map_err(message)?;
        let rows = batch.as_ref().map_or(0, RecordBatch::num_rows) as u64;
        let wrong = || format!("other than the {} rows that its footer tells of", self.rows);
        self.left = self.left.checked_sub(rows).ok_or_else(wrong)?;
        if batch.is_none() && self.left > 0 { Err(wrong()) } else { Ok(batch) }
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = guard(|| self.next_batch()).transpose();
        if !matches!(batch, Some(Ok(_))) {
            self.reader = None;
        }
        batch
    }
}

/// The rows of a batch, so that a merge of files with long rows does not take more than one of files with short rows.
fn batch_rows(metadata: &ParquetMetaData, rows: u64) -> usize {
    let bytes =
        metadata.row_groups().iter().map(|group| group.total_byte_size().max(0) as u64).fold(0, u64::saturating_add);
    let row_bytes = bytes / rows.max(1) + 1;
    (BATCH_BYTES / row_bytes).clamp(1, BATCH_ROWS as u64) as usize
}

fn message(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// What two rows of the same event can differ in. Of two versions the greater one is the row that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// The fingerprint of the event's id.
    pub(crate) id: u128,
    pub(crate) timestamp: i64,
    /// See [`super::content_digest`].
    pub(crate) digest: u64,
}

/// The rows of a file of the table, or of rows in the stage zone.
pub(crate) struct FileRows {
    batches: Batches,
}

impl FileRows {
    /// Fails when the file is not Parquet.
    pub(crate) fn open(file: Bytes) -> Result<Self, String> {
        Ok(Self { batches: Batches::open(file)? })
    }

    /// The rows of the file: what its footer says, and reading fails when there are others.
    pub(crate) fn rows(&self) -> u64 {
        self.batches.rows
    }

    /// Appends the rows of the next batch to a block. `false` when there are no more.
    pub(crate) fn append_to(&mut self, block: &mut Vec<u8>, kinds: &mut KindCache) -> Result<bool, String> {
        let Some(columns) = self.next().transpose()? else { return Ok(false) };
        for row in 0..columns.rows() {
            let (domain, event_type) = columns.kind(row);
            let (kind, _) = *kinds.get(domain, event_type).map_err(message)?;
            columns.row(row, kind)?.write(block);
        }
        Ok(true)
    }

    /// Calls `each` with every row and its kind, in the order of the file.
    pub(crate) fn each(self, kinds: &mut KindCache, mut each: impl FnMut(&Row<'_>, &Kind)) -> Result<(), String> {
        for columns in self {
            let columns = columns?;
            for row in 0..columns.rows() {
                let (domain, event_type) = columns.kind(row);
                let (number, kind) = kinds.get(domain, event_type).map_err(message)?;
                each(&columns.row(row, *number)?, kind);
            }
        }
        Ok(())
    }

    /// Calls `each` with the version that each row is whose id has a fingerprint that is `wanted`, in the order of the
    /// file.
    pub(crate) fn versions(
        self,
        kinds: &mut KindCache,
        wanted: impl Fn(u128) -> bool,
        mut each: impl FnMut(Version),
    ) -> Result<(), String> {
        for columns in self {
            let columns = columns?;
            for row in 0..columns.rows() {
                let id = columns.id(row).fingerprint();
                if wanted(id) {
                    let (domain, event_type) = columns.kind(row);
                    let (number, kind) = kinds.get(domain, event_type).map_err(message)?;
                    let row = columns.row(row, *number)?;
                    each(Version { id, timestamp: row.timestamp, digest: row.digest(kind.digest) });
                }
            }
        }
        Ok(())
    }
}

impl Iterator for FileRows {
    type Item = Result<Columns, String>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.batches.next()?.and_then(|batch| Columns::of(&batch)))
    }
}

//! What the footer of a file says, and the texts of some of its rows: without reading the rest.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::Array;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use super::columns::strings;
use super::guard::guard;
use super::parts::Parts;

/// The footer of a file.
pub(crate) struct Footer {
    metadata: Arc<ParquetMetaData>,
    file_bytes: u64,
}

/// What becomes of the end of a file.
pub(crate) enum Opened {
    Footer(Footer),
    /// So many bytes of the end are needed.
    Needs(u64),
}

/// The length of the footer and the magic number, at the end of every file.
const END_BYTES: usize = 8;

/// The rows of a batch: a reader that has only part of a column gives those that are whole.
const BATCH_ROWS: usize = 1024;

impl Footer {
    /// Reads the end of a file of that length. Fails when it is not one of Parquet.
    pub(crate) fn open(tail: &Bytes, file_bytes: u64) -> Result<Opened, String> {
        let end = tail.last_chunk::<END_BYTES>().ok_or_else(|| "too short for Parquet".to_owned())?;
        let [l0, l1, l2, l3, b'P', b'A', b'R', b'1'] = *end else { return Err("not Parquet".to_owned()) };
        let needed = u64::from(u32::from_le_bytes([l0, l1, l2, l3])) + END_BYTES as u64;
        if needed > file_bytes {
            return Err("damaged Parquet: a footer that is longer than the file".to_owned());
        }
        if needed > tail.len() as u64 {
            return Ok(Opened::Needs(needed));
        }
        let parts = Parts::tail(tail.clone(), file_bytes)?;
        let metadata = guard(|| {
            let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
            reader.parse_and_finish(&parts).map_err(|error| error.to_string())
        })?;
        Ok(Opened::Footer(Self { metadata: Arc::new(metadata), file_bytes }))
    }

    /// The rows of the file.
    pub(crate) fn rows(&self) -> u64 {
        self.metadata.file_metadata().num_rows().max(0) as u64
    }

    /// A column of texts in the first row group that has rows, of which so many are wanted. `None` without rows.
    pub(crate) fn texts(&self, column: &'static str, rows_max: u64) -> Result<Option<TextChunk>, String> {
        let mut leaves = self.metadata.file_metadata().schema_descr().columns().iter();
        let leaf = leaves.position(|leaf| leaf.path().string() == column);
        let leaf = leaf.ok_or_else(|| format!("no column `{column}`"))?;
        let groups = self.metadata.row_groups();
        let Some(group) = groups.iter().position(|group| group.num_rows() > 0) else { return Ok(None) };
        let chunk = groups[group].columns().get(leaf).ok_or_else(|| "a row group without its columns".to_owned())?;
        let (start, length) = guard(|| Ok(chunk.byte_range()))?;
        let range = start..start.saturating_add(length).min(self.file_bytes);
        if range.is_empty() {
            return Err(format!("column `{column}` lies outside of the file"));
        }
        let rows = groups[group].num_rows() as u64;
        let (metadata, file_bytes) = (Arc::clone(&self.metadata), self.file_bytes);
        Ok(Some(TextChunk { metadata, file_bytes, column, leaf, group, range, rows, rows_max }))
    }
}

/// A column of texts in a row group, which is to be read.
pub(crate) struct TextChunk {
    metadata: Arc<ParquetMetaData>,
    file_bytes: u64,
    column: &'static str,
    leaf: usize,
    group: usize,
    range: Range<u64>,
    rows: u64,
    rows_max: u64,
}

impl TextChunk {
    /// Where it lies in the file.
    pub(crate) fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The rows of the row group.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Its first texts, from a part of the file that begins at that place and holds at least the beginning of the column.
    /// Where it does not hold all of it, there may be fewer texts; fails when there are none.
    pub(crate) fn read(&self, from: u64, part: Bytes) -> Result<Vec<Option<String>>, String> {
        let is_whole = from + part.len() as u64 >= self.range.end;
        guard(|| self.texts(Parts::new(self.file_bytes, vec![(from, part)]), is_whole))
    }

    fn texts(&self, parts: Parts, is_whole: bool) -> Result<Vec<Option<String>>, String> {
        let message = |error: parquet::errors::ParquetError| error.to_string();
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(&self.metadata), options).map_err(message)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(parts, metadata);
        let projection = ProjectionMask::leaves(builder.parquet_schema(), [self.leaf]);
        let rows_max = usize::try_from(self.rows_max).unwrap_or(usize::MAX);
        let builder = builder.with_projection(projection).with_row_groups(vec![self.group]);
        let reader = builder.with_batch_size(BATCH_ROWS).with_limit(rows_max).build().map_err(message)?;
        let mut texts = Vec::new();
        for batch in reader {
            let batch = match batch {
                Ok(batch) => batch,
                Err(_) if !is_whole && !texts.is_empty() => break,
                Err(error) => return Err(error.to_string()),
            };
            let column = strings(&batch, self.column)?;
            texts.extend((0..column.len()).map(|row| column.is_valid(row).then(|| column.value(row).to_owned())));
        }
        Ok(texts)
    }
}

//! A file of the table: Parquet with fixed settings, so that the same rows give the same bytes.

use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{BloomFilterPosition, EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::batch::{BATCH_ROWS, BatchBuilder};
use super::codec::Codec;
use super::columns::Columns;
use super::kind::Kind;
use super::row::Row;
use super::row_groups::{Hands, RowGroups};
use super::schema::{column, table_schema};

/// What a file's bytes depend on besides its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileConfig {
    /// The compression.
    pub codec: Codec,
    /// The most rows of a row group.
    pub row_group_rows_max: usize,
    /// The commit that puts a file into the place of another one, which its metadata then says as `commit`: a file that gets
    /// back the rows that it had must not get back the bytes, by which somebody late would take it for what it was. Default
    /// none: the same rows are the same bytes.
    pub commit: Option<u64>,
}

impl FileConfig {
    /// These settings for files that are written anew by a commit.
    pub(crate) fn anew_by(self, commit: u64) -> Self {
        Self { commit: Some(commit), ..self }
    }

    /// 131,072 rows: a row group is encoded in memory, and this many of our rows are some 10 MB.
    pub const DEFAULT_ROW_GROUP_ROWS_MAX: usize = 128 << 10;
}

impl Default for FileConfig {
    fn default() -> Self {
        Self { commit: None, codec: Codec::Zstd(1), row_group_rows_max: Self::DEFAULT_ROW_GROUP_ROWS_MAX }
    }
}

/// In the metadata of a file that took the place of another one: the commit that put it there.
const COMMIT: &str = "commit";

/// The false positives of the Bloom filter on `event_id`.
const BLOOM_FILTER_FPP: f64 = 0.001;

/// What the footer says of who wrote a file.
pub(super) const CREATED_BY: &str = concat!("event-distributor ", env!("CARGO_PKG_VERSION"));

/// Ids of fewer rows stay as they are: a compressor for each file takes more time than they take space.
const ID_CODEC_ROWS_MIN: usize = 1024;

/// The settings of a file of about so many rows, of which all or none have an `extra`.
fn properties(config: &FileConfig, rows: usize, extra: bool) -> WriterProperties {
    let column = ColumnPath::from;
    let codec = config.codec.parquet();
    let sorting = [1, 0].map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: false });
    WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::UNCOMPRESSED)
        .set_column_compression(
            column(column::EVENT_ID),
            if rows < ID_CODEC_ROWS_MIN { Compression::UNCOMPRESSED } else { codec },
        )
        .set_column_compression(column(column::DATA), codec)
        .set_column_compression(column(column::EXTRA), if extra { codec } else { Compression::UNCOMPRESSED })
        .set_dictionary_enabled(false)
        .set_column_dictionary_enabled(column(column::DOMAIN), true)
        .set_column_dictionary_enabled(column(column::EVENT_TYPE), true)
        .set_column_dictionary_enabled(column(column::REPAIRS), true)
        .set_column_encoding(column(column::TIMESTAMP), Encoding::DELTA_BINARY_PACKED)
        // Nobody searches a JSON text by its first bytes.
        .set_column_statistics_enabled(column(column::DATA), EnabledStatistics::None)
        .set_column_statistics_enabled(column(column::EXTRA), EnabledStatistics::None)
        // Behind all rows, filters and footer are one read.
        .set_bloom_filter_position(BloomFilterPosition::End)
        .set_column_bloom_filter_enabled(column(column::EVENT_ID), true)
        .set_column_bloom_filter_fpp(column(column::EVENT_ID), BLOOM_FILTER_FPP)
        .set_column_bloom_filter_max_ndv(column(column::EVENT_ID), rows.clamp(1, config.row_group_rows_max) as u64)
        .set_max_row_group_row_count(Some(config.row_group_rows_max))
        .set_sorting_columns(Some(sorting.to_vec()))
        .set_key_value_metadata(config.commit.map(|commit| vec![KeyValue::new(COMMIT.to_owned(), commit.to_string())]))
        .build()
}

/// The settings of objects that live until their run is over: cheap to write, with nothing to search by.
fn staged_properties() -> WriterProperties {
    WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::LZ4_RAW)
        .set_dictionary_enabled(false)
        .set_column_dictionary_enabled(ColumnPath::from(column::DOMAIN), true)
        .set_column_dictionary_enabled(ColumnPath::from(column::EVENT_TYPE), true)
        .set_statistics_enabled(EnabledStatistics::None)
        .build()
}

/// A finished file in memory.
#[derive(Debug, Clone)]
pub struct EncodedFile {
    /// The bytes, in pieces.
    pub bytes: Vec<Bytes>,
    /// The sum of the pieces' lengths.
    pub length: u64,
    /// The rows of the file.
    pub rows: u64,
    /// XXH3-128 of the bytes.
    pub digest: u128,
    /// The bytes behind the last row group: Bloom filters, page indexes and footer. Whoever reads this much from the end of
    /// the file knows which ids it may hold.
    pub tail: u64,
    /// The least and the greatest `timestamp`, in microseconds since 1970: of the first and the last row, in a file that is
    /// sorted. `None` without rows, and for objects of the stage that hold something else.
    pub timestamps: Option<(i64, i64)>,
    /// What the rows take in memory when they are read again, in bytes. 0 for objects of the stage that hold something
    /// else.
    pub row_bytes: u64,
}

/// What is known of a file's rows without their bytes.
#[derive(Default)]
struct Summary {
    rows: u64,
    timestamps: Option<(i64, i64)>,
    row_bytes: u64,
}

impl Summary {
    fn add(&mut self, row: &Row<'_>) {
        let (least, greatest) = self.timestamps.unwrap_or((row.timestamp, row.timestamp));
        self.timestamps = Some((least.min(row.timestamp), greatest.max(row.timestamp)));
        self.row_bytes += row.length() as u64;
        self.rows += 1;
    }
}

/// Encodes rows, which come in the order of the file.
pub(crate) struct FileWriter {
    config: FileConfig,
    rows_expected: usize,
    hands: Option<Arc<dyn Hands>>,
    /// From the first rows that are encoded on.
    writer: Option<RowGroups>,
    batch: BatchBuilder,
    summary: Summary,
}

impl FileWriter {
    /// A writer of a file of about `rows_expected` rows: the size of the Bloom filter depends on it.
    pub(crate) fn new(config: &FileConfig, rows_expected: usize) -> Self {
        Self {
            config: *config,
            rows_expected,
            hands: None,
            writer: None,
            batch: BatchBuilder::new(rows_expected.min(BATCH_ROWS)),
            summary: Summary::default(),
        }
    }

    /// With threads that may encode a part of it.
    pub(crate) fn with_hands(self, hands: Option<Arc<dyn Hands>>) -> Self {
        Self { hands, ..self }
    }

    /// A writer of rows for the stage zone.
    pub(crate) fn staged() -> Result<Self> {
        let writer = Some(RowGroups::new(table_schema(), staged_properties(), None)?);
        Ok(Self { writer, ..Self::new(&FileConfig::default(), BATCH_ROWS) })
    }

    pub(crate) fn push(&mut self, row: &Row<'_>, kind: &Kind) -> Result<()> {
        self.batch.push(row, &kind.domain, &kind.event_type);
        self.summary.add(row);
        if self.batch.rows < BATCH_ROWS {
            return Ok(());
        }
        let batch = self.batch.finish()?;
        self.write(&batch, false)
    }

    /// Encodes rows. `whole`: they are all of the file.
    fn write(&mut self, batch: &RecordBatch, whole: bool) -> Result<()> {
        // A compressor takes longer to make than most small files take to write, and hardly any has an `extra`.
        let extra = !whole || batch.column_by_name(column::EXTRA).is_none_or(|extra| extra.null_count() < extra.len());
        let mut writer = self.take_writer(extra)?;
        writer.write(batch)?;
        self.writer = Some(writer);
        Ok(())
    }

    fn take_writer(&mut self, extra: bool) -> Result<RowGroups> {
        if let Some(writer) = self.writer.take() {
            return Ok(writer);
        }
        let properties = properties(&self.config, self.rows_expected, extra);
        RowGroups::new(table_schema(), properties, self.hands.clone())
    }

    /// The rows so far.
    pub(crate) fn rows(&self) -> u64 {
        self.summary.rows
    }

    /// Whether all rows so far are encoded. So they are after every [`BATCH_ROWS`].
    pub(crate) fn ends_batch(&self) -> bool {
        self.batch.rows == 0
    }

    /// Whether the file has so many bytes, as far as they are encoded.
    pub(crate) fn has_bytes(&mut self, bytes: usize) -> Result<bool> {
        self.writer.as_mut().map_or(Ok(bytes == 0), |writer| writer.has_bytes(bytes))
    }

    pub(crate) fn finish(mut self) -> Result<EncodedFile> {
        if self.batch.rows > 0 {
            let batch = self.batch.finish()?;
            self.write(&batch, self.writer.is_none())?;
        }
        let mut writer = self.take_writer(false)?;
        writer.flush()?;
        let rows_end = writer.bytes_written() as u64;
        let (bytes, length, digest) = writer.finish()?.finish();
        let Summary { rows, timestamps, row_bytes } = self.summary;
        Ok(EncodedFile { bytes, length, rows, digest, tail: length - rows_end, timestamps, row_bytes })
    }
}

/// Encodes batches that have the schema of the table, in their order.
pub(crate) fn encode(batches: &[RecordBatch], config: &FileConfig) -> Result<EncodedFile> {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let mut file = FileWriter::new(config, rows);
    for batch in batches {
        file.write(batch, batches.len() == 1 && rows < BATCH_ROWS)?;
        let columns = Columns::of(batch).map_err(ParquetError::General)?;
        for row in 0..columns.rows() {
            file.summary.add(&columns.row(row, 0).map_err(ParquetError::General)?);
        }
    }
    file.finish()
}

/// Encodes a batch of any schema for the stage zone.
pub(crate) fn encode_staged(batch: &RecordBatch) -> Result<EncodedFile> {
    let writer = Some(RowGroups::new(batch.schema(), staged_properties(), None)?);
    let mut file = FileWriter { writer, ..FileWriter::new(&FileConfig::default(), 0) };
    file.write(batch, true)?;
    file.summary.rows = batch.num_rows() as u64;
    file.finish()
}

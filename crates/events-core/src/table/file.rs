//! A file of the table: Parquet with fixed settings, so that the same rows give the same bytes.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding};
use parquet::errors::Result;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::batch::{BATCH_ROWS, BatchBuilder};
use super::blocks::Blocks;
use super::codec::Codec;
use super::kind::Kind;
use super::row::Row;
use super::schema::{column, table_schema};

/// What a file's bytes depend on besides its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileConfig {
    /// The compression.
    pub codec: Codec,
    /// The most rows of a row group.
    pub row_group_rows_max: usize,
}

impl FileConfig {
    /// 131,072 rows: a row group is encoded in memory, and this many of our rows are some 10 MB.
    pub const DEFAULT_ROW_GROUP_ROWS_MAX: usize = 128 << 10;
}

impl Default for FileConfig {
    fn default() -> Self {
        Self { codec: Codec::Zstd(1), row_group_rows_max: Self::DEFAULT_ROW_GROUP_ROWS_MAX }
    }
}

/// The false positives of the Bloom filter on `event_id`.
const BLOOM_FILTER_FPP: f64 = 0.001;

fn properties(config: &FileConfig, rows: usize) -> WriterProperties {
    let column = ColumnPath::from;
    let codec = config.codec.parquet();
    let sorting = [1, 0].map(|column_idx| SortingColumn { column_idx, descending: false, nulls_first: false });
    WriterProperties::builder()
        .set_created_by(concat!("event-distributor ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::UNCOMPRESSED)
        .set_column_compression(column(column::DATA), codec)
        .set_column_compression(column(column::EXTRA), codec)
        .set_dictionary_enabled(false)
        .set_column_dictionary_enabled(column(column::DOMAIN), true)
        .set_column_dictionary_enabled(column(column::EVENT_TYPE), true)
        .set_column_dictionary_enabled(column(column::REPAIRS), true)
        .set_column_encoding(column(column::TIMESTAMP), Encoding::DELTA_BINARY_PACKED)
        // Nobody searches a JSON text by its first bytes.
        .set_column_statistics_enabled(column(column::DATA), EnabledStatistics::None)
        .set_column_statistics_enabled(column(column::EXTRA), EnabledStatistics::None)
        .set_column_bloom_filter_enabled(column(column::EVENT_ID), true)
        .set_column_bloom_filter_fpp(column(column::EVENT_ID), BLOOM_FILTER_FPP)
        .set_column_bloom_filter_max_ndv(column(column::EVENT_ID), rows.clamp(1, config.row_group_rows_max) as u64)
        .set_max_row_group_row_count(Some(config.row_group_rows_max))
        .set_sorting_columns(Some(sorting.to_vec()))
        .build()
}

/// The settings of objects that live until their run is over: cheap to write, with nothing to search by.
fn staged_properties() -> WriterProperties {
    WriterProperties::builder()
        .set_created_by(concat!("event-distributor ", env!("CARGO_PKG_VERSION")).to_owned())
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
}

/// Encodes rows, which come in the order of the file.
pub(crate) struct FileWriter {
    writer: ArrowWriter<Blocks>,
    batch: BatchBuilder,
    rows: u64,
}

impl FileWriter {
    /// A writer of a file of about `rows_expected` rows: the size of the Bloom filter depends on it.
    pub(crate) fn new(config: &FileConfig, rows_expected: usize) -> Result<Self> {
        Self::with_properties(table_schema(), properties(config, rows_expected), rows_expected)
    }

    /// A writer of rows for the stage zone.
    pub(crate) fn staged() -> Result<Self> {
        Self::with_properties(table_schema(), staged_properties(), BATCH_ROWS)
    }

    fn with_properties(schema: SchemaRef, properties: WriterProperties, rows_expected: usize) -> Result<Self> {
        // The schema of Arrow in the file's metadata would cost half a kilobyte and say nothing that Parquet does not.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Blocks::default(), schema, options)?;
        Ok(Self { writer, batch: BatchBuilder::new(rows_expected.min(BATCH_ROWS)), rows: 0 })
    }

    pub(crate) fn push(&mut self, row: &Row<'_>, kind: &Kind) -> Result<()> {
        self.batch.push(row, &kind.domain, &kind.event_type);
        self.rows += 1;
        if self.batch.rows == BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let batch = self.batch.finish()?;
        self.write(&batch)
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch)
    }

    fn write_all(mut self, batches: &[RecordBatch]) -> Result<EncodedFile> {
        for batch in batches {
            self.write(batch)?;
            self.rows += batch.num_rows() as u64;
        }
        self.finish()
    }

    /// Whether all rows so far are encoded. So they are after every [`BATCH_ROWS`].
    pub(crate) fn ends_batch(&self) -> bool {
        self.batch.rows == 0
    }

    /// The bytes that the file has so far, as far as they are encoded.
    pub(crate) fn encoded_bytes(&self) -> usize {
        self.writer.bytes_written() + self.writer.in_progress_size()
    }

    pub(crate) fn finish(mut self) -> Result<EncodedFile> {
        if self.batch.rows > 0 {
            self.flush()?;
        }
        let blocks = self.writer.into_inner()?;
        let (bytes, length, digest) = blocks.finish();
        Ok(EncodedFile { bytes, length, rows: self.rows, digest })
    }
}

/// Encodes batches that have the schema of the table, in their order.
pub(crate) fn encode(batches: &[RecordBatch], config: &FileConfig) -> Result<EncodedFile> {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    FileWriter::new(config, rows)?.write_all(batches)
}

/// Encodes a batch of any schema for the stage zone.
pub(crate) fn encode_staged(batch: &RecordBatch) -> Result<EncodedFile> {
    FileWriter::with_properties(batch.schema(), staged_properties(), 0)?.write_all(std::slice::from_ref(batch))
}

/// The batches of a Parquet object in memory.
pub(crate) fn parquet_batches(bytes: Bytes) -> Result<ParquetRecordBatchReader> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    ParquetRecordBatchReaderBuilder::try_new_with_options(bytes, options)?.with_batch_size(BATCH_ROWS).build()
}

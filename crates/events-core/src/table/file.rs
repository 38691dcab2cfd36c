//! A file of the table: Parquet with fixed settings, so that the same rows give the same bytes.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;
use std::sync::Arc;

use arrow_array::builder::{StringBuilder, TimestampMicrosecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::kind::Kind;
use super::row::Row;
use super::schema::{column, table_schema};

/// How `data`, `extra` and `event_id` are compressed.
///
/// The other columns are smaller than what compression would save on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Codec {
    /// Zstandard at a level from 1 to 22; `zstd` is level 1.
    Zstd(i32),
    /// Snappy: a tenth faster than `zstd` for files half as large again.
    Snappy,
    /// LZ4 in its raw form.
    Lz4,
    /// As it is.
    None,
}

impl Default for Codec {
    fn default() -> Self {
        Self::Zstd(1)
    }
}

impl Codec {
    fn parquet(self) -> Compression {
        match self {
            // `FromStr` lets no other level in; a level that is made in code and does not exist is the default one.
            Self::Zstd(level) => Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default()),
            Self::Snappy => Compression::SNAPPY,
            Self::Lz4 => Compression::LZ4_RAW,
            Self::None => Compression::UNCOMPRESSED,
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zstd(1) => formatter.write_str("zstd"),
            Self::Zstd(level) => write!(formatter, "zstd:{level}"),
            Self::Snappy => formatter.write_str("snappy"),
            Self::Lz4 => formatter.write_str("lz4"),
            Self::None => formatter.write_str("none"),
        }
    }
}

impl FromStr for Codec {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let unknown = || format!("unknown compression `{text}`: one of zstd, zstd:1 to zstd:22, snappy, lz4, none");
        match text.split_once(':') {
            Some(("zstd", level)) => match level.parse() {
                Ok(level @ 1..=22) => Ok(Self::Zstd(level)),
                _ => Err(unknown()),
            },
            None if text == "zstd" => Ok(Self::Zstd(1)),
            None if text == "snappy" => Ok(Self::Snappy),
            None if text == "lz4" => Ok(Self::Lz4),
            None if text == "none" => Ok(Self::None),
            _ => Err(unknown()),
        }
    }
}

impl TryFrom<String> for Codec {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        text.parse()
    }
}

impl From<Codec> for String {
    fn from(codec: Codec) -> Self {
        codec.to_string()
    }
}

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

/// Rows that are handed to the encoder at once. Part of what fixes a file's bytes.
pub(crate) const BATCH_ROWS: usize = 8192;

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

/// Columns in the making.
pub(crate) struct BatchBuilder {
    ids: StringBuilder,
    timestamps: TimestampMicrosecondBuilder,
    domains: StringBuilder,
    event_types: StringBuilder,
    data: StringBuilder,
    extra: StringBuilder,
    rows: usize,
}

impl BatchBuilder {
    pub(crate) fn new(capacity: usize) -> Self {
        let strings = |bytes: usize| StringBuilder::with_capacity(capacity, capacity * bytes);
        Self {
            ids: strings(36),
            timestamps: TimestampMicrosecondBuilder::with_capacity(capacity),
            domains: strings(16),
            event_types: strings(16),
            data: strings(192),
            extra: strings(0),
            rows: 0,
        }
    }

    pub(crate) fn push(&mut self, row: &Row<'_>, domain: &str, event_type: &str) {
        row.id.with_text(|id| self.ids.append_value(id));
        self.timestamps.append_value(row.timestamp);
        self.domains.append_value(domain);
        self.event_types.append_value(event_type);
        self.data.append_option(row.data);
        self.extra.append_option(row.extra);
        self.rows += 1;
    }

    /// The columns so far as a batch; the builder starts again.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch> {
        self.rows = 0;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.ids.finish()),
            Arc::new(self.timestamps.finish().with_timezone("UTC")),
            Arc::new(self.domains.finish()),
            Arc::new(self.event_types.finish()),
            Arc::new(self.data.finish()),
            Arc::new(self.extra.finish()),
        ];
        RecordBatch::try_new(table_schema(), columns).map_err(ParquetError::from)
    }
}

/// Collects what is written in blocks, because a growing vector is copied and takes twice its length meanwhile.
#[derive(Default)]
struct Blocks {
    full: Vec<Bytes>,
    open: Vec<u8>,
    digest: Box<Xxh3>,
    length: u64,
}

impl Blocks {
    const BLOCK_BYTES: usize = 1 << 20;

    fn finish(mut self) -> (Vec<Bytes>, u64, u128) {
        self.full.push(Bytes::from(self.open));
        (self.full, self.length, self.digest.digest128())
    }
}

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        if !self.open.is_empty() && self.open.len() + bytes.len() > Self::BLOCK_BYTES {
            self.full.push(Bytes::from(std::mem::take(&mut self.open)));
        }
        self.open.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! What a file says without being read: its footer and its Bloom filters.

use bytes::Bytes;
use parquet::bloom_filter::Sbbf;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};

use super::file::CREATED_BY;
use super::guard::guard;
use super::parts::Parts;
use super::schema::column;
use crate::event::EventId;

/// What the tail of a file tells.
pub(crate) struct Probe {
    rows: u64,
    /// By row group that has rows; `None` for one without a filter.
    filters: Vec<Option<Sbbf>>,
}

impl Probe {
    /// Reads the tail of a file of that length: at least [`EncodedFile::tail`](super::EncodedFile::tail) bytes from its
    /// end. Fails when the tail is too short, and when it is not one of Parquet with the column of the ids.
    pub(crate) fn open(tail: Bytes, file_bytes: u64) -> Result<Self, String> {
        let tail = Parts::tail(tail, file_bytes)?;
        guard(|| Self::read(&tail))
    }

    fn read(tail: &Parts) -> Result<Self, String> {
        let message = |error: ParquetError| error.to_string();
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
        let metadata = reader.parse_and_finish(tail).map_err(message)?;
        let file = metadata.file_metadata();
        let ids = file.schema_descr().columns().iter().position(|leaf| leaf.path().string() == column::EVENT_ID);
        let ids = ids.ok_or_else(|| format!("no column `{}`", column::EVENT_ID))?;
        let groups = metadata.row_groups().iter().filter(|group| group.num_rows() != 0);
        let filters = if is_ours(&metadata) {
            groups.map(|group| filter(group, ids, tail)).collect::<Result<_, _>>()?
        } else {
            groups.map(|_| None).collect()
        };
        let rows = u64::try_from(file.num_rows()).map_err(|error| error.to_string())?;
        Ok(Self { rows, filters })
    }

    /// The rows of the file.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the file may hold a row of that id: surely if it does, in one case of some thousand if it does not. Any
    /// row group without a filter may.
    pub(crate) fn may_hold(&self, id: &EventId<'_>) -> bool {
        id.with_text(|id| self.filters.iter().any(|filter| filter.as_ref().is_none_or(|filter| filter.check(id))))
    }
}

/// How many bytes at the end of a file tell which ids it may hold: those behind its last row group.
pub(crate) fn tail_bytes(file: &Bytes) -> Result<u64, String> {
    guard(|| {
        let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Skip);
        let metadata = reader.parse_and_finish(file).map_err(|error| error.to_string())?;
        let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
        let ends = columns.map(ColumnChunkMetaData::byte_range).map(|(start, length)| start.saturating_add(length));
        let rows_end = ends.max().unwrap_or_default();
        (file.len() as u64).checked_sub(rows_end).ok_or_else(|| "rows behind the end of the file".to_owned())
    })
}

/// Whether the filters are of ids as the table has them. Another writer may have kept a UUID in capitals, which is the
/// same id and not the same text.
fn is_ours(metadata: &ParquetMetaData) -> bool {
    let name = CREATED_BY.split_inclusive(' ').next().unwrap_or_default();
    metadata.file_metadata().created_by().is_some_and(|writer| writer.starts_with(name))
}

fn filter(group: &RowGroupMetaData, ids: usize, tail: &Parts) -> Result<Option<Sbbf>, String> {
    let column = group.columns().get(ids).ok_or_else(|| "a row group without its columns".to_owned())?;
    let filter = Sbbf::read_from_column_chunk(column, tail).map_err(|error| error.to_string())?;
    // The library would look for the block of an id and find none.
    match filter {
        Some(filter) if filter.num_blocks() == 0 => Err("an empty Bloom filter".to_owned()),
        filter => Ok(filter),
    }
}

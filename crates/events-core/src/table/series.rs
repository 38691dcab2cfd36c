//! The rows of a partition become files, one after the other.

use std::sync::Arc;

use parquet::errors::Result;

use super::file::{EncodedFile, FileConfig, FileWriter};
use super::kind::Kind;
use super::row::Row;
use super::row_groups::Hands;

/// Encodes the rows of a partition, which come in their order.
///
/// A file grows by batches, so where it ends does not depend on how rows arrive.
pub(crate) struct FileSeries {
    config: FileConfig,
    file_bytes_max: usize,
    hands: Option<Arc<dyn Hands>>,
    /// Rows of the partition that are still to come.
    left: usize,
    open: FileWriter,
}

impl FileSeries {
    /// The files of so many rows. Each but the last ends after the batch with which its rows take `file_bytes_max`.
    pub(crate) fn new(config: &FileConfig, file_bytes_max: usize, rows: usize) -> Self {
        let open = FileWriter::new(config, rows);
        Self { config: *config, file_bytes_max, hands: None, left: rows, open }
    }

    /// With threads that may encode a part of each file.
    pub(crate) fn with_hands(self, hands: Arc<dyn Hands>) -> Self {
        let open = self.open.with_hands(Some(Arc::clone(&hands)));
        Self { hands: Some(hands), open, ..self }
    }

    /// Whether the next row begins another file.
    pub(crate) fn is_full(&mut self) -> Result<bool> {
        Ok(self.open.ends_batch() && self.open.rows() > 0 && self.open.has_bytes(self.file_bytes_max)?)
    }

    /// The file so far. The next row begins another one.
    pub(crate) fn cut(&mut self) -> Result<EncodedFile> {
        let next = FileWriter::new(&self.config, self.left).with_hands(self.hands.clone());
        std::mem::replace(&mut self.open, next).finish()
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: &Row<'_>, kind: &Kind) -> Result<()> {
        self.left = self.left.saturating_sub(1);
        self.open.push(row, kind)
    }

    /// The last file: without rows, when there were none.
    pub(crate) fn finish(self) -> Result<EncodedFile> {
        self.open.finish()
    }
}

//! Batches become row groups. Another thread can encode a batch while the next one is gathered: the bytes are the same.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use arrow_array::{Array, RecordBatch};
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves};
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::blocks::Blocks;

/// Something to compute.
pub(crate) type Chore = Box<dyn FnOnce() + Send>;

/// Threads that may have nothing else to do.
pub(crate) trait Hands: Send + Sync {
    /// Leaves a chore to one of them. Gives it back when all of them are busy.
    fn leave(&self, chore: Chore) -> Option<Chore>;
}

/// Fewer rows are encoded before another thread has begun.
const LENT_ROWS_MIN: usize = 1024;

/// A file in the making: what `ArrowWriter` makes of the same batches.
pub(super) struct RowGroups {
    schema: SchemaRef,
    rows_max: usize,
    file: SerializedFileWriter<Blocks>,
    factory: ArrowRowGroupWriterFactory,
    hands: Option<Arc<dyn Hands>>,
    last: Last,
}

/// The last row group.
enum Last {
    Ended,
    Here(RowGroup),
    Lent {
        /// Also what another thread panicked of.
        done: Receiver<thread::Result<Result<RowGroup>>>,
        /// No less than it will take.
        bytes_max: usize,
    },
}

/// A row group in the making.
struct RowGroup {
    schema: SchemaRef,
    rows: usize,
    columns: Vec<ArrowColumnWriter>,
}

impl RowGroups {
    pub(super) fn new(schema: SchemaRef, properties: WriterProperties, hands: Option<Arc<dyn Hands>>) -> Result<Self> {
        let rows_max = properties.max_row_group_row_count().unwrap_or(usize::MAX);
        // The schema of Arrow in the file's metadata would cost half a kilobyte and say nothing that Parquet does not.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Blocks::default(), Arc::clone(&schema), options)?;
        let (file, factory) = writer.into_serialized_writer()?;
        Ok(Self { schema, rows_max, file, factory, hands, last: Last::Ended })
    }

    /// Encodes rows.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut from = 0;
        while from < batch.num_rows() {
            let mut group = match self.take_back()? {
                Some(group) => group,
                None => self.begin()?,
            };
            let rows = (batch.num_rows() - from).min(self.rows_max - group.rows);
            let part = (rows < batch.num_rows()).then(|| batch.slice(from, rows));
            let part = part.as_ref().unwrap_or(batch);
            from += rows;
            let is_full = group.rows + rows >= self.rows_max;
            self.last = match &self.hands {
                Some(hands) if rows >= LENT_ROWS_MIN => group.lend(part.clone(), &**hands),
                _ => {
                    group.write(part)?;
                    Last::Here(group)
                }
            };
            if is_full {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn begin(&self) -> Result<RowGroup> {
        let columns = self.factory.create_column_writers(self.file.flushed_row_groups().len())?;
        Ok(RowGroup { schema: Arc::clone(&self.schema), rows: 0, columns })
    }

    /// The last row group, waited for when it is lent.
    fn take_back(&mut self) -> Result<Option<RowGroup>> {
        match std::mem::replace(&mut self.last, Last::Ended) {
            Last::Ended => Ok(None),
            Last::Here(group) => Ok(Some(group)),
            Last::Lent { done, .. } => {
                let lost = |_| ParquetError::General("the thread that encoded a batch is gone".to_owned());
                done.recv().map_err(lost)?.unwrap_or_else(|panic| resume_unwind(panic)).map(Some)
            }
        }
    }

    /// Ends the row group.
    pub(super) fn flush(&mut self) -> Result<()> {
        let Some(group) = self.take_back()? else { return Ok(()) };
        let mut row_group = self.file.next_row_group()?;
        for column in group.columns {
            column.close()?.append_to_row_group(&mut row_group)?;
        }
        row_group.close()?;
        Ok(())
    }

    /// The bytes of the row groups that are ended, and what comes before them.
    pub(super) fn bytes_written(&self) -> usize {
        self.file.bytes_written()
    }

    /// Whether the file has so many bytes, as far as its rows are encoded.
    pub(super) fn has_bytes(&mut self, bytes: usize) -> Result<bool> {
        let written = self.file.bytes_written();
        // Whoever asks after each batch would always wait for what is lent.
        if let Last::Lent { bytes_max, .. } = self.last
            && written + bytes_max < bytes
        {
            return Ok(false);
        }
        self.last = self.take_back()?.map_or(Last::Ended, Last::Here);
        let last = if let Last::Here(group) = &self.last { group.bytes() } else { 0 };
        Ok(written + last >= bytes)
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<Blocks> {
        self.flush()?;
        self.file.into_inner()
    }
}

impl RowGroup {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        let mut columns = self.columns.iter_mut();
        for (field, array) in self.schema.fields().iter().zip(batch.columns()) {
            for leaf in compute_leaves(field, array)? {
                // There is a writer for each leaf of the schema.
                if let Some(column) = columns.next() {
                    column.write(&leaf)?;
                }
            }
        }
        Ok(())
    }

    /// What the columns will take, as far as is known.
    fn bytes(&self) -> usize {
        self.columns.iter().map(ArrowColumnWriter::get_estimated_total_bytes).sum()
    }

    /// Has a batch encoded by others, when they have time.
    fn lend(mut self, batch: RecordBatch, hands: &dyn Hands) -> Last {
        let (send, done) = sync_channel(1);
        let bytes_max = self.bytes() + batch.columns().iter().map(|array| encoded_bytes_max(array)).sum::<usize>();
        let encode = move || self.write(&batch).map(|()| self);
        let chore: Chore = Box::new(move || {
            // Who waits for it is gone when the run has failed.
            let _ = send.send(catch_unwind(AssertUnwindSafe(encode)));
        });
        if let Some(chore) = hands.leave(chore) {
            chore();
        }
        Last::Lent { done, bytes_max }
    }
}

/// No less than a column takes: lengths, levels and the headers of pages come on top of its bytes, and what cannot be compressed
/// grows a little.
fn encoded_bytes_max(array: &dyn Array) -> usize {
    let bytes = array.to_data().get_slice_memory_size().unwrap_or(usize::MAX / 64);
    bytes + bytes / 32 + 8 * array.len() + (64 << 10)
}

//! Sorted rows become files in the stage zone, one after the other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use object_store::{ObjectStoreExt, PutPayload};

use super::context::Context;
use super::layout;
use super::remote::{Remote, Ticket};
use crate::error::{Error, Result};
use crate::table::{FileWriter, Kind, Row, day, folder};

/// A file that lies in the stage zone and is to become one of the table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Output {
    /// The partition's folder.
    pub(crate) folder: String,
    pub(crate) digest: u128,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

/// Rows of a partition, by rank of its name and day.
pub(crate) type Sizes = HashMap<(u32, i32), usize>;

/// The files that a thread writes, one after the other.
pub(crate) struct Files<'a> {
    context: &'a Context,
    kinds: &'a [Arc<Kind>],
    /// By kind: the place of its name among all names.
    ranks: &'a [u32],
    remote: &'a Remote,
    /// The file in progress, and its partition.
    open: Option<((u32, i32), FileWriter)>,
    /// Rows of the open partition that are in no file yet.
    left: usize,
    /// A kind of the open partition: they all share the name.
    kind: u32,
    puts: VecDeque<(u64, Ticket<()>)>,
    outputs: Vec<Output>,
}

/// The bytes of files that may be on their way to the store while the next one is encoded.
const PUT_BYTES_MAX: u64 = 8 << 20;

impl<'a> Files<'a> {
    pub(crate) fn new(context: &'a Context, kinds: &'a [Arc<Kind>], ranks: &'a [u32], remote: &'a Remote) -> Self {
        Self { context, kinds, ranks, remote, open: None, left: 0, kind: 0, puts: VecDeque::new(), outputs: Vec::new() }
    }

    pub(crate) fn remote(&self) -> &'a Remote {
        self.remote
    }

    /// Adds a row, in the order of partitions, times and ids. `sizes` counts the rows of its partition.
    pub(crate) fn push(&mut self, row: &Row<'_>, sizes: &Sizes) -> Result<()> {
        let partition = (self.ranks[row.kind as usize], day(row.timestamp));
        let config = &self.context.config;
        match &mut self.open {
            Some((open, writer)) if *open == partition => {
                // A file grows by batches, so where it ends does not depend on how rows arrive.
                let rows = self.left;
                if writer.ends_batch() && writer.encoded_bytes() >= config.file_bytes_max {
                    self.close()?;
                    self.open =
                        Some((partition, FileWriter::new(&config.file_config(), rows).map_err(Error::encoding)?));
                }
            }
            _ => {
                self.close()?;
                self.left = sizes.get(&partition).copied().unwrap_or_default();
                self.kind = row.kind;
                self.open =
                    Some((partition, FileWriter::new(&config.file_config(), self.left).map_err(Error::encoding)?));
            }
        }
        self.left = self.left.saturating_sub(1);
        let Some((_, writer)) = &mut self.open else { return Ok(()) };
        writer.push(row, &self.kinds[row.kind as usize]).map_err(Error::encoding)
    }

    /// Finishes the file in progress and sends it to the stage zone.
    fn close(&mut self) -> Result<()> {
        let Some(((_, day), writer)) = self.open.take() else { return Ok(()) };
        let file = writer.finish().map_err(Error::encoding)?;
        let folder = folder(&self.kinds[self.kind as usize].escaped, day);
        let (digest, rows, bytes) = (file.digest, file.rows, file.length);
        self.outputs.push(Output { folder, digest, rows, bytes });
        let context = self.context;
        context.progress.rows_written.fetch_add(rows, Ordering::Relaxed);
        let (zone, path) = (context.zones.stage.clone(), layout::stage_out(&context.stage, digest));
        let put = self.remote.start(async move {
            let payload: PutPayload = file.bytes.into_iter().collect();
            let put = zone.store().put(&zone.path(&path)?, payload).await;
            put.map(drop).map_err(|error| zone.error("writing", &path, error))
        });
        self.puts.push_back((bytes, put));
        while self.puts.len() > context.config.requests_max
            || self.puts.iter().map(|(bytes, _)| bytes).sum::<u64>() > PUT_BYTES_MAX
        {
            let Some((_, put)) = self.puts.pop_front() else { break };
            put.wait()?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Vec<Output>> {
        self.close()?;
        for (_, put) in self.puts {
            put.wait()?;
        }
        Ok(self.outputs)
    }
}

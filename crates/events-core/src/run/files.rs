//! Sorted rows become files in the stage zone, one after the other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use object_store::{ObjectStoreExt, PutPayload};

use super::context::Context;
use super::layout;
use super::remote::{Remote, Ticket};
use crate::error::{Error, Result};
use crate::table::{EncodedFile, FileSeries, Kind, Row, day, folder};

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
    /// The open partition, and its files.
    open: Option<((u32, i32), FileSeries)>,
    /// A kind of the open partition: they all share the name.
    kind: u32,
    puts: VecDeque<(u64, Ticket<()>)>,
    outputs: Vec<Output>,
}

/// The bytes of files that may be on their way to the store while the next one is encoded.
const PUT_BYTES_MAX: u64 = 8 << 20;

impl<'a> Files<'a> {
    pub(crate) fn new(context: &'a Context, kinds: &'a [Arc<Kind>], ranks: &'a [u32], remote: &'a Remote) -> Self {
        Self { context, kinds, ranks, remote, open: None, kind: 0, puts: VecDeque::new(), outputs: Vec::new() }
    }

    pub(crate) fn remote(&self) -> &'a Remote {
        self.remote
    }

    /// Adds a row, in the order of partitions, times and ids. `sizes` counts the rows of its partition.
    pub(crate) fn push(&mut self, row: &Row<'_>, sizes: &Sizes) -> Result<()> {
        let partition = (self.ranks[row.kind as usize], day(row.timestamp));
        if self.open.as_ref().is_none_or(|(open, _)| *open != partition) {
            self.close()?;
            let (config, rows) = (&self.context.config, sizes.get(&partition).copied().unwrap_or_default());
            let series = FileSeries::new(&config.file_config(), config.file_bytes_max, rows);
            self.open = Some((partition, series.map_err(Error::encoding)?));
            self.kind = row.kind;
        }
        let Some((_, series)) = &mut self.open else { return Ok(()) };
        let full = series.push(row, &self.kinds[row.kind as usize]).map_err(Error::encoding)?;
        full.map_or(Ok(()), |file| self.send(file, partition.1))
    }

    /// Finishes the open partition.
    fn close(&mut self) -> Result<()> {
        let Some(((_, day), series)) = self.open.take() else { return Ok(()) };
        self.send(series.finish().map_err(Error::encoding)?, day)
    }

    /// Sends a file of the open partition to the stage zone.
    fn send(&mut self, file: EncodedFile, day: i32) -> Result<()> {
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

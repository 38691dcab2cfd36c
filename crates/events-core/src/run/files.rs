//! Sorted rows become files in the stage zone, one after the other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::context::Context;
use super::control::{Digest, Replaced, Snapshot, Step, TableFile};
use super::crew::Crew;
use super::ledger::check_replaced;
use super::merge::{Placement, Superseded, TableObjects, place};
use super::outputs::{Destination, Output};
use super::remote::Remote;
use super::staging::Staging;
use crate::error::{Error, Result};
use crate::table::{EncodedFile, FileSeries, Hands, Kind, KindCache, Rewrite, Row, Source, day, folder};

/// Rows of a partition, by rank of its name and day.
pub(crate) type Sizes = HashMap<(u32, i32), usize>;

/// The table that files go to.
pub(crate) struct Against {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) superseded: Arc<Superseded>,
}

/// The files that a thread writes, one after the other.
pub(crate) struct Files<'a> {
    context: &'a Arc<Context>,
    against: &'a Against,
    kinds: &'a [Arc<Kind>],
    /// By kind: the place of its name among all names.
    ranks: &'a [u32],
    remote: &'a Remote,
    crew: &'a Arc<Crew>,
    /// The partition in progress.
    open: Option<((u32, i32), FileSeries)>,
    /// A kind of the open partition: they all share the name.
    kind: u32,
    /// Kinds of rows that were in the table before, which are none of the run's.
    old_kinds: KindCache,
    staging: Staging<'a>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(
        context: &'a Arc<Context>,
        against: &'a Against,
        kinds: &'a [Arc<Kind>],
        ranks: &'a [u32],
        remote: &'a Remote,
        crew: &'a Arc<Crew>,
    ) -> Self {
        let old_kinds = KindCache::new(Arc::default());
        let staging = Staging::new(context, remote);
        Self { context, against, kinds, ranks, remote, crew, open: None, kind: 0, old_kinds, staging }
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
            let series = series.with_hands(Arc::clone(self.crew) as Arc<dyn Hands>);
            self.open = Some((partition, series));
            self.kind = row.kind;
        }
        let Some((_, series)) = &mut self.open else { return Ok(()) };
        let is_full = series.is_full().map_err(Error::encoding)?;
        let full = is_full.then(|| series.cut()).transpose().map_err(Error::encoding)?;
        series.push(row, &self.kinds[row.kind as usize]).map_err(Error::encoding)?;
        let Some(file) = full else { return Ok(()) };
        let rows = file.rows;
        self.send(file, self.folder(partition.1), rows, Destination::New, Step::Add)
    }

    /// The folder of a day of the open partition.
    fn folder(&self, day: i32) -> String {
        folder(&self.kinds[self.kind as usize].escaped, day)
    }

    /// Finishes the open partition: its last file may go to one that is there.
    pub(crate) fn close(&mut self) -> Result<()> {
        let Some(((_, day), series)) = self.open.take() else { return Ok(()) };
        let file = series.finish().map_err(Error::encoding)?;
        let (folder, new_rows) = (self.folder(day), file.rows);
        let snapshot = Arc::clone(&self.against.snapshot);
        let shrinks = snapshot
            .partition(&folder)
            .any(|file| self.against.superseded.contains_key(&(folder.clone(), file.name.clone())));
        let spread = xxh3_64(folder.as_bytes()) as f64 / u64::MAX as f64;
        let fold_below = self.context.config.fold_below_bytes;
        match place(snapshot.partition(&folder), file.length, shrinks, fold_below, spread) {
            Placement::New => self.send(file, folder, new_rows, Destination::New, Step::Add),
            Placement::Fold { delta } => self.fold(delta, &file),
            Placement::Rotate { base, delta } => {
                let objects = TableObjects::new(self.context);
                let (old_base, old_delta) = (objects.read(base, self.remote)?, objects.read(delta, self.remote)?);
                let replaced = Replaced { digest: base.digest, e_tag: old_base.e_tag };
                let merged = self.merge(base, vec![old_base.bytes, old_delta.bytes], 0, replaced)?;
                let replaced = Replaced { digest: delta.digest, e_tag: old_delta.e_tag };
                let destination = Destination::Replace { name: delta.name.clone(), replaced };
                // Its rows must be in other files by then.
                let step = if merged == Step::Rotate { Step::Shrink } else { Step::Rotate };
                self.send(file, folder, new_rows, destination, step)
            }
        }
    }

    /// Puts new rows into a file that is there. When that loses rows too, it first has both, so that no reader misses one.
    fn fold(&mut self, delta: &TableFile, new: &EncodedFile) -> Result<()> {
        let old = TableObjects::new(self.context).read(delta, self.remote)?;
        let (new_rows, new) = (new.rows, joined(new));
        let replaced = Replaced { digest: delta.digest, e_tag: old.e_tag };
        let superseded = Arc::clone(&self.against.superseded);
        let Some(ids) = superseded.get(&(delta.folder.clone(), delta.name.clone())) else {
            return self.merge(delta, vec![old.bytes, new], new_rows, replaced).map(drop);
        };
        let replace = |replaced| Destination::Replace { name: delta.name.clone(), replaced };
        let both = self.rewrite(delta, vec![(old.bytes.clone(), None), (new.clone(), None)], usize::MAX)?;
        for file in both {
            let digest = Digest(file.digest);
            self.send(file, delta.folder.clone(), new_rows, replace(replaced.clone()), Step::Grow)?;
            let left = self.rewrite(delta, vec![(old.bytes.clone(), Some(ids)), (new.clone(), None)], usize::MAX)?;
            for file in left {
                let replaced = Replaced { digest, e_tag: None };
                self.send(file, delta.folder.clone(), 0, replace(replaced), Step::Shrink)?;
            }
        }
        Ok(())
    }

    /// Puts the rows of several files of a partition into the place of one of them, and tells when: rows that do not fit
    /// go to new files, which must be there before the old ones are replaced.
    fn merge(&mut self, target: &TableFile, files: Vec<Bytes>, mut new_rows: u64, replaced: Replaced) -> Result<Step> {
        let files = files.into_iter().map(|file| (file, None)).collect();
        let written = self.rewrite(target, files, self.context.config.file_bytes_max)?;
        let replace = if written.len() > 1 { Step::Rotate } else { Step::Grow };
        let mut destination = Some(Destination::Replace { name: target.name.clone(), replaced });
        for file in written {
            let (destination, step) = match destination.take() {
                Some(destination) => (destination, replace),
                None => (Destination::New, Step::Add),
            };
            self.send(file, target.folder.clone(), std::mem::take(&mut new_rows), destination, step)?;
        }
        Ok(replace)
    }

    /// The files that become of the rows of others, without those whose ids are given with them.
    fn rewrite(
        &mut self,
        target: &TableFile,
        files: Vec<(Bytes, Option<&HashSet<u128>>)>,
        file_bytes_max: usize,
    ) -> Result<Vec<EncodedFile>> {
        let failed = |problem| TableObjects::new(self.context).damaged(target, problem);
        let lost: usize = files.iter().filter_map(|(_, ids)| *ids).map(HashSet::len).sum();
        let sources = files.into_iter().map(|(file, ids)| Source { file, without: ids }).collect();
        let config = self.context.config.file_config().anew_by(self.against.snapshot.sequence + 1);
        let rewrite = Rewrite::open(sources, &mut self.old_kinds, &config, file_bytes_max)
            .map_err(|error| failed(error.problem))?;
        check_replaced(lost as u64, rewrite.dropped())?;
        rewrite.map(|file| file.map_err(|error| failed(error.problem))).collect()
    }

    /// Sends a file to the stage zone.
    fn send(
        &mut self,
        file: EncodedFile,
        folder: String,
        new_rows: u64,
        destination: Destination,
        step: Step,
    ) -> Result<()> {
        self.context.progress.rows_written.fetch_add(new_rows, Ordering::Relaxed);
        self.staging.send(file, folder, new_rows, destination, step)
    }

    pub(crate) fn finish(mut self) -> Result<Vec<Output>> {
        self.close()?;
        self.staging.finish()
    }
}

fn joined(file: &EncodedFile) -> Bytes {
    file.bytes.concat().into()
}

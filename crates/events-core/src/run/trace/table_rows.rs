//! The rows of events in the table.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{TracedRow, instant};
use crate::error::Result;
use crate::run::context::Context;
use crate::run::control::{Snapshot, TableFile};
use crate::run::merge::{KnownIds, TableObjects};
use crate::run::remote::Remote;
use crate::run::search::Search;
use crate::table::index::id_hash;
use crate::table::{FileRows, KindCache};

/// Reads the rows of events, for many threads.
pub(super) struct TableRows {
    context: Arc<Context>,
    search: Arc<Search>,
    /// Files of partitions that took one of the events, and the numbers of those.
    files: Vec<(TableFile, Vec<usize>)>,
    next: AtomicUsize,
}

impl TableRows {
    /// Asks the index which partitions took the events.
    pub(super) async fn new(context: &Arc<Context>, snapshot: &Snapshot, search: &Arc<Search>) -> Result<Self> {
        let known = KnownIds::open(&context.zones.trusted, snapshot).await?;
        // By hash, in ascending order: the numbers of the ids that have it.
        let mut asked: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (number, id) in search.ids.iter().enumerate() {
            asked.entry(id_hash(id.fingerprint())).or_default().push(number);
        }
        let (hashes, asked): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
        let found = context.on_threads(1, move |remote| {
            let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            known.find(&hashes, remote, |hit| found.entry(hit.partition.folder()).or_default().push(hit.hash))?;
            Ok(found)
        });
        let mut files = Vec::new();
        for (folder, hits) in found.await?.into_iter().flatten() {
            let mut numbers: Vec<_> = hits.into_iter().flat_map(|hit| &asked[hit]).copied().collect();
            numbers.sort_unstable();
            numbers.dedup();
            let with_rows = snapshot.partition(&folder).filter(|file| file.rows > 0);
            files.extend(with_rows.map(|file| (file.clone(), numbers.clone())));
        }
        Ok(Self { context: Arc::clone(context), search: Arc::clone(search), files, next: AtomicUsize::new(0) })
    }

    /// The rows, by the fingerprint of their id.
    pub(super) async fn read(self) -> Result<HashMap<u128, Vec<TracedRow>>> {
        let (context, rows) = (Arc::clone(&self.context), Arc::new(self));
        let found = context.on_threads(context.config.threads, move |remote| rows.work(remote)).await?;
        let mut by_id: HashMap<u128, Vec<TracedRow>> = HashMap::new();
        for (id, row) in found.into_iter().flatten() {
            by_id.entry(id).or_default().push(row);
        }
        Ok(by_id)
    }

    /// A thread's part of the work.
    fn work(&self, remote: &Remote) -> Result<Vec<(u128, TracedRow)>> {
        let objects = TableObjects::new(&self.context);
        let mut kinds = KindCache::new(Arc::default());
        let mut rows = Vec::new();
        loop {
            self.context.stop.check()?;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some((file, ids)) = self.files.get(number) else { return Ok(rows) };
            let probe = objects.probe(file, remote)?;
            if !ids.iter().any(|&id| probe.may_hold(&self.search.ids[id])) {
                continue;
            }
            let object = objects.read(file, remote)?;
            let read = FileRows::open(object.bytes).and_then(|read| {
                read.each(&mut kinds, |row, kind| {
                    let id = row.id.fingerprint();
                    if self.search.wants(id) {
                        let row = TracedRow {
                            file: file.path(),
                            timestamp: instant(row.timestamp),
                            domain: kind.domain.clone(),
                            event_type: kind.event_type.clone(),
                            data: row.data.map(str::to_owned),
                            extra: row.extra.map(str::to_owned),
                            repairs: row.repairs.iter().collect(),
                            digest: row.digest(kind.digest),
                        };
                        rows.push((id, row));
                    }
                })
            });
            read.map_err(|problem| objects.damaged(file, problem))?;
        }
    }
}

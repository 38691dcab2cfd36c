//! What a table says about itself, made anew from its files alone: the log is lost or damaged, files were put there by
//! hand, or the index is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};
use xxhash_rust::xxh3::xxh3_128;

use super::context::Context;
use super::control::{Digest, TableFile};
use super::exchange::{Exchange, Spool};
use super::layout::{self, TABLE};
use super::merge::{NewEntry, Superseded};
use super::profile::spend;
use super::remote::Remote;
use super::report::Part;
use super::zone::Zone;
use crate::error::{Error, Result};
use crate::event::EventId;
use crate::table::index::{id_hash, version_check};
use crate::table::{FileRows, Key, KindCache, PartitionKey, day, is_within, resolve, tail_bytes};

/// The files that lie in the table, as far as a listing tells.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) files: Vec<FoundFile>,
    /// The newest commit that the name of a file tells of.
    pub(crate) sequence: u64,
}

/// A file of which nothing but its place is known.
#[derive(Debug, Clone)]
pub(crate) struct FoundFile {
    folder: String,
    name: String,
    pub(crate) bytes: u64,
}

impl Found {
    /// Lists the table.
    ///
    /// # Errors
    /// [`Error::Table`] for an object that is no file of a partition.
    pub(crate) async fn list(trusted: &Zone) -> Result<Self> {
        let failed = |error| trusted.error("listing", TABLE, error);
        let prefix = trusted.path(TABLE)?;
        let mut objects = trusted.store().list(Some(&prefix));
        let mut found = Self::default();
        while let Some(object) = objects.try_next().await.map_err(failed)? {
            let path = trusted.relative(&object.location).unwrap_or_default();
            let Some((folder, name)) = layout::table_file_of(path) else {
                let problem = "it is no file of a partition; move it away".to_owned();
                return Err(Error::Table { object: trusted.name(path), problem });
            };
            found.sequence = found.sequence.max(layout::sequence_of_file(name).unwrap_or_default());
            let (folder, name) = (folder.to_owned(), name.to_owned());
            found.files.push(FoundFile { folder, name, bytes: object.size });
        }
        found.files.sort_by(|one, two| one.folder.cmp(&two.folder).then_with(|| one.name.cmp(&two.name)));
        Ok(found)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Reads all files, for many threads: what each is, and the versions in it as keys.
pub(crate) struct Survey {
    context: Arc<Context>,
    files: Vec<FoundFile>,
    exchange: Arc<Exchange>,
    next: AtomicUsize,
}

impl Survey {
    pub(crate) fn new(context: &Arc<Context>, files: Vec<FoundFile>, exchange: &Arc<Exchange>) -> Self {
        Self { context: Arc::clone(context), files, exchange: Arc::clone(exchange), next: AtomicUsize::new(0) }
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<Vec<TableFile>> {
        let _working = spend(Part::Decode);
        let mut known = Vec::new();
        let mut kinds = KindCache::new(Arc::clone(&self.context.kinds));
        let shards = self.exchange.spread.shards;
        let mut keys = vec![Vec::new(); shards];
        loop {
            self.context.stop.check()?;
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = self.files.get(number) else { return Ok(known) };
            let bytes = self.read(file, remote)?;
            let trusted = &self.context.zones.trusted;
            let damaged =
                |problem| Error::Table { object: trusted.name(&layout::table_file(&file.folder, &file.name)), problem };
            let partition = PartitionKey::of_folder(&file.folder)
                .ok_or_else(|| damaged("its folder names no partition".to_owned()))?;
            let rows = FileRows::open(bytes.clone()).map_err(damaged)?;
            let (count, mut ordinal, mut stray) = (rows.rows(), 0, false);
            rows.each(&mut kinds, |row, kind| {
                stray |= kind.name != partition.domain_event_type || day(row.timestamp) != partition.day;
                let id = row.id.fingerprint();
                let key = Key {
                    id,
                    timestamp: row.timestamp,
                    digest: row.digest(kind.digest),
                    ordinal,
                    // What stands for the input of a row here is its file.
                    input: number as u32,
                    kind: row.kind,
                    bucket: 0,
                    uuid: matches!(row.id, EventId::Uuid(_)),
                };
                key.write(&mut keys[Key::shard(id, shards)]);
                ordinal += 1;
            })
            .map_err(damaged)?;
            if stray {
                return Err(damaged("it has rows of another partition".to_owned()));
            }
            for (shard, keys) in keys.iter_mut().enumerate().filter(|(_, keys)| !keys.is_empty()) {
                self.exchange.keys.append(shard, keys, (keys.len() / Key::BYTES) as u64, remote)?;
                keys.clear();
            }
            known.push(TableFile {
                folder: file.folder.clone(),
                name: file.name.clone(),
                rows: count,
                bytes: bytes.len() as u64,
                tail_bytes: tail_bytes(&bytes).map_err(damaged)?,
                digest: Digest(xxh3_128(&bytes)),
            });
        }
    }

    fn read(&self, file: &FoundFile, remote: &Remote) -> Result<Bytes> {
        let (trusted, path) = (self.context.zones.trusted.clone(), layout::table_file(&file.folder, &file.name));
        let call = async move {
            let failed = |error| trusted.error("reading", &path, error);
            trusted.store().get(&trusted.path(&path)?).await.map_err(failed)?.bytes().await.map_err(failed)
        };
        remote.start(call).wait()
    }
}

/// Finds rows of the same event in several files, and makes the entries of the index, for many threads.
pub(crate) struct Reindex {
    context: Arc<Context>,
    files: Vec<FoundFile>,
    exchange: Arc<Exchange>,
    entries: Arc<Spool>,
    next: AtomicUsize,
}

/// Rows of the same event that the table has more than one of.
#[derive(Default)]
pub(crate) struct Doubles {
    /// Those that can give way, because they are in another file than the one that stays.
    pub(crate) superseded: Superseded,
    /// Those in the same file.
    pub(crate) beside: u64,
}

impl Doubles {
    /// What all threads have found.
    pub(crate) fn of(found: Vec<Self>) -> Self {
        let mut all = Self::default();
        for found in found {
            all.beside += found.beside;
            for (file, ids) in found.superseded {
                all.superseded.entry(file).or_default().extend(ids);
            }
        }
        all
    }
}

impl Reindex {
    pub(crate) fn new(
        context: &Arc<Context>,
        files: Vec<FoundFile>,
        exchange: &Arc<Exchange>,
        entries: &Arc<Spool>,
    ) -> Self {
        let (context, exchange, entries) = (Arc::clone(context), Arc::clone(exchange), Arc::clone(entries));
        Self { context, files, exchange, entries, next: AtomicUsize::new(0) }
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<Doubles> {
        let _working = spend(Part::Deduplicate);
        let mut doubles = Doubles::default();
        loop {
            self.context.stop.check()?;
            let shard = self.next.fetch_add(1, Ordering::Relaxed);
            if shard >= self.exchange.spread.shards {
                return Ok(doubles);
            }
            let keys = self.exchange.keys(shard, remote)?;
            let mut losers = Vec::new();
            let horizon = self.context.config.horizon_days();
            let near = |one: &Key, two: &Key| {
                let days = (day(one.timestamp), day(two.timestamp));
                is_within(horizon, days, || self.context.kinds.share_a_name(one.kind, two.kind))
            };
            let winners = resolve(&keys, near, |key, _| losers.push(*key));
            // In ascending order of hash and id.
            let winners: Vec<_> = winners.into_iter().map(|(hash, index)| (hash, keys[index as usize])).collect();
            for loser in losers {
                let place = (id_hash(loser.id), loser.id);
                let first = winners.partition_point(|(hash, key)| (*hash, key.id) < place);
                let mut of_id = winners[first..].iter().take_while(|(_, key)| key.id == loser.id);
                // From a file all rows of an id would go.
                if of_id.any(|(_, key)| key.input == loser.input) {
                    doubles.beside += 1;
                } else {
                    let file = &self.files[loser.input as usize];
                    let ids = doubles.superseded.entry((file.folder.clone(), file.name.clone())).or_default();
                    ids.insert(loser.id);
                }
            }
            let mut block = Vec::new();
            for (hash, key) in &winners {
                let check = version_check(key.timestamp, key.digest);
                NewEntry { hash: *hash, check, kind: key.kind, day: day(key.timestamp) }.write(&mut block);
            }
            self.entries.append(shard, &block, winners.len() as u64, remote)?;
        }
    }
}

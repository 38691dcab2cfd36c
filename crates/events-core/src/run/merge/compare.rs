//! Events of which the table took another version: that version is read, and of the two the greater one stays.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::object::TableObjects;
use crate::error::Result;
use crate::event::EventId;
use crate::run::context::Context;
use crate::run::control::{Snapshot, TableFile};
use crate::run::exchange::Spool;
use crate::run::remote::Remote;
use crate::table::index::Partitions;
use crate::table::{Duplicate, FileRows, Key, KindCache, PartitionKey, Version};

/// A row of a run, and a partition that may hold another version of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) key: Key,
    /// Its number among the partitions that were met.
    pub(crate) partition: u32,
}

/// What [`Candidate::write`] takes.
pub(crate) const CANDIDATE_BYTES: usize = Key::BYTES + 4;

impl Candidate {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.key.write(out);
        out.extend_from_slice(&self.partition.to_le_bytes());
    }

    pub(crate) fn read(bytes: &[u8; CANDIDATE_BYTES]) -> Self {
        let (key, partition) = bytes.split_at(Key::BYTES);
        let mut number = [0; 4];
        number.copy_from_slice(partition);
        let mut whole = [0; Key::BYTES];
        whole.copy_from_slice(key);
        Self { key: Key::read(&whole), partition: u32::from_le_bytes(number) }
    }
}

/// Rows of the table that newer ones replace: by folder and name of their file, the fingerprints of their ids.
pub(crate) type Superseded = BTreeMap<(String, String), HashSet<u128>>;

/// What a comparison has found.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Rows of the run that lose, each once, and how they relate to the row that is there.
    pub(crate) losers: Vec<(Key, Duplicate)>,
    pub(crate) superseded: Superseded,
}

impl Compared {
    /// What all threads have found. A row that loses anywhere replaces nothing.
    pub(crate) fn of(found: Vec<Vec<Found>>) -> Self {
        let mut found: Vec<_> = found.into_iter().flatten().collect();
        let place = |found: &Found| (found.key.bucket, found.key.ordinal);
        found.sort_by_key(place);
        let mut compared = Self::default();
        for of_row in found.chunk_by(|one, two| place(one) == place(two)) {
            let lost = of_row.iter().find_map(|found| match found.outcome {
                Outcome::Loses(duplicate) => Some((found.key, duplicate)),
                Outcome::Wins { .. } => None,
            });
            match lost {
                Some(lost) => compared.losers.push(lost),
                None => {
                    for Found { key, outcome } in of_row {
                        if let Outcome::Wins { folder, name } = outcome {
                            let file = compared.superseded.entry((folder.clone(), name.clone())).or_default();
                            file.insert(key.id);
                        }
                    }
                }
            }
        }
        compared
    }
}

/// How a row of the run and a row of the table relate.
#[derive(Debug)]
pub(crate) struct Found {
    key: Key,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Loses(Duplicate),
    /// The row of that file is older.
    Wins {
        folder: String,
        name: String,
    },
}

/// What a worker has found, for the others: entries of [`FOUND_BYTES`] each, and the files that they name.
#[derive(Debug, Default)]
pub(crate) struct FoundList {
    pub(crate) entries: Vec<u8>,
    /// Folder and name.
    pub(crate) files: Vec<(String, String)>,
}

/// A key; how it relates to the row that is there, or 255 when it wins; the number of that row's file.
pub(crate) const FOUND_BYTES: usize = Key::BYTES + 5;

const WINS: u8 = u8::MAX;

impl FoundList {
    pub(crate) fn push(&mut self, found: &Found) {
        found.key.write(&mut self.entries);
        let (relation, file) = match &found.outcome {
            Outcome::Loses(duplicate) => (*duplicate as u8, 0),
            Outcome::Wins { folder, name } => (WINS, self.file(folder, name)),
        };
        self.entries.push(relation);
        self.entries.extend_from_slice(&file.to_le_bytes());
    }

    /// The number of a file. What is found comes file by file, so it is one of the last.
    fn file(&mut self, folder: &str, name: &str) -> u32 {
        let is_it = |(one, other): &(String, String)| one == folder && other == name;
        let known = self.files.iter().rposition(is_it);
        known.unwrap_or_else(|| {
            self.files.push((folder.to_owned(), name.to_owned()));
            self.files.len() - 1
        }) as u32
    }

    /// What was pushed.
    ///
    /// # Errors
    /// When it is nothing that was pushed.
    pub(crate) fn read(entries: &[u8], files: &[(String, String)]) -> Result<Vec<Found>, String> {
        let (whole, rest) = entries.as_chunks::<FOUND_BYTES>();
        if !rest.is_empty() {
            return Err("the last entry is cut off".to_owned());
        }
        let read = |entry: &[u8; FOUND_BYTES]| {
            let (mut key, mut file) = ([0; Key::BYTES], [0; 4]);
            key.copy_from_slice(&entry[..Key::BYTES]);
            file.copy_from_slice(&entry[Key::BYTES + 1..]);
            let relation = entry[Key::BYTES];
            let loses = Duplicate::ALL.into_iter().find(|duplicate| *duplicate as u8 == relation);
            let outcome = match (loses, files.get(u32::from_le_bytes(file) as usize)) {
                (Some(duplicate), _) => Outcome::Loses(duplicate),
                (None, Some((folder, name))) if relation == WINS => {
                    Outcome::Wins { folder: folder.clone(), name: name.clone() }
                }
                (None, _) => return Err("an entry says nothing that is known".to_owned()),
            };
            Ok(Found { key: Key::read(&key), outcome })
        };
        whole.iter().map(read).collect()
    }
}

/// Compares the candidates of some lanes, for many threads.
pub(crate) struct Compare {
    context: Arc<Context>,
    snapshot: Arc<Snapshot>,
    /// In lanes by partition.
    candidates: Arc<Spool>,
    partitions: Partitions,
    next: AtomicUsize,
    end: usize,
}

impl Compare {
    pub(crate) fn new(
        context: &Arc<Context>,
        snapshot: &Arc<Snapshot>,
        candidates: &Arc<Spool>,
        partitions: Partitions,
        lanes: Range<usize>,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            snapshot: Arc::clone(snapshot),
            candidates: Arc::clone(candidates),
            partitions,
            next: AtomicUsize::new(lanes.start),
            end: lanes.end,
        }
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        // Kinds of rows that are only looked at are none of the run's.
        let mut kinds = KindCache::new(Arc::default());
        loop {
            self.context.stop.check()?;
            let lane = self.next.fetch_add(1, Ordering::Relaxed);
            if lane >= self.end {
                return Ok(found);
            }
            let mut candidates = Vec::with_capacity(self.candidates.entries(lane) as usize);
            for segment in self.candidates.take(lane, usize::MAX, remote) {
                let segment = segment?;
                let (whole, _) = segment.as_chunks();
                candidates.extend(whole.iter().map(Candidate::read));
            }
            candidates.sort_unstable_by_key(|candidate| candidate.partition);
            for of_partition in candidates.chunk_by(|one, two| one.partition == two.partition) {
                let partition = self.partitions.key(of_partition[0].partition);
                let keys = of_partition.iter().map(|candidate| (candidate.key.id, candidate.key)).collect();
                self.partition(partition, &keys, &mut kinds, remote, &mut found)?;
            }
        }
    }

    fn partition(
        &self,
        partition: &PartitionKey,
        keys: &HashMap<u128, Key>,
        kinds: &mut KindCache,
        remote: &Remote,
        found: &mut Vec<Found>,
    ) -> Result<()> {
        let objects = TableObjects::new(&self.context);
        let files: Vec<_> = self.snapshot.partition(&partition.folder()).filter(|file| file.rows > 0).collect();
        for file in &files {
            // Where there is one file, it is the one.
            if files.len() > 1 && !may_hold(&objects, file, keys, remote)? {
                continue;
            }
            let object = objects.read(file, remote)?;
            let each = |version: Version| {
                let Some(&key) = keys.get(&version.id) else { return };
                let there = (version.timestamp, version.digest);
                let outcome = if key.version() > there {
                    Outcome::Wins { folder: file.folder.clone(), name: file.name.clone() }
                } else {
                    Outcome::Loses(Duplicate::of(key.version(), there))
                };
                found.push(Found { key, outcome });
            };
            FileRows::open(object.bytes)
                .and_then(|rows| rows.versions(kinds, |id| keys.contains_key(&id), each))
                .map_err(|problem| objects.damaged(file, problem))?;
        }
        Ok(())
    }
}

fn may_hold(objects: &TableObjects, file: &TableFile, keys: &HashMap<u128, Key>, remote: &Remote) -> Result<bool> {
    let probe = objects.probe(file, remote)?;
    // The filter is of texts, and only of a UUID the fingerprint tells which.
    Ok(keys.values().any(|key| !key.uuid || probe.may_hold(&EventId::Uuid(key.id))))
}

//! Events of which the table took another version: that version is read, and of the two the greater one stays.
//!
//! Within a horizon of days several rows of an id can be near one, and which of them stays depends on all of them. So what
//! is read is only noted ([`Outcome::Meets`]), and decided when all of an id is there.

use std::cmp::Reverse;
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
use crate::run::profile::spend;
use crate::run::remote::Remote;
use crate::run::report::Part;
use crate::table::index::Partitions;
use crate::table::{Duplicate, FileRows, Key, KindCache, PartitionKey, Version, day, is_within, settle};

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
pub(crate) type Superseded = BTreeMap<FileName, HashSet<u128>>;

/// The folder and the name of a file of the table.
type FileName = (String, String);

/// What a comparison has found.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Rows of the run that lose, each once, and how they relate to the row that is there.
    pub(crate) losers: Vec<(Key, Duplicate)>,
    pub(crate) superseded: Superseded,
}

impl Compared {
    /// What all threads have found.
    pub(crate) fn of(found: Vec<Vec<Found>>, horizon: Option<u32>) -> Self {
        let found = found.into_iter().flatten().collect();
        if decides_at_once(horizon) { Self::one_by_one(found) } else { Self::within(horizon, found) }
    }

    /// A row that loses anywhere replaces nothing.
    fn one_by_one(mut found: Vec<Found>) -> Self {
        let place = |found: &Found| (found.key.bucket, found.key.ordinal);
        found.sort_by_key(place);
        let mut compared = Self::default();
        for of_row in found.chunk_by(|one, two| place(one) == place(two)) {
            let lost = of_row.iter().find_map(|found| match found.outcome {
                Outcome::Loses(duplicate) => Some((found.key, duplicate)),
                _ => None,
            });
            match lost {
                Some(lost) => compared.losers.push(lost),
                None => {
                    for Found { key, outcome } in of_row {
                        if let Outcome::Wins(file) = outcome {
                            compared.supersede(key.id, file);
                        }
                    }
                }
            }
        }
        compared
    }

    /// All rows of an id together: those of the run, and those of the table that are near one of them.
    fn within(horizon: Option<u32>, mut found: Vec<Found>) -> Self {
        found.sort_by_key(|found| (found.key.id, found.key.bucket, found.key.ordinal));
        let mut compared = Self::default();
        for of_id in found.chunk_by(|one, two| one.key.id == two.key.id) {
            let mut rows = Vec::with_capacity(2 * of_id.len());
            for Found { key, outcome } in of_id {
                rows.push(Contender { version: key.version(), row: ContenderRow::OfRun(key) });
                if let Outcome::Meets { version, file } = outcome {
                    rows.push(Contender { version: *version, row: ContenderRow::OfTable(file) });
                }
            }
            rows.sort_unstable_by_key(|row| Reverse(row.rank()));
            rows.dedup_by_key(|row| row.rank());
            let mut lose = |loser: Contender<'_>, winner: Contender<'_>| match loser.row {
                ContenderRow::OfRun(key) => {
                    compared.losers.push((*key, Duplicate::of(loser.version, winner.version)));
                }
                ContenderRow::OfTable(file) => compared.supersede(of_id[0].key.id, file),
            };
            settle(rows, &mut Vec::new(), |one, two| one.is_near(two, horizon), &mut lose);
        }
        compared.losers.sort_unstable_by_key(|(key, _)| (key.bucket, key.ordinal));
        compared
    }

    fn supersede(&mut self, id: u128, file: &FileName) {
        self.superseded.entry(file.clone()).or_default().insert(id);
    }
}

/// Whether what becomes of a row depends on one other row alone: without a horizon the greatest of an id replaces all others,
/// and with one of no days each partition is by itself.
fn decides_at_once(horizon: Option<u32>) -> bool {
    horizon.is_none_or(|days| days == 0)
}

/// A row among others of its id.
#[derive(Debug, Clone, Copy)]
struct Contender<'a> {
    version: (i64, u64),
    row: ContenderRow<'a>,
}

#[derive(Debug, Clone, Copy)]
enum ContenderRow<'a> {
    OfRun(&'a Key),
    OfTable(&'a FileName),
}

impl<'a> Contender<'a> {
    /// Of equal versions that of the table stays, and a run has one of each.
    fn rank(self) -> ((i64, u64), Option<&'a FileName>) {
        match self.row {
            ContenderRow::OfRun(_) => (self.version, None),
            ContenderRow::OfTable(file) => (self.version, Some(file)),
        }
    }

    /// Two rows of the table are never: what it has stays until a row of a run replaces it.
    fn is_near(self, other: Self, horizon: Option<u32>) -> bool {
        let are_of_table = matches!((self.row, other.row), (ContenderRow::OfTable(_), ContenderRow::OfTable(_)));
        !are_of_table && is_within(horizon, (day(self.version.0), day(other.version.0)), || true)
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
    Wins(FileName),
    /// A row of that file is there.
    Meets {
        version: (i64, u64),
        file: FileName,
    },
    /// The row itself is to be reckoned with, whatever is there.
    Comes,
}

/// What a worker has found, for the others: entries of [`FOUND_BYTES`] each, and the files that they name.
#[derive(Debug, Default)]
pub(crate) struct FoundList {
    pub(crate) entries: Vec<u8>,
    /// Folder and name.
    pub(crate) files: Vec<FileName>,
}

/// A key; how it relates to the row that is there, a [`Duplicate`] or one of the numbers below; the number of that row's
/// file; its timestamp and digest when it is met.
pub(crate) const FOUND_BYTES: usize = Key::BYTES + 21;

const WINS: u8 = u8::MAX;
const MEETS: u8 = WINS - 1;
const COMES: u8 = WINS - 2;

impl FoundList {
    pub(crate) fn push(&mut self, found: &Found) {
        found.key.write(&mut self.entries);
        let (relation, file, (timestamp, digest)) = match &found.outcome {
            Outcome::Loses(duplicate) => (*duplicate as u8, 0, (0, 0)),
            Outcome::Wins(file) => (WINS, self.file(file), (0, 0)),
            Outcome::Meets { version, file } => (MEETS, self.file(file), *version),
            Outcome::Comes => (COMES, 0, (0, 0)),
        };
        self.entries.push(relation);
        self.entries.extend_from_slice(&file.to_le_bytes());
        self.entries.extend_from_slice(&timestamp.to_le_bytes());
        self.entries.extend_from_slice(&digest.to_le_bytes());
    }

    /// The number of a file. What is found comes file by file, so it is one of the last.
    fn file(&mut self, file: &FileName) -> u32 {
        let known = self.files.iter().rposition(|other| other == file);
        known.unwrap_or_else(|| {
            self.files.push(file.clone());
            self.files.len() - 1
        }) as u32
    }

    /// What was pushed.
    ///
    /// # Errors
    /// When it is nothing that was pushed.
    pub(crate) fn read(entries: &[u8], files: &[FileName]) -> Result<Vec<Found>, String> {
        let (whole, rest) = entries.as_chunks::<FOUND_BYTES>();
        if !rest.is_empty() {
            return Err("the last entry is cut off".to_owned());
        }
        let read = |entry: &[u8; FOUND_BYTES]| {
            let (mut key, mut file, mut timestamp, mut digest) = ([0; Key::BYTES], [0; 4], [0; 8], [0; 8]);
            let (own, rest) = entry.split_at(Key::BYTES);
            key.copy_from_slice(own);
            file.copy_from_slice(&rest[1..5]);
            timestamp.copy_from_slice(&rest[5..13]);
            digest.copy_from_slice(&rest[13..]);
            let version = (i64::from_le_bytes(timestamp), u64::from_le_bytes(digest));
            let relation = rest[0];
            let loses = Duplicate::ALL.into_iter().find(|duplicate| *duplicate as u8 == relation);
            let outcome = match (loses, relation, files.get(u32::from_le_bytes(file) as usize)) {
                (Some(duplicate), ..) => Outcome::Loses(duplicate),
                (None, WINS, Some(file)) => Outcome::Wins(file.clone()),
                (None, MEETS, Some(file)) => Outcome::Meets { version, file: file.clone() },
                (None, COMES, _) => Outcome::Comes,
                _ => return Err("an entry says nothing that is known".to_owned()),
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
        let _working = spend(Part::Index);
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
            candidates.sort_unstable_by_key(|candidate| (candidate.partition, candidate.key.id));
            for of_partition in candidates.chunk_by(|one, two| one.partition == two.partition) {
                let partition = self.partitions.key(of_partition[0].partition);
                let of_id = of_partition.chunk_by(|one, two| one.key.id == two.key.id);
                let rows = of_id.map(|same| (same[0].key.id, same)).collect();
                self.partition(partition, &rows, &mut kinds, remote, &mut found)?;
            }
            if !decides_at_once(self.context.config.horizon_days()) {
                found.extend(candidates.iter().map(|candidate| Found { key: candidate.key, outcome: Outcome::Comes }));
            }
        }
    }

    fn partition(
        &self,
        partition: &PartitionKey,
        rows: &Rows<'_>,
        kinds: &mut KindCache,
        remote: &Remote,
        found: &mut Vec<Found>,
    ) -> Result<()> {
        let objects = TableObjects::new(&self.context);
        let at_once = decides_at_once(self.context.config.horizon_days());
        let files: Vec<_> = self.snapshot.partition(&partition.folder()).filter(|file| file.rows > 0).collect();
        for file in &files {
            // Where there is one file, it is the one.
            if files.len() > 1 && !may_hold(&objects, file, rows, remote)? {
                continue;
            }
            let object = objects.read(file, remote)?;
            let each = |version: Version| {
                let there = (version.timestamp, version.digest);
                let name = || (file.folder.clone(), file.name.clone());
                for &Candidate { key, .. } in rows.get(&version.id).copied().unwrap_or_default() {
                    let outcome = if !at_once {
                        Outcome::Meets { version: there, file: name() }
                    } else if key.version() > there {
                        Outcome::Wins(name())
                    } else {
                        Outcome::Loses(Duplicate::of(key.version(), there))
                    };
                    found.push(Found { key, outcome });
                }
            };
            FileRows::open(object.bytes)
                .and_then(|file| file.versions(kinds, |id| rows.contains_key(&id), each))
                .map_err(|problem| objects.damaged(file, problem))?;
        }
        Ok(())
    }
}

/// The candidates of a partition, by id.
type Rows<'a> = HashMap<u128, &'a [Candidate]>;

fn may_hold(objects: &TableObjects, file: &TableFile, rows: &Rows<'_>, remote: &Remote) -> Result<bool> {
    let probe = objects.probe(file, remote)?;
    // The filter is of texts, and only of a UUID the fingerprint tells which.
    Ok(rows.values().any(|same| !same[0].key.uuid || probe.may_hold(&EventId::Uuid(same[0].key.id))))
}

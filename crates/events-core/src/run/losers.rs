//! Which rows are dropped: one shard of keys at a time, first among themselves, then against what the table took before.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::context::Context;
use super::exchange::{Exchange, Spool};
use super::merge::{Candidate, ENTRY_BYTES, Hit, KnownIds, NewEntry};
use super::profile::spend;
use super::remote::Remote;
use super::report::Part;
use crate::error::Result;
use crate::table::index::{Partitions, version_check};
use crate::table::{Duplicate, Key, PartitionKey, day, is_within, resolve, settle};

/// Finds the losers of some shards, for many threads.
pub(crate) struct Losers {
    context: Arc<Context>,
    exchange: Arc<Exchange>,
    known: Arc<KnownIds>,
    spools: LoserSpools,
    /// The partitions that candidates name.
    partitions: Mutex<Partitions>,
    next: AtomicUsize,
    end: usize,
}

/// What the search for losers fills.
#[derive(Clone)]
pub(crate) struct LoserSpools {
    /// By bucket: the ordinals of rows that are dropped, four bytes each.
    pub(crate) found: Arc<Spool>,
    /// By partition: rows of whose event the table took another version.
    pub(crate) candidates: Arc<Spool>,
    /// By shard: what goes to the index, in ascending order.
    pub(crate) entries: Arc<Spool>,
}

/// How many rows of each input were dropped, by why.
pub(crate) type Dropped = BTreeMap<(u32, Duplicate), u64>;

impl Losers {
    pub(crate) fn new(
        context: &Arc<Context>,
        exchange: &Arc<Exchange>,
        known: &Arc<KnownIds>,
        spools: &LoserSpools,
        shards: Range<usize>,
    ) -> Self {
        Self {
            context: Arc::clone(context),
            exchange: Arc::clone(exchange),
            known: Arc::clone(known),
            spools: spools.clone(),
            partitions: Mutex::default(),
            next: AtomicUsize::new(shards.start),
            end: shards.end,
        }
    }

    /// The partitions that candidates name, when all threads are done.
    pub(crate) fn take_partitions(&self) -> Partitions {
        std::mem::take(&mut *self.partitions.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<Dropped> {
        let _deduplicating = spend(Part::Deduplicate);
        let mut dropped = Dropped::new();
        let mut ordinals: Vec<Vec<u8>> = vec![Vec::new(); self.spools.found.len()];
        loop {
            self.context.stop.check()?;
            let shard = self.next.fetch_add(1, Ordering::Relaxed);
            if shard >= self.end {
                return Ok(dropped);
            }
            let keys = {
                let _reading = spend(Part::Exchange);
                self.exchange.keys(shard, remote)?
            };
            let mut lose = |key: &Key, duplicate| {
                ordinals[usize::from(key.bucket)].extend_from_slice(&key.ordinal.to_le_bytes());
                *dropped.entry((key.input, duplicate)).or_default() += 1;
            };
            let winners = match self.horizon() {
                None => resolve(&keys, |_, _| true, &mut lose),
                // More than that may depend on what the table has.
                Some(_) => resolve(&keys, |one, two| self.are_within(Some(0), one, two), &mut lose),
            };
            self.hold_against_the_table(shard, &keys, &winners, &mut lose, remote)?;
            for (bucket, ordinals) in ordinals.iter_mut().enumerate().filter(|(_, ordinals)| !ordinals.is_empty()) {
                self.spools.found.append(bucket, ordinals, (ordinals.len() / 4) as u64, remote)?;
                ordinals.clear();
            }
        }
    }

    fn horizon(&self) -> Option<u32> {
        self.context.config.horizon_days()
    }

    fn are_within(&self, horizon: Option<u32>, one: &Key, two: &Key) -> bool {
        let days = (day(one.timestamp), day(two.timestamp));
        is_within(horizon, days, || self.context.kinds.share_a_name(one.kind, two.kind))
    }

    /// Asks the index for the ids that are left. What it knows loses; where it knows another version, that is looked at
    /// later; the rest is new to it. `winners` are the hashes and positions of some keys, in ascending order.
    fn hold_against_the_table(
        &self,
        shard: usize,
        keys: &[Key],
        winners: &[(u64, u32)],
        lose: &mut impl FnMut(&Key, Duplicate),
        remote: &Remote,
    ) -> Result<()> {
        let key = |index: usize| &keys[winners[index].1 as usize];
        let horizon = self.horizon();
        let mut fates = vec![Fate::New; winners.len()];
        let mut candidates = Vec::new();
        if !self.known.is_empty() {
            let _looking = spend(Part::Index);
            let hashes: Vec<_> = winners.iter().map(|(hash, _)| *hash).collect();
            // Different ids of one hash each get the hits of both, and only one of them is there.
            self.known.find(&hashes, remote, |hit: Hit<'_>| {
                let key = key(hit.hash);
                let days = (hit.partition.day, day(key.timestamp));
                if !is_within(horizon, days, || hit.partition.domain_event_type == self.context.kinds.name(key.kind)) {
                    return;
                }
                if hit.check == version_check(key.timestamp, key.digest) {
                    fates[hit.hash] = Fate::Known;
                } else {
                    candidates.push((hit.hash, hit.partition.clone()));
                }
            })?;
        }
        candidates.retain(|(index, _)| fates[*index] != Fate::Known);
        // The index has each version that a partition took, and a row is held against what is there now.
        candidates.sort_unstable();
        candidates.dedup();
        if horizon.is_some_and(|days| days > 0) {
            self.hold_apart(keys, winners, &mut fates, &mut candidates, lose);
        }
        self.keep_candidates(candidates.iter().map(|(index, partition)| (*key(*index), partition)), remote)?;
        let mut entries = Vec::with_capacity(winners.len() * ENTRY_BYTES);
        let mut count = 0;
        for ((hash, index), fate) in winners.iter().zip(fates) {
            let key = &keys[*index as usize];
            match fate {
                Fate::New => {
                    let check = version_check(key.timestamp, key.digest);
                    NewEntry { hash: *hash, check, kind: key.kind, day: day(key.timestamp) }.write(&mut entries);
                    count += 1;
                }
                Fate::Known => lose(key, Duplicate::Exact),
                Fate::Lost => {}
            }
        }
        self.spools.entries.append(shard, &entries, count, remote)?;
        Ok(())
    }

    /// Within a horizon, which of an id's rows give way to others of the run can depend on what the table has near any of
    /// them: then all of them are candidates, also those that are near nothing there. Else it is decided here.
    fn hold_apart(
        &self,
        keys: &[Key],
        winners: &[(u64, u32)],
        fates: &mut [Fate],
        candidates: &mut Vec<(usize, PartitionKey)>,
        lose: &mut impl FnMut(&Key, Duplicate),
    ) {
        let key = |index: usize| &keys[winners[index].1 as usize];
        let mut carried = Vec::new();
        let (mut first, mut of_table) = (0, candidates.as_slice());
        for same in winners.chunk_by(|(_, one), (_, two)| keys[*one as usize].id == keys[*two as usize].id) {
            let rows = first..first + same.len();
            first = rows.end;
            let (near, others) = of_table.split_at(of_table.partition_point(|(index, _)| *index < rows.end));
            of_table = others;
            if rows.len() == 1 {
                continue;
            }
            let new: Vec<_> = rows.filter(|&index| fates[index] == Fate::New).collect();
            if let Some((_, partition)) = near.first() {
                let is_near = |index: usize| near.binary_search_by_key(&index, |(near, _)| *near).is_ok();
                carried
                    .extend(new.into_iter().filter(|&index| !is_near(index)).map(|index| (index, partition.clone())));
                continue;
            }
            let are_within = |one, two| self.are_within(self.horizon(), key(one), key(two));
            settle(new, &mut Vec::new(), are_within, |loser, winner| {
                lose(key(loser), Duplicate::of(key(loser).version(), key(winner).version()));
                fates[loser] = Fate::Lost;
            });
        }
        candidates.append(&mut carried);
    }

    fn keep_candidates<'a>(
        &self,
        candidates: impl Iterator<Item = (Key, &'a PartitionKey)>,
        remote: &Remote,
    ) -> Result<()> {
        let lanes = self.spools.candidates.len();
        let mut blocks: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        for (key, partition) in candidates {
            let lane = partition.lane(lanes);
            let partition = self.partitions.lock().unwrap_or_else(PoisonError::into_inner).intern(partition);
            Candidate { key, partition }.write(blocks.entry(lane).or_default());
        }
        for (lane, block) in blocks {
            let count = (block.len() / super::merge::CANDIDATE_BYTES) as u64;
            self.spools.candidates.append(lane, &block, count, remote)?;
        }
        Ok(())
    }
}

/// What is known of a row of the run, when it is held against the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It goes to the index, also if another version is found to be greater.
    New,
    /// The table took it before.
    Known,
    /// It has given way to another row of the run.
    Lost,
}

/// Adds rows that lose, sorted by bucket, to the others.
pub(crate) fn append(losers: &Spool, lost: &[(Key, Duplicate)], remote: &Remote) -> Result<()> {
    for of_bucket in lost.chunk_by(|(one, _), (two, _)| one.bucket == two.bucket) {
        let block: Vec<u8> = of_bucket.iter().flat_map(|(key, _)| key.ordinal.to_le_bytes()).collect();
        losers.append(usize::from(of_bucket[0].0.bucket), &block, of_bucket.len() as u64, remote)?;
    }
    Ok(())
}

/// The ordinals of a bucket's losers, ascending.
pub(crate) fn of_bucket(losers: &Spool, bucket: usize, remote: &Remote) -> Result<Vec<u32>> {
    let mut ordinals = Vec::with_capacity(losers.entries(bucket) as usize);
    for segment in losers.take(bucket, usize::MAX, remote) {
        let segment = segment?;
        let (words, _) = segment.as_chunks();
        ordinals.extend(words.iter().copied().map(u32::from_le_bytes));
    }
    ordinals.sort_unstable();
    Ok(ordinals)
}

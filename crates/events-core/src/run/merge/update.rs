//! What a run has taken goes to the index.
//!
//! New entries and those of the levels above go to the smallest level that has room for all of them. It is written cell by
//! cell, each in the place of the one that was there; the levels above are empty then, which only the log has to say.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::FixedState;
use object_store::{ObjectStoreExt, PutPayload};

use super::known::{ENTRY_BYTES, KnownIds, NewEntry};
use crate::error::Result;
use crate::run::context::Context;
use crate::run::control::{Digest, IndexSegment, Publication, Replaced, Snapshot, StagedAt, Step, Target};
use crate::run::exchange::Spool;
use crate::run::layout;
use crate::run::profile::spend;
use crate::run::remote::Remote;
use crate::run::report::Part;
use crate::table::index::{
    Cell, Entry, HASH_BITS, Partitions, SegmentObject, cell_bits, merge_cell, merge_level, pack_cell,
};
use crate::table::{Kind, PartitionKey};

/// What of a lane is unpacked at once.
const BLOCK_BYTES: usize = 1 << 20;

/// Writes the new segments to the stage, for many threads.
pub(crate) struct UpdateIndex {
    context: Arc<Context>,
    snapshot: Arc<Snapshot>,
    known: Arc<KnownIds>,
    /// In lanes by shard, each in ascending order.
    entries: Arc<Spool>,
    kinds: Vec<Arc<Kind>>,
    level: usize,
    next: AtomicUsize,
    /// The part of the work that is done here, and how many there are.
    share: (usize, usize),
}

impl UpdateIndex {
    pub(crate) fn new(
        context: &Arc<Context>,
        snapshot: &Arc<Snapshot>,
        known: &Arc<KnownIds>,
        entries: &Arc<Spool>,
        share: (usize, usize),
    ) -> Self {
        let new = (0..entries.len()).map(|lane| entries.entries(lane)).sum();
        let mut levels = Vec::new();
        for segment in snapshot.segments() {
            let level = usize::from(segment.level);
            levels.resize(levels.len().max(level + 1), 0);
            levels[level] += segment.meta.entries;
        }
        Self {
            context: Arc::clone(context),
            snapshot: Arc::clone(snapshot),
            known: Arc::clone(known),
            entries: Arc::clone(entries),
            kinds: context.kinds.list(),
            level: merge_level(new, &levels),
            next: AtomicUsize::new(0),
            share,
        }
    }

    /// The levels whose entries go to another.
    pub(crate) fn emptied(&self) -> Vec<u8> {
        let mut emptied: Vec<_> = self.snapshot.segments().map(|segment| segment.level).collect();
        emptied.retain(|&level| usize::from(level) < self.level);
        emptied.dedup();
        emptied
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<Vec<IndexSegment>> {
        let _working = spend(Part::Index);
        let mut written = Vec::new();
        let bits = cell_bits(self.level);
        // Lanes and cells are both equal parts of all hashes, by a power of two: a unit is whole lanes and whole cells.
        let (lanes, cells) = (self.entries.len(), 1_usize << bits);
        let units = lanes.min(cells);
        let (number, shares) = self.share;
        let (start, end) = (units * number / shares, units * (number + 1) / shares);
        loop {
            self.context.stop.check()?;
            let unit = start + self.next.fetch_add(1, Ordering::Relaxed);
            if unit >= end {
                return Ok(written);
            }
            let mut partitions = Partitions::default();
            let lanes = part(unit, units, lanes).map(|lane| self.take(lane, &mut partitions, remote));
            let mut new = lanes.collect::<Result<Vec<_>>>()?;
            for number in part(unit, units, cells).rev() {
                let cell = cell(bits, number);
                let of_cell = split_off(&mut new, cell.range().start);
                if let Some(object) = self.merge(cell, of_cell, &mut partitions, remote)? {
                    written.push(self.put(object, remote)?);
                }
            }
        }
    }

    /// The new entries of a lane, with the numbers of `partitions`. There are millions of them, so they are packed, and not
    /// one more has room.
    fn take(&self, lane: usize, partitions: &mut Partitions, remote: &Remote) -> Result<Vec<u128>> {
        let mut numbers: HashMap<(u32, i32), u32, _> = HashMap::with_hasher(FixedState::default());
        let mut out = Vec::with_capacity(self.entries.entries(lane) as usize);
        for segment in self.entries.take(lane, BLOCK_BYTES, remote) {
            let segment = segment?;
            let (whole, _) = segment.as_chunks::<ENTRY_BYTES>();
            out.extend(whole.iter().map(NewEntry::read).map(|NewEntry { hash, check, kind, day }| {
                let partition = *numbers.entry((kind, day)).or_insert_with(|| {
                    let domain_event_type = self.kinds[kind as usize].name.clone();
                    partitions.intern(&PartitionKey { domain_event_type, day })
                });
                Entry { hash, check, partition }.pack()
            }));
        }
        Ok(out)
    }

    /// The new segment of a cell; `None` when nothing is new in it.
    fn merge(
        &self,
        cell: Cell,
        new: Vec<Vec<u128>>,
        partitions: &mut Partitions,
        remote: &Remote,
    ) -> Result<Option<SegmentObject>> {
        let parts = self.known.parts(cell, self.level, partitions, remote)?;
        if new.iter().all(Vec::is_empty) && parts.iter().all(|part| usize::from(part.level()) == self.level) {
            return Ok(None);
        }
        if parts.is_empty() {
            return Ok(pack_cell(cell, new, partitions));
        }
        let old =
            parts.iter().map(|part| part.entries().map(|entries| Box::new(entries) as Box<dyn Iterator<Item = _>>));
        let mut sources = old.collect::<Result<Vec<_>>>()?;
        sources.push(Box::new(new.iter().flatten().map(|&packed| Entry::unpack(packed))));
        Ok(merge_cell(cell, sources, partitions))
    }

    fn put(&self, object: SegmentObject, remote: &Remote) -> Result<IndexSegment> {
        let SegmentObject { bytes, meta } = object;
        let path = layout::stage_index(&self.context.stage, meta.cell.number());
        let zone = self.context.zones.stage.clone();
        let put = async move {
            let payload: PutPayload = bytes.into_iter().collect();
            let put = zone.store().put(&zone.path(&path)?, payload).await;
            put.map(drop).map_err(|error| zone.error("writing", &path, error))
        };
        remote.start(put).wait()?;
        Ok(IndexSegment { level: self.level as u8, meta })
    }
}

/// Takes the entries from a hash on off parts, which are in ascending order, one after the other.
fn split_off(parts: &mut Vec<Vec<u128>>, hash: u64) -> Vec<Vec<u128>> {
    let mut taken = Vec::new();
    while let Some(mut part) = parts.pop() {
        let before = part.partition_point(|&packed| Entry::unpack(packed).hash < hash);
        if before > 0 {
            taken.push(part.split_off(before));
            parts.push(part);
            break;
        }
        taken.push(part);
    }
    taken.reverse();
    taken
}

/// How a segment gets to its place.
pub(crate) fn publication(context: &Context, snapshot: &Snapshot, segment: &IndexSegment) -> Publication {
    let path = segment.path();
    let replaces = snapshot.segment_digest(&path).map(|digest| Replaced { digest, e_tag: None });
    Publication {
        stage: StagedAt::whole(layout::stage_index(&context.stage, segment.meta.cell.number())),
        zone: Target::Trusted,
        path,
        bytes: segment.meta.bytes,
        step: Step::Add,
        digest: Some(Digest(segment.meta.digest)),
        replaces,
    }
}

/// Which of `all` belong to one of `units` equal parts.
fn part(unit: usize, units: usize, all: usize) -> Range<usize> {
    unit * (all / units)..(unit + 1) * (all / units)
}

fn cell(bits: u8, number: usize) -> Cell {
    let hash = (number as u64) << (HASH_BITS - bits);
    Cell::of(hash, bits)
}

//! What the index knows of the ids of a batch.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};

use crate::error::{Error, Result};
use crate::run::control::{IndexSegment, Snapshot};
use crate::run::remote::{Remote, Ticket};
use crate::run::zone::Zone;
use crate::table::PartitionKey;
use crate::table::index::{Cell, Entry, Partitions, Read, Segment, matches, plan_reads};

/// Segments that are opened at once.
const OPENED_AT_ONCE: usize = 16;

/// Parts of a segment that lie closer are read as one: a page of a disk costs no more than a byte.
const GAP_BYTES_MAX: u64 = 4 << 10;

/// What is read of a segment at once.
const READ_BYTES_MAX: u64 = 4 << 20;

/// Reads of a thread that are under way at once: a store answers several as fast as one.
const READS_AT_ONCE: usize = 4;

/// The index of a table, opened: its directories are in memory, its entries in the store.
pub(crate) struct KnownIds {
    trusted: Zone,
    segments: Vec<(IndexSegment, Segment)>,
}

/// An entry of the index for an id that was asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit<'a> {
    /// Which of the hashes.
    pub(crate) hash: usize,
    /// The check of the version that the table took.
    pub(crate) check: u64,
    /// Where that went.
    pub(crate) partition: &'a PartitionKey,
}

impl KnownIds {
    /// Reads the directories.
    pub(crate) async fn open(trusted: &Zone, snapshot: &Snapshot) -> Result<Self> {
        let open = |segment: &IndexSegment| {
            let (trusted, segment) = (trusted.clone(), segment.clone());
            async move {
                let path = segment.path();
                let range = segment.meta.bytes.saturating_sub(segment.meta.tail_bytes)..segment.meta.bytes;
                let tail = trusted.store().get_range(&trusted.path(&path)?, range).await;
                let tail = tail.map_err(|error| trusted.error("reading", &path, error))?;
                let opened =
                    Segment::open(&segment.meta, &tail).map_err(|problem| damaged(&trusted, &path, &problem))?;
                Ok((segment, opened))
            }
        };
        let segments: Vec<_> = snapshot.segments().map(open).collect();
        let segments = futures::stream::iter(segments).buffered(OPENED_AT_ONCE).try_collect().await?;
        Ok(Self { trusted: trusted.clone(), segments })
    }

    /// Whether the table took anything yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Calls `take` with every entry for one of the hashes, which are in ascending order.
    pub(crate) fn find(&self, hashes: &[u64], remote: &Remote, mut take: impl FnMut(Hit<'_>)) -> Result<()> {
        let mut under_way = VecDeque::with_capacity(READS_AT_ONCE);
        for (name, segment) in &self.segments {
            let mut reads = plan_reads(segment, hashes, GAP_BYTES_MAX);
            while !reads.is_empty() {
                let mut bytes = 0;
                let count = reads.iter().take_while(|read| {
                    bytes += read.bytes.end - read.bytes.start;
                    bytes <= READ_BYTES_MAX
                });
                let later = reads.split_off(count.count().max(1));
                if under_way.len() == READS_AT_ONCE
                    && let Some(asked) = under_way.pop_front()
                {
                    self.answer(asked, hashes, &mut take)?;
                }
                let ranges = reads.iter().map(|read| read.bytes.clone()).collect();
                let parts = self.start_read(&name.path(), ranges, remote);
                under_way.push_back(Asked { name, segment, reads, parts });
                reads = later;
            }
        }
        under_way.into_iter().try_for_each(|asked| self.answer(asked, hashes, &mut take))
    }

    fn answer(&self, asked: Asked<'_>, hashes: &[u64], take: &mut impl FnMut(Hit<'_>)) -> Result<()> {
        let Asked { name, segment, reads, parts } = asked;
        for (read, part) in reads.iter().zip(parts.wait()?) {
            let wrong = |problem: String| damaged(&self.trusted, &name.path(), &problem);
            let entries = segment.entries(read.buckets.clone(), &part).map_err(wrong)?;
            for (index, entry) in matches(entries, &hashes[read.hashes.clone()]) {
                let none = || wrong(format!("it has no partition {}", entry.partition));
                let partition = segment.partition(entry.partition).ok_or_else(none)?;
                take(Hit { hash: read.hashes.start + index, check: entry.check, partition });
            }
        }
        Ok(())
    }

    /// What the segments of the levels down to one have of a cell, with the numbers of `partitions`.
    pub(super) fn parts(
        &self,
        cell: Cell,
        level_max: usize,
        partitions: &mut Partitions,
        remote: &Remote,
    ) -> Result<Vec<Part<'_>>> {
        let mut parts = Vec::new();
        for (name, segment) in self.segments.iter().filter(|(name, _)| usize::from(name.level) <= level_max) {
            let buckets = segment.buckets_of(&cell.range());
            let range = segment.bytes_of(buckets.clone());
            if range.is_empty() {
                continue;
            }
            let numbers = partitions.intern_all(segment.partitions());
            let bytes = self.start_read(&name.path(), vec![range], remote).wait()?.pop().unwrap_or_default();
            let part = Part { trusted: &self.trusted, name, segment, cell, buckets, bytes, numbers };
            if part.entries()?.next().is_some() {
                parts.push(part);
            }
        }
        Ok(parts)
    }

    fn start_read(&self, path: &str, ranges: Vec<Range<u64>>, remote: &Remote) -> Ticket<Vec<Bytes>> {
        let (trusted, path) = (self.trusted.clone(), path.to_owned());
        let call = async move {
            let parts = trusted.store().get_ranges(&trusted.path(&path)?, &ranges).await;
            parts.map_err(|error| trusted.error("reading", &path, error))
        };
        remote.start(call)
    }
}

/// Parts of a segment that are on their way.
struct Asked<'a> {
    name: &'a IndexSegment,
    segment: &'a Segment,
    reads: Vec<Read>,
    parts: Ticket<Vec<Bytes>>,
}

/// What a segment has of a cell: one entry or more.
pub(super) struct Part<'a> {
    trusted: &'a Zone,
    name: &'a IndexSegment,
    segment: &'a Segment,
    cell: Cell,
    buckets: Range<u32>,
    /// Half of what the entries would take.
    bytes: Bytes,
    numbers: Vec<u32>,
}

impl Part<'_> {
    pub(super) fn level(&self) -> u8 {
        self.name.level
    }

    pub(super) fn entries(&self) -> Result<impl Iterator<Item = Entry>> {
        let entries = self.segment.entries(self.buckets.clone(), &self.bytes);
        let entries = entries.map_err(|problem| damaged(self.trusted, &self.name.path(), &problem))?;
        let inside = self.cell.range();
        Ok(entries.filter(move |entry| inside.contains(&entry.hash)).map(|entry| entry.renumbered(&self.numbers)))
    }
}

/// An entry of the index that a run makes, on its way there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NewEntry {
    pub(crate) hash: u64,
    pub(crate) check: u64,
    /// The number of the row's kind.
    pub(crate) kind: u32,
    /// The day of its partition.
    pub(crate) day: i32,
}

/// What [`NewEntry::write`] takes.
pub(crate) const ENTRY_BYTES: usize = 24;

impl NewEntry {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.hash.to_le_bytes());
        out.extend_from_slice(&self.check.to_le_bytes());
        out.extend_from_slice(&self.kind.to_le_bytes());
        out.extend_from_slice(&self.day.to_le_bytes());
    }

    pub(crate) fn read(bytes: &[u8; ENTRY_BYTES]) -> Self {
        let word = |from: usize| [bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]];
        let double = |from: usize| {
            u64::from(u32::from_le_bytes(word(from))) | u64::from(u32::from_le_bytes(word(from + 4))) << 32
        };
        Self {
            hash: double(0),
            check: double(8),
            kind: u32::from_le_bytes(word(16)),
            day: i32::from_le_bytes(word(20)),
        }
    }
}

/// The index is damaged, which costs no row: it can be made anew from the table.
pub(super) fn damaged(trusted: &Zone, path: &str, problem: &str) -> Error {
    let problem = format!("{problem}; `events rebuild` makes the index anew");
    Error::Table { object: trusted.name(path), problem }
}

//! Rows become files: one bucket at a time, sorted by partition, timestamp and id, without those that are dropped.
//!
//! A bucket that does not fit a thread's share of the memory is sorted in runs that are merged. Both ways give the same
//! rows in the same order to the same encoder, so the files do not tell how much memory there was.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering as MemoryOrdering};
use std::sync::{Arc, Mutex, PoisonError};

use super::context::Context;
use super::crew::Crew;
use super::exchange::{Exchange, ScratchFile, Spool};
use super::files::{Against, Files, Sizes};
use super::losers;
use super::outputs::Output;
use super::profile::spend;
use super::remote::Remote;
use super::report::Part;
use crate::error::{Error, Result};
use crate::table::{BATCH_ROWS, Header, Kind, Row, day, header_at, headers, id_at, row_at};

/// Writes some buckets, for many threads.
pub(crate) struct Write {
    context: Arc<Context>,
    exchange: Arc<Exchange>,
    losers: Arc<Spool>,
    against: Against,
    kinds: Vec<Arc<Kind>>,
    /// By kind: the place of its name among all names.
    ranks: Vec<u32>,
    /// The largest last, so that no thread begins it when the others are done.
    buckets: Mutex<Vec<usize>>,
    partitions: AtomicUsize,
    crew: Arc<Crew>,
}

/// What partitions and rows are ordered by, before their ids: partitions by name and day, rows by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rank: u32,
    timestamp: i64,
}

impl Place {
    fn partition(self) -> (u32, i32) {
        (self.rank, day(self.timestamp))
    }
}

/// A row in the order of places: the place, and where in its block the row is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sorted(u128);

impl Sorted {
    fn new(place: Place, at: usize) -> Result<Self> {
        let at = u32::try_from(at).map_err(|_| Error::Ledger { problem: "a block of 4 GiB".to_owned() })?;
        // Before 1970 is before 1970 without a sign, too.
        let timestamp = place.timestamp.cast_unsigned() ^ 1 << 63;
        Ok(Self(u128::from(place.rank) << 96 | u128::from(timestamp) << 32 | u128::from(at)))
    }

    fn place(self) -> Place {
        Place { rank: (self.0 >> 96) as u32, timestamp: ((self.0 >> 32) as u64 ^ 1 << 63).cast_signed() }
    }

    fn at(self) -> usize {
        self.0 as u32 as usize
    }
}

/// How many rows are fetched from memory together.
const READ_AHEAD_ROWS: usize = 32;

/// Reads a little of rows that lie anywhere in a block, and drops it. One row is waited for while the next ones are on
/// their way, where reading one after the other would wait for each of them.
fn read_ahead(block: &[u8], rows: &[Sorted]) {
    const ROW_BYTES: usize = 320;
    const CACHE_LINE_BYTES: usize = 64;
    let lines = |row: &Sorted| {
        block[row.at()..].iter().take(ROW_BYTES).step_by(CACHE_LINE_BYTES).fold(0, |sum, byte| sum ^ byte)
    };
    std::hint::black_box(rows.iter().fold(0, |sum, row| sum ^ lines(row)));
}

/// Larger than what an encoder takes and gives back all the time, smaller than a whole lane may be.
const KEPT_BYTES_MAX: usize = 12 << 20;

/// Lets the allocator keep blocks of encoders when they are given back.
///
/// That of glibc returns blocks beyond a threshold to the system at once, which maps them and fills them with zeros again for
/// the next batch. The threshold is the largest block that was given back so far
/// ([mallopt(3)](https://man7.org/linux/man-pages/man3/mallopt.3.html), `M_MMAP_THRESHOLD`), so one is, which nothing has
/// touched.
fn keep_blocks() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(KEPT_BYTES_MAX)));
}

impl Write {
    pub(crate) fn new(
        context: &Arc<Context>,
        exchange: &Arc<Exchange>,
        losers: &Arc<Spool>,
        against: Against,
        buckets: Range<usize>,
    ) -> Self {
        keep_blocks();
        let kinds = context.kinds.list();
        let mut names: Vec<&str> = kinds.iter().map(|kind| &*kind.name).collect();
        names.sort_unstable();
        names.dedup();
        let ranks = kinds.iter().map(|kind| names.binary_search(&&*kind.name).unwrap_or_default() as u32).collect();
        let mut buckets: Vec<usize> = buckets.collect();
        buckets.sort_by_key(|&bucket| exchange.rows.bytes(bucket));
        Self {
            context: Arc::clone(context),
            exchange: Arc::clone(exchange),
            losers: Arc::clone(losers),
            against,
            ranks,
            kinds,
            buckets: Mutex::new(buckets),
            partitions: AtomicUsize::new(0),
            crew: Arc::default(),
        }
    }

    /// Counts the partitions of a bucket, which are in no other.
    fn count_partitions(&self, sizes: &Sizes) -> Result<()> {
        let partitions_max = self.context.config.partitions_max;
        let before = self.partitions.fetch_add(sizes.len(), MemoryOrdering::Relaxed);
        if before + sizes.len() > partitions_max { Err(Error::TooManyPartitions { partitions_max }) } else { Ok(()) }
    }

    /// A thread's part of the work.
    pub(crate) fn work(&self, remote: &Remote) -> Result<Vec<Output>> {
        let working = self.crew.work();
        let mut files = Files::new(&self.context, &self.against, &self.kinds, &self.ranks, remote, &self.crew);
        let mut block = Vec::new();
        // All that is not said to be something else.
        let _exchanging = spend(Part::Exchange);
        loop {
            self.context.stop.check()?;
            let Some(bucket) = self.buckets.lock().unwrap_or_else(PoisonError::into_inner).pop() else { break };
            let bytes = self.exchange.rows.bytes(bucket);
            if bytes == 0 {
                continue;
            }
            let losers = losers::of_bucket(&self.losers, bucket, remote)?;
            if bytes <= self.context.lane_bytes_max() as u64 {
                block = self.write_whole(bucket, &losers, &mut files, block)?;
            } else {
                self.write_merged(bucket, &losers, &mut files)?;
            }
            // No other bucket has rows of its partitions, and the next one needs the memory.
            let _encoding = spend(Part::Encode);
            files.close()?;
        }
        let outputs = {
            let _encoding = spend(Part::Encode);
            files.finish()?
        };
        drop((working, block));
        self.crew.help();
        Ok(outputs)
    }

    /// Sorts a bucket in memory: that of a block before, which becomes that of the next one.
    fn write_whole(&self, bucket: usize, losers: &[u32], files: &mut Files<'_>, mut spare: Vec<u8>) -> Result<Vec<u8>> {
        let mut survivors = Survivors { losers, ordinal: 0 };
        for block in self.exchange.rows.take(bucket, usize::MAX, files.remote()).in_place_of(std::mem::take(&mut spare))
        {
            let block = block?;
            let sorted = self.sort(&block, &mut survivors)?;
            let mut sizes = Sizes::new();
            for partition in sorted.chunk_by(|one, two| one.place().partition() == two.place().partition()) {
                sizes.insert(partition[0].place().partition(), partition.len());
            }
            self.count_partitions(&sizes)?;
            let _encoding = spend(Part::Encode);
            for some in sorted.chunks(READ_AHEAD_ROWS) {
                read_ahead(&block, some);
                for row in some {
                    files.push(&read(&block, row.at())?.0, &sizes)?;
                }
            }
            spare = block;
        }
        Ok(spare)
    }

    /// Sorts a bucket in runs and merges them.
    fn write_merged(&self, bucket: usize, losers: &[u32], files: &mut Files<'_>) -> Result<()> {
        let mut survivors = Survivors { losers, ordinal: 0 };
        let mut sizes = Sizes::new();
        // One file for all of them: there may be more than a process can open.
        let scratch = ScratchFile::new(Arc::clone(&self.context.scratch));
        let (mut runs, mut end) = (Vec::new(), 0);
        for block in self.exchange.rows.take(bucket, self.context.lane_bytes_max() / 2, files.remote()) {
            self.context.stop.check()?;
            let block = block?;
            let begin = end;
            let mut buffer = Vec::with_capacity(RUN_BUFFER_BYTES_MAX);
            for row in self.sort(&block, &mut survivors)? {
                *sizes.entry(row.place().partition()).or_default() += 1;
                let at = row.at();
                let row_end = header_at(&block, at).map_or(at, |header| header.end);
                buffer.extend_from_slice(&block[at..row_end]);
                if buffer.len() >= RUN_BUFFER_BYTES_MAX {
                    end = scratch.append(&[&buffer])? + buffer.len() as u64;
                    buffer.clear();
                }
            }
            if !buffer.is_empty() {
                end = scratch.append(&[&buffer])? + buffer.len() as u64;
            }
            runs.push(begin..end);
        }
        self.count_partitions(&sizes)?;
        let mut heads = BinaryHeap::with_capacity(runs.len());
        let buffer_bytes = self.context.lane_bytes_max() / runs.len().max(1);
        let buffer_bytes = buffer_bytes.clamp(RUN_BUFFER_BYTES_MIN, RUN_BUFFER_BYTES_MAX);
        for run in runs {
            let reader = BufReader::with_capacity(buffer_bytes, scratch.reader(run));
            heads.extend(self.head(reader, Vec::new())?.map(Reverse));
        }
        let _encoding = spend(Part::Encode);
        let mut written = 0_usize;
        while let Some(Reverse(head)) = heads.pop() {
            files.push(&read(&head.row, 0)?.0, &sizes)?;
            heads.extend(self.head(head.rest, head.row)?.map(Reverse));
            written += 1;
            if written.is_multiple_of(BATCH_ROWS) {
                self.context.stop.check()?;
            }
        }
        Ok(())
    }

    /// Where the rows of a block are that stay, in their order.
    fn sort(&self, block: &[u8], survivors: &mut Survivors<'_>) -> Result<Vec<Sorted>> {
        let _sorting = spend(Part::Sort);
        let survivors = headers(block).filter(|_| survivors.next());
        let sorted = survivors.map(|(at, header)| Sorted::new(self.place(header), at));
        let mut sorted = sorted.collect::<Result<Vec<_>>>()?;
        sorted.sort_unstable();
        // Ids are looked up where times tie, so an entry is small and compared at once.
        for tied in sorted.chunk_by_mut(|one, two| one.place() == two.place()).filter(|tied| tied.len() > 1) {
            tied.sort_unstable_by(|one, two| compare_ids((block, one.at()), (block, two.at())));
        }
        Ok(sorted)
    }

    fn place(&self, header: Header) -> Place {
        Place { rank: self.ranks[header.kind as usize], timestamp: header.timestamp }
    }

    /// The next row of a run; `None` at its end. `row` is a buffer to use again.
    fn head<R: Read>(&self, mut rest: R, mut row: Vec<u8>) -> Result<Option<Head<R>>> {
        row.resize(4, 0);
        let failed = |source| self.context.scratch.error("reading", source);
        match rest.read(&mut row[..1]).map_err(failed)? {
            0 => return Ok(None),
            _ => rest.read_exact(&mut row[1..]).map_err(failed)?,
        }
        let length = u32::from_le_bytes([row[0], row[1], row[2], row[3]]) as usize;
        row.resize(length.max(4), 0);
        rest.read_exact(&mut row[4..]).map_err(failed)?;
        let header = header_at(&row, 0).ok_or_else(damaged)?;
        Ok(Some(Head { place: self.place(header), row, rest }))
    }
}

/// A run is written so much at once, and in the merge read so much, when there is memory for that.
const RUN_BUFFER_BYTES_MAX: usize = 128 << 10;
/// Less is read one system call after the other, which costs more than a longer merge is worth.
const RUN_BUFFER_BYTES_MIN: usize = 8 << 10;

/// The row of a run that comes next.
struct Head<R> {
    place: Place,
    row: Vec<u8>,
    rest: R,
}

impl<R> PartialEq for Head<R> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<R> Eq for Head<R> {}

impl<R> PartialOrd for Head<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R> Ord for Head<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place.cmp(&other.place).then_with(|| compare_ids((&self.row, 0), (&other.row, 0)))
    }
}

/// Tells row by row, in the order of the bucket, whether it stays.
struct Survivors<'a> {
    losers: &'a [u32],
    ordinal: u32,
}

impl Survivors<'_> {
    fn next(&mut self) -> bool {
        let loses = self.losers.first() == Some(&self.ordinal);
        if loses {
            self.losers = &self.losers[1..];
        }
        self.ordinal += 1;
        !loses
    }
}

/// The order of the ids of two rows.
fn compare_ids((one, one_at): (&[u8], usize), (two, two_at): (&[u8], usize)) -> Ordering {
    let id = |block, at| id_at(block, at).map(|(id, _)| id);
    id(one, one_at).cmp(&id(two, two_at))
}

fn read(block: &[u8], at: usize) -> Result<(Row<'_>, usize)> {
    row_at(block, at).ok_or_else(damaged)
}

fn damaged() -> Error {
    Error::Ledger { problem: "a row came back from the exchange damaged".to_owned() }
}

//! Lanes of bytes that threads append to, in memory up to a budget.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::scratch::ScratchFile;
use super::sealed::{Sealed, read_range};
use super::stage::{StageLanes, Staged};
use crate::error::Result;
use crate::run::remote::Remote;
use crate::run::zone::Zone;

/// Where a lane's bytes go that memory has no room for.
pub(crate) enum Overflow {
    Scratch(ScratchFile),
    Stage(StageLanes),
    /// Objects of another process, which get nothing more: what is appended stays in memory.
    Sealed(Zone),
}

/// A piece of a lane outside memory. It holds whole entries.
#[derive(Debug, Clone)]
enum Extent {
    /// Under way: the thread that writes it fills it in before it goes on.
    Reserved,
    Scratch {
        offset: u64,
        length: usize,
    },
    Staged(Staged),
    Sealed {
        object: Arc<str>,
        offset: u64,
        length: usize,
    },
}

#[derive(Default)]
struct Lane {
    /// The newest entries, behind all extents.
    buffer: Vec<u8>,
    extents: Vec<Extent>,
    entries: u64,
    bytes: u64,
}

/// Lanes of entries, in the order in which they were appended.
pub(crate) struct Spool {
    lanes: Vec<Mutex<Lane>>,
    overflow: Overflow,
    /// Bytes in all buffers, and how many there may be.
    buffered: AtomicUsize,
    budget: usize,
    /// Held while all lanes are moved out of memory together.
    spilling: Mutex<()>,
}

impl Spool {
    pub(crate) fn new(lanes: usize, budget: usize, overflow: Overflow) -> Self {
        let lanes = std::iter::repeat_with(Mutex::default).take(lanes).collect();
        Self::of(lanes, overflow, budget)
    }

    fn of(lanes: Vec<Mutex<Lane>>, overflow: Overflow, budget: usize) -> Self {
        Self { lanes, overflow, buffered: AtomicUsize::new(0), budget, spilling: Mutex::default() }
    }

    /// A spool whose lanes lie in the stage zone already: for each lane its objects, in order.
    pub(crate) fn staged(lanes: Vec<Vec<Staged>>, stage: StageLanes) -> Self {
        let lane = |objects: Vec<Staged>| Lane {
            entries: objects.iter().map(|object| object.entries).sum(),
            bytes: objects.iter().map(|object| object.bytes).sum(),
            extents: objects.into_iter().map(Extent::Staged).collect(),
            buffer: Vec::new(),
        };
        let lanes = lanes.into_iter().map(|objects| Mutex::new(lane(objects))).collect();
        Self::of(lanes, Overflow::Stage(stage), 0)
    }

    /// A spool of what others have sealed: in each lane the entries of the first, then those of the second, and so on.
    pub(crate) fn sealed(lanes: usize, all: &[Sealed], stage: &Zone) -> Self {
        let mut filled: Vec<Lane> = std::iter::repeat_with(Lane::default).take(lanes).collect();
        for sealed in all {
            let object: Arc<str> = sealed.path.as_str().into();
            for part in &sealed.lanes {
                let Some(lane) = filled.get_mut(part.lane as usize) else { continue };
                let (object, offset, length) = (Arc::clone(&object), part.offset, part.bytes as usize);
                lane.extents.push(Extent::Sealed { object, offset, length });
                lane.entries += part.entries;
                lane.bytes += part.bytes;
            }
        }
        let lanes = filled.into_iter().map(Mutex::new).collect();
        Self::of(lanes, Overflow::Sealed(stage.clone()), 0)
    }

    fn lane(&self, lane: usize) -> MutexGuard<'_, Lane> {
        // A thread that panicked has failed the run; what it held no longer matters.
        self.lanes[lane].lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.lanes.len()
    }

    pub(crate) fn bytes(&self, lane: usize) -> u64 {
        self.lane(lane).bytes
    }

    pub(crate) fn entries(&self, lane: usize) -> u64 {
        self.lane(lane).entries
    }

    /// Appends a block of whole entries and tells how many were there before.
    pub(crate) fn append(&self, lane: usize, block: &[u8], entries: u64, remote: &Remote) -> Result<u64> {
        let mut guard = self.lane(lane);
        let before = guard.entries;
        // Doubling would leave half of all buffers empty.
        if guard.buffer.capacity() - guard.buffer.len() < block.len() {
            guard.buffer.reserve_exact(block.len().max(self.spill_bytes()));
        }
        guard.buffer.extend_from_slice(block);
        guard.entries += entries;
        guard.bytes += block.len() as u64;
        let buffered = self.buffered.fetch_add(block.len(), Ordering::Relaxed) + block.len();
        if buffered <= self.budget {
            return Ok(before);
        }
        match &self.overflow {
            Overflow::Stage(stage) if stage.together => {
                drop(guard);
                self.spill_together(stage, self.budget, remote)?;
            }
            Overflow::Scratch(_) | Overflow::Stage(_) if guard.buffer.len() >= self.spill_bytes() => {
                self.spill(lane, guard, remote)?;
            }
            // What is appended to a sealed spool is little.
            Overflow::Scratch(_) | Overflow::Stage(_) | Overflow::Sealed(_) => {}
        }
        Ok(before)
    }

    /// Over the budget, lanes of at least half the average go: all of them at once would be many small writes.
    fn spill_bytes(&self) -> usize {
        self.budget / (2 * self.lanes.len()).max(1)
    }

    /// Moves a lane's buffer out of memory.
    fn spill(&self, lane: usize, mut guard: MutexGuard<'_, Lane>, remote: &Remote) -> Result<()> {
        let buffer = std::mem::take(&mut guard.buffer);
        self.buffered.fetch_sub(buffer.len(), Ordering::Relaxed);
        let number = guard.extents.len();
        guard.extents.push(Extent::Reserved);
        // Others may append meanwhile: their entries are behind these.
        drop(guard);
        let extent = match &self.overflow {
            Overflow::Scratch(file) => Extent::Scratch { offset: file.append(&buffer)?, length: buffer.len() },
            Overflow::Stage(stage) => Extent::Staged(stage.write(lane, number, &buffer, remote)?),
            Overflow::Sealed(_) => unreachable!("what is appended to a sealed spool stays in memory"),
        };
        let mut guard = self.lane(lane);
        guard.extents[number] = extent;
        // The lane will fill again, but not as far as before the budget was reached.
        if guard.buffer.capacity() == 0 && buffer.capacity() <= 2 * self.spill_bytes() {
            guard.buffer = buffer;
            guard.buffer.clear();
        }
        Ok(())
    }

    /// Moves a lane out of memory, all of it, and tells what lies in the stage zone.
    pub(crate) fn flush(&self, lane: usize, remote: &Remote) -> Result<Vec<Staged>> {
        let guard = self.lane(lane);
        if guard.buffer.is_empty() {
            drop(guard);
        } else {
            self.spill(lane, guard, remote)?;
        }
        let staged = |extent: &Extent| match extent {
            Extent::Staged(staged) => Some(staged.clone()),
            Extent::Reserved | Extent::Scratch { .. } | Extent::Sealed { .. } => None,
        };
        let mut guard = self.lane(lane);
        guard.buffer = Vec::new();
        Ok(guard.extents.iter().filter_map(staged).collect())
    }

    /// Moves all lanes out of memory, into as few objects of the stage zone as is good, and tells what lies there, by lane.
    pub(crate) fn flush_together(&self, remote: &Remote) -> Result<Vec<Vec<Staged>>> {
        let Overflow::Stage(stage) = &self.overflow else { return Ok(Vec::new()) };
        self.spill_together(stage, 0, remote)?;
        let staged = |extent: &Extent| match extent {
            Extent::Staged(staged) => Some(staged.clone()),
            Extent::Reserved | Extent::Scratch { .. } | Extent::Sealed { .. } => None,
        };
        let lanes = (0..self.len()).map(|lane| self.lane(lane).extents.iter().filter_map(staged).collect());
        Ok(lanes.collect())
    }

    /// Moves all lanes out of memory at once, unless no more than that is in it.
    fn spill_together(&self, stage: &StageLanes, budget: usize, remote: &Remote) -> Result<()> {
        // One thread does it, and the others wait here instead of filling the memory meanwhile.
        let _one = self.spilling.lock().unwrap_or_else(PoisonError::into_inner);
        if self.buffered.load(Ordering::Relaxed) <= budget {
            return Ok(());
        }
        let mut filled = Vec::new();
        for lane in 0..self.len() {
            let mut guard = self.lane(lane);
            if !guard.buffer.is_empty() {
                let buffer = std::mem::take(&mut guard.buffer);
                self.buffered.fetch_sub(buffer.len(), Ordering::Relaxed);
                filled.push((lane, guard.extents.len(), buffer));
                guard.extents.push(Extent::Reserved);
            }
        }
        let places: Vec<_> = filled.iter().map(|(lane, number, _)| (*lane, *number)).collect();
        for ((lane, number), staged) in places.into_iter().zip(stage.write_together(filled, remote)?) {
            self.lane(lane).extents[number] = Extent::Staged(staged);
        }
        Ok(())
    }

    /// The lane's entries in blocks of about at most that many bytes, at least one extent each. The lane is empty then.
    pub(crate) fn take<'a>(&'a self, lane: usize, block_bytes: usize, remote: &'a Remote) -> Segments<'a> {
        let lane = std::mem::take(&mut *self.lane(lane));
        self.buffered.fetch_sub(lane.buffer.len(), Ordering::Relaxed);
        Segments { spool: self, extents: lane.extents.into_iter(), buffer: Some(lane.buffer), block_bytes, remote }
    }
}

/// The blocks of a lane.
pub(crate) struct Segments<'a> {
    spool: &'a Spool,
    extents: std::vec::IntoIter<Extent>,
    buffer: Option<Vec<u8>>,
    block_bytes: usize,
    remote: &'a Remote,
}

impl Segments<'_> {
    fn read(&self, extent: Extent, block: &mut Vec<u8>) -> Result<()> {
        match (&self.spool.overflow, extent) {
            (Overflow::Scratch(file), Extent::Scratch { offset, length }) => {
                let start = block.len();
                block.resize(start + length, 0);
                file.read(&mut block[start..], offset)
            }
            (Overflow::Stage(stage), Extent::Staged(staged)) => stage.read(&staged, block, self.remote),
            (Overflow::Sealed(zone), Extent::Sealed { object, offset, length }) => {
                block.extend_from_slice(&read_range(zone, &object, offset, length, self.remote)?);
                Ok(())
            }
            // A spool has one overflow, and whoever wrote an extent has filled it in.
            _ => unreachable!("an extent of another overflow"),
        }
    }
}

impl Iterator for Segments<'_> {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let length = |extent: &Extent| match extent {
            Extent::Reserved => 0,
            Extent::Scratch { length, .. } | Extent::Sealed { length, .. } => *length,
            Extent::Staged(staged) => staged.bytes as usize,
        };
        let Some(first) = self.extents.next() else {
            return self.buffer.take().filter(|buffer| !buffer.is_empty()).map(Ok);
        };
        // A block that grows would take twice its length.
        let buffered = self.buffer.as_ref().map_or(0, Vec::len);
        let rest: usize = self.extents.as_slice().iter().map(length).sum();
        let mut block = Vec::with_capacity((length(&first) + rest + buffered).min(self.block_bytes));
        let mut next = Some(first);
        while let Some(extent) = next {
            if let Err(error) = self.read(extent, &mut block) {
                return Some(Err(error));
            }
            let room = self.block_bytes.saturating_sub(block.len());
            let fits = self.extents.as_slice().first().is_some_and(|extent| length(extent) <= room);
            next = if fits { self.extents.next() } else { None };
        }
        if self.extents.as_slice().is_empty()
            && self.buffer.as_ref().is_some_and(|buffer| buffer.len() <= self.block_bytes.saturating_sub(block.len()))
        {
            block.append(&mut self.buffer.take().unwrap_or_default());
        }
        Some(Ok(block))
    }
}

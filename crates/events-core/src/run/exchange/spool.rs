//! Lanes of bytes that threads append to, in memory up to a budget.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::scratch::ScratchFile;
use super::sealed::Sealed;
use super::segments::Segments;
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

/// A piece of a lane outside memory.
#[derive(Debug, Clone)]
pub(super) enum Extent {
    /// Under way: the thread that writes it fills it in before it goes on.
    Reserved,
    Scratch {
        offset: u64,
        length: u32,
        /// Bytes at its end of entries that go on in the next extent. Others hold whole entries.
        cut: u32,
    },
    /// Behind a pointer, so that the many extents of scratch files are small.
    Staged(Box<Staged>),
    Sealed(Box<SealedExtent>),
}

/// A piece of a lane in an object of another process.
#[derive(Debug, Clone)]
pub(super) struct SealedExtent {
    pub(super) object: Arc<str>,
    pub(super) offset: u64,
    pub(super) length: usize,
}

/// A part of what a lane has in memory.
#[derive(Default)]
pub(super) struct Page {
    pub(super) bytes: Vec<u8>,
    /// Of a full page: how many bytes up to its end are of a block that goes on in the next page.
    pub(super) cut: usize,
}

#[derive(Default)]
struct Lane {
    /// The newest entries, behind all extents. All pages but the last are full.
    pages: Vec<Page>,
    extents: Vec<Extent>,
    entries: u64,
    bytes: u64,
}

/// Lanes of entries, in the order in which they were appended.
pub(crate) struct Spool {
    lanes: Vec<Mutex<Lane>>,
    overflow: Overflow,
    /// What lanes keep in memory grows by pages of one size: nothing is copied, and nothing is left over.
    page_bytes: usize,
    /// Pages that were in use.
    free: Mutex<Vec<Page>>,
    /// Bytes of the pages of all lanes, and how many there may be.
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
        let budget = if matches!(overflow, Overflow::Stage(_)) { budget.min(STAGED_BYTES_MAX) } else { budget };
        let share = (budget / (2 * lanes.len()).max(1)).clamp(PAGE_BYTES_MIN, PAGE_BYTES_MAX);
        // The greatest power of two: pages lie at multiples of it in a scratch file.
        let page_bytes = 1 << share.ilog2();
        let (free, buffered, spilling) = (Mutex::default(), AtomicUsize::new(0), Mutex::default());
        Self { lanes, overflow, page_bytes, free, buffered, budget, spilling }
    }

    /// A spool whose lanes lie in the stage zone already: for each lane its objects, in order.
    pub(crate) fn staged(lanes: Vec<Vec<Staged>>, stage: StageLanes) -> Self {
        let lane = |objects: Vec<Staged>| Lane {
            entries: objects.iter().map(|object| object.entries).sum(),
            bytes: objects.iter().map(|object| object.bytes).sum(),
            extents: objects.into_iter().map(|object| Extent::Staged(Box::new(object))).collect(),
            pages: Vec::new(),
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
                lane.extents.push(Extent::Sealed(Box::new(SealedExtent { object, offset, length })));
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

    /// Bytes of the pages of all lanes.
    #[cfg(test)]
    pub(super) fn buffered(&self) -> usize {
        self.buffered.load(Ordering::Relaxed)
    }

    /// Appends a block of whole entries and tells how many were there before.
    pub(crate) fn append(&self, lane: usize, block: &[u8], entries: u64, remote: &Remote) -> Result<u64> {
        let mut guard = self.lane(lane);
        let before = guard.entries;
        let buffered = self.buffer(&mut guard.pages, block);
        guard.entries += entries;
        guard.bytes += block.len() as u64;
        if buffered <= self.budget {
            return Ok(before);
        }
        match &self.overflow {
            Overflow::Stage(stage) if stage.together => {
                drop(guard);
                self.spill_together(stage, self.budget, remote)?;
            }
            Overflow::Scratch(file) if guard.pages.len() > 1 || !self.keeps_open_pages() => {
                self.spill_pages(lane, guard, file)?;
            }
            // All lanes at once would be many small objects.
            Overflow::Stage(_) if guard.pages.len() * self.page_bytes >= self.budget / (2 * self.lanes.len()) => {
                self.spill(lane, guard, remote)?;
            }
            // What is appended to a sealed spool is little.
            Overflow::Scratch(_) | Overflow::Stage(_) | Overflow::Sealed(_) => {}
        }
        Ok(before)
    }

    /// Adds a block to the pages of a lane, and tells how much all pages take.
    fn buffer(&self, pages: &mut Vec<Page>, block: &[u8]) -> usize {
        let (mut rest, mut new) = (block, 0);
        while !rest.is_empty() {
            if let Some(page) = pages.last_mut() {
                let room = self.page_bytes - page.bytes.len();
                let (fits, behind) = rest.split_at(room.min(rest.len()));
                page.bytes.extend_from_slice(fits);
                rest = behind;
                if rest.is_empty() {
                    break;
                }
                page.cut = block.len() - rest.len();
            }
            let page = self.free().pop();
            pages.push(page.unwrap_or_else(|| Page { bytes: Vec::with_capacity(self.page_bytes), cut: 0 }));
            new += self.page_bytes;
        }
        self.buffered.fetch_add(new, Ordering::Relaxed) + new
    }

    /// Takes pages that a lane no longer has out of the account.
    fn unbuffer(&self, pages: Vec<Page>) -> Vec<Page> {
        self.buffered.fetch_sub(pages.len() * self.page_bytes, Ordering::Relaxed);
        pages
    }

    /// Takes back pages that are no longer needed.
    fn free_pages(&self, pages: Vec<Page>) {
        self.free().extend(pages.into_iter().map(|mut page| {
            page.bytes.clear();
            Page { cut: 0, ..page }
        }));
    }

    fn free(&self) -> MutexGuard<'_, Vec<Page>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is memory for a page of every lane. Not so with a lane for each of very many inputs.
    fn keeps_open_pages(&self) -> bool {
        self.lanes.len() * self.page_bytes <= self.budget
    }

    /// Moves the full pages of a lane to a scratch file: writes of a power of two to multiples of it, so that the system has
    /// no pages of its own to fill twice. The last page stays when there is memory for that.
    fn spill_pages(&self, lane: usize, mut guard: MutexGuard<'_, Lane>, file: &ScratchFile) -> Result<()> {
        let open = if self.keeps_open_pages() { guard.pages.pop() } else { None };
        let pages = self.unbuffer(std::mem::replace(&mut guard.pages, open.into_iter().collect()));
        let parts = pages.chunks(EXTENT_BYTES_MAX / self.page_bytes);
        let first = guard.extents.len();
        guard.extents.resize(first + parts.len(), Extent::Reserved);
        // Others may append meanwhile: their entries are behind these.
        drop(guard);
        for (number, part) in parts.enumerate() {
            let pieces: Vec<_> = part.iter().map(|page| &page.bytes[..]).collect();
            let (offset, length) = (file.append(&pieces)?, pieces.iter().map(|piece| piece.len()).sum::<usize>());
            let cut = part.last().map_or(0, |page| page.cut);
            // Both are at most `EXTENT_BYTES_MAX`.
            let extent = Extent::Scratch { offset, length: length as u32, cut: cut as u32 };
            self.lane(lane).extents[first + number] = extent;
        }
        self.free_pages(pages);
        Ok(())
    }

    /// Moves what a lane has in memory to the stage zone.
    fn spill(&self, lane: usize, mut guard: MutexGuard<'_, Lane>, remote: &Remote) -> Result<()> {
        let Overflow::Stage(stage) = &self.overflow else { return Ok(()) };
        let pages = self.unbuffer(std::mem::take(&mut guard.pages));
        let number = guard.extents.len();
        guard.extents.push(Extent::Reserved);
        // Others may append meanwhile: their entries are behind these.
        drop(guard);
        let entries = joined(&pages);
        self.free_pages(pages);
        let extent = Extent::Staged(Box::new(stage.write(lane, number, &entries, remote)?));
        self.lane(lane).extents[number] = extent;
        Ok(())
    }

    /// Moves a lane out of memory, all of it, and tells what lies in the stage zone.
    pub(crate) fn flush(&self, lane: usize, remote: &Remote) -> Result<Vec<Staged>> {
        let guard = self.lane(lane);
        if guard.pages.is_empty() {
            drop(guard);
        } else {
            self.spill(lane, guard, remote)?;
        }
        let staged = |extent: &Extent| match extent {
            Extent::Staged(staged) => Some(Staged::clone(staged)),
            Extent::Reserved | Extent::Scratch { .. } | Extent::Sealed(_) => None,
        };
        Ok(self.lane(lane).extents.iter().filter_map(staged).collect())
    }

    /// Moves all lanes out of memory, into as few objects of the stage zone as is good, and tells what lies there, by lane.
    pub(crate) fn flush_together(&self, remote: &Remote) -> Result<Vec<Vec<Staged>>> {
        let Overflow::Stage(stage) = &self.overflow else { return Ok(Vec::new()) };
        self.spill_together(stage, 0, remote)?;
        let staged = |extent: &Extent| match extent {
            Extent::Staged(staged) => Some(Staged::clone(staged)),
            Extent::Reserved | Extent::Scratch { .. } | Extent::Sealed(_) => None,
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
            if !guard.pages.is_empty() {
                let pages = self.unbuffer(std::mem::take(&mut guard.pages));
                // The pages do not stay beside what was made of them: all lanes at once are the whole budget.
                filled.push((lane, guard.extents.len(), joined(&pages)));
                guard.extents.push(Extent::Reserved);
            }
        }
        let places: Vec<_> = filled.iter().map(|(lane, number, _)| (*lane, *number)).collect();
        for ((lane, number), staged) in places.into_iter().zip(stage.write_together(filled, remote)?) {
            self.lane(lane).extents[number] = Extent::Staged(Box::new(staged));
        }
        Ok(())
    }

    /// The lane's entries in blocks of about at most that many bytes, at least one extent each. The lane is empty then.
    pub(crate) fn take<'a>(&'a self, lane: usize, block_bytes: usize, remote: &'a Remote) -> Segments<'a> {
        let lane = std::mem::take(&mut *self.lane(lane));
        let pages = self.unbuffer(lane.pages);
        // Whoever takes has appended all there is.
        self.free().clear();
        Segments::new(&self.overflow, lane.extents, pages, block_bytes, remote)
    }
}

fn joined(pages: &[Page]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(pages.iter().map(|page| page.bytes.len()).sum());
    for page in pages {
        bytes.extend_from_slice(&page.bytes);
    }
    bytes
}

/// No smaller, because each is written by itself.
const PAGE_BYTES_MIN: usize = 4 << 10;
/// No larger, because every lane has one that is half empty.
const PAGE_BYTES_MAX: usize = 64 << 10;

/// The longest extent of a scratch file: a block has at least one, whatever was asked for.
const EXTENT_BYTES_MAX: usize = 16 << 20;
/// The most of a stage's lanes in memory, all of which can be of one lane and become one object: those who read it have it
/// in memory as a whole.
const STAGED_BYTES_MAX: usize = 1 << 30;

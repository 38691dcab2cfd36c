//! A lane is read back in blocks of whole entries.

use super::sealed::read_range;
use super::spool::{Extent, Overflow, Page, SealedExtent};
use crate::error::Result;
use crate::run::remote::Remote;

/// The blocks of a lane.
pub(crate) struct Segments<'a> {
    overflow: &'a Overflow,
    extents: std::vec::IntoIter<Extent>,
    /// What lies in memory, behind all extents.
    pages: std::vec::IntoIter<Page>,
    block_bytes: usize,
    remote: &'a Remote,
    /// A block that was in use.
    spare: Vec<u8>,
    /// What was read of entries that go on.
    carried: Vec<u8>,
}

impl<'a> Segments<'a> {
    pub(super) fn new(
        overflow: &'a Overflow,
        extents: Vec<Extent>,
        pages: Vec<Page>,
        block_bytes: usize,
        remote: &'a Remote,
    ) -> Self {
        let (extents, pages) = (extents.into_iter(), pages.into_iter());
        Self { overflow, extents, pages, block_bytes, remote, spare: Vec::new(), carried: Vec::new() }
    }

    /// The same blocks, the next of them in the memory of one that was in use: fresh memory is filled with zeros, by the
    /// system too.
    pub(crate) fn in_place_of(self, spare: Vec<u8>) -> Self {
        Self { spare, ..self }
    }

    /// Reads an extent to a place of a block, and tells where it ends and how much of it goes on. What the block holds
    /// behind the place is lost.
    fn read(&self, extent: Extent, block: &mut Vec<u8>, at: usize) -> Result<(usize, usize)> {
        match (self.overflow, extent) {
            (Overflow::Scratch(file), Extent::Scratch { offset, length, cut }) => {
                let end = at + length as usize;
                block.resize(end.max(block.len()), 0);
                file.read(&mut block[at..end], offset)?;
                return Ok((end, cut as usize));
            }
            (Overflow::Stage(stage), Extent::Staged(staged)) => {
                block.truncate(at);
                stage.read(&staged, block, self.remote)?;
            }
            (Overflow::Sealed(zone), Extent::Sealed(sealed)) => {
                block.truncate(at);
                let SealedExtent { object, offset, length } = &*sealed;
                block.extend_from_slice(&read_range(zone, object, *offset, *length, self.remote)?);
            }
            // A spool has one overflow, and whoever wrote an extent has filled it in.
            _ => unreachable!("an extent of another overflow"),
        }
        Ok((block.len(), 0))
    }

    /// Reads extents and pages to a block until it is full, and tells where its last whole entry ends.
    fn fill(&mut self, block: &mut Vec<u8>) -> Result<usize> {
        let mut end = self.carried.len();
        block.resize(end.max(block.len()), 0);
        block[..end].copy_from_slice(&self.carried);
        self.carried.clear();
        while let Some(extent) = self.extents.next() {
            let (read, cut) = self.read(extent, block, end)?;
            end = read;
            if let Some(end) = self.end(block, end, cut) {
                return Ok(end);
            }
        }
        block.truncate(end);
        while let Some(page) = self.pages.next() {
            block.extend_from_slice(&page.bytes);
            if let Some(end) = self.end(block, block.len(), page.cut) {
                return Ok(end);
            }
        }
        Ok(block.len())
    }

    /// Where a block ends that has been filled so far, when what comes next does not fit. `cut` bytes of it are of an entry
    /// that goes on.
    fn end(&mut self, block: &[u8], filled: usize, cut: usize) -> Option<usize> {
        let page = || self.pages.as_slice().first().map_or(0, |page| page.bytes.len());
        let next = self.extents.as_slice().first().map_or_else(page, length);
        // Without a whole entry there is nothing to give.
        if cut >= filled || next <= self.block_bytes.saturating_sub(filled) {
            return None;
        }
        self.carried.extend_from_slice(&block[filled - cut..filled]);
        Some(filled - cut)
    }

    /// The bytes in memory.
    fn paged(&self) -> usize {
        self.pages.as_slice().iter().map(|page| page.bytes.len()).sum()
    }
}

impl Iterator for Segments<'_> {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let extents = self.extents.as_slice().iter().map(length).sum::<usize>();
        if extents + self.paged() == 0 {
            return None;
        }
        let expected = (self.carried.len() + extents + self.paged()).min(self.block_bytes);
        let mut block = std::mem::take(&mut self.spare);
        if block.capacity() < expected || block.capacity() / 2 > expected {
            // One that grows would be copied, and a large one is for a large lane alone.
            block = Vec::new();
        }
        block.reserve_exact(expected.saturating_sub(block.len()));
        Some(self.fill(&mut block).map(|end| {
            block.truncate(end);
            block
        }))
    }
}

fn length(extent: &Extent) -> usize {
    match extent {
        Extent::Reserved => 0,
        Extent::Scratch { length, .. } => *length as usize,
        Extent::Sealed(sealed) => sealed.length,
        Extent::Staged(staged) => staged.bytes as usize,
    }
}

//! A cell: the hashes that one segment is about.

use std::ops::Range;

use serde::{Deserialize, Serialize};

#[cfg(test)]
use super::entry::Entry;
use super::entry::HASH_BITS;

/// The most bits that a cell's number has. With as many for its buckets they are the bits of a hash.
pub(crate) const CELL_BITS_MAX: u8 = 24;

/// One of the 2^`bits` equal parts of all hashes: those whose highest bits are `number`. Cells of the same bits order
/// as their hashes do.
///
/// Invariant: `bits` is at most [`CELL_BITS_MAX`] and `number` below 2^`bits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub(crate) struct Cell {
    bits: u8,
    number: u32,
}

/// A cell as it was written, before anything is known of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    bits: u8,
    number: u32,
}

impl Cell {
    /// All hashes.
    #[cfg(test)]
    pub(crate) const WHOLE: Self = Self { bits: 0, number: 0 };

    /// The cell of a number.
    pub(crate) fn new(bits: u8, number: u32) -> Result<Self, String> {
        if bits > CELL_BITS_MAX || number >> bits != 0 {
            return Err(format!("there is no cell {number} of {bits} bits"));
        }
        Ok(Self { bits, number })
    }

    /// The cell of a hash, among those of `bits`: at most [`CELL_BITS_MAX`].
    pub(crate) fn of(hash: u64, bits: u8) -> Self {
        debug_assert!(hash >> HASH_BITS == 0 && bits <= CELL_BITS_MAX);
        Self { bits, number: (hash >> (HASH_BITS - bits)) as u32 }
    }

    pub(crate) fn bits(self) -> u8 {
        self.bits
    }

    pub(crate) fn number(self) -> u32 {
        self.number
    }

    /// The hashes of the cell.
    pub(crate) fn range(self) -> Range<u64> {
        let shift = HASH_BITS - self.bits;
        let number = u64::from(self.number);
        number << shift..(number + 1) << shift
    }
}

/// The entries of each cell that has any, in the order of the cells. The entries are in ascending order.
#[cfg(test)]
pub(crate) fn by_cell(entries: &[Entry], bits: u8) -> impl Iterator<Item = (Cell, &[Entry])> {
    let cell = move |entry: &Entry| Cell::of(entry.hash, bits);
    entries.chunk_by(move |one, two| cell(one) == cell(two)).map(move |chunk| (cell(&chunk[0]), chunk))
}

impl TryFrom<Raw> for Cell {
    type Error = String;

    fn try_from(Raw { bits, number }: Raw) -> Result<Self, String> {
        Self::new(bits, number)
    }
}

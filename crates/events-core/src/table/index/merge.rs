//! Many sources of entries become one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::cell::Cell;
use super::entry::Entry;
use super::partitions::Partitions;
use super::writer::{SegmentObject, SegmentWriter};

/// All entries of sources that are each in ascending order of hash and check, in that order.
///
/// Partitions have their numbers from one dictionary, see [`Entry::renumbered`].
pub(crate) fn merge<I: Iterator<Item = Entry>>(sources: impl IntoIterator<Item = I>) -> impl Iterator<Item = Entry> {
    let mut sources: Vec<I> = sources.into_iter().collect();
    // Packed entries compare in one step.
    let first = |(index, source): (usize, &mut I)| source.next().map(|entry| Reverse((entry.pack(), index)));
    let mut heads: BinaryHeap<_> = sources.iter_mut().enumerate().filter_map(first).collect();
    std::iter::from_fn(move || {
        let mut head = heads.peek_mut()?;
        let Reverse((entry, index)) = *head;
        match sources[index].next() {
            Some(next) => *head = Reverse((next.pack(), index)),
            None => {
                PeekMut::pop(head);
            }
        }
        Some(Entry::unpack(entry))
    })
}

/// The segment of all entries that sources have of a cell. `None` when they have none.
///
/// Sources of greater cells may bring entries of their other parts along: those are left out.
pub(crate) fn merge_cell<I: Iterator<Item = Entry>>(
    cell: Cell,
    sources: impl IntoIterator<Item = I>,
    partitions: &Partitions,
) -> Option<SegmentObject> {
    let hashes = cell.range();
    let mut entries = merge(sources).filter(|entry| hashes.contains(&entry.hash)).peekable();
    entries.peek()?;
    let mut writer = SegmentWriter::new(cell);
    entries.for_each(|entry| writer.push(entry));
    Some(writer.finish(partitions))
}

/// The segment of entries that are all there are of a cell, given in parts as [`Entry::pack`] makes them and fastest in ascending
/// order: what [`merge_cell`] makes of them, without a copy. `None` when there are none.
pub(crate) fn pack_cell(cell: Cell, packed: Vec<Vec<u128>>, partitions: &Partitions) -> Option<SegmentObject> {
    let is_empty = packed.iter().all(Vec::is_empty);
    (!is_empty).then(|| SegmentWriter::of(cell, packed).finish(partitions))
}

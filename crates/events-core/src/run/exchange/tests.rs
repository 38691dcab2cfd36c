//! The laws of lanes: what goes in comes out, in its order and never in the middle of an entry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::executor::block_on;
use proptest::prelude::*;

use super::{Overflow, Scratch, ScratchFile, Spool};
use crate::run::remote::on_threads;

/// A block of whole entries: its lane, its length and what it is made of.
type Block = (usize, usize, u8);

fn bytes(&(_, length, byte): &Block) -> Vec<u8> {
    vec![byte; length]
}

fn blocks(lanes: usize) -> impl Strategy<Value = Vec<Block>> {
    let length = prop_oneof![8 => 1..3_000_usize, 2 => 3_000..9_000_usize, 1 => Just(4_096), 1 => 9_000..40_000_usize];
    proptest::collection::vec((0..lanes, length, any::<u8>()), 0..120)
}

proptest! {
    /// Blocks come out as they went in, however small the memory and the pieces that are asked for, and each piece is
    /// blocks that are whole.
    #[test]
    fn gives_back_what_it_took(
        blocks in blocks(3),
        budget in 0..200_000_usize,
        block_bytes in prop_oneof![1..50_000_usize, Just(usize::MAX)],
        reuse in any::<bool>(),
    ) {
        let folder = tempfile::tempdir()?;
        let scratch = Arc::new(Scratch::new(folder.path().to_owned()));
        let spool = Arc::new(Spool::new(3, budget, Overflow::Scratch(ScratchFile::new(scratch))));
        let (given, stop) = (blocks.clone(), Arc::default());
        let read = on_threads(1, &stop, move |remote| {
            for block in &given {
                let before = spool.append(block.0, &bytes(block), 1, remote)?;
                let earlier = given.iter().take_while(|other| !std::ptr::eq(*other, block)).filter(|other| other.0 == block.0);
                assert_eq!(before, earlier.count() as u64);
            }
            let mut lanes = Vec::new();
            for lane in 0..3 {
                let spare = if reuse { vec![7; 10_000] } else { Vec::new() };
                lanes.push(spool.take(lane, block_bytes, remote).in_place_of(spare).collect::<Result<Vec<_>, _>>()?);
            }
            Ok(lanes)
        });
        let lanes = block_on(read).map_err(|error| TestCaseError::fail(error.to_string()))?.remove(0);
        for (lane, pieces) in lanes.iter().enumerate() {
            let mut whole = blocks.iter().filter(|block| block.0 == lane).map(bytes);
            for piece in pieces {
                let mut expected = Vec::new();
                while expected.len() < piece.len() {
                    expected.extend(whole.next().ok_or_else(|| TestCaseError::fail("more than there was"))?);
                }
                prop_assert!(*piece == expected, "a piece of lane {} is not whole blocks", lane);
            }
            prop_assert_eq!(whole.next(), None);
        }
    }
}

/// A lane that lies in memory, in scratch files or in both is given in blocks that are hardly longer than was asked for.
#[test]
fn gives_blocks_of_the_length_asked_for() {
    const BLOCK_BYTES: usize = 100_000;
    const ENTRY_BYTES: usize = 700;
    // Of a page or an extent no more than this is behind what was asked for.
    const LONGER_BYTES_MAX: usize = 70_000;
    for budget in [0, 400_000, 4 << 20] {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Arc::new(Scratch::new(folder.path().to_owned()));
        let spool = Arc::new(Spool::new(1, budget, Overflow::Scratch(ScratchFile::new(scratch))));
        let stop = Arc::default();
        let lengths = on_threads(1, &stop, move |remote| {
            for number in 0..2_000 {
                spool.append(0, &bytes(&(0, ENTRY_BYTES, number as u8)), 1, remote)?;
            }
            spool
                .take(0, BLOCK_BYTES, remote)
                .map(|block| block.map(|block| block.len()))
                .collect::<Result<Vec<_>, _>>()
        });
        let lengths = block_on(lengths).unwrap().remove(0);
        assert_eq!(lengths.iter().sum::<usize>(), 2_000 * ENTRY_BYTES);
        assert!(lengths.iter().all(|length| length % ENTRY_BYTES == 0), "{budget}: {lengths:?}");
        let extent = if budget == 400_000 { budget } else { 0 };
        assert!(
            lengths.iter().all(|length| *length <= BLOCK_BYTES.max(extent) + LONGER_BYTES_MAX),
            "{budget}: {lengths:?}"
        );
    }
}

/// With a lane for each of very many inputs, most of which get little, the budget holds all the same.
#[test]
fn keeps_to_its_budget_in_many_lanes() {
    const LANES: usize = 2_000;
    const BUDGET: usize = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    let scratch = Arc::new(Scratch::new(folder.path().to_owned()));
    let spool = Arc::new(Spool::new(LANES, BUDGET, Overflow::Scratch(ScratchFile::new(scratch))));
    let stop = Arc::default();
    let fill = on_threads(1, &stop, move |remote| {
        let mut buffered = 0;
        for lane in 0..LANES {
            spool.append(lane, &bytes(&(lane, 300, lane as u8)), 1, remote)?;
            buffered = buffered.max(spool.buffered());
        }
        for lane in 0..LANES {
            let block = spool.take(lane, usize::MAX, remote).next().transpose()?;
            assert_eq!(block, Some(bytes(&(lane, 300, lane as u8))));
        }
        Ok(buffered)
    });
    let buffered = block_on(fill).unwrap();
    assert!(buffered[0] <= BUDGET, "{} bytes", buffered[0]);
}

/// Threads that append at once lose nothing, and each finds its own entries in its order.
#[test]
fn takes_from_many_threads() {
    const BLOCKS: usize = 300;
    let folder = tempfile::tempdir().unwrap();
    let scratch = Arc::new(Scratch::new(folder.path().to_owned()));
    let spool = Arc::new(Spool::new(2, 50_000, Overflow::Scratch(ScratchFile::new(scratch))));
    let (threads, filled, stop) = (AtomicUsize::new(0), Arc::clone(&spool), Arc::default());
    let fill = on_threads(4, &stop, move |remote| {
        let thread = threads.fetch_add(1, Ordering::Relaxed) as u64;
        for number in 0..BLOCKS {
            let entry = (thread << 32 | number as u64).to_le_bytes();
            filled.append(number % 2, &entry.repeat(1 + number % 50), 1, remote)?;
        }
        Ok(())
    });
    block_on(fill).unwrap();
    let read = on_threads(1, &stop, move |remote| {
        (0..2).map(|lane| spool.take(lane, usize::MAX, remote).next().unwrap()).collect::<Result<Vec<_>, _>>()
    });
    for (lane, block) in block_on(read).unwrap().remove(0).iter().enumerate() {
        let (entries, rest) = block.as_chunks();
        assert_eq!(rest, [0; 0]);
        for thread in 0..4_u64 {
            let entries = entries.iter().copied().map(u64::from_le_bytes).filter(|entry| entry >> 32 == thread);
            let mut numbers: Vec<_> = entries.map(|entry| entry as u32 as usize).collect();
            let repeated = numbers.len();
            numbers.dedup();
            let expected: Vec<_> = (0..BLOCKS).filter(|number| number % 2 == lane).collect();
            assert_eq!(numbers, expected, "thread {thread}");
            assert_eq!(repeated, expected.iter().map(|number| 1 + number % 50).sum::<usize>());
        }
    }
}

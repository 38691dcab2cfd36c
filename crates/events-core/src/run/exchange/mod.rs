//! The exchange: between parsing and writing, rows are regrouped by target partition and keys by id.
//!
//! A [`Spool`] is a number of lanes to append to and to read back, in memory up to a budget. What overflows goes to a
//! scratch file, or to Parquet objects in the stage zone: the same rows come out of both.

mod scratch;
mod sealed;
mod segments;
mod spool;
mod stage;
#[cfg(test)]
mod tests;

use crate::table::Key;

pub(crate) use scratch::{Scratch, ScratchFile};
pub(crate) use sealed::Sealed;
pub(crate) use spool::{Overflow, Spool};
pub(crate) use stage::{Rebase, StageLanes, StageWhat, Staged};

/// An input whose keys are found in less time than a store takes to answer.
const SMALL_INPUT_BYTES: u64 = 8 << 20;

/// Records of less than 329 bytes have more keys than this says, in shards that are larger by as much.
const INPUT_BYTES_PER_KEY_BYTE: u64 = 7;

/// What is written at once to a lane of rows, at least.
const ROWS_PAGE_BYTES: usize = 16 << 10;

/// What is written at once to a lane of keys, at least: they are a seventh as many bytes, and a shard is not merged but has to
/// be in memory as a whole.
const KEYS_PAGE_BYTES: usize = 4 << 10;

/// How a run's rows and keys are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Spread {
    /// Lanes for rows, by partition.
    pub(crate) buckets: usize,
    /// Lanes for keys, by id.
    pub(crate) shards: usize,
}

impl Spread {
    /// The spread of every stage, so that stages can be distributed together.
    pub(crate) const STAGED: Self = Self { buckets: 256, shards: 64 };

    /// What several workers regroup: lanes enough for that many writers, and that an average one of rows has at most 256 MiB
    /// of the inputs. Both are powers of two, and more is not worth its requests.
    pub(crate) fn of_work(input_bytes: u64, writers: usize) -> Self {
        const BUCKET_BYTES: u64 = 256 << 20;
        let buckets = (input_bytes.div_ceil(BUCKET_BYTES) as usize).max(writers).clamp(16, Self::WORK_BUCKETS_MAX);
        let buckets = buckets.next_power_of_two();
        Self { buckets, shards: (buckets / 4).max(8) }
    }

    /// The most lanes for rows of a run over several workers.
    pub(crate) const WORK_BUCKETS_MAX: usize = 4096;

    /// Lanes enough that one fits a thread's share of the memory, for inputs of that size, as long as the memory for rows, or
    /// for keys, has room for two pages of each: with more of them what goes to a scratch file comes in crumbs. Lanes of rows
    /// that are too large are gone over twice.
    pub(crate) fn of(input_bytes: u64, lane_bytes_max: usize, rows_bytes_max: usize, keys_bytes_max: usize) -> Self {
        let lanes = |bytes: u64, least: usize, room: usize| {
            let most = room.clamp(least, 1024).next_power_of_two();
            // Partitions differ in size: an average lane of a quarter leaves room for the large ones.
            let lanes = bytes / (lane_bytes_max as u64 / 4).max(1);
            lanes.clamp(least as u64, most as u64).next_power_of_two() as usize
        };
        let buckets = lanes(input_bytes, 16, rows_bytes_max / (2 * ROWS_PAGE_BYTES));
        let shards = lanes(input_bytes / INPUT_BYTES_PER_KEY_BYTE, 8, keys_bytes_max / (2 * KEYS_PAGE_BYTES));
        // Each shard asks each segment of the table's index by itself: few keys are asked for in few requests.
        let shards = if input_bytes < SMALL_INPUT_BYTES { 2 } else { shards };
        Self { buckets, shards }
    }
}

/// Keys are unpacked from blocks of this size, so that they are not in memory twice.
const KEYS_BLOCK_BYTES: usize = 1 << 20;

/// Rows and keys of all inputs.
pub(crate) struct Exchange {
    pub(crate) rows: Spool,
    pub(crate) keys: Spool,
    pub(crate) spread: Spread,
}

impl Exchange {
    /// The keys of a shard.
    pub(crate) fn keys(&self, shard: usize, remote: &super::remote::Remote) -> crate::error::Result<Vec<Key>> {
        let mut keys = Vec::with_capacity(self.keys.bytes(shard) as usize / Key::BYTES);
        for segment in self.keys.take(shard, KEYS_BLOCK_BYTES, remote) {
            let segment = segment?;
            let (whole, _) = segment.as_chunks();
            keys.extend(whole.iter().map(Key::read));
        }
        Ok(keys)
    }
}

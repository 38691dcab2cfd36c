//! One row an id: the greatest by `(timestamp, digest of its content)`.
//!
//! The order is total, so the row that stays does not depend on the order of files, on batches or on threads. Rows that
//! are equal in both have equal content; of those the one of the first input stays, which only reports can tell.

use std::cmp::Reverse;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use serde::{Deserialize, Serialize};

use super::content::CONTENT;
use super::index::{HASH_BITS, id_hash};

/// What deduplication needs to know of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// The fingerprint of the event's id.
    pub(crate) id: u128,
    pub(crate) timestamp: i64,
    /// See [`super::content_digest`].
    pub(crate) digest: u64,
    /// The number of the row in its bucket.
    pub(crate) ordinal: u32,
    /// The number of the input that the row came from, in the order of their names.
    pub(crate) input: u32,
    /// The number of its kind.
    pub(crate) kind: u32,
    pub(crate) bucket: u16,
    /// The id is a UUID, and the fingerprint says which.
    pub(crate) uuid: bool,
}

/// How a row that was dropped relates to the row that stayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicate {
    /// The same content: the event was delivered again.
    Exact,
    /// An older version: the same id with an earlier timestamp.
    OtherTime,
    /// The same id and timestamp with other content: a producer's mistake, settled by the digest.
    OtherContent,
}

impl Duplicate {
    /// How a row relates to the greater one of the same id: both as timestamp and digest.
    pub(crate) fn of(loser: (i64, u64), winner: (i64, u64)) -> Self {
        if loser.0 != winner.0 {
            Self::OtherTime
        } else if (loser.1 ^ winner.1) & CONTENT != 0 {
            Self::OtherContent
        } else {
            Self::Exact
        }
    }
}

impl Key {
    /// The bytes of a key in scratch files.
    pub(crate) const BYTES: usize = 47;

    /// Its timestamp and digest: of the versions of an id the greatest stays.
    pub(crate) fn version(&self) -> (i64, u64) {
        (self.timestamp, self.digest)
    }

    fn rank(&self) -> (i64, u64, Reverse<u32>, Reverse<u16>, Reverse<u32>) {
        (self.timestamp, self.digest, Reverse(self.input), Reverse(self.bucket), Reverse(self.ordinal))
    }

    /// The shard of the key: all keys of an id are in one. Shards are ranges of the hash by which the table's index is
    /// sorted, so each needs a part of the index of its own.
    pub(crate) fn shard(id: u128, shards: usize) -> usize {
        ((u128::from(id_hash(id)) * shards as u128) >> HASH_BITS) as usize
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.to_le_bytes());
        out.extend_from_slice(&self.timestamp.to_le_bytes());
        out.extend_from_slice(&self.digest.to_le_bytes());
        out.extend_from_slice(&self.ordinal.to_le_bytes());
        out.extend_from_slice(&self.input.to_le_bytes());
        out.extend_from_slice(&self.bucket.to_le_bytes());
        out.extend_from_slice(&self.kind.to_le_bytes());
        out.push(self.uuid.into());
    }

    pub(crate) fn read(bytes: &[u8; Self::BYTES]) -> Self {
        let word = |from: usize| [bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]];
        let double = |from: usize| {
            u64::from(u32::from_le_bytes(word(from))) | u64::from(u32::from_le_bytes(word(from + 4))) << 32
        };
        Self {
            id: u128::from(double(0)) | u128::from(double(8)) << 64,
            timestamp: double(16) as i64,
            digest: double(24),
            ordinal: u32::from_le_bytes(word(32)),
            input: u32::from_le_bytes(word(36)),
            bucket: u16::from_le_bytes([bytes[40], bytes[41]]),
            kind: u32::from_le_bytes(word(42)),
            uuid: bytes[46] != 0,
        }
    }
}

/// Calls `lose` with each key that is not the greatest of its id, and how it relates to the greatest. The order of the
/// calls is unspecified. Gives the positions of the greatest, in no order.
pub(crate) fn resolve(keys: &[Key], mut lose: impl FnMut(&Key, Duplicate)) -> Vec<u32> {
    let hasher = FixedState::default();
    let hash = |key: &Key| hasher.hash_one(key.id);
    let mut winners: HashTable<u32> = HashTable::with_capacity(keys.len());
    // Who lost a comparison; who it lost to at last is known only at the end.
    let mut losers = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        let same = |&winner: &u32| keys[winner as usize].id == key.id;
        match winners.entry(hash(key), same, |&winner| hash(&keys[winner as usize])) {
            Entry::Vacant(entry) => {
                entry.insert(index as u32);
            }
            Entry::Occupied(mut entry) => {
                let winner = entry.get_mut();
                if key.rank() > keys[*winner as usize].rank() {
                    losers.push(std::mem::replace(winner, index as u32));
                } else {
                    losers.push(index as u32);
                }
            }
        }
    }
    for loser in losers {
        let loser = &keys[loser as usize];
        let winner = winners.find(hash(loser), |&winner| keys[winner as usize].id == loser.id);
        let winner = &keys[*winner.expect("every id that was met has a winner") as usize];
        lose(loser, Duplicate::of(loser.version(), winner.version()));
    }
    winners.into_iter().collect()
}

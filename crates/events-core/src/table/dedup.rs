//! One row an id: the greatest by `(timestamp, digest of its content)`.
//!
//! The order is total, so the row that stays does not depend on the order of files, on batches or on threads. Rows that
//! are equal in both have equal content; of those the one of the first input stays, which only reports can tell.

use std::cmp::Reverse;

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
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Exact, Self::OtherTime, Self::OtherContent];

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
/// calls is unspecified. Gives the hashes and positions of the greatest, in ascending order of their [`id_hash`] and, where
/// that is the same, of their ids: as the table's index has them.
pub(crate) fn resolve(keys: &[Key], mut lose: impl FnMut(&Key, Duplicate)) -> Vec<(u64, u32)> {
    // As one number, hash and position are sorted in a third of the time that the keys would take.
    let packed = |(index, key): (usize, &Key)| u128::from(id_hash(key.id)) << 32 | index as u128;
    let mut order: Vec<_> = keys.iter().enumerate().map(packed).collect();
    order.sort_unstable();
    let mut winners = Vec::with_capacity(keys.len());
    for same in order.chunk_by(|one, two| one >> 32 == two >> 32) {
        let hash = (same[0] >> 32) as u64;
        if let [only] = same {
            winners.push((hash, *only as u32));
            continue;
        }
        // Different ids of one hash are rare, and different versions of one id are few.
        let mut same: Vec<_> = same.iter().map(|&packed| packed as u32).collect();
        let key = |index: u32| &keys[index as usize];
        same.sort_unstable_by_key(|&index| (key(index).id, Reverse(key(index).rank())));
        for versions in same.chunk_by(|&one, &two| key(one).id == key(two).id) {
            let winner = key(versions[0]);
            winners.push((hash, versions[0]));
            for &loser in &versions[1..] {
                lose(key(loser), Duplicate::of(key(loser).version(), winner.version()));
            }
        }
    }
    winners
}

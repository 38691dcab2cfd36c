//! One row an id: the greatest by `(timestamp, digest of its content)`.
//!
//! The order is total, so the row that stays does not depend on the order of files, on batches or on threads. Rows that
//! are equal in both have equal content; of those the one of the first input stays, which only reports can tell.
//!
//! With a horizon the rows of an id are gone through from the greatest on: one that is [within](is_within) the horizon of
//! one that stays gives way to that, and any other one stays. So no two that stay are within it of each other, and each
//! that goes is within it of one that stays.

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

/// Whether two rows of an id are held against each other, by the days of their partitions, which are all that the table's
/// index knows of it. With a horizon of no days that is so in the same partition alone.
pub(crate) fn is_within(horizon: Option<u32>, days: (i32, i32), same_kind: impl FnOnce() -> bool) -> bool {
    match horizon {
        None => true,
        Some(0) => days.0 == days.1 && same_kind(),
        Some(horizon) => days.0.abs_diff(days.1) <= horizon,
    }
}

/// Goes through the rows of an id, the greatest first: one that is near one that stays gives way to it. Adds those that
/// stay to `staying`, and calls `lose` with each other one and the one that it gives way to.
pub(crate) fn settle<T: Copy>(
    descending: impl IntoIterator<Item = T>,
    staying: &mut Vec<T>,
    near: impl Fn(T, T) -> bool,
    mut lose: impl FnMut(T, T),
) {
    let first = staying.len();
    for row in descending {
        // Of days in descending order, the last one that stays is the nearest.
        match staying[first..].iter().rev().find(|staying| near(**staying, row)) {
            Some(&winner) => lose(row, winner),
            None => staying.push(row),
        }
    }
}

/// Calls `lose` with each key that gives way to a greater one of its id that is near it, and how it relates to that. The
/// order of the calls is unspecified. Gives the hashes and positions of those that stay, in ascending order of their
/// [`id_hash`] and, where that is the same, of their ids: as the table's index has them. Of one id the greatest is the first.
pub(crate) fn resolve(
    keys: &[Key],
    near: impl Fn(&Key, &Key) -> bool,
    mut lose: impl FnMut(&Key, Duplicate),
) -> Vec<(u64, u32)> {
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
            settle(
                versions.iter().map(|&index| (hash, index)),
                &mut winners,
                |(_, one), (_, two)| near(key(one), key(two)),
                |(_, loser), (_, winner)| lose(key(loser), Duplicate::of(key(loser).version(), key(winner).version())),
            );
        }
    }
    winners
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::table::day;

    /// Ids, days, kinds and digests that meet.
    fn keys() -> impl Strategy<Value = Vec<Key>> {
        let key = (0..3_u128, -9..9_i64, 0..2_i64, 0..3_u64, 0..2_u32);
        prop::collection::vec(key, 0..40).prop_map(|keys| {
            let numbered = (0..).zip(keys);
            let key = |(ordinal, (id, day, microsecond, digest, kind))| Key {
                id,
                timestamp: day * 86_400_000_000 + microsecond,
                digest,
                ordinal,
                input: 0,
                kind,
                bucket: 0,
                uuid: true,
            };
            numbered.map(key).collect()
        })
    }

    fn near(horizon: Option<u32>) -> impl Fn(&Key, &Key) -> bool {
        move |one, two| is_within(horizon, (day(one.timestamp), day(two.timestamp)), || one.kind == two.kind)
    }

    proptest! {
        #[test]
        fn rows_that_stay_are_apart_and_others_are_near_a_greater_one_that_stays(
            keys in keys(),
            horizon in prop::option::of(0..5_u32),
        ) {
            let (near, mut lost) = (near(horizon), Vec::new());
            let winners = resolve(&keys, &near, |key, duplicate| lost.push((*key, duplicate)));
            prop_assert_eq!(winners.len() + lost.len(), keys.len());
            let key = |(_, index): &(u64, u32)| keys[*index as usize];
            prop_assert!(winners.is_sorted_by_key(|winner| (winner.0, key(winner).id, Reverse(key(winner).rank()))));
            let stay: Vec<_> = winners.iter().map(key).collect();
            for (number, one) in stay.iter().enumerate() {
                prop_assert!(!stay[number + 1..].iter().any(|two| one.id == two.id && near(one, two)));
            }
            for (loser, duplicate) in lost {
                let mut greater = stay.iter().filter(|key| key.id == loser.id && key.rank() > loser.rank());
                let relates = |key: &Key| near(key, &loser) && Duplicate::of(loser.version(), key.version()) == duplicate;
                prop_assert!(greater.any(relates), "{:?}", loser);
            }
        }

        #[test]
        fn neither_the_order_nor_what_is_near_in_a_partition_first_decides(
            keys in keys(),
            other in any::<prop::sample::Index>(),
            horizon in 0..5_u32,
        ) {
            let rows = |keys: &[Key], horizon| {
                let winners = resolve(keys, near(Some(horizon)), |_, _| {});
                winners.iter().map(|(_, index)| keys[*index as usize]).collect::<Vec<_>>()
            };
            let expected = rows(&keys, horizon);
            let mut rotated = keys.clone();
            rotated.rotate_left(if keys.is_empty() { 0 } else { other.index(keys.len()) });
            prop_assert_eq!(&rows(&rotated, horizon), &expected);
            prop_assert_eq!(&rows(&rows(&keys, 0), horizon), &expected);
            prop_assert_eq!(&rows(&expected, horizon), &expected);
        }
    }

    #[test]
    fn days_of_partitions_tell_what_is_within_a_horizon() {
        for (horizon, days, same_kind, expected) in [
            (None, (0, 9999), false, true),
            (Some(0), (3, 3), true, true),
            (Some(0), (3, 3), false, false),
            (Some(0), (3, 4), true, false),
            (Some(1), (3, 4), false, true),
            (Some(1), (4, 3), false, true),
            (Some(1), (-1, 1), true, false),
            (Some(u32::MAX), (i32::MIN, i32::MAX), false, true),
        ] {
            assert_eq!(is_within(horizon, days, || same_kind), expected, "{horizon:?} {days:?} {same_kind}");
        }
    }
}

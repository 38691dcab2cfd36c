//! What the index keeps of one version of one event.

use xxhash_rust::xxh3::xxh3_64;

/// The bits of an id's hash.
pub(crate) const HASH_BITS: u8 = 48;

/// The bits of a version's check.
pub(crate) const CHECK_BITS: u8 = 40;

/// Where one version of an event went. Entries order by hash, then check, then partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// See [`id_hash`].
    pub(crate) hash: u64,
    /// See [`version_check`].
    pub(crate) check: u64,
    /// The number of the partition, in the dictionary that goes with the entry.
    pub(crate) partition: u32,
}

impl Entry {
    /// The entry with the number that its partition has in another dictionary: `numbers` holds the new number of each
    /// old one.
    pub(crate) fn renumbered(self, numbers: &[u32]) -> Self {
        Self { partition: numbers[self.partition as usize], ..self }
    }

    /// The entry as one number, ordered as entries are: two thirds of the memory.
    pub(crate) fn pack(self) -> u128 {
        debug_assert!(self.hash >> HASH_BITS == 0 && self.check >> CHECK_BITS == 0, "{self:?} is too wide");
        u128::from(self.hash) << (CHECK_BITS + 32) | u128::from(self.check) << 32 | u128::from(self.partition)
    }

    pub(crate) fn unpack(packed: u128) -> Self {
        let check = (packed >> 32) as u64 & ((1 << CHECK_BITS) - 1);
        Self { hash: (packed >> (CHECK_BITS + 32)) as u64, check, partition: packed as u32 }
    }
}

/// The hash of an event's id: the 48 highest bits of XXH3-64 of its fingerprint's 16 little-endian bytes.
///
/// An id that the index does not have meets an entry of another id with a probability of n / 2^48 among n entries: one
/// in 280,000 for a thousand million. The check tells such entries apart from the versions that are looked for, so this
/// costs a look and nothing else.
pub(crate) fn id_hash(fingerprint: u128) -> u64 {
    xxh3_64(&fingerprint.to_le_bytes()) >> (64 - HASH_BITS)
}

/// The check of a version: the 40 lowest bits of XXH3-64 over its timestamp and its digest, both of 8 little-endian
/// bytes.
///
/// Entries of the same hash and check are taken for the same version of the same event. A different version of the same
/// id is taken for it with a probability of 2^-40, a version of a different id with one of n / 2^88 among n entries.
pub(crate) fn version_check(timestamp: i64, digest: u64) -> u64 {
    let mut words = [0; 16];
    words[..8].copy_from_slice(&timestamp.to_le_bytes());
    words[8..].copy_from_slice(&digest.to_le_bytes());
    xxh3_64(&words) & ((1 << CHECK_BITS) - 1)
}

//! Numbers for partitions: in memory while entries are gathered, and in a segment.

use std::hash::BuildHasher;

use bytes::{Buf, BufMut};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::table::{PARTITION_VALUE_BYTES_MAX, PartitionKey};

/// Partitions in the order in which they were first seen.
#[derive(Debug, Default)]
pub(crate) struct Partitions {
    keys: Vec<PartitionKey>,
    numbers: HashTable<u32>,
}

/// The partitions that a segment has entries of.
pub(super) struct Dictionary<'a> {
    /// In ascending order.
    pub(super) keys: Vec<&'a PartitionKey>,
    /// The number in `keys` of each number in [`Partitions`]. That of an unused one is meaningless.
    pub(super) numbers: Vec<u32>,
}

impl Partitions {
    /// The number of a partition of the table: always the same.
    pub(crate) fn intern(&mut self, key: &PartitionKey) -> u32 {
        debug_assert!(key.domain_event_type.len() <= PARTITION_VALUE_BYTES_MAX, "{key:?} is no partition of the table");
        let hasher = FixedState::default();
        let same = |&number: &u32| self.keys[number as usize] == *key;
        let hash = |&number: &u32| hasher.hash_one(&self.keys[number as usize]);
        match self.numbers.entry(hasher.hash_one(key), same, hash) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let number = self.keys.len() as u32;
                entry.insert(number);
                self.keys.push(key.clone());
                number
            }
        }
    }

    /// All of them, by number.
    pub(crate) fn into_keys(self) -> Vec<PartitionKey> {
        self.keys
    }

    /// The partition of a number.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub(crate) fn key(&self, number: u32) -> &PartitionKey {
        &self.keys[number as usize]
    }

    /// The numbers of partitions: what turns the numbers of a segment into those of `self`.
    pub(crate) fn intern_all(&mut self, keys: &[PartitionKey]) -> Vec<u32> {
        keys.iter().map(|key| self.intern(key)).collect()
    }

    /// The dictionary of entries in these partitions.
    pub(super) fn dictionary(&self, used: impl Iterator<Item = u32>) -> Dictionary<'_> {
        let mut is_used = vec![false; self.keys.len()];
        used.for_each(|number| is_used[number as usize] = true);
        let mut order: Vec<usize> = (0..self.keys.len()).filter(|&number| is_used[number]).collect();
        order.sort_unstable_by(|&one, &two| self.keys[one].cmp(&self.keys[two]));
        let mut numbers = vec![0; self.keys.len()];
        for (number, &seen) in order.iter().enumerate() {
            numbers[seen] = number as u32;
        }
        Dictionary { keys: order.iter().map(|&seen| &self.keys[seen]).collect(), numbers }
    }
}

impl Dictionary<'_> {
    /// Appends the partitions. A name stands once, however many days it has.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for days in self.keys.chunk_by(|one, two| one.domain_event_type == two.domain_event_type) {
            let name = days[0].domain_event_type.as_bytes();
            out.put_u32_le(name.len() as u32);
            out.put_slice(name);
            out.put_u32_le(days.len() as u32);
            for key in days {
                out.put_i32_le(key.day);
            }
        }
    }
}

/// The partitions that [`Dictionary::write`] wrote, in ascending order.
pub(super) fn read_partitions(mut bytes: &[u8]) -> Result<Vec<PartitionKey>, String> {
    let mut keys: Vec<PartitionKey> = Vec::new();
    while !bytes.is_empty() {
        let (name, days) = read_name(&mut bytes).ok_or("the dictionary of partitions is cut off")?;
        // No event has a longer one. So a forged tail cannot spend a gigabyte on few bytes.
        if name.len() > PARTITION_VALUE_BYTES_MAX {
            return Err(format!("the name of a partition takes {} bytes", name.len()));
        }
        let name = simdutf8::basic::from_utf8(name).map_err(|_| "the name of a partition is not UTF-8")?;
        let days = days.chunks_exact(4).map(|mut day| day.get_i32_le());
        keys.extend(days.map(|day| PartitionKey { domain_event_type: name.to_owned(), day }));
    }
    if !keys.is_sorted_by(|one, two| one < two) {
        return Err("the partitions are not in ascending order".to_owned());
    }
    Ok(keys)
}

/// Takes a name and the bytes of its days.
fn read_name<'a>(bytes: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut take = |unit: usize| {
        let length = bytes.try_get_u32_le().ok()? as usize;
        let (taken, rest) = bytes.split_at_checked(length.checked_mul(unit)?)?;
        *bytes = rest;
        Some(taken)
    };
    Some((take(1)?, take(4)?))
}

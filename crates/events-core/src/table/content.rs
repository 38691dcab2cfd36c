//! The digest that orders rows of the same event and time.

use xxhash_rust::xxh3::xxh3_64;

use crate::json::{Level, RepairKinds};

/// The digest of a row's content: what two rows with the same id and timestamp can still differ in.
///
/// XXH3-64 over four little-endian words: the XXH3-64 of `domain`, of `event_type`, of `data` and of `extra`, where an
/// absent text counts as the word 0 and a present one as its hash with the lowest bit set. It is part of the storage
/// contract: a table stays the same when its inputs are processed again.
///
/// The sixteen highest bits are not of the hash: they rank how the row was read, so that of two rows of the same time one
/// that is as it came stays, else one without guesses. All are set for a row as it came; else the two highest are 2 for a
/// row without guesses and 1 for one with, and the others a hash of its repairs, which makes the order total.
pub(crate) fn content_digest(kind: u128, data: Option<&str>, extra: Option<&str>, repairs: RepairKinds) -> u64 {
    let word = |text: Option<&str>| text.map_or(0, |text| xxh3_64(text.as_bytes()) | 1);
    let mut words = [0; 32];
    words[..16].copy_from_slice(&kind.to_le_bytes());
    words[16..24].copy_from_slice(&word(data).to_le_bytes());
    words[24..].copy_from_slice(&word(extra).to_le_bytes());
    let rank = match repairs.level() {
        None => u16::MAX,
        Some(level) => {
            let hash = xxh3_64(repairs.to_string().as_bytes()) as u16 >> 2;
            hash | if level == Level::Guess { 1 << 14 } else { 2 << 14 }
        }
    };
    xxh3_64(&words) & CONTENT | u64::from(rank) << 48
}

/// The bits of a digest that are of the content alone.
pub(crate) const CONTENT: u64 = (1 << 48) - 1;

/// The first two words of [`content_digest`].
pub(crate) fn kind_digest(domain: &str, event_type: &str) -> u128 {
    u128::from(xxh3_64(domain.as_bytes())) | u128::from(xxh3_64(event_type.as_bytes())) << 64
}

//! The digest that orders rows of the same event and time.

use xxhash_rust::xxh3::xxh3_64;

/// The digest of a row's content: what two rows with the same id and timestamp can still differ in.
///
/// XXH3-64 over four little-endian words: the XXH3-64 of `domain`, of `event_type`, of `data` and of `extra`, where an
/// absent text counts as the word 0 and a present one as its hash with the lowest bit set. It is part of the storage
/// contract: a table stays the same when its inputs are processed again.
pub(crate) fn content_digest(kind: u128, data: Option<&str>, extra: Option<&str>) -> u64 {
    let word = |text: Option<&str>| text.map_or(0, |text| xxh3_64(text.as_bytes()) | 1);
    let mut words = [0; 32];
    words[..16].copy_from_slice(&kind.to_le_bytes());
    words[16..24].copy_from_slice(&word(data).to_le_bytes());
    words[24..].copy_from_slice(&word(extra).to_le_bytes());
    xxh3_64(&words)
}

/// The first two words of [`content_digest`].
pub(crate) fn kind_digest(domain: &str, event_type: &str) -> u128 {
    u128::from(xxh3_64(domain.as_bytes())) | u128::from(xxh3_64(event_type.as_bytes())) << 64
}

//! What is known of a segment without looking at it.

use serde::{Deserialize, Serialize};

use super::cell::Cell;

/// A segment as an entry of the table's log names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentMeta {
    pub(crate) cell: Cell,
    pub(crate) entries: u64,
    /// The length of the object.
    pub(crate) bytes: u64,
    /// The length of its tail, trailer included: what must be read to open it.
    pub(crate) tail_bytes: u64,
    /// XXH3-128 of all bytes.
    #[serde(with = "hex")]
    pub(crate) digest: u128,
}

/// Digests as 32 lower-case hex digits: numbers of JSON do not hold 128 bits.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(digest: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{digest:032x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let digest = u128::from_str_radix(&text, 16).ok().filter(|_| text.len() == 32 && text.bytes().all(is_digit));
        digest.ok_or_else(|| D::Error::custom(format_args!("`{text}` is no digest of 32 hex digits")))
    }
}

//! What the table made of the generated objects must hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::config::GenerateConfig;
use super::error::GenerateError;

/// The exact counts of a generation.
///
/// The *winner* of an event is its record with the latest timestamp; a table with one row an event holds the winners.
///
/// Damage of which a record has exactly one reading is mended by default: such a record is an event like others, and
/// counted as one. Any damaged record has an event id of its own, so whoever mends `n` more has `n` more rows, whoever
/// mends `n` less has `n` rows less, and nothing else changes. No damaged record takes a byte of its neighbours:
///
/// | level of repair | rows | rejects |
/// |---|---|---|
/// | framing | `rows - repaired_total` | pieces of the damaged records, more or less of them |
/// | lenient | `rows` | `damaged_total` |
/// | guess | `rows + guessable_total` | `damaged_total - guessable_total`, less the stray texts, which it drops |
///
/// In a layout with sequences a few damaged records may be two rejects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// The configuration that gives these objects.
    pub config: GenerateConfig,
    /// Bytes of all objects, before compression.
    pub bytes: u64,
    /// Bytes of all objects on disk.
    pub stored_bytes: u64,
    /// Number of objects.
    pub files: usize,
    /// Records that are events, redeliveries and mended ones included.
    pub records: u64,
    /// Distinct event ids of these: the rows that the table must hold.
    pub rows: u64,
    /// Redeliveries, by what they repeat; `rows` and these make up `records`.
    pub duplicates: DuplicateCounts,
    /// Damaged records that are mended and count as events, by the kind of damage; kinds that did not occur are absent.
    pub repaired: BTreeMap<String, u64>,
    /// Sum of `repaired`.
    pub repaired_total: u64,
    /// Records that stay damaged, by the kind of damage; kinds that did not occur are absent.
    pub damaged: BTreeMap<String, u64>,
    /// Sum of `damaged`.
    pub damaged_total: u64,
    /// Those of them that are events for whoever guesses, by the kind of damage; kinds that did not occur are absent.
    #[serde(default)]
    pub guessable: BTreeMap<String, u64>,
    /// Sum of `guessable`.
    #[serde(default)]
    pub guessable_total: u64,
    /// Winners by `domain-event_type`; kinds that did not occur are absent.
    pub rows_by_kind: BTreeMap<String, u64>,
    /// Distinct pairs of kind and UTC day among the winners.
    pub partitions: u64,
    /// Sum over the winners of microseconds since the Unix epoch, further digits dropped.
    #[serde(with = "decimal_text")]
    pub timestamp_micros_sum: i128,
    /// Sum over the winners of `data.id`.
    #[serde(with = "decimal_text")]
    pub data_id_sum: i128,
}

/// Redeliveries by what they repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DuplicateCounts {
    /// Records that repeat another in all bytes but the white space between tokens.
    pub exact: u64,
    /// Records that share their event id with one of another timestamp and `data.id`: one of the two is newer.
    ///
    /// In a quarter of them the newer version was written first, as delivery order is not event order.
    pub newer: u64,
}

impl Expected {
    /// Writes the counts to that path as pretty-printed JSON, over what is there.
    ///
    /// # Errors
    ///
    /// [`GenerateError::Io`] when the file system refuses.
    pub fn write(&self, path: &Path) -> Result<(), GenerateError> {
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::from);
        text.and_then(|text| fs::write(path, text + "\n")).map_err(|source| GenerateError::Io {
            operation: "write the expected counts to",
            path: path.to_owned(),
            source,
        })
    }
}

/// An integer as a string of digits: sums pass 2^53, where most JSON readers round.
mod decimal_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

//! What to generate.

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::error::GenerateError;
use super::kind::Kind;
use super::layout::Layout;

/// The default of [`GenerateConfig::seed`].
pub(crate) const DEFAULT_SEED: u64 = 1;
/// The default of [`GenerateConfig::bytes`]: 10 MB, about 30,000 records.
pub(crate) const DEFAULT_BYTES: u64 = 10_000_000;
/// The default of [`GenerateConfig::files`].
pub(crate) const DEFAULT_FILES: usize = 8;
/// The default of [`GenerateConfig::days`].
pub(crate) const DEFAULT_DAYS: u32 = 30;
/// The default of [`GenerateConfig::start_date`].
pub(crate) const DEFAULT_START_DATE: NaiveDate =
    NaiveDate::from_ymd_opt(2021, 1, 1).expect("1 January is in every year");
/// The default of [`GenerateConfig::duplicates`].
pub(crate) const DEFAULT_DUPLICATES: f64 = 0.10;

/// Object names carry five digits, so that they sort in the order of writing.
const FILES_MAX: usize = 100_000;
/// A hundred years: the counters of the partitions stay at a few megabytes.
const DAYS_MAX: u32 = 36_525;
/// Each original comes again at most once, so at most half of all records can be redeliveries.
const DUPLICATES_MAX: f64 = 0.5;

/// The settings of a generation; equal settings give equal bytes on every machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenerateConfig {
    /// Seed of every random choice. Default 1.
    pub seed: u64,
    /// Size of all objects together in bytes, before compression. Default 10 MB.
    ///
    /// Each object takes an equal share and ends with the first record that reaches it.
    pub bytes: u64,
    /// Number of objects, 1 to 100,000. Default 8.
    pub files: usize,
    /// Number of UTC days that the timestamps spread over, 1 to 36,525. Default 30.
    ///
    /// A newer version redelivered for an event of the last two hours may fall on the day after.
    pub days: u32,
    /// The first of these days. Default 2021-01-01.
    #[serde(with = "date_text")]
    pub start_date: NaiveDate,
    /// How records follow one another in an object. Default [`Layout::Concatenated`].
    pub layout: Layout,
    /// Compression of each object as a whole. Default none.
    pub compression: Option<Compression>,
    /// Share of the valid records that are redeliveries, 0 to 0.5. Default 0.1.
    ///
    /// Half of them repeat the record as it was, half are another version of the event.
    pub duplicates: f64,
    /// Share of all records that are damaged, 0 to 1. Default 0.
    pub damage: f64,
    /// Number of event kinds in use, 1 to 8. Default 8.
    pub kinds: usize,
}

impl Default for GenerateConfig {
    fn default() -> Self {
        Self {
            seed: DEFAULT_SEED,
            bytes: DEFAULT_BYTES,
            files: DEFAULT_FILES,
            days: DEFAULT_DAYS,
            start_date: DEFAULT_START_DATE,
            layout: Layout::default(),
            compression: None,
            duplicates: DEFAULT_DUPLICATES,
            damage: 0.0,
            kinds: Kind::ALL.len(),
        }
    }
}

impl GenerateConfig {
    /// Checks every bound.
    ///
    /// # Errors
    ///
    /// [`GenerateError::Config`] with the first field that is out of its bounds.
    pub fn validate(&self) -> Result<(), GenerateError> {
        // Newer versions and local times east of UTC reach into the day after the last.
        let end_date = self.start_date.checked_add_days(Days::new(u64::from(self.days)));
        let is_four_digits = self.start_date.year() >= 1 && end_date.is_some_and(|date| date.year() <= 9999);
        let kinds_max = Kind::ALL.len();
        let checks = [
            ("bytes", self.bytes >= 1, "at least 1".to_owned()),
            ("files", (1..=FILES_MAX).contains(&self.files), format!("1 to {FILES_MAX}")),
            ("days", (1..=DAYS_MAX).contains(&self.days), format!("1 to {DAYS_MAX}")),
            ("start_date", is_four_digits, "all days must lie in the years 1 to 9999".to_owned()),
            ("duplicates", (0.0..=DUPLICATES_MAX).contains(&self.duplicates), format!("0 to {DUPLICATES_MAX}")),
            ("damage", (0.0..=1.0).contains(&self.damage), "0 to 1".to_owned()),
            ("kinds", (1..=kinds_max).contains(&self.kinds), format!("1 to {kinds_max}")),
        ];
        match checks.into_iter().find(|(_, is_valid, _)| !is_valid) {
            Some((field, _, reason)) => Err(GenerateError::Config { field, reason }),
            None => Ok(()),
        }
    }
}

/// The compression of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// One gzip member at the usual level 6; the name ends in `.gz`.
    Gzip,
    /// One zstd frame at the usual level 3; the name ends in `.zst`.
    Zstd,
}

impl Compression {
    /// The end of the name of an object, with its dot.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// A date as `YYYY-MM-DD`; written here because chrono is built without its serde feature.
mod date_text {
    use chrono::NaiveDate;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(super) fn serialize<S: Serializer>(date: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

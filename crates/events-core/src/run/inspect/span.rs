//! From when to when.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, SecondsFormat};
use serde::{Serialize, Serializer};

/// The times of the first and the last of several events, in microseconds since 1970-01-01T00:00:00Z. Serialised as text
/// of RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// The least.
    #[serde(serialize_with = "as_text")]
    pub first: i64,
    /// The greatest.
    #[serde(serialize_with = "as_text")]
    pub last: i64,
}

impl Span {
    /// The span of one event.
    #[must_use]
    pub fn at(timestamp: i64) -> Self {
        Self { first: timestamp, last: timestamp }
    }

    /// What holds both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// A time in microseconds since 1970-01-01T00:00:00Z as text of RFC 3339, in UTC.
///
/// ```
/// use events_core::run::iso_time;
///
/// assert_eq!(iso_time(1_610_619_537_000_000), "2021-01-14T10:18:57Z");
/// assert_eq!(iso_time(1_610_619_537_250_000), "2021-01-14T10:18:57.250Z");
/// ```
#[must_use]
pub fn iso_time(timestamp: i64) -> String {
    // The time of an event is between the years 0001 and 9999.
    DateTime::from_timestamp_micros(timestamp).unwrap_or_default().to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn as_text<S: Serializer>(timestamp: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&iso_time(*timestamp))
}

/// Counts by day as an object, whose keys are dates as `YYYY-MM-DD`.
pub(super) fn by_date<S: Serializer>(days: &BTreeMap<NaiveDate, u64>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(days.iter().map(|(day, count)| (day.to_string(), count)))
}

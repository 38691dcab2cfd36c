//! Where a row belongs: the partition of its kind and UTC day, and the folder of that partition.
//!
//! | value of `domain_event_type` | folder |
//! |---|---|
//! | `account-status-change` | `domain_event_type=account-status-change` |
//! | `a/b-c=d` | `domain_event_type=a%2Fb-c%3Dd` |
//! | `50%-ü` | `domain_event_type=50%25-%C3%BC` |
//! | `two words-x` | `domain_event_type=two%20words-x` |
//!
//! Everything but letters and digits of ASCII, `-`, `_` and `.` is percent-encoded in UTF-8 with capital digits, as
//! DuckDB, Polars and Arrow write and read it. `year`, `month` and `day` are not padded: with zeros DuckDB would read
//! them as text. No value is null or empty, because the contract of an event forbids both.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::schema::column;
use crate::event::{Fault, Reason};

/// The longest value of `domain_event_type`, in bytes as escaped: file systems limit a folder's name to 255.
pub const PARTITION_VALUE_BYTES_MAX: usize = 200;

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// The partition of a row. Partitions order by name, then day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartitionKey {
    /// `domain`, a hyphen and `event_type`, as they are. Two kinds can share it, as (`a-b`, `c`) and (`a`, `b-c`) do.
    pub domain_event_type: String,
    /// Days since 1970-01-01 in UTC.
    pub day: i32,
}

impl PartitionKey {
    /// The partition of a kind and an instant in microseconds since 1970.
    #[must_use]
    pub fn new(domain: &str, event_type: &str, timestamp: i64) -> Self {
        Self { domain_event_type: join(domain, event_type), day: day(timestamp) }
    }

    /// The UTC day of the partition.
    #[must_use]
    pub fn date(&self) -> NaiveDate {
        date(self.day)
    }

    /// The folder of the partition below the table's: four Hive segments.
    ///
    /// ```
    /// use events_core::table::PartitionKey;
    ///
    /// let key = PartitionKey::new("card/eu", "issued", 1_610_619_537_000_000);
    /// assert_eq!(key.folder(), "domain_event_type=card%2Feu-issued/year=2021/month=1/day=14");
    /// ```
    #[must_use]
    pub fn folder(&self) -> String {
        folder(&escape_partition_value(&self.domain_event_type), self.day)
    }

    /// The partition that has that folder: what [`folder`](Self::folder) came from. `None` for everything that it does
    /// not give.
    ///
    /// | folder | partition |
    /// |---|---|
    /// | `domain_event_type=card%2Feu-issued/year=2021/month=1/day=14` | `card/eu-issued`, 2021-01-14 |
    /// | `domain_event_type=card%2feu-issued/year=2021/month=1/day=14` | none: small digits |
    /// | `domain_event_type=card-%69ssued/year=2021/month=1/day=14` | none: escaped without need |
    /// | `domain_event_type=card-issued/year=2021/month=01/day=14` | none: padded |
    /// | `domain_event_type=card-issued/year=2021/month=2/day=30` | none: no day |
    /// | `domain_event_type=/year=2021/month=1/day=14` | none: no name |
    /// | `domain_event_type=card-issued/year=2021/month=1` | none: a part is missing |
    ///
    /// ```
    /// use events_core::table::PartitionKey;
    ///
    /// let key = PartitionKey::new("card/eu", "issued", 1_610_619_537_000_000);
    /// assert_eq!(PartitionKey::of_folder(&key.folder()), Some(key));
    /// assert_eq!(PartitionKey::of_folder("domain_event_type=card-issued/year=2021/month=01/day=14"), None);
    /// ```
    #[must_use]
    pub fn of_folder(folder: &str) -> Option<Self> {
        let mut segments = folder.split('/');
        let mut value = |name: &str| segments.next()?.strip_prefix(name)?.strip_prefix('=');
        let name = unescape(value(column::DOMAIN_EVENT_TYPE)?)?;
        let year = value(column::YEAR)?.parse().ok()?;
        let month = value(column::MONTH)?.parse().ok()?;
        let day = value(column::DAY)?.parse().ok()?;
        let day = NaiveDate::from_ymd_opt(year, month, day)?.to_epoch_days();
        let key = Self { domain_event_type: name, day };
        // Numbers and escapes have other spellings, and there may be more segments.
        (!key.domain_event_type.is_empty() && key.folder() == folder).then_some(key)
    }
}

impl PartitionKey {
    /// The value of `domain_event_type` that stands so in a path. `None` for everything that no path has.
    ///
    /// ```
    /// use events_core::table::PartitionKey;
    ///
    /// assert_eq!(PartitionKey::of_name("card%2Feu-issued").as_deref(), Some("card/eu-issued"));
    /// assert_eq!(PartitionKey::of_name("card/eu-issued"), None);
    /// ```
    #[must_use]
    pub fn of_name(escaped: &str) -> Option<String> {
        unescape(escaped).filter(|name| !name.is_empty() && escape_partition_value(name) == escaped)
    }

    /// Which of that many lanes the partition is in: the same in every process.
    pub(crate) fn lane(&self, lanes: usize) -> usize {
        lane(name_hash(&self.domain_event_type), self.day, lanes)
    }
}

/// What [`lane`] takes for a partition's name.
pub(super) fn name_hash(name: &str) -> u64 {
    xxh3_64(name.as_bytes())
}

/// Which of that many lanes a partition is in. Days that follow one another are in lanes that do: to draw lots would give
/// some lanes four partitions and others none.
pub(super) fn lane(name_hash: u64, day: i32, lanes: usize) -> usize {
    (name_hash >> 32).wrapping_add(i64::from(day).cast_unsigned()) as usize % lanes
}

/// The text of an escaped value.
fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        let digit = |digit: Option<u8>| char::from(digit?).to_digit(16);
        bytes.push(if byte == b'%' { (digit(rest.next())? << 4 | digit(rest.next())?) as u8 } else { byte });
    }
    String::from_utf8(bytes).ok()
}

/// The folder of a partition whose `domain_event_type` is escaped already.
pub(crate) fn folder(escaped: &str, day: i32) -> String {
    let date = date(day);
    format!(
        "{}={escaped}/{}={}/{}={}/{}={}",
        column::DOMAIN_EVENT_TYPE,
        column::YEAR,
        date.year(),
        column::MONTH,
        date.month(),
        column::DAY,
        date.day(),
    )
}

pub(crate) fn join(domain: &str, event_type: &str) -> String {
    format!("{domain}-{event_type}")
}

/// The UTC day of an instant in microseconds, in days since 1970.
pub(crate) fn day(timestamp: i64) -> i32 {
    // An `Event` is between the years 0001 and 9999.
    timestamp.div_euclid(DAY) as i32
}

/// The date of a day between the years 0001 and 9999.
pub(crate) fn date(day: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}

/// The value of a partition column as it stands in a path.
#[must_use]
pub fn escape_partition_value(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// The escaped `domain_event_type` of a kind.
pub(crate) fn escaped_name(name: &str) -> Result<String, Fault> {
    let escaped = escape_partition_value(name);
    if escaped.len() > PARTITION_VALUE_BYTES_MAX {
        let detail = format!("`domain-event_type` takes {} bytes in a path", escaped.len());
        return Err(Fault::new(Reason::PartitionTooLong, detail));
    }
    Ok(escaped)
}

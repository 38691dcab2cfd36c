//! Why bytes are not an event.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::json::{Refusal, RejectReason};

/// The kind of a fault, as reports and the quarantine name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The input, or the next record, begins before the record was closed.
    Truncated,
    /// A string or a bracket is closed where it cannot be.
    Unbalanced,
    /// Nested deeper than the limit.
    TooDeep,
    /// Longer than the limit.
    TooLong,
    /// More keys than the limit.
    TooManyKeys,
    /// Text between records that is no JSON value.
    StrayText,
    /// A compressed input is damaged; what it held before the damage was read.
    DamagedCompression,
    /// A compressed input grows beyond a limit; what it held before that was read.
    DecompressionLimit,
    /// Whoever reads the input meets a bug of this program; nothing of it was read.
    Poison,
    /// Not UTF-8.
    InvalidUtf8,
    /// Balanced, but not JSON.
    InvalidJson,
    /// JSON, but not an object.
    NotAnObject,
    /// A field of the contract is absent or null.
    MissingField,
    /// A field of the contract stands twice.
    RepeatedField,
    /// A field of the contract has a value of another type.
    WrongType,
    /// A field of the contract is the empty string.
    EmptyField,
    /// The timestamp is not one that the contract reads.
    InvalidTimestamp,
    /// The timestamp is outside the years 0001 to 9999.
    TimestampOutOfRange,
    /// `domain` or `event_type` is a name that readers of partitions take for null.
    ReservedValue,
    /// `domain-event_type` is too long to name a folder.
    PartitionTooLong,
}

impl Reason {
    /// Whether the bytes are no JSON record, rather than one that breaks the contract.
    pub(crate) fn is_syntax(self) -> bool {
        self < Self::MissingField
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Truncated => "truncated",
            Self::Unbalanced => "unbalanced",
            Self::TooDeep => "too_deep",
            Self::TooLong => "too_long",
            Self::TooManyKeys => "too_many_keys",
            Self::StrayText => "stray_text",
            Self::DamagedCompression => "damaged_compression",
            Self::DecompressionLimit => "decompression_limit",
            Self::Poison => "poison",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::InvalidJson => "invalid_json",
            Self::NotAnObject => "not_an_object",
            Self::MissingField => "missing_field",
            Self::RepeatedField => "repeated_field",
            Self::WrongType => "wrong_type",
            Self::EmptyField => "empty_field",
            Self::InvalidTimestamp => "invalid_timestamp",
            Self::TimestampOutOfRange => "timestamp_out_of_range",
            Self::ReservedValue => "reserved_value",
            Self::PartitionTooLong => "partition_too_long",
        })
    }
}

/// A reason with what a person needs to mend the producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind of fault.
    pub reason: Reason,
    /// A fragment that names the field or the place: never the record's content.
    pub detail: String,
}

impl Fault {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.reason, self.detail)
    }
}

impl From<RejectReason> for Reason {
    fn from(reason: RejectReason) -> Self {
        match reason {
            RejectReason::Truncated => Self::Truncated,
            RejectReason::Unbalanced => Self::Unbalanced,
            RejectReason::TooDeep => Self::TooDeep,
            RejectReason::TooLong => Self::TooLong,
            RejectReason::TooManyKeys => Self::TooManyKeys,
            RejectReason::StrayText => Self::StrayText,
            RejectReason::InvalidUtf8 => Self::InvalidUtf8,
            RejectReason::InvalidJson => Self::InvalidJson,
        }
    }
}

impl From<&Refusal> for Fault {
    fn from(refusal: &Refusal) -> Self {
        Self::new(RejectReason::from(&refusal.defect).into(), refusal.detail())
    }
}

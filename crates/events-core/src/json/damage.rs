//! What can be wrong with bytes that are no record.

use serde::{Deserialize, Serialize};

/// Why a range of bytes is not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// The input, or the next record, begins before this one was closed.
    Truncated,
    /// A string or a bracket is closed where it cannot be.
    Unbalanced,
    /// More levels of nesting than [`FrameLimits::depth_max`](super::FrameLimits::depth_max).
    TooDeep,
    /// More bytes than [`FrameLimits::record_bytes_max`](super::FrameLimits::record_bytes_max).
    TooLong,
    /// More keys than [`FrameLimits::keys_max`](super::FrameLimits::keys_max).
    TooManyKeys,
    /// Text between records that no record claims.
    StrayText,
}

impl Damage {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Truncated => "ends before its last bracket",
            Self::Unbalanced => "a quote or a bracket is missing",
            Self::TooDeep => "nested deeper than the limit",
            Self::TooLong => "longer than the limit, or no end in sight",
            Self::TooManyKeys => "more keys than the limit",
            Self::StrayText => "text between records",
        }
    }
}

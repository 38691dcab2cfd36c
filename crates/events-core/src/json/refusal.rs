//! Bytes that are no record, and why.

use serde::Serialize;

use super::damage::Damage;
use super::repair::Why;

/// Why bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) defect: Defect,
    /// What it would take.
    pub(crate) why: Option<Why>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Defect {
    Damage(Damage),
    InvalidUtf8,
    /// Balanced, but not JSON.
    InvalidJson(String),
}

impl Refusal {
    /// What is wrong, and what it would take.
    pub(crate) fn detail(&self) -> String {
        let what = match &self.defect {
            Defect::Damage(damage) => damage.describe().to_owned(),
            Defect::InvalidUtf8 => "not UTF-8".to_owned(),
            Defect::InvalidJson(message) => message.clone(),
        };
        match self.why {
            Some(Why::Needs(kind, at)) => format!("{what}; `{kind}` at byte {at} is for level {}", kind.level()),
            Some(Why::Nothing) | None => what,
        }
    }
}

/// Why bytes are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectReason {
    /// They end before their last bracket.
    Truncated,
    /// A string or a bracket is closed where it cannot be.
    Unbalanced,
    /// Nested deeper than the limit.
    TooDeep,
    /// Longer than the limit.
    TooLong,
    /// More keys than the limit.
    TooManyKeys,
    /// Text between records.
    StrayText,
    /// Not UTF-8.
    InvalidUtf8,
    /// Balanced, but not JSON.
    InvalidJson,
}

impl RejectReason {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Unbalanced => "unbalanced",
            Self::TooDeep => "too_deep",
            Self::TooLong => "too_long",
            Self::TooManyKeys => "too_many_keys",
            Self::StrayText => "stray_text",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::InvalidJson => "invalid_json",
        }
    }
}

impl From<&Defect> for RejectReason {
    fn from(defect: &Defect) -> Self {
        match defect {
            Defect::Damage(Damage::Truncated) => Self::Truncated,
            Defect::Damage(Damage::Unbalanced) => Self::Unbalanced,
            Defect::Damage(Damage::TooDeep) => Self::TooDeep,
            Defect::Damage(Damage::TooLong) => Self::TooLong,
            Defect::Damage(Damage::TooManyKeys) => Self::TooManyKeys,
            Defect::Damage(Damage::StrayText) => Self::StrayText,
            Defect::InvalidUtf8 => Self::InvalidUtf8,
            Defect::InvalidJson(_) => Self::InvalidJson,
        }
    }
}

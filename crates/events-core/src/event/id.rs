//! The identity of an event.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

/// What makes two records the same event.
///
/// UUIDs are the same whatever the case of their digits ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562) §4), so they
/// are kept as numbers and written in lower case. Only the form of 36 characters is one; every other string is itself.
///
/// Ids are ordered as their texts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventId<'a> {
    /// A UUID.
    Uuid(u128),
    /// Any other string, never empty.
    Text(Cow<'a, str>),
}

impl<'a> EventId<'a> {
    /// The id that a text spells.
    ///
    /// ```
    /// use events_core::event::EventId;
    ///
    /// let upper = EventId::new("3AAAFB1F-C83B-4E77-9D0A-8D88F9A9FA9A".into());
    /// assert_eq!(upper.to_string(), "3aaafb1f-c83b-4e77-9d0a-8d88f9a9fa9a");
    /// assert_eq!(EventId::new("Order 7".into()).to_string(), "Order 7");
    /// ```
    #[must_use]
    pub fn new(text: Cow<'a, str>) -> Self {
        match Uuid::try_parse_ascii(text.as_bytes()) {
            Ok(uuid) if text.len() == UUID_BYTES => Self::Uuid(uuid.as_u128()),
            _ => Self::Text(text),
        }
    }

    /// The same id without a copy of its text.
    pub(crate) fn borrowed(&self) -> EventId<'_> {
        match self {
            Self::Uuid(uuid) => EventId::Uuid(*uuid),
            Self::Text(text) => EventId::Text(Cow::Borrowed(text)),
        }
    }

    /// A number for hashing and comparing: the UUID itself, or XXH3-128 of the text.
    pub(crate) fn fingerprint(&self) -> u128 {
        match self {
            Self::Uuid(uuid) => *uuid,
            Self::Text(text) => xxh3_128(text.as_bytes()),
        }
    }

    /// Calls `with` with the id's text.
    pub(crate) fn with_text<T>(&self, with: impl FnOnce(&str) -> T) -> T {
        match self {
            Self::Uuid(uuid) => with(Uuid::from_u128(*uuid).hyphenated().encode_lower(&mut [0; UUID_BYTES])),
            Self::Text(text) => with(text),
        }
    }
}

const UUID_BYTES: usize = uuid::fmt::Hyphenated::LENGTH;

impl fmt::Display for EventId<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| formatter.write_str(text))
    }
}

impl Ord for EventId<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            // Hyphens stand at the same places, and digits order as their values.
            (Self::Uuid(one), Self::Uuid(two)) => one.cmp(two),
            _ => self.with_text(|one| other.with_text(|two| one.cmp(two))),
        }
    }
}

impl PartialOrd for EventId<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

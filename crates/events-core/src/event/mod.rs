//! Records become events: the contract, and what breaks it.

mod decode;
mod events;
mod fault;
mod fields;
mod id;
mod reader;
mod timestamp;

use std::borrow::Cow;

use crate::json::RepairKinds;
pub use decode::decode;
pub use events::{Events, Reject};
pub use fault::{Fault, Reason};
pub use id::EventId;
pub use reader::{EventFinding, EventReader};
pub use timestamp::{TIMESTAMP_MAX, TIMESTAMP_MIN, parse_epoch, parse_timestamp};

/// A record that met the contract.
///
/// | field | JSON | rule |
/// |---|---|---|
/// | `event_id` | string | not empty; a UUID in its 36-character form is read as a number, see [`EventId`] |
/// | `timestamp` | string or number | see [`parse_timestamp`] and [`parse_epoch`] |
/// | `domain`, `event_type` | string | not empty, not `__HIVE_DEFAULT_PARTITION__` |
/// | `data` | any value, may be absent | its own text without the white space between tokens |
/// | any other | any value | rescued in `extra`, in the order of the record |
///
/// A field that stands twice breaks the contract, because readers of JSON disagree about which one counts.
/// `"data": null` is the JSON text `null`; an absent `data` is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// What makes two records the same event.
    pub id: EventId<'a>,
    /// Microseconds since 1970-01-01T00:00:00Z, between [`TIMESTAMP_MIN`] and [`TIMESTAMP_MAX`].
    pub timestamp: i64,
    /// The first half of the kind.
    pub domain: Cow<'a, str>,
    /// The second half of the kind.
    pub event_type: Cow<'a, str>,
    /// The payload as JSON text.
    pub data: Option<Cow<'a, str>>,
    /// The unknown fields as one JSON object, `None` when there are none.
    pub extra: Option<String>,
    /// What was done to the record before it was read; empty when it is as it came.
    pub repairs: RepairKinds,
}

impl Event<'_> {
    /// The same event with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Event {
            id: match self.id {
                EventId::Uuid(uuid) => EventId::Uuid(uuid),
                EventId::Text(text) => EventId::Text(owned(text)),
            },
            timestamp: self.timestamp,
            domain: owned(self.domain),
            event_type: owned(self.event_type),
            data: self.data.map(owned),
            extra: self.extra,
            repairs: self.repairs,
        }
    }
}

/// The fields of the contract, by the names they have in a record and in the table.
pub mod field {
    /// The identity of an event.
    pub const EVENT_ID: &str = "event_id";
    /// The time of an event.
    pub const TIMESTAMP: &str = "timestamp";
    /// The first half of an event's kind.
    pub const DOMAIN: &str = "domain";
    /// The second half of an event's kind.
    pub const EVENT_TYPE: &str = "event_type";
    /// The payload of an event.
    pub const DATA: &str = "data";
}

/// The name that Hive gives to the partition of null: readers turn it into null, so no event may carry it.
pub const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

//! A record's text becomes an event, or the reason why it is none.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::{Fault, Reason};
use super::timestamp::{parse_epoch, parse_timestamp};
use super::{Event, EventId, HIVE_NULL, field};
use crate::json::{Reading, RepairKinds, Shape, compact, error_message, error_offset};

/// Reads one record.
///
/// The whole text is checked to be one JSON object before the contract is, so a record with two faults is reported for
/// its JSON. Nesting is the framer's to limit: this function does not recurse.
///
/// ```
/// use events_core::event::decode;
///
/// let event = decode(r#"{"event_id":"7","timestamp":0,"domain":"card","event_type":"issued","data":{"n": 1.10}}"#)?;
/// assert_eq!(event.data.as_deref(), Some(r#"{"n":1.10}"#));
/// # Ok::<(), events_core::event::Fault>(())
/// ```
///
/// # Errors
/// What the record breaks: JSON, or the contract of [`Event`].
pub fn decode(text: &str) -> Result<Event<'_>, Fault> {
    event(&Fields::read(text)?)
}

/// Records that are to be events. A sound one is JSON; whether it meets the contract is in what it is read into.
#[derive(Debug)]
pub(crate) struct EventRecords;

impl Reading for EventRecords {
    type Sound<'a> = Result<Event<'a>, Fault>;
    const SHAPE: Shape = Shape::Objects;

    fn prefix(text: &str) -> Result<(Self::Sound<'_>, usize), usize> {
        let mut records = serde_json::Deserializer::from_str(text).into_iter::<Fields<'_>>();
        match records.next() {
            Some(Ok(fields)) => Ok((event(&fields), records.byte_offset())),
            Some(Err(error)) => Err(error_offset(text, &error) + 1),
            None => Err(text.len()),
        }
    }

    fn whole(text: &str) -> Result<Self::Sound<'_>, String> {
        match Fields::read(text) {
            Ok(fields) => Ok(event(&fields)),
            Err(fault) => Err(fault.detail),
        }
    }
}

fn event<'a>(fields: &Fields<'a>) -> Result<Event<'a>, Fault> {
    if let Some(name) = fields.repeated {
        return Err(Fault::new(Reason::RepeatedField, format!("`{name}` stands twice")));
    }
    Ok(Event {
        id: EventId::new(string(fields.event_id, field::EVENT_ID)?),
        timestamp: timestamp(fields.timestamp)?,
        domain: partition_part(fields.domain, field::DOMAIN)?,
        event_type: partition_part(fields.event_type, field::EVENT_TYPE)?,
        data: fields.data.map(|json| compact(json.get())),
        extra: rescue(&fields.unknown),
        repairs: RepairKinds::default(),
    })
}

fn partition_part<'a>(value: Option<&'a RawValue>, name: &str) -> Result<Cow<'a, str>, Fault> {
    let text = string(value, name)?;
    if text == HIVE_NULL {
        return Err(Fault::new(Reason::ReservedValue, format!("`{name}` is a name that readers take for null")));
    }
    Ok(text)
}

fn present<'a>(value: Option<&'a RawValue>, name: &str) -> Result<&'a str, Fault> {
    match value.map(RawValue::get) {
        None => Err(Fault::new(Reason::MissingField, format!("`{name}` is absent"))),
        Some("null") => Err(Fault::new(Reason::MissingField, format!("`{name}` is null"))),
        Some(json) => Ok(json),
    }
}

fn string<'a>(value: Option<&'a RawValue>, name: &str) -> Result<Cow<'a, str>, Fault> {
    let json = present(value, name)?;
    let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Err(Fault::new(Reason::WrongType, format!("`{name}` is not a string")));
    };
    let text = unescape(json, inner)
        .map_err(|_| Fault::new(Reason::InvalidJson, format!("`{name}` holds an escape that is no character")))?;
    if text.is_empty() {
        return Err(Fault::new(Reason::EmptyField, format!("`{name}` is empty")));
    }
    Ok(text)
}

/// The text of a JSON string, given with its quotes and without.
fn unescape<'a>(json: &'a str, inner: &'a str) -> serde_json::Result<Cow<'a, str>> {
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str(json).map(Cow::Owned)
}

fn timestamp(value: Option<&RawValue>) -> Result<i64, Fault> {
    let json = present(value, field::TIMESTAMP)?;
    match json.as_bytes()[0] {
        b'"' => parse_timestamp(&string(value, field::TIMESTAMP)?),
        b'-' | b'0'..=b'9' => parse_epoch(json),
        _ => Err(Fault::new(Reason::WrongType, "`timestamp` is neither a string nor a number")),
    }
}

/// The unknown fields as one object, each with its own spelling.
fn rescue(unknown: &[(&str, &str)]) -> Option<String> {
    if unknown.is_empty() {
        return None;
    }
    let mut object = String::from("{");
    for (index, (key, value)) in unknown.iter().enumerate() {
        if index > 0 {
            object.push(',');
        }
        object.push_str(key);
        object.push(':');
        object.push_str(&compact(value));
    }
    object.push('}');
    Some(object)
}

/// The values of a record's fields, each still its own text.
#[derive(Default)]
struct Fields<'a> {
    event_id: Option<&'a RawValue>,
    timestamp: Option<&'a RawValue>,
    domain: Option<&'a RawValue>,
    event_type: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
    /// Key with its quotes, and value.
    unknown: Vec<(&'a str, &'a str)>,
    repeated: Option<&'static str>,
}

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Self, Fault> {
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = Fields::deserialize(&mut json).and_then(|fields| json.end().map(|()| fields));
        fields.map_err(|error| Fault::new(Reason::InvalidJson, error_message(text, &error)))
    }

    fn slot(&mut self, key: &str) -> Option<(&mut Option<&'a RawValue>, &'static str)> {
        Some(match key {
            field::EVENT_ID => (&mut self.event_id, field::EVENT_ID),
            field::TIMESTAMP => (&mut self.timestamp, field::TIMESTAMP),
            field::DOMAIN => (&mut self.domain, field::DOMAIN),
            field::EVENT_TYPE => (&mut self.event_type, field::EVENT_TYPE),
            field::DATA => (&mut self.data, field::DATA),
            _ => return None,
        })
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some((key, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            let quoted = key.get();
            let inner = &quoted[1..quoted.len() - 1];
            let name =
                unescape(quoted, inner).map_err(|_| A::Error::custom("a key holds an escape that is no character"))?;
            match fields.slot(&name) {
                Some((slot @ None, _)) => *slot = Some(value),
                Some((_, name)) => fields.repeated = Some(name),
                None => fields.unknown.push((quoted, value.get())),
            }
        }
        Ok(fields)
    }
}

//! A record's text becomes an event, or the reason why it is none.

use std::borrow::Cow;

use super::fault::{Fault, Reason};
use super::fields::{Fields, Value, unescape};
use super::timestamp::{parse_epoch, parse_timestamp};
use super::{Event, EventId, HIVE_NULL, field};
use crate::json::{Reading, RepairKinds, Shape, compact};

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
    event(&Fields::whole(text)?)
}

/// Records that are to be events. A sound one is JSON; whether it meets the contract is in what it is read into.
#[derive(Debug)]
pub(crate) struct EventRecords;

impl Reading for EventRecords {
    type Sound<'a> = Result<Event<'a>, Fault>;
    const SHAPE: Shape = Shape::Objects;

    fn prefix(text: &str) -> Result<(Self::Sound<'_>, usize), usize> {
        Fields::prefix(text).map(|(fields, end)| (event(&fields), end))
    }

    fn whole(text: &str) -> Result<Self::Sound<'_>, String> {
        match Fields::whole(text) {
            Ok(fields) => Ok(event(&fields)),
            Err(fault) => Err(fault.detail),
        }
    }
}

fn event<'a>(fields: &Fields<'a>) -> Result<Event<'a>, Fault> {
    if let Some(name) = &fields.repeated {
        return Err(Fault::new(Reason::RepeatedField, format!("`{name}` stands twice")));
    }
    Ok(Event {
        id: EventId::new(string(fields.event_id, field::EVENT_ID)?),
        timestamp: timestamp(fields.timestamp)?,
        domain: partition_part(fields.domain, field::DOMAIN)?,
        event_type: partition_part(fields.event_type, field::EVENT_TYPE)?,
        data: fields.data.map(compact),
        extra: rescue(&fields.unknown),
        repairs: RepairKinds::default(),
    })
}

fn partition_part<'a>(value: Option<Value<'a>>, name: &str) -> Result<Cow<'a, str>, Fault> {
    let text = string(value, name)?;
    if text == HIVE_NULL {
        return Err(Fault::new(Reason::ReservedValue, format!("`{name}` is a name that readers take for null")));
    }
    Ok(text)
}

fn present<'a>(value: Option<Value<'a>>, name: &str) -> Result<Value<'a>, Fault> {
    match value {
        None => Err(Fault::new(Reason::MissingField, format!("`{name}` is absent"))),
        Some(Value::Json("null")) => Err(Fault::new(Reason::MissingField, format!("`{name}` is null"))),
        Some(value) => Ok(value),
    }
}

fn string<'a>(value: Option<Value<'a>>, name: &str) -> Result<Cow<'a, str>, Fault> {
    let text = match present(value, name)? {
        Value::Text(text) => Cow::Borrowed(text),
        Value::Json(json) => {
            let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
                return Err(Fault::new(Reason::WrongType, format!("`{name}` is not a string")));
            };
            unescape(json, inner).map_err(|_| {
                Fault::new(Reason::InvalidJson, format!("`{name}` holds an escape that is no character"))
            })?
        }
    };
    if text.is_empty() {
        return Err(Fault::new(Reason::EmptyField, format!("`{name}` is empty")));
    }
    Ok(text)
}

fn timestamp(value: Option<Value<'_>>) -> Result<i64, Fault> {
    match present(value, field::TIMESTAMP)? {
        Value::Json(json) if json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
            parse_epoch(json)
        }
        Value::Json(json) if !json.starts_with('"') => {
            Err(Fault::new(Reason::WrongType, "`timestamp` is neither a string nor a number"))
        }
        _ => parse_timestamp(&string(value, field::TIMESTAMP)?),
    }
}

/// The unknown fields as one object, each with its own spelling.
fn rescue(unknown: &[(&str, &str)]) -> Option<String> {
    if unknown.is_empty() {
        return None;
    }
    let length: usize = unknown.iter().map(|(key, value)| key.len() + value.len() + 4).sum();
    let mut object = String::with_capacity(1 + length);
    for (index, (key, value)) in unknown.iter().enumerate() {
        object.push_str(if index == 0 { "{\"" } else { ",\"" });
        object.push_str(key);
        object.push_str("\":");
        object.push_str(&compact(value));
    }
    object.push('}');
    Some(object)
}

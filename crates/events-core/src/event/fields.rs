//! The fields of a record: their values, each still its own text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::{Fault, Reason};
use super::field;
use crate::json::{error_message, error_offset};

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// What a string without escapes holds.
    Text(&'a str),
    /// The JSON of any value.
    Json(&'a str),
}

/// The values of a record's fields.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) event_id: Option<Value<'a>>,
    pub(super) timestamp: Option<Value<'a>>,
    pub(super) domain: Option<Value<'a>>,
    pub(super) event_type: Option<Value<'a>>,
    /// JSON.
    pub(super) data: Option<&'a str>,
    /// What the key's quotes hold, and the value's JSON.
    pub(super) unknown: Vec<(&'a str, &'a str)>,
    /// A field that stands twice.
    pub(super) repeated: Option<String>,
}

impl<'a> Fields<'a> {
    /// Reads the record that a text begins with, and tells where it ends.
    ///
    /// # Errors
    /// How far was looked for it.
    pub(super) fn prefix(text: &'a str) -> Result<(Self, usize), usize> {
        let mut plain = serde_json::Deserializer::from_str(text).into_iter::<Spelled<'_, true>>();
        if let Some(Ok(Spelled(fields))) = plain.next() {
            return Ok((fields, plain.byte_offset()));
        }
        let mut any = serde_json::Deserializer::from_str(text).into_iter::<Spelled<'_, false>>();
        match any.next() {
            Some(Ok(Spelled(fields))) => Ok((fields, any.byte_offset())),
            Some(Err(error)) => Err(error_offset(text, &error) + 1),
            None => Err(text.len()),
        }
    }

    /// Reads a text that is one record.
    pub(super) fn whole(text: &'a str) -> Result<Self, Fault> {
        let mut json = serde_json::Deserializer::from_str(text);
        let fields = Spelled::<false>::deserialize(&mut json).and_then(|fields| json.end().map(|()| fields.0));
        fields.map_err(|error| Fault::new(Reason::InvalidJson, error_message(text, &error)))
    }
}

/// The text of a JSON string, given with its quotes and without.
pub(super) fn unescape<'a>(json: &'a str, inner: &'a str) -> serde_json::Result<Cow<'a, str>> {
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str(json).map(Cow::Owned)
}

/// Fields of a record in any spelling, or only in the one that nearly all records have and that takes fewer steps to read:
/// no escapes in keys and in the fields that have to be strings. What is not `PLAIN` may still be sound.
struct Spelled<'a, const PLAIN: bool>(Fields<'a>);

impl<'de, const PLAIN: bool> Deserialize<'de> for Spelled<'de, PLAIN> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SpelledVisitor::<PLAIN>).map(Self)
    }
}

struct SpelledVisitor<const PLAIN: bool>;

impl<'de, const PLAIN: bool> Visitor<'de> for SpelledVisitor<PLAIN> {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some((inner, name)) = Self::key(&mut map)? {
            let again = match &*name {
                field::EVENT_ID => fields.event_id.replace(Self::string(&mut map)?).is_some(),
                field::TIMESTAMP => fields.timestamp.replace(Value::Json(json(&mut map)?)).is_some(),
                field::DOMAIN => fields.domain.replace(Self::string(&mut map)?).is_some(),
                field::EVENT_TYPE => fields.event_type.replace(Self::string(&mut map)?).is_some(),
                field::DATA => fields.data.replace(json(&mut map)?).is_some(),
                _ => {
                    fields.unknown.push((inner, json(&mut map)?));
                    false
                }
            };
            if again {
                fields.repeated = Some(name.into_owned());
            }
        }
        Ok(fields)
    }
}

impl<const PLAIN: bool> SpelledVisitor<PLAIN> {
    /// What the quotes of the next key hold, and what it spells.
    fn key<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<(&'de str, Cow<'de, str>)>, A::Error> {
        if PLAIN {
            return Ok(map.next_key()?.map(|key: &str| (key, Cow::Borrowed(key))));
        }
        let Some(quoted) = map.next_key::<&RawValue>()?.map(RawValue::get) else { return Ok(None) };
        let inner = &quoted[1..quoted.len() - 1];
        let name = unescape(quoted, inner);
        Ok(Some((inner, name.map_err(|_| A::Error::custom("a key holds an escape that is no character"))?)))
    }

    /// The value of a field that has to be a string.
    fn string<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Value<'de>, A::Error> {
        if PLAIN { map.next_value().map(Value::Text) } else { json(map).map(Value::Json) }
    }
}

/// The JSON of the next value.
fn json<'de, A: MapAccess<'de>>(map: &mut A) -> Result<&'de str, A::Error> {
    map.next_value::<&RawValue>().map(RawValue::get)
}

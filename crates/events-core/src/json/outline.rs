//! What many JSON values have in common: their fields, the types of these, and how often each is there.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The type of a JSON value, with whole numbers apart from others: by their spelling, so `1.0` is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonType {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number without fraction and exponent.
    Integer,
    /// Any other number.
    Number,
    /// A string.
    String,
    /// An object.
    Object,
    /// An array.
    Array,
}

impl JsonType {
    /// The type of a value, by its text.
    fn of(json: &str) -> Self {
        match json.as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::String,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') => Self::Null,
            _ if json.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => Self::Number,
            _ => Self::Integer,
        }
    }
}

impl fmt::Display for JsonType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Object => "object",
            Self::Array => "array",
        })
    }
}

/// How much of values an [`Outline`] keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineLimits {
    /// How deep fields are looked for; a member of the value itself is at depth 1, and elements are one deeper than their
    /// array. Default 3.
    pub depth_max: u32,
    /// The most fields; what comes later is left out. A guard against objects whose keys are data. Default 200.
    pub fields_max: usize,
    /// Whether an example of each field is kept: it may be personal. Default `true`.
    pub examples: bool,
}

impl Default for OutlineLimits {
    fn default() -> Self {
        Self { depth_max: 3, fields_max: 200, examples: true }
    }
}

/// The elements of an array that are looked at: what is in them, the first ones tell.
const ELEMENTS_MAX: usize = 100;

/// The characters of an example, of which the last says that there are more.
const EXAMPLE_CHARACTERS_MAX: usize = 48;

/// The fields of JSON values that are taken one after the other.
///
/// ```
/// use events_core::json::{JsonType, Outline, OutlineLimits};
///
/// let mut outline = Outline::new(OutlineLimits::default());
/// for json in [r#"{"id":7,"to":[{"city":"Oslo"}]}"#, r#"{"id":null}"#] {
///     outline.take(Some(json));
/// }
/// let fields = outline.fields();
/// let names: Vec<_> = fields.iter().map(|field| (field.path.as_str(), field.share)).collect();
/// assert_eq!(names, [("id", 1.0), ("to", 0.5), ("to[]", 0.5), ("to[].city", 0.5)]);
/// assert_eq!(fields[0].types[&JsonType::Null], 1);
/// assert_eq!(fields[3].example.as_deref(), Some("\"Oslo\""));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Outline {
    taken: u64,
    root: Node,
    budget: Budget,
}

/// What is left to be kept.
#[derive(Debug, Clone, Default)]
struct Budget {
    limits: OutlineLimits,
    /// The number of the value at hand, from 1.
    number: u64,
    fields: usize,
    is_cut: bool,
}

/// What is known of a field.
#[derive(Debug, Clone, Default)]
struct Node {
    /// The last value that has it.
    last: u64,
    /// How many values have it.
    present: u64,
    types: BTreeMap<JsonType, u64>,
    example: Option<String>,
    members: BTreeMap<String, Node>,
    elements: Option<Box<Node>>,
}

/// A field of an [`Outline`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldOutline {
    /// Its way from the value: names with dots between them, and `[]` for the elements of an array. A name that is not
    /// letters, digits, `_`, `-` and `$` alone stands in quotes, as JSON has it. `.` is the value itself, which is only
    /// listed when it is not always an object.
    pub path: String,
    /// How many values have it.
    pub present: u64,
    /// `present` as a part of all values, from 0 to 1.
    pub share: f64,
    /// How often it has a value of which type; elements are counted each, a hundred of an array.
    pub types: BTreeMap<JsonType, u64>,
    /// The text of its first value that is neither null nor empty nor listed itself, cut after 48 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

impl Outline {
    /// An outline of no values.
    #[must_use]
    pub fn new(limits: OutlineLimits) -> Self {
        Self { budget: Budget { limits, ..Budget::default() }, ..Self::default() }
    }

    /// Takes the next value, or notes that there is none. `false` when the text is no JSON: then it counts as one without
    /// fields.
    pub fn take(&mut self, json: Option<&str>) -> bool {
        self.taken += 1;
        let Some(json) = json else { return true };
        let Ok(value) = serde_json::from_str::<&RawValue>(json) else { return false };
        self.budget.number = self.taken;
        self.root.take(value.get(), 0, &mut self.budget);
        true
    }

    /// How many values were taken.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether there are more fields than the limit, so that some are not listed.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.budget.is_cut
    }

    /// The fields: those of an object by how many values have them, the most frequent first, then by name; those below a
    /// field behind it.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldOutline> {
        let mut fields = Vec::with_capacity(self.budget.fields);
        if self.root.types.keys().any(|of| *of != JsonType::Object) {
            fields.push(self.root.field(".".to_owned(), self.taken));
        }
        self.root.list("", self.taken, &mut fields);
        fields
    }
}

impl Node {
    fn take(&mut self, json: &str, depth: u32, budget: &mut Budget) {
        // An array has a field of its elements more than once, and a key may stand twice.
        if self.last != budget.number {
            self.last = budget.number;
            self.present += 1;
        }
        let of = JsonType::of(json);
        *self.types.entry(of).or_default() += 1;
        let is_listed = matches!(of, JsonType::Object | JsonType::Array) && depth < budget.limits.depth_max;
        if budget.limits.examples
            && self.example.is_none()
            && !is_listed
            && !matches!(json, "null" | "\"\"" | "{}" | "[]")
        {
            self.example = Some(example(json));
        }
        if !is_listed {
            return;
        }
        if of == JsonType::Array {
            let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(json) else { return };
            for element in elements.iter().take(ELEMENTS_MAX) {
                if self.elements.is_none() && budget.has_room() {
                    self.elements = Some(Box::default());
                }
                if let Some(node) = &mut self.elements {
                    node.take(element.get(), depth + 1, budget);
                }
            }
            return;
        }
        let Ok(Members(members)) = serde_json::from_str(json) else { return };
        for (name, member) in members {
            if let Some(node) = self.members.get_mut(&*name) {
                node.take(member.get(), depth + 1, budget);
            } else if budget.has_room() {
                self.members.entry(name.into_owned()).or_default().take(member.get(), depth + 1, budget);
            }
        }
    }

    fn list(&self, path: &str, taken: u64, fields: &mut Vec<FieldOutline>) {
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_by_key(|(_, node)| std::cmp::Reverse(node.present));
        let members = members.into_iter().map(|(name, node)| {
            let dot = if path.is_empty() { "" } else { "." };
            (format!("{path}{dot}{}", spelled(name)), node)
        });
        let elements = self.elements.iter().map(|node| (format!("{path}[]"), &**node));
        for (path, node) in members.chain(elements) {
            fields.push(node.field(path.clone(), taken));
            node.list(&path, taken, fields);
        }
    }

    fn field(&self, path: String, taken: u64) -> FieldOutline {
        FieldOutline {
            path,
            present: self.present,
            share: self.present as f64 / taken.max(1) as f64,
            types: self.types.clone(),
            example: self.example.clone(),
        }
    }
}

impl Budget {
    /// Takes room for a field, if there is any.
    fn has_room(&mut self) -> bool {
        let has_room = self.fields < self.limits.fields_max;
        self.fields += usize::from(has_room);
        self.is_cut |= !has_room;
        has_room
    }
}

/// The beginning of a value's text.
fn example(json: &str) -> String {
    match json.char_indices().nth(EXAMPLE_CHARACTERS_MAX) {
        None => json.to_owned(),
        Some(_) => json.chars().take(EXAMPLE_CHARACTERS_MAX - 1).chain(['…']).collect(),
    }
}

/// A name as it stands in a path.
fn spelled(name: &str) -> Cow<'_, str> {
    let is_plain = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '$');
    if !name.is_empty() && name.chars().all(is_plain) {
        return name.into();
    }
    serde_json::Value::from(name).to_string().into()
}

/// The members of an object, each value with its own text.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A key, without a copy where it has no escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((Key(name), value)) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn outline(limits: OutlineLimits, values: &[&str]) -> Outline {
        let mut outline = Outline::new(limits);
        for json in values {
            assert!(outline.take(Some(json)), "{json}");
        }
        outline
    }

    fn lines(outline: &Outline) -> Vec<String> {
        let line = |field: FieldOutline| {
            let types: Vec<_> = field.types.iter().map(|(of, count)| format!("{of} {count}")).collect();
            format!("{} {} {} {}", field.path, field.present, types.join("+"), field.example.unwrap_or_default())
        };
        outline.fields().into_iter().map(line).collect()
    }

    #[test]
    fn tells_types_and_presence_of_each_field() {
        let values = [r#"{"a":1,"b":{"c":"x"}}"#, r#"{"a":1.0,"b":null}"#, r#"{"a":"","d":[1,"two",[]]}"#, "[]"];
        assert_eq!(
            lines(&outline(OutlineLimits::default(), &values)),
            [
                ". 4 object 3+array 1 ",
                "a 3 integer 1+number 1+string 1 1",
                "b 2 null 1+object 1 ",
                "b.c 1 string 1 \"x\"",
                "d 1 array 1 ",
                "d[] 1 integer 1+string 1+array 1 1",
            ]
        );
    }

    #[test]
    fn counts_a_value_once_however_often_it_has_the_field() {
        let outline = outline(OutlineLimits::default(), &[r#"{"a":1,"a":2,"b":[{"c":1},{"c":2}]}"#]);
        assert!(outline.fields().iter().all(|field| (field.present, field.share) == (1, 1.0)), "{outline:?}");
        assert_eq!(outline.fields().iter().find(|field| field.path == "b[].c").unwrap().types[&JsonType::Integer], 2);
    }

    #[test]
    fn stops_at_its_limits() {
        let deep = r#"{"a":{"b":{"c":{"d":1}}}}"#;
        let limits = OutlineLimits { depth_max: 2, ..OutlineLimits::default() };
        assert_eq!(lines(&outline(limits, &[deep])), ["a 1 object 1 ", r#"a.b 1 object 1 {"c":{"d":1}}"#]);
        let keys = [r#"{"a":1}"#, r#"{"b":1}"#, r#"{"c":1}"#];
        let cut = outline(OutlineLimits { fields_max: 2, ..OutlineLimits::default() }, &keys);
        assert_eq!((cut.fields().len(), cut.is_cut(), cut.taken()), (2, true, 3));
        assert!(!outline(OutlineLimits { fields_max: 3, ..OutlineLimits::default() }, &keys).is_cut());
        let masked = outline(OutlineLimits { examples: false, ..OutlineLimits::default() }, &[deep]);
        assert!(masked.fields().iter().all(|field| field.example.is_none()));
    }

    #[test]
    fn spells_names_so_that_they_can_be_told_apart() {
        let value = r#"{"a.b":1,"":2,"ü-_$9":3,"\u0041\n":4,"[]":5}"#;
        let outline = outline(OutlineLimits::default(), &[value]);
        let mut paths: Vec<_> = outline.fields().into_iter().map(|field| field.path).collect();
        paths.sort();
        assert_eq!(paths, [r#""""#, r#""A\n""#, r#""[]""#, r#""a.b""#, "ü-_$9"]);
    }

    #[test]
    fn cuts_examples_between_characters() {
        let long = json!({ "a": "é".repeat(100) }).to_string();
        let fields = outline(OutlineLimits::default(), &[&long]).fields();
        let example = fields[0].example.as_deref().unwrap();
        assert_eq!((example.chars().count(), example.chars().last()), (48, Some('…')));
    }

    #[test]
    fn takes_what_is_no_json_as_a_value_without_fields() {
        let mut outline = Outline::new(OutlineLimits::default());
        assert!(!outline.take(Some("{\"a\":")));
        assert!(outline.take(None) && outline.take(Some(r#"{"a":1}"#)));
        assert_eq!((outline.taken(), outline.fields()[0].present), (3, 1));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..9).prop_map(Value::from)];
        leaf.prop_recursive(5, 30, 4, |inner| {
            let name = prop::sample::select(vec!["a", "b", "c.d", ""]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name.prop_map(str::to_owned), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn shares_are_parts_and_no_field_is_there_more_often_than_what_it_is_in(
            values in prop::collection::vec(prop::option::of(value()), 0..20),
            fields_max in 0_usize..30,
        ) {
            let mut outline = Outline::new(OutlineLimits { fields_max, ..OutlineLimits::default() });
            for value in &values {
                prop_assert!(outline.take(value.as_ref().map(ToString::to_string).as_deref()));
            }
            prop_assert_eq!(outline.taken(), values.len() as u64);
            let fields = outline.fields();
            prop_assert!(fields.len() <= fields_max + 1);
            for field in &fields {
                prop_assert!(field.share > 0.0 && field.share <= 1.0);
                prop_assert!(field.present <= values.len() as u64);
                prop_assert!(field.types.values().sum::<u64>() >= field.present);
                let inside = fields.iter().filter(|other| {
                    let rest = other.path.strip_prefix(&field.path);
                    rest.is_some_and(|rest| rest.starts_with('.') || rest.starts_with('['))
                });
                for other in inside {
                    prop_assert!(other.present <= field.present);
                }
            }
            let paths: std::collections::BTreeSet<_> = fields.iter().map(|field| &field.path).collect();
            prop_assert_eq!(paths.len(), fields.len());
        }
    }
}

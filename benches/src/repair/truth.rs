//! What a mended record must hold.

use serde_json::Value;

use super::tokens::whole_members;

/// The value that a damaged record has in truth.
#[derive(Debug)]
pub(crate) enum Truth {
    /// This one.
    Exactly(Value),
    /// It was cut off: at least what is whole in it, and nothing that the original does not have.
    Between { least: Value, most: Value },
}

impl Truth {
    /// The value of that text, which is JSON.
    pub(crate) fn of(text: &str) -> Self {
        Self::Exactly(parse(text))
    }

    /// What can be known of a record of which that many bytes are left.
    pub(crate) fn cut(record: &str, length: usize) -> Self {
        Self::Between { least: parse(&whole_members(&record[..length])), most: parse(record) }
    }

    /// Whether a mended value is right.
    pub(crate) fn admits(&self, value: &Value) -> bool {
        match self {
            Self::Exactly(truth) => value == truth,
            Self::Between { least, most } => is_part(least, value) && is_part(value, most),
        }
    }
}

/// Whether a value is the same as the other, or what a cut may leave of it.
///
/// Between two values of which one is part of the other, whole scalars cannot differ.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|whole| is_part(value, whole)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() <= whole.len() && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole))
        }
        (Value::String(part), Value::String(whole)) => whole.starts_with(part),
        (Value::Number(part), Value::Number(whole)) => whole.to_string().starts_with(&part.to_string()),
        // A member without its value.
        (Value::Null, _) => true,
        (part, whole) => part == whole,
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("generated records and their whole members are JSON")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn admits_what_a_cut_may_leave_and_nothing_else() {
        let record = r#"{"a":"one","b":{"c":123,"d":"four"},"e":1}"#;
        let truth = Truth::cut(record, record.find("ur\"").unwrap());
        let right = [
            json!({"a":"one","b":{"c":123}}),
            json!({"a":"one","b":{"c":123,"d":"fo"}}),
            json!({"a":"one","b":{"c":123,"d":null}}),
        ];
        let wrong = [
            json!({"a":"one"}),
            json!({"a":"one","b":{}}),
            json!({"a":"on","b":{"c":123}}),
            json!({"a":"one","b":{"c":12}}),
            json!({"a":"one","b":{"c":123,"d":"fx"}}),
            json!({"a":"one","b":{"c":123},"f":1}),
        ];
        assert!(right.iter().all(|value| truth.admits(value)));
        assert!(!wrong.iter().any(|value| truth.admits(value)));
    }
}

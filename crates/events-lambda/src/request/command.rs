//! What somebody says to do.

use std::fmt::Display;

use chrono::NaiveDate;
use events_core::run::DateRange;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::error::{Error, Result};

/// The commands there are, for messages.
const FORM: &str = r#"`{}`, `{"command": "run" | "parse" | "distribute" | "compact" | "retry", "date": "YYYY-MM-DD"}`, `{"command": "reprocess", "first": "YYYY-MM-DD", "last": "YYYY-MM-DD"}`, `{"command": "prepare", "run": NAME, "date": "YYYY-MM-DD", "item_bytes": BYTES, "input_bytes_max": BYTES}`, `{"command": "work", "run": NAME, "item": ITEM}`"#;

/// A job and what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum Command {
    Run(Filed),
    Parse(Filed),
    Distribute(Filed),
    Compact(Filed),
    Retry(Filed),
    Reprocess(Days),
}

/// The day under which inputs and rejects are filed; today when there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filed {
    #[serde(default, deserialize_with = "optional_day")]
    pub(crate) date: Option<NaiveDate>,
}

/// The days whose inputs are read once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Days {
    #[serde(deserialize_with = "day")]
    first: NaiveDate,
    #[serde(deserialize_with = "day")]
    last: NaiveDate,
}

impl Command {
    /// What notifications ask for, and an empty payload.
    pub(crate) const RUN: Self = Self::Run(Filed { date: None });

    /// # Errors
    /// [`Error::Request`] for a payload of another form.
    pub(crate) fn of(payload: Value) -> Result<Self> {
        let Value::Object(mut fields) = payload else { return Err(refused("the payload is not an object")) };
        // Schedules and people may say nothing, or only the day.
        fields.entry("command").or_insert_with(|| "run".into());
        let command = serde_json::from_value(Value::Object(fields)).map_err(refused)?;
        match command {
            Self::Reprocess(days) if days.last < days.first => Err(refused("`last` is before `first`")),
            command => Ok(command),
        }
    }

    /// The day under which inputs and rejects are filed, if it is not today.
    pub(crate) fn date(self) -> Option<NaiveDate> {
        match self {
            Self::Run(filed)
            | Self::Parse(filed)
            | Self::Distribute(filed)
            | Self::Compact(filed)
            | Self::Retry(filed) => filed.date,
            // What it reads is filed already.
            Self::Reprocess(_) => None,
        }
    }
}

impl From<Days> for DateRange {
    fn from(Days { first, last }: Days) -> Self {
        Self { first, last }
    }
}

pub(super) fn refused(problem: impl Display) -> Error {
    Error::Request { problem: format!("{problem}; {FORM} is expected, or an event of S3, SQS, SNS or EventBridge") }
}

pub(super) fn optional_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_day(&text)).transpose()
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    parse_day(&String::deserialize(deserializer)?)
}

/// A day in the one spelling that folders have.
fn parse_day<E: de::Error>(text: &str) -> Result<NaiveDate, E> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| day.to_string() == text);
    day.ok_or_else(|| E::custom("a date is not a day such as 2026-01-31"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn runs_today_when_nothing_is_said() {
        assert_eq!(Command::of(json!({})).unwrap(), Command::RUN);
        let day = NaiveDate::from_ymd_opt(2026, 1, 31);
        assert_eq!(Command::of(json!({"date": "2026-01-31"})).unwrap(), Command::Run(Filed { date: day }));
    }

    #[test]
    fn reads_each_command_and_its_days() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
        let filed = Filed { date: Some(day) };
        for (name, command) in [
            ("run", Command::Run(filed)),
            ("parse", Command::Parse(filed)),
            ("distribute", Command::Distribute(filed)),
            ("compact", Command::Compact(filed)),
            ("retry", Command::Retry(filed)),
        ] {
            let read = Command::of(json!({"command": name, "date": "2026-01-31"})).unwrap();
            assert_eq!((read, read.date()), (command, filed.date));
        }
        let reprocess = json!({"command": "reprocess", "first": "2026-01-31", "last": "2026-01-31"});
        assert_eq!(Command::of(reprocess).unwrap(), Command::Reprocess(Days { first: day, last: day }));
    }

    #[test]
    fn refuses_any_other_payload_and_says_what_is_expected() {
        let payloads = [
            json!(null),
            json!([]),
            json!("run"),
            json!({"command": "rebuild"}),
            json!({"command": "fold"}),
            json!({"command": 1}),
            json!({"job": "run"}),
            json!({"command": "run", "first": "2026-01-31"}),
            json!({"command": "reprocess"}),
            json!({"command": "reprocess", "first": "2026-01-31"}),
            json!({"command": "reprocess", "first": "2026-01-31", "last": "2026-01-30"}),
            json!({"date": "2026-1-31"}),
            json!({"date": "2026-02-30"}),
            json!({"date": 20_260_131}),
        ];
        for payload in payloads {
            let error = Command::of(payload.clone()).unwrap_err();
            assert_eq!(error.type_name(), "Request", "{payload}");
            assert!(error.to_string().contains(FORM), "{error}");
        }
    }

    #[test]
    fn names_what_it_does_not_know() {
        let error = Command::of(json!({"job": "run"})).unwrap_err().to_string();
        assert!(error.contains("`job`"), "{error}");
    }
}

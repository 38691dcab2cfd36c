//! What a workflow says to do for a run that many invocations share.

use chrono::NaiveDate;
use events_core::run::{RunId, Split, WorkItem};
use serde::Deserialize;
use serde_json::Value;

use super::command::{optional_day, refused};
use crate::error::Result;

/// A part of a run that many invocations share.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub(crate) enum Work {
    /// To divide what is pending into items.
    Prepare(Division),
    /// To do one of them.
    Work(Part),
}

/// How a run is divided, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Division {
    /// Time and request when there is none.
    #[serde(default)]
    pub(crate) run: Option<RunId>,
    /// The day under which inputs and rejects are filed; today when there is none.
    #[serde(default, deserialize_with = "optional_day")]
    pub(crate) date: Option<NaiveDate>,
    #[serde(default)]
    item_bytes: Option<u64>,
    #[serde(default)]
    input_bytes_max: Option<u64>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    pub(crate) run: RunId,
    pub(crate) item: WorkItem,
}

impl Division {
    pub(crate) fn split(&self) -> Split {
        Split { item_bytes: self.item_bytes, input_bytes_max: self.input_bytes_max }
    }
}

impl Work {
    /// `None` for a payload that is about something else.
    ///
    /// # Errors
    /// [`Error::Request`](crate::error::Error::Request) for one that asks for such a part in another form.
    pub(crate) fn of(payload: &Value) -> Option<Result<Self>> {
        let command = payload.get("command")?.as_str()?;
        ["prepare", "work"].contains(&command).then(|| Self::deserialize(payload).map_err(refused))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_a_division_and_an_item() {
        let read = |payload| Work::of(&payload).unwrap().unwrap();
        let nothing_said = Division { run: None, date: None, item_bytes: None, input_bytes_max: None };
        assert_eq!(read(json!({"command": "prepare"})), Work::Prepare(nothing_said));
        let said = Division {
            run: Some("r".parse().unwrap()),
            date: NaiveDate::from_ymd_opt(2026, 1, 31),
            item_bytes: Some(7),
            input_bytes_max: Some(9),
        };
        let payload =
            json!({"command": "prepare", "run": "r", "date": "2026-01-31", "item_bytes": 7, "input_bytes_max": 9});
        assert_eq!(read(payload), Work::Prepare(said));
        let part = Part { run: "r".parse().unwrap(), item: "write-00012".parse().unwrap() };
        assert_eq!(read(json!({"command": "work", "run": "r", "item": "write-00012"})), Work::Work(part));
    }

    #[test]
    fn refuses_parts_in_another_form_and_leaves_the_rest_to_others() {
        for payload in [json!({}), json!([]), json!({"command": "run"}), json!({"command": 1})] {
            assert!(Work::of(&payload).is_none(), "{payload}");
        }
        let refused = [
            json!({"command": "prepare", "run": "a/b"}),
            json!({"command": "prepare", "item": "parse-00000"}),
            json!({"command": "prepare", "item_bytes": "many"}),
            json!({"command": "work", "run": "r"}),
            json!({"command": "work", "run": "r", "item": "parse-1"}),
            json!({"command": "work", "item": "parse-00000"}),
        ];
        for payload in refused {
            assert_eq!(Work::of(&payload).unwrap().unwrap_err().type_name(), "Request", "{payload}");
        }
    }
}

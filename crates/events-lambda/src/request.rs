//! The payload of an invocation.

use std::fmt::Display;

use chrono::NaiveDate;
use events_core::run::Job;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::error::{Error, Result};

/// The requests there are, for messages.
const FORM: &str = r#"`{}` or `{"job": "run" | "parse" | "distribute", "date": "YYYY-MM-DD"}`"#;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) job: Job,
    /// The day under which inputs and rejects are filed; `None` for today.
    #[serde(deserialize_with = "iso_date")]
    pub(crate) date: Option<NaiveDate>,
}

impl Default for Request {
    fn default() -> Self {
        Self { job: Job::Run, date: None }
    }
}

impl Request {
    /// # Errors
    /// [`Error::Request`] for a payload of another form.
    pub(crate) fn of(payload: Value) -> Result<Self> {
        // A list of values would do for the fields in their order.
        if !payload.is_object() {
            return Err(refused("the payload is not an object"));
        }
        let request: Self = serde_json::from_value(payload).map_err(refused)?;
        match request.job {
            Job::Run | Job::Parse | Job::Distribute => Ok(request),
            // Nobody looks at what a function does again, its role may take nothing out of the quarantine, and what is to be
            // read or written once more may be more than fits into its time.
            _ => Err(refused("that job is for the command")),
        }
    }
}

fn refused(problem: impl Display) -> Error {
    Error::Request { problem: format!("{problem}; {FORM} is expected") }
}

/// A date in the one spelling that folders have.
fn iso_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let date = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().filter(|date| date.to_string() == text);
    date.map(Some).ok_or_else(|| de::Error::custom("`date` is not a day such as 2026-01-31"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn runs_today_when_nothing_is_said() {
        assert_eq!(Request::of(json!({})).unwrap(), Request { job: Job::Run, date: None });
    }

    #[test]
    fn reads_each_job_and_a_date() {
        for (name, job) in [("run", Job::Run), ("parse", Job::Parse), ("distribute", Job::Distribute)] {
            let request = Request::of(json!({"job": name, "date": "2026-01-31"})).unwrap();
            assert_eq!(request, Request { job, date: NaiveDate::from_ymd_opt(2026, 1, 31) });
        }
    }

    #[test]
    fn refuses_any_other_payload_and_says_what_is_expected() {
        let payloads = [
            json!(null),
            json!([]),
            json!("run"),
            json!({"Records": [{"eventSource": "aws:s3"}]}),
            json!({"job": "retry"}),
            json!({"job": "reprocess"}),
            json!({"job": "compact"}),
            json!({"job": "rebuild"}),
            json!({"job": "fold"}),
            json!({"date": "2026-1-31"}),
            json!({"date": "2026-02-30"}),
            json!({"date": 20_260_131}),
        ];
        for payload in payloads {
            let error = Request::of(payload.clone()).unwrap_err();
            assert_eq!(error.type_name(), "Request", "{payload}");
            assert!(error.to_string().contains(FORM), "{error}");
        }
    }

    #[test]
    fn names_what_it_does_not_know() {
        let error = Request::of(json!({"Records": []})).unwrap_err().to_string();
        assert!(error.contains("`Records`"), "{error}");
    }
}

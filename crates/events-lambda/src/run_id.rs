//! The name of an invocation's run.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use events_core::run::RunId;

/// Digits of the request that a name takes.
const REQUEST_DIGITS: usize = 8;

/// Sorts by time, and leads from a run to the log of its request. A retry has the request's id and another time.
pub(crate) fn new_run_id(now: DateTime<Utc>, request_id: &str) -> RunId {
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).take(REQUEST_DIGITS).collect();
    let name = format!("{}-{digits}", now.format("%Y%m%dT%H%M%SZ"));
    name.parse().expect("digits, letters and hyphens are the name of a run")
}

/// The name of an attempt at an item: no other invocation has it, and no other try of this one.
pub(crate) fn attempt_name(now: SystemTime, request_id: &str) -> RunId {
    let request: String = request_id.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    let name = format!("{}-{request}", now.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros());
    name.parse().expect("digits, letters and hyphens are the name of an attempt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_time_and_the_start_of_the_request() {
        let now = "2026-11-23T10:15:30.5Z".parse().unwrap();
        let name = |request_id| new_run_id(now, request_id).to_string();
        assert_eq!(name("8f14e45f-ceea-467f-a1d2-91f2e1c0b2a3"), "20261123T101530Z-8f14e45f");
        assert_eq!(name("8F1-4/é_e45 fcee"), "20261123T101530Z-8F14e45f");
        assert_eq!(name(""), "20261123T101530Z-");
    }
}

//! What AWS sends, as it sends it: each file of `tests/events`, and what `tests/events-expected.json` says of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::host::{Answer, Host};
use crate::lake::{Lake, expected_table};

#[derive(Deserialize)]
struct Expected {
    /// Whether it asks for a run.
    runs: bool,
    /// What the notifications in it are about; none in a command or a batch.
    notices: Option<Value>,
    /// The messages of a batch that come again.
    failed: Option<Vec<String>>,
}

/// The payload of that name.
pub(crate) fn event(name: &str) -> Value {
    read(&format!("events/{name}.json"))
}

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn answers_every_event_that_aws_sends() {
    let expected: BTreeMap<String, Expected> = serde_json::from_value(read("events-expected.json")).unwrap();
    let recorded = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events")).unwrap();
    let mut recorded: Vec<_> =
        recorded.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    recorded.sort();
    assert_eq!(recorded, expected.keys().cloned().collect::<Vec<_>>(), "each event has what is expected of it");
    for (name, expected) in expected {
        println!("{name}");
        check(&event(&name), &expected);
    }
}

fn check(event: &Value, expected: &Expected) {
    let lake = Lake::new();
    let host = Host::start(&[("EVENTS_ROOT", &lake.url()), ("EVENTS_NOTIFIED", "s3://clicks-landing")]);
    let Answer::Response(answer) = host.invoke(event) else { panic!() };
    let table = if expected.runs { expected_table() } else { Vec::new() };
    assert_eq!(lake.table(), table);
    assert_eq!(lake.files("lake/landing/pending").is_empty(), expected.runs);
    if let Some(failed) = &expected.failed {
        let failures: Vec<_> = failed.iter().map(|id| json!({"itemIdentifier": id})).collect();
        assert_eq!(answer, json!({"batchItemFailures": failures}), "and nothing else");
        return;
    }
    assert_eq!(answer.get("notices"), expected.notices.as_ref());
    assert_eq!(answer.get("commit").is_some_and(|commit| commit == 1), expected.runs);
}

//! The handler, on a lake in a folder.

use events_core::run::{Job, Report};
use events_lambda::{Done, Function, Response};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::{Value, json};

use crate::lake::{Lake, expected_table};

fn function(variables: &[(&str, &str)]) -> Function {
    Function::open(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

async fn invoke(function: &Function, payload: Value) -> Result<Done, Diagnostic> {
    let mut context = Context::default();
    "8f14e45f-ceea-467f-a1d2-91f2e1c0b2a3".clone_into(&mut context.request_id);
    match function.handle(LambdaEvent::new(payload, context)).await? {
        Response::Done(done) => Ok(*done),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn makes_a_table_and_answers_with_the_report() {
    let lake = Lake::new();
    let function = function(&[("EVENTS_ROOT", &lake.url())]);
    let response = invoke(&function, json!({"date": "2026-11-23"})).await.unwrap();

    let report = &response.report;
    assert!(report.run.as_str().ends_with("Z-8f14e45f"), "{}", report.run);
    assert_eq!((report.job, report.date.to_string().as_str(), report.commit), (Job::Run, "2026-11-23", Some(1)));
    let totals = &report.totals;
    assert_eq!((totals.records, totals.events, totals.rows), (4, 3, 2));
    assert_eq!((totals.duplicates_total(), totals.rejects_total()), (1, 1));
    assert!(!report.elapsed.is_empty());
    assert_eq!(lake.table(), expected_table());
    assert_eq!(lake.files("lake/landing/processed"), ["date=2026-11-23/a/input.json"]);
    assert_eq!(lake.files("lake/landing/quarantine").len(), 1);
    assert!(lake.files("lake/stage").is_empty() && lake.files("lake/landing/pending").is_empty());

    let json = serde_json::to_value(&response).unwrap();
    assert_eq!(json.get("omitted"), None);
    assert_eq!(serde_json::from_value::<Report>(json).unwrap(), response.report);
}

#[tokio::test]
async fn uses_its_stores_again_and_finds_nothing_to_do() {
    let lake = Lake::new();
    let function = function(&[("EVENTS_ROOT", &lake.url())]);
    invoke(&function, json!({})).await.unwrap();
    let again = invoke(&function, json!({})).await.unwrap();
    assert_eq!((again.report.commit, again.report.inputs.len()), (None, 0));
    assert_eq!(lake.table(), expected_table());
}

#[tokio::test]
async fn does_the_two_halves_in_zones_of_their_own() {
    let lake = Lake::new();
    let zone = |name| lake.path("lake").join(name).to_str().unwrap().to_owned();
    let (landing, stage, trusted) = (zone("landing"), zone("stage"), zone("trusted"));
    let zones = [("EVENTS_LANDING", &*landing), ("EVENTS_STAGE", &*stage), ("EVENTS_TRUSTED", &*trusted)];
    let function = function(&zones);
    let parsed = invoke(&function, json!({"command": "parse"})).await.unwrap();
    assert_eq!((parsed.report.job, parsed.report.totals.events, parsed.report.commit), (Job::Parse, 3, None));
    assert!(lake.table().is_empty());
    let distributed = invoke(&function, json!({"command": "distribute"})).await.unwrap();
    assert_eq!((distributed.report.totals.rows, distributed.report.commit), (2, Some(1)));
    assert_eq!(lake.table(), expected_table());
}

#[tokio::test]
async fn says_what_is_wrong_and_whose_it_is_to_mend() {
    let lake = Lake::new();
    let root = lake.url();
    let open = function(&[("EVENTS_ROOT", &root)]);
    let cases = [
        (&function(&[]), json!({}), "Configuration", "EVENTS_ROOT"),
        (
            &function(&[("EVENTS_ROOT", &root), ("EVENTS_THREADS", "many")]),
            json!({}),
            "Configuration",
            "EVENTS_THREADS",
        ),
        (&function(&[("EVENTS_ROOT", &root), ("EVENTS_REPAIR", "strict")]), json!({}), "Data", "a/input.json"),
        (&open, json!({"Records": []}), "Request", "`Records`"),
        (&open, json!({"job": "run"}), "Request", "`job`"),
        (&open, json!({"command": "distribute"}), "Configuration", "no complete stage in"),
    ];
    for (function, payload, error_type, text) in cases {
        let diagnostic = invoke(function, payload).await.unwrap_err();
        assert_eq!(diagnostic.error_type, error_type);
        assert!(diagnostic.error_message.contains(text), "{diagnostic:?}");
    }
    assert_eq!(lake.files("lake/landing/pending"), ["a/input.json"]);
}

#[tokio::test]
async fn compacts_tries_rejects_again_and_reads_days_once_more() {
    let lake = Lake::new();
    let function = function(&[("EVENTS_ROOT", &lake.url())]);
    invoke(&function, json!({"date": "2026-01-31"})).await.unwrap();
    let days = |first, last| json!({"command": "reprocess", "first": first, "last": last});
    let read = async |first, last| invoke(&function, days(first, last)).await.unwrap().report.totals.records;
    assert_eq!(read("2026-01-30", "2026-01-31").await, 4);
    assert_eq!(read("2026-02-01", "2026-02-02").await, 0);
    for (command, job) in [("compact", Job::Compact), ("retry", Job::Retry)] {
        let report = invoke(&function, json!({"command": command})).await.unwrap().report;
        assert_eq!((report.job, report.commit), (job, None));
    }
    assert_eq!(lake.table(), expected_table());
}

#[tokio::test]
async fn takes_no_more_at_once_than_is_set_and_says_what_is_left() {
    let lake = Lake::with_inputs(&[3, 5, 4]);
    let function = function(&[("EVENTS_ROOT", &lake.url()), ("EVENTS_INPUT_BYTES_MAX", "1")]);
    let mut taken = Vec::new();
    for left in [2, 1, 0, 0] {
        let report = invoke(&function, json!({})).await.unwrap().report;
        assert_eq!(report.left, left);
        taken.extend(report.inputs.iter().map(|input| input.key.clone()));
    }
    // None fits, so the smallest goes first.
    assert_eq!(taken, ["a/0.json", "a/2.json", "a/1.json"]);
    assert_eq!(lake.ids().len(), 12);
}

//! The handler, on a lake in a folder.

use events_core::run::{Job, Report};
use events_lambda::{Function, Response};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use serde_json::{Value, json};

use crate::lake::{Lake, expected_table};

fn function(variables: &[(&str, &str)]) -> Function {
    Function::open(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

async fn invoke(function: &Function, payload: Value) -> Result<Response, Diagnostic> {
    let mut context = Context::default();
    "8f14e45f-ceea-467f-a1d2-91f2e1c0b2a3".clone_into(&mut context.request_id);
    function.handle(LambdaEvent::new(payload, context)).await
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
    let parsed = invoke(&function, json!({"job": "parse"})).await.unwrap();
    assert_eq!((parsed.report.job, parsed.report.totals.events, parsed.report.commit), (Job::Parse, 3, None));
    assert!(lake.table().is_empty());
    let distributed = invoke(&function, json!({"job": "distribute"})).await.unwrap();
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
        (&open, json!({"Records": []}), "Request", "`Records`"),
        (&open, json!({"job": "distribute"}), "Configuration", "no complete stage in"),
    ];
    for (function, payload, error_type, text) in cases {
        let diagnostic = invoke(function, payload).await.unwrap_err();
        assert_eq!(diagnostic.error_type, error_type);
        assert!(diagnostic.error_message.contains(text), "{diagnostic:?}");
    }
    assert_eq!(lake.files("lake/landing/pending"), ["a/input.json"]);
}

//! The executable, under a host of ours.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use events_core::run::Report;
use serde_json::{Value, json};

use crate::events::event;
use crate::host::{Answer, Host, unlock};
use crate::lake::{Lake, expected_table};

#[test]
fn answers_invocations_of_one_process() {
    let lake = Lake::new();
    let (root, temporary) = (lake.url(), lake.path("tmp"));
    let host = Host::start(&[
        ("EVENTS_ROOT", &root),
        ("TMPDIR", temporary.to_str().unwrap()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ]);

    let Answer::Response(first) = host.invoke(&json!({"command": "run", "date": "2026-11-23"})) else { panic!() };
    let report: Report = serde_json::from_value(first).unwrap();
    assert_eq!((report.commit, report.totals.rows, report.totals.rejects_total()), (Some(1), 2, 1));
    assert!(report.run.as_str().ends_with("Z-8f14e45f"), "{}", report.run);
    assert_eq!(lake.table(), expected_table());

    let Answer::Error(refused) = host.invoke(&json!({"Records": []})) else { panic!() };
    assert_eq!(refused["errorType"], "Request");

    let Answer::Response(second) = host.invoke(&json!({})) else { panic!() };
    assert_eq!((&second["commit"], &second["inputs"]), (&Value::Null, &json!([])));

    let log = host.stop();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let done: Vec<_> = lines.iter().filter(|line| line["fields"]["message"] == "done").collect();
    assert_eq!(done.len(), 2, "{log}");
    assert_eq!((&done[0]["fields"]["rows"], &done[0]["fields"]["rejects"]), (&json!(2), &json!(1)));
    let named = lines.iter().find(|line| line["level"] == "WARN").unwrap();
    let object = format!("quarantine/date=2026-11-23/run={}/a/input.json.jsonl (1)", report.run);
    assert!(named["fields"]["objects"].as_str().unwrap().contains(&object), "{named}");
    assert!(lake.path("lake/landing").join(object.trim_end_matches(" (1)")).exists());
    let metrics: Vec<_> = lines.iter().filter(|line| line.get("_aws").is_some()).collect();
    assert_eq!(metrics.len(), 2, "one line a run: {log}");
    let namespace = &metrics[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"];
    assert_eq!((namespace, &metrics[0]["FunctionName"]), (&json!("EventDistributor"), &json!("events")));
    assert_eq!((&metrics[0]["Rows"], &metrics[0]["Rejects"], &metrics[1]["Rows"]), (&json!(2), &json!(1), &json!(0)));
    assert!(lake.files("tmp").is_empty());
}

#[test]
fn answers_with_the_setting_that_is_wrong() {
    let host = Host::start(&[("EVENTS_ROOT", "ftp://canary")]);
    let Answer::Error(error) = host.invoke(&json!({})) else { panic!() };
    assert_eq!(error["errorType"], "Configuration");
    assert!(error["errorMessage"].as_str().unwrap().contains("EVENTS_ROOT"), "{error}");
    assert!(!error.to_string().contains("canary"));
}

#[test]
fn keeps_secrets_out_of_answers_and_logs() {
    let endpoint = refusing_store();
    let host = Host::start(&[
        ("EVENTS_ROOT", "s3://lake/x"),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "canary-key"),
        ("AWS_SESSION_TOKEN", "canary-token"),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
    ]);
    let Answer::Error(error) = host.invoke(&json!({})) else { panic!() };
    assert_eq!(error["errorType"], "Storage");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.contains("s3://lake/x/") && message.contains("InvalidToken"), "{message}");
    assert!(!message.contains("canary"), "{message}");
    let log = host.stop();
    assert!(log.contains("InvalidToken") && !log.contains("canary"), "{log}");
}

#[test]
fn what_finds_the_table_busy_comes_again() {
    let lake = Lake::new();
    let host = Host::start(&[("EVENTS_ROOT", &lake.url()), ("EVENTS_NOTIFIED", "s3://clicks-landing")]);
    let control = lake.path("lake/trusted/control");
    fs::create_dir_all(&control).unwrap();
    let other = File::create(control.join("lock")).unwrap();
    other.lock().unwrap();

    for name in ["empty", "s3-put", "sns-s3-put", "eventbridge-schedule"] {
        let Answer::Error(error) = host.invoke(&event(name)) else { panic!("{name} is swallowed") };
        assert_eq!(error["errorType"], "Busy", "{name}");
    }
    let Answer::Response(busy) = host.invoke(&event("sqs-poison")) else { panic!() };
    assert_eq!(failures(&busy), ["2", "3", "5", "6", "1"]);
    assert!(lake.table().is_empty());

    unlock(other);
    let Answer::Response(again) = host.invoke(&event("sqs-poison")) else { panic!() };
    assert_eq!(failures(&again), ["2", "3", "5", "6"]);
    assert_eq!(lake.table(), expected_table());
    let log = host.stop();
    assert_eq!(log.matches("\"RunsBusy\":1").count(), 5, "{log}");
    assert_eq!(log.matches("message refused").count(), 8, "{log}");
}

#[test]
fn what_fails_is_an_error_and_comes_again() {
    let lake = Lake::new();
    let temporary = lake.path("later");
    let variables = [
        ("EVENTS_ROOT", &*lake.url()),
        ("EVENTS_NOTIFIED", "s3://clicks-landing"),
        ("TMPDIR", temporary.to_str().unwrap()),
    ];
    let host = Host::start(&variables);
    for name in ["empty", "s3-put", "sqs-poison"] {
        let Answer::Error(error) = host.invoke(&event(name)) else { panic!() };
        assert_eq!(error["errorType"], "Storage", "{name}");
    }
    fs::create_dir(&temporary).unwrap();
    let Answer::Response(again) = host.invoke(&event("sqs-poison")) else { panic!() };
    assert_eq!(failures(&again), ["2", "3", "5", "6"]);
    assert_eq!(lake.table(), expected_table());
}

#[test]
fn inputs_that_are_left_are_for_the_next_invocation() {
    let events = [300, 500, 400];
    let one_run = table_of_one_run(&events);
    for name in ["s3-put", "sqs-all-kinds"] {
        let lake = Lake::with_inputs(&events);
        let host = Host::start(&[
            ("EVENTS_ROOT", &lake.url()),
            ("EVENTS_NOTIFIED", "s3://clicks-landing"),
            ("EVENTS_INPUT_BYTES_MAX", "1"),
        ]);
        for done in 1..=2 {
            match host.invoke(&event(name)) {
                Answer::Error(error) => assert_eq!((&error["errorType"], name), (&json!("Left"), "s3-put")),
                Answer::Response(answer) => {
                    assert_eq!(failures(&answer), ["1", "2", "3", "6"], "all that ask for a run");
                }
            }
            assert_eq!(lake.files("lake/landing/pending").len(), 3 - done);
        }
        let Answer::Response(_) = host.invoke(&event(name)) else { panic!() };
        assert_eq!((lake.ids(), lake.table()), one_run);
    }
}

/// The function has two seconds and, for its 256 MB, takes half a megabyte in them.
#[test]
fn takes_what_fits_into_its_time_and_goes_on_in_the_next_invocation() {
    let events = [1000; 6];
    let one_run = table_of_one_run(&events);
    let lake = Lake::with_inputs(&events);
    let host = Host::start(&[("EVENTS_ROOT", &lake.url()), ("EVENTS_NOTIFIED", "s3://clicks-landing")]);
    let mut invocations = 0;
    loop {
        invocations += 1;
        let Answer::Response(answer) = host.invoke_for(Duration::from_secs(2), &event("sqs-all-kinds")) else {
            panic!()
        };
        if failures(&answer).is_empty() {
            break;
        }
        assert!(invocations < 6, "each invocation takes at least one");
        assert!(!lake.files("lake/landing/processed").is_empty());
    }
    assert!(invocations > 1, "all six were taken at once");
    assert_eq!((lake.ids(), lake.table()), one_run);
}

/// An input that is too large for the time is there as before when that is over: it is far less than any machine needs for 70 MB.
#[test]
fn stops_in_order_before_the_deadline() {
    let events = [400_000];
    let lake = Lake::with_inputs(&events);
    let (root, temporary) = (lake.url(), lake.path("tmp"));
    let host = Host::start(&[("EVENTS_ROOT", &root), ("TMPDIR", temporary.to_str().unwrap())]);
    let Answer::Error(error) = host.invoke_for(Duration::from_millis(40), &json!({})) else { panic!() };
    assert_eq!(error["errorType"], "TimeLimit");
    assert_eq!(lake.files("lake/landing/pending"), ["a/0.json"]);
    assert!(lake.files("lake/stage").is_empty() && lake.files("tmp").is_empty() && lake.table().is_empty());

    let Answer::Response(report) = host.invoke(&json!({})) else { panic!() };
    assert_eq!((&report["commit"], &report["totals"]["rows"]), (&json!(1), &json!(400_000)));
    assert_eq!(lake.table().iter().map(|(_, rows)| rows).sum::<i64>(), 400_000);
}

/// Ids and table.
fn table_of_one_run(events: &[usize]) -> (Vec<String>, Vec<(String, i64)>) {
    let lake = Lake::with_inputs(events);
    let host = Host::start(&[("EVENTS_ROOT", &lake.url())]);
    let Answer::Response(report) = host.invoke(&json!({})) else { panic!() };
    assert_eq!((&report["commit"], report.get("left")), (&json!(1), None));
    (lake.ids(), lake.table())
}

/// The last digits of the messages that come again.
fn failures(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().unwrap();
    let id = |failure: &'_ Value| failure["itemIdentifier"].as_str().unwrap().len() - 1;
    failures.iter().map(|failure| &failure["itemIdentifier"].as_str().unwrap()[id(failure)..]).collect()
}

/// The URL of a store that answers every request as S3 does when it does not know the token: by repeating it.
fn refusing_store() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            // No body follows the head of a request that lists.
            let _ = stream.read(&mut [0; 8192]);
            let body = "<Error><Code>InvalidToken</Code><Token-0>canary-token</Token-0></Error>";
            let length = body.len();
            let head = format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    endpoint
}

//! The executable, under a host of ours.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use events_core::run::Report;
use serde_json::{Value, json};

use crate::host::{Answer, Host};
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

    let Answer::Response(first) = host.invoke(&json!({"job": "run", "date": "2026-11-23"})) else { panic!() };
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

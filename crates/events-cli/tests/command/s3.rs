//! An S3 endpoint where nobody listens: the tests need no network.

use std::time::{Duration, Instant};

use crate::lake::{Finished, Lake};

/// A run against a port where nobody listens.
fn unreachable(lake: &Lake, arguments: &str) -> Finished {
    let mut command = lake.command(arguments);
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("AWS_ALLOW_HTTP", "true");
    command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "canary").env("AWS_SESSION_TOKEN", "canary");
    Finished::of(&mut command)
}

#[test]
fn ends_with_4_and_without_a_secret_when_nobody_answers() {
    let began = Instant::now();
    let finished = unreachable(&Lake::nowhere(), "run --root s3://bucket/lake --log-level trace");
    finished.fails(4, &["error: reading `s3://bucket/lake/", "hint: ", "AWS_ENDPOINT_URL"]);
    assert_eq!(finished.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1, "{finished:?}");
    assert!(!finished.stderr.contains("canary"), "{finished:?}");
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn keeps_inputs_pending_when_the_table_cannot_be_reached() {
    let (lake, _) = Lake::with(&crate::lake::small());
    let inputs = lake.files("lake/landing/pending");
    unreachable(&lake, "run --root lake --trusted s3://bucket/table").fails(4, &["`s3://bucket/table/"]);
    assert_eq!(lake.files("lake/landing/pending"), inputs);
    assert!(lake.files("lake/stage").is_empty());
}

#[test]
fn refuses_a_setting_of_aws_that_is_wrong() {
    let lake = Lake::nowhere();
    let mut command = lake.command("run --root s3://bucket");
    Finished::of(command.env("AWS_ALLOW_HTTP", "perhaps")).fails(2, &["opening zone", "perhaps"]);
}

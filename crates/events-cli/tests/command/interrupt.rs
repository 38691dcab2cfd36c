//! Ctrl-C, and SIGTERM.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use events_cli::generate::GenerateConfig;

use crate::lake::{Finished, Lake};

#[test]
fn stops_with_130_with_all_inputs_pending_and_nothing_left_behind() {
    // Thousands of small files: a run writes them to the stage for long enough to be stopped there.
    let (lake, _) = Lake::with(&GenerateConfig { bytes: 8_000_000, files: 4, days: 1095, ..GenerateConfig::default() });
    let inputs = lake.files("lake/landing/pending");
    fs::create_dir(lake.path("scratch")).unwrap();
    for signal in ["-INT", "-TERM"] {
        let mut command = lake.command("run --root lake --scratch scratch");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_staged_files(&lake);
        send(signal, child.id());
        let finished = Finished::from(child.wait_with_output().unwrap());
        finished.fails(130, &["stopping: ", "interrupted before anything was published"]);
        assert_eq!(lake.files("lake/landing/pending"), inputs);
        assert!(lake.trusted().is_empty());
        assert_eq!(lake.files("lake/stage").into_keys().collect::<Vec<_>>(), [""; 0], "{signal}");
        for folder in ["lake/stage", "scratch"] {
            assert_eq!(fs::read_dir(lake.path(folder)).unwrap().count(), 0, "{folder}");
        }
    }
    lake.report("run --root lake", 0);
    assert!(lake.files("lake/landing/pending").is_empty());
}

#[test]
fn ends_at_once_when_asked_twice() {
    // Somebody who takes a call and says nothing, for as long as the test lasts.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let lake = Lake::nowhere();
    fs::create_dir(lake.path("scratch")).unwrap();
    let mut command = lake.command("run --root s3://bucket --scratch scratch");
    command.env("AWS_ENDPOINT_URL", format!("http://{}", silent.local_addr().unwrap())).env("AWS_ALLOW_HTTP", "true");
    command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "key").stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut wait_for = |text: &str| {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "`{text}` was not said");
        }
    };
    wait_for("phase=");
    send("-INT", child.id());
    wait_for("stopping: ");
    send("-INT", child.id());
    let asked = Instant::now();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(5));
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    assert_eq!(fs::read_dir(lake.path("scratch")).unwrap().count(), 0);
}

#[test]
fn ends_while_it_waits_for_readers_when_asked_twice_and_the_next_run_goes_on() {
    let lake = Lake::new();
    let event = |day: u32| {
        let event =
            format!(r#"{{"event_id":"a","timestamp":"2026-01-0{day}T00:00:00Z","domain":"d","event_type":"t"}}"#);
        lake.write("lake/landing/pending/a.json", &event);
    };
    event(1);
    lake.report("run --root lake", 0);
    event(2);
    let child = lake.command("run --root lake --reader-grace 600").stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut wait_for = |text: &str| {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "`{text}` was not said");
        }
    };
    wait_for("waiting for readers");
    assert_eq!(lake.files("lake/trusted/events").len(), 2);
    send("-INT", child.id());
    wait_for("stopping: ");
    send("-INT", child.id());
    wait_for("ended behind a commit: the next run finishes it");
    assert_eq!(child.wait().unwrap().code(), Some(5));
    let report = lake.report("run --root lake", 0);
    assert_eq!(report.recovered, [2]);
    assert!(lake.files("lake/landing/pending").is_empty());
}

pub(crate) fn send(signal: &str, process: u32) {
    assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
}

fn wait_for_staged_files(lake: &Lake) {
    let began = Instant::now();
    while !lake.path("lake/stage/events").is_dir() {
        assert!(began.elapsed() < Duration::from_secs(30), "nothing was staged");
        sleep(Duration::from_millis(1));
    }
}

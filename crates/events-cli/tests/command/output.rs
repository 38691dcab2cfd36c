//! Standard output carries data and nothing else, standard error everything else.

use std::process::Stdio;

use crate::lake::{Finished, Lake, small};

#[test]
fn prints_the_report_and_nothing_else_as_json() {
    let (lake, _) = Lake::with(&small());
    let finished = lake.events("run --root lake --output json --log-level trace");
    let report: events_core::run::Report = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(report.inputs.len(), 7);
    assert_eq!(finished.stdout.lines().count(), 1);
}

#[test]
fn writes_plain_lines_where_there_is_no_terminal() {
    let (lake, _) = Lake::with(&small());
    let finished = lake.events("run --root lake");
    assert!(!finished.stderr.contains('\u{1b}') && !finished.stdout.contains('\u{1b}'), "{finished:?}");
    assert!(finished.stderr.contains("started") && finished.stderr.contains("rows="), "{finished:?}");
}

#[test]
fn logs_an_object_a_line_when_asked() {
    let (lake, _) = Lake::with(&small());
    let finished = lake.events("run --root lake --log-format json");
    let lines: Vec<serde_json::Value> =
        finished.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.last().unwrap()["fields"]["inputs"], 7);
}

#[test]
fn says_nothing_but_errors_when_quiet() {
    let (lake, _) = Lake::with(&small());
    assert_eq!(lake.events("run --root lake --quiet").stderr, "");
    let finished = lake.events("run --root nowhere --quiet");
    assert_eq!(finished.stderr, "error: zone `nowhere` does not exist\n");
}

#[test]
fn does_not_mind_when_nobody_reads() {
    let (lake, _) = Lake::with(&small());
    for arguments in ["--help", "run --root lake", "generate --out more", "demo"] {
        let mut child = lake.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let finished = Finished::from(child.wait_with_output().unwrap());
        assert_eq!(finished.code, 0, "{arguments}: {finished:?}");
        assert!(!finished.stderr.contains("panicked"), "{arguments}: {finished:?}");
    }
    for arguments in ["run --root lake --log-level trace", "run --root nowhere"] {
        let mut child = lake.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(if arguments.contains("nowhere") { 2 } else { 0 }), "{arguments}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn fails_when_the_report_cannot_be_written() {
    let (lake, _) = Lake::with(&small());
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let finished = Finished::of(lake.command("run --root lake").stdout(full).stderr(Stdio::piped()));
    finished.fails(4, &["writing to standard output", "hint: the disk is full"]);
}

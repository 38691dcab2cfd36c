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
    let mut lines = finished.stderr.lines();
    assert_eq!(lines.next(), Some("error: zone `nowhere` does not exist"));
    assert!(lines.next().is_some_and(|line| line.starts_with("hint: `events doctor`")), "{finished:?}");
    assert_eq!(lines.next(), None);
    let (lake, _) = Lake::with(&small());
    assert_eq!(lake.events("run --root lake -q -v").stderr, "");
}

#[test]
fn does_not_mind_when_nobody_reads() {
    let (lake, _) = Lake::with(&small());
    lake.write("lake/landing/pending/damaged.json", "{\"event_id\": ");
    assert_eq!(lake.events("run --root lake").code, 3);
    lake.write("sound.json", "{}");
    let commands = [
        "--help",
        "--version",
        "run --help",
        "run --root lake",
        "run --root lake --dry-run",
        "reprocess --root lake --date 2026-01-01",
        "compact --root lake",
        "rebuild --root lake",
        "quarantine list --root lake",
        "quarantine show --root lake",
        "ddl --root lake --dialect athena",
        "plan --root lake",
        "prepare --root lake --run-id big",
        "runs --root lake",
        "report --root lake --html page.html",
        "report --root lake --html -",
        "trace nobody --root lake",
        "inspect --root lake",
        "doctor --root lake",
        "repair sound.json",
        "completions bash",
        "man",
        "man --out pages",
        "generate --out more",
        "demo",
    ];
    for arguments in commands {
        let mut child = lake.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let finished = Finished::from(child.wait_with_output().unwrap());
        let code = if arguments.starts_with("trace") { 9 } else { 0 };
        assert_eq!(finished.code, code, "{arguments}: {finished:?}");
        assert!(!finished.stderr.contains("panicked"), "{arguments}: {finished:?}");
    }
    for arguments in ["run --root lake --log-level trace", "run --root nowhere"] {
        let mut child = lake.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        let code = child.wait().unwrap().code();
        assert_eq!(code, Some(if arguments.contains("nowhere") { 2 } else { 0 }), "{arguments}");
    }
}

/// The standard output of a command that does what it is told, as a document.
fn document(lake: &Lake, arguments: &str) -> serde_json::Value {
    let finished = lake.events(&format!("{arguments} --output json"));
    assert!([0, 3, 9].contains(&finished.code), "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 1, "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap()
}

#[test]
fn every_command_prints_one_document_when_asked() {
    let (lake, _) = Lake::with(&small());
    lake.write("lake/landing/pending/damaged.json", "{\"event_id\": ");
    let of = |arguments: &str, field: &str| {
        let document = document(&lake, arguments);
        let has = document.get(field).or_else(|| document.get(0)?.get(field)).is_some();
        assert!(has, "{arguments}: {document}");
    };
    of("run --root lake --dry-run", "dry_run");
    of("plan --root lake", "outcome");
    of("inspect lake/landing/pending", "version");
    of("prepare --root lake --run-id big", "phases");
    of("work --root lake --run-id big", "items");
    of("run --root lake", "totals");
    of("runs --root lake", "runs");
    of("report --root lake --html page.html", "html");
    of("trace nobody --root lake", "events");
    of("inspect --root lake", "version");
    of("parse --root lake", "totals");
    of("reprocess --root lake --date 2026-01-01", "totals");
    of("compact --root lake", "totals");
    of("rebuild --root lake", "totals");
    of("quarantine list --root lake", "groups");
    of("quarantine show --root lake", "rejects");
    of("quarantine show --root lake --run nobody", "rejects");
    lake.write("one.json", "{}");
    of("repair --check one.json", "unread");
    of("quarantine retry --root lake", "totals");
    of("ddl --root lake --dialect duckdb", "statements");
    of("doctor --root lake", "verdict");
    of("generate --out more --bytes 10kB", "rows");
    of("demo", "totals");
    of("man --out pages", "pages");
}

#[test]
fn says_what_has_no_form_for_machines() {
    let lake = Lake::nowhere();
    lake.write("a.json", "{'a':1}");
    lake.events("completions bash --output json").fails(2, &["`completions` has no form for --output json"]);
    lake.events("man --output json").fails(2, &["the manual page has no form for --output json", "--out DIR"]);
    lake.events("repair --diff a.json --output json").fails(2, &["`repair --diff` has no form", "--report FILE"]);
    // Records are what they are.
    assert_eq!(lake.events("repair a.json --output json").stdout, "{\"a\":1}\n");
}

#[test]
fn tells_more_when_asked() {
    let (lake, _) = Lake::with(&small());
    assert!(!lake.events("run --root lake --dry-run=false").stderr.contains("DEBUG"));
    for more in ["-v", "--verbose", "--log-level error -v"] {
        let finished = lake.events(&format!("run --root lake {more}"));
        assert!(finished.stderr.contains("DEBUG") && finished.stderr.contains("settings"), "{finished:?}");
    }
    lake.write("events.toml", "verbose = true\nlog-level = 'warn'\n");
    assert!(lake.events("run --root lake").stderr.contains("DEBUG"));
    assert!(!lake.events("run --root lake --verbose=false").stderr.contains("DEBUG"));
}

/// What a command writes to a terminal, with `NO_COLOR` as it is given. `None`, and a line that says so, where there is no
/// `script` that makes terminals.
#[cfg(target_os = "linux")]
fn on_a_terminal(lake: &Lake, arguments: &str, no_color: &str) -> Option<String> {
    let events = lake.command(arguments);
    let words: Vec<_> = std::iter::once(events.get_program()).chain(events.get_args()).collect();
    let line = words.join(std::ffi::OsStr::new(" "));
    let mut script = std::process::Command::new("script");
    script.args(["-q", "-e", "-c"]).arg(line).arg("/dev/null").current_dir(lake.path("")).stdin(Stdio::null());
    script.env("NO_COLOR", no_color).env("TERM", "xterm").env_remove("CLICOLOR").env_remove("CI");
    match script.output() {
        Ok(output) => Some(Finished::from(output).stdout),
        Err(error) => {
            println!("skipped: script: {error}");
            None
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn colours_nothing_where_nobody_wants_it() {
    // Colours and weights are `ESC [ … m`; a display moves the cursor by others.
    let is_styled = |text: &str| {
        let sequences = text.split("\u{1b}[").skip(1);
        sequences
            .into_iter()
            .any(|rest| rest.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == ';').starts_with('m'))
    };
    let lake = Lake::nowhere();
    lake.write("damaged.json", "{'a':1}\n{\"b\":");
    lake.write("lake/landing/pending/a.json", "{}");
    for arguments in
        ["--help", "run --help", "run --root lake --log-level info", "repair --diff damaged.json", "run --thread 2"]
    {
        let Some(styled) = on_a_terminal(&lake, arguments, "") else { return };
        assert!(is_styled(&styled), "{arguments}: {styled:?}");
        let plain = on_a_terminal(&lake, arguments, "1").unwrap();
        assert!(!plain.is_empty() && !is_styled(&plain), "{arguments}: {plain:?}");
    }
    // What nobody colours stays so.
    for arguments in ["doctor --root lake", "quarantine list --root lake", "run --root nowhere"] {
        let Some(plain) = on_a_terminal(&lake, arguments, "") else { return };
        assert!(!plain.is_empty() && !is_styled(&plain), "{arguments}: {plain:?}");
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

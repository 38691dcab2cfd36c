//! `events quarantine`.

use events_core::event::Reason;
use serde_json::Value;

use crate::lake::{Finished, Lake};

/// An event with that id.
fn event(id: &str) -> String {
    format!(r#"{{"event_id":"{id}","timestamp":"2021-01-14T10:18:57","domain":"card","event_type":"issued"}}"#)
}

/// A lake after a run that mended nothing: a row, two records in single quotes, one cut off and one that is no event.
fn broken() -> Lake {
    let lake = Lake::new();
    let single = |id: &str| event(id).replace('"', "'");
    lake.write("lake/landing/pending/a.jsonl", &format!("{}\n{}\n{{\"event_id\":\"cut", event("good"), single("one")));
    lake.write("lake/landing/pending/deep/b.jsonl", &format!("{}\n{{\"event_id\":7}}\n", single("two")));
    let totals = lake.report("run --root lake --repair framing --run-id first --date 2026-01-31", 3).totals;
    assert_eq!((totals.rows, totals.rejects_total()), (1, 4), "{totals:?}");
    lake
}

/// The documents that a command prints, a line each.
fn documents(lake: &Lake, arguments: &str) -> Vec<Value> {
    let finished = lake.events(&format!("quarantine {arguments} --root lake --output json"));
    assert_eq!(finished.code, 0, "{finished:?}");
    finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rejects of a document.
fn rejects(lake: &Lake, arguments: &str) -> Vec<Value> {
    documents(lake, &format!("show {arguments}"))[0]["rejects"].as_array().unwrap().clone()
}

#[test]
fn counts_rejects_by_reason_and_object() {
    let lake = broken();
    let finished = lake.events("quarantine list --root lake");
    assert_eq!(finished.code, 0, "{finished:?}");
    let lines: Vec<Vec<&str>> = finished
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|words: &Vec<_>| !words.is_empty())
        .collect();
    let single_bytes = event("one").len().to_string();
    assert_eq!(lines[0], ["truncated", "1", "16", "B", "first", "a.jsonl"]);
    assert_eq!(lines[1], ["invalid_json", "1", &single_bytes, "B", "first", "a.jsonl"]);
    assert_eq!(lines[2], ["invalid_json", "1", &single_bytes, "B", "first", "deep/b.jsonl"]);
    assert_eq!(lines[3][..2], ["wrong_type", "1"]);
    assert_eq!(lines[4][..2], ["total", "4"]);
    assert!(finished.stdout.contains("`lake/landing/quarantine`"), "{finished:?}");

    let document = &documents(&lake, "list --source deep/")[0];
    assert_eq!((&document["count"], document["groups"].as_array().unwrap().len()), (&2.into(), 2));
    let group = &document["groups"][0];
    assert_eq!(
        (&group["reason"], &group["run"], &group["count"]),
        (&"invalid_json".into(), &"first".into(), &1.into())
    );
    assert_eq!(group["object"], "date=2026-01-31/run=first/deep/b.jsonl.jsonl");
}

#[test]
fn shows_rejects_with_their_bytes() {
    let lake = broken();
    let finished = lake.events("quarantine show --root lake --reason truncated --reason wrong_type");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(
        finished.stdout.contains("a.jsonl:") && finished.stdout.contains("  truncated  16 B  run first"),
        "{finished:?}"
    );
    assert!(
        finished.stdout.contains("  | {\"event_id\":\"cut\n") && finished.stdout.contains("  | {\"event_id\":7}\n")
    );
    assert!(finished.stdout.ends_with("2 rejects in `lake/landing/quarantine`\n"), "{finished:?}");
    let one = lake.events("quarantine show --root lake --reason truncated");
    assert!(one.stdout.ends_with("\n1 reject in `lake/landing/quarantine`\n"), "{one:?}");
    let limited = lake.events("quarantine show --root lake --limit 1").stdout;
    assert!(limited.contains("1 of 4 rejects") && limited.matches("  | ").count() == 1, "{limited}");

    let lines = rejects(&lake, "--run first");
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line["run"] == "first"));
    let cut = lines.iter().find(|line| line["reason"] == "truncated").unwrap();
    assert_eq!((&cut["source"], &cut["raw"]), (&"a.jsonl".into(), &"{\"event_id\":\"cut".into()));
    let limited = &documents(&lake, "show --limit 2")[0];
    assert_eq!(limited["rejects"].as_array().unwrap().len(), 2);
    assert_eq!((&limited["shown"], &limited["count"]), (&2.into(), &4.into()));
    let none = serde_json::json!({"rejects": [], "shown": 0, "count": 0});
    assert_eq!(documents(&lake, "show --run other"), [none]);
}

#[test]
fn obeys_no_terminal_code_of_a_reject() {
    let lake = Lake::new();
    lake.write("lake/landing/pending/a.json", "\u{1b}[31mred\n{}");
    lake.report("run --root lake", 3);
    let shown = lake.events("quarantine show --root lake").stdout;
    assert!(shown.contains("  | \\x1b[31mred\n") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn says_when_there_is_nothing() {
    let lake = Lake::new();
    let says = |command: &str, text: &str| {
        let finished = lake.events(&format!("quarantine {command} --root lake"));
        assert_eq!(finished.code, 0, "{finished:?}");
        assert!(finished.stdout.contains(text), "{finished:?}");
    };
    says("list", "no such rejects");
    says("show", "no such rejects");
    // A look needs neither of the other zones, and makes nothing.
    assert_eq!(lake.events("quarantine list --landing lake/landing").code, 0);
    assert_eq!(lake.files("lake").len(), 0);
    assert!(!lake.path("lake/stage").exists() && !lake.path("lake/trusted").exists());
    says("retry", "nothing to retry");
    assert_eq!(lake.files("lake").into_keys().collect::<Vec<_>>(), ["trusted/control/lock"]);
    assert!(!lake.path("lake/stage").exists() || lake.path("lake/stage").read_dir().unwrap().next().is_none());
}

#[test]
fn puts_what_can_be_mended_into_the_table_and_keeps_the_rest() {
    let lake = broken();
    let report = lake.report("quarantine retry --root lake --level lenient --run-id again --date 2026-02-01", 3);
    let totals = &report.totals;
    assert_eq!((totals.events, totals.rows, totals.repaired, totals.rejects_total()), (2, 2, 2, 2), "{totals:?}");
    assert_eq!(report.commit, Some(2));
    assert_eq!(lake.log(), (vec![1, 2], vec![1, 2]));
    // The file of the first run has taken the rows in.
    assert_eq!(lake.files("lake/trusted/events").len(), 1);
    let reasons: Vec<_> = rejects(&lake, "").iter().map(|line| line["reason"].clone()).collect();
    assert_eq!(reasons.len(), 2);
    assert!(reasons.contains(&"truncated".into()) && reasons.contains(&"wrong_type".into()), "{reasons:?}");
    assert!(lake.files("lake/stage").is_empty());

    // Nothing more can be mended: the quarantine and the table stay as they are.
    let before = lake.files("lake");
    let again = lake.report("quarantine retry --root lake", 3);
    assert_eq!((again.commit, again.totals.rows, again.totals.rejects_total()), (None, 0, 2));
    assert_eq!(lake.files("lake"), before);
}

#[test]
fn says_in_words_what_a_retry_did() {
    let lake = broken();
    let finished = lake.events("quarantine retry --root lake --run-id again --reason invalid_json");
    assert_eq!(finished.code, 3, "{finished:?}");
    assert!(finished.stdout.starts_with("retry again, commit 2 of the table\n"), "{finished:?}");
    assert!(
        finished.stdout.contains("single_quotes") && finished.stdout.contains("still in `lake/landing/quarantine`")
    );
    // Never what is in a record.
    assert!(!finished.stderr.contains("event_id"), "{finished:?}");
}

#[test]
fn retries_only_what_is_meant() {
    let retry = |filter: &str, rows: u64| {
        let lake = broken();
        let report = lake.report(&format!("quarantine retry --root lake {filter}"), 3);
        assert_eq!(report.totals.rows, rows, "{filter}: {report:?}");
        assert_eq!(documents(&lake, "list")[0]["count"], 4 - rows, "{filter}");
    };
    retry("--source deep/", 1);
    retry("--reason invalid_json --reason truncated", 2);
    retry("--reason truncated", 0);
    retry("--run first --source a", 1);
    retry("--level framing", 0);
}

#[test]
fn takes_zones_and_level_from_variables_and_the_file() {
    let lake = broken();
    lake.write("events.toml", "root = 'nowhere'\nrepair = 'framing'\nrun-id = 'of-the-file'\n");
    lake.events("quarantine list").fails(2, &["zone `nowhere` does not exist"]);
    let run = |arguments: &str| {
        let mut command = lake.command(&format!("quarantine {arguments} --output json"));
        let finished = Finished::of(command.env("EVENTS_ROOT", "lake"));
        serde_json::from_str::<Value>(finished.stdout.lines().next().unwrap()).unwrap()
    };
    assert_eq!(run("list")["count"], 4);
    assert_eq!(run("show")["rejects"][0]["run"], "first");
    let kept = run("retry");
    assert_eq!((&kept["run"], &kept["totals"]["rows"]), (&"of-the-file".into(), &0.into()));
    assert_eq!(run("retry --repair lenient")["totals"]["rows"], 2);
}

#[test]
fn refuses_what_is_no_reason_and_no_command() {
    let lake = Lake::new();
    lake.events("quarantine list --root lake --reason truncted").fails(2, &["truncted", "truncated"]);
    let finished = lake.events("quarantine");
    assert!(finished.code == 2 && finished.stderr.contains("Usage: events quarantine"), "{finished:?}");
    lake.events("quarantine list").fails(2, &["no landing zone"]);
    let names = [Reason::Truncated, Reason::PartitionTooLong].map(|reason| format!("--reason {reason}"));
    assert_eq!(lake.events(&format!("quarantine list --root lake {}", names.join(" "))).code, 0);
}

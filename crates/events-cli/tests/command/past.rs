//! `events runs`, `events report` and `events trace`.

use std::fs;

use events_cli::generate::{GenerateConfig, Layout};
use serde_json::Value;

use crate::lake::Lake;

fn json(lake: &Lake, arguments: &str) -> Value {
    let finished = lake.events(&format!("{arguments} --output json"));
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap()
}

/// A lake after two runs, of which the second meets damage.
fn two_runs() -> Lake {
    let config = GenerateConfig { bytes: 200_000, files: 3, days: 5, kinds: 3, ..GenerateConfig::default() };
    let (lake, _) = Lake::with(&config);
    lake.report("run --root lake --run-id first --date 2026-01-30", 0);
    let event = r#"{"event_id":"a","timestamp":7,"domain":"card","event_type":"issued","data":{"name":"Zoë <b>"}}"#;
    lake.write("lake/landing/pending/b.jsonl", &format!("{event}{}{{\"event_id\":\"<secret>", event.replace('"', "'")));
    lake.report("run --root lake --run-id second --date 2026-01-31", 3);
    lake
}

#[test]
fn shows_the_history_of_a_table() {
    let lake = two_runs();
    let finished = lake.events("runs --root lake");
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{finished:?}");
    let lines: Vec<_> = finished.stdout.lines().collect();
    assert!(lines[0].trim_start().starts_with("commit  committed (UTC)"), "{finished:?}");
    assert!(lines[1].trim_start().starts_with('2') && lines[1].ends_with("  second"), "{finished:?}");
    assert!(
        lines[2].trim_start().starts_with('1') && lines[2].ends_with("  first") && lines.len() == 3,
        "{finished:?}"
    );

    let runs = json(&lake, "runs --trusted lake/trusted --last 1");
    let run = &runs["runs"][0];
    assert_eq!((&run["run"], &run["commit"], &run["finished"]), (&"second".into(), &2.into(), &true.into()));
    assert_eq!((&run["totals"]["rows"], &run["report"]["version"]), (&1.into(), &1.into()));
    assert!(runs["runs"].as_array().unwrap().len() == 1);
}

#[test]
fn a_run_and_its_history_tell_of_the_same_files() {
    let lake = Lake::new();
    let event = |id: &str, time: &str| {
        format!(r#"{{"event_id":"{id}","timestamp":"{time}","domain":"card","event_type":"issued"}}"#)
    };
    let runs = [
        vec![event("a", "2021-01-14T10:00:00"), event("b", "2021-01-14T10:00:00"), event("c", "2021-02-15T10:00:00")],
        // A row gives way in the file that takes the new ones in, and the only one of another file does.
        vec![event("a", "2021-01-14T11:00:00"), event("c", "2021-01-14T10:00:00"), event("d", "2021-03-16T10:00:00")],
    ];
    for (number, events) in runs.into_iter().enumerate() {
        lake.write(&format!("lake/landing/pending/{number}.json"), &events.join("\n"));
        let report = lake.report("run --root lake", 0);
        let told = |of: fn(&events_core::run::PartitionReport) -> u64| report.partitions.iter().map(of).sum::<u64>();
        let past = &json(&lake, "runs --root lake --last 1")["runs"][0];
        assert_eq!((&past["files"], &past["bytes"]), (&told(|one| one.files).into(), &told(|one| one.bytes).into()));
        assert_eq!((past["files"].as_u64(), &past["partitions"]), (Some(2), &report.partitions.len().into()));
        assert_eq!(told(|one| one.rows), report.totals.rows);
    }
}

#[test]
fn a_table_without_runs_has_no_history() {
    let lake = Lake::new();
    let finished = lake.events("runs --root lake");
    assert_eq!((finished.code, finished.stdout.as_str()), (0, "no run has committed to `lake/trusted/events`\n"));
    assert_eq!(json(&lake, "runs --root lake")["runs"], Value::Array(Vec::new()));
    lake.events("runs").fails(2, &["trusted", "--root"]);
    lake.events("runs --root lake --last 0").fails(2, &["--last"]);
    lake.events("runs --root nowhere").fails(2, &["nowhere"]);
}

#[test]
fn a_table_whose_log_is_lost_has_no_empty_history() {
    let lake = two_runs();
    fs::remove_dir_all(lake.path("lake/trusted/control/log")).unwrap();
    fs::remove_file(lake.path("lake/trusted/control/latest.json")).ok();
    for command in ["runs --root lake", "report --root lake --html page.html"] {
        lake.events(command).fails(2, &["events rebuild"]);
    }
}

#[test]
fn writes_a_page_about_runs() {
    let lake = two_runs();
    let finished = lake.events("report --root lake --last 9 --html page.html");
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{finished:?}");
    assert!(finished.stdout.contains("`page.html`") && finished.stdout.contains("2 runs"), "{finished:?}");
    let page = fs::read_to_string(lake.path("page.html")).unwrap();
    for text in
        ["<!doctype html>", "Rows by kind and", "truncated", "single_quotes", "Where the time went", "first", "second"]
    {
        assert!(page.contains(text), "`{text}` is not in the page");
    }
    // Values are masked, text is text, and the page asks for nothing.
    for text in ["Zoë", "secret", "<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(text), "`{text}` is in the page");
    }
    assert!(page.contains("&lt;xxxxxx&gt;"), "the reject is masked");

    let shown = lake.events("report --root lake --run second --show-values --html -");
    assert_eq!(shown.code, 0, "{shown:?}");
    assert!(shown.stdout.contains("&lt;secret&gt;") && shown.stdout.contains("Run second, committed at"), "{shown:?}");
    let told = json(&lake, "report --root lake --html again.html");
    assert_eq!((&told["html"], &told["runs"]), (&"again.html".into(), &1.into()));
    assert_eq!(told["bytes"], fs::metadata(lake.path("again.html")).unwrap().len());
}

/// The value and the note of a tile of the page.
fn tile<'a>(page: &'a str, name: &str) -> (&'a str, &'a str) {
    let tile = page.split(&format!("<dt>{name}</dt><dd>")).nth(1).unwrap().split("</small>").next().unwrap();
    tile.split_once("<small>").unwrap()
}

#[test]
fn a_page_counts_a_record_once_however_often_it_was_tried() {
    let lake = Lake::new();
    let single = |id: &str| format!("{{'event_id':'{id}','timestamp':7,'domain':'card','event_type':'issued'}}\n");
    let sound = single("a").replace('\'', "\"");
    // Ten records: three rows' worth in quotes, of which two are the same event, one beyond mending, and six sound ones of
    // one event.
    let text = format!("{}{}{}{}{{\"event_id\":7}}\n", sound.repeat(6), single("b"), single("b"), single("c"));
    lake.write("lake/landing/pending/a.jsonl", &text);
    lake.report("run --root lake --repair framing --run-id first --date 2026-01-30", 3);
    let retried = lake.report("quarantine retry --root lake --run-id again --date 2026-01-31", 3);
    assert_eq!((retried.totals.records, retried.totals.rows), (4, 2), "{:?}", retried.totals);
    let page = |arguments: &str| lake.events(&format!("report --root lake {arguments} --html -")).stdout;

    let both = page("--last 2");
    assert_eq!(tile(&both, "records").0, "10");
    assert_eq!(tile(&both, "rows"), ("3", "10.00% of records, and 2 of records tried again"));
    assert_eq!(tile(&both, "duplicates"), ("6", "50.00% of records, and 1 of records tried again"));
    assert_eq!(tile(&both, "mended"), ("3", "0.00% of records, and 3 of records tried again"));
    assert_eq!(tile(&both, "rejects"), ("4", "40.00% of records, 3 recovered by retries"));
    assert!(both.contains("Retries tried rejects 4 times again and recovered 3 of them: 2 rows and 1 duplicate."));
    assert!(both.contains("<td class=\"n\">2, retry</td>"), "{both}");
    // What is read once more came in before, as well.
    lake.report("reprocess --root lake --date 2026-01-30 --repair framing", 0);
    assert_eq!(tile(&page("--last 9"), "records").0, "10");

    let alone = page("--run again");
    assert_eq!(
        (tile(&alone, "records").0, tile(&alone, "rejects").1),
        ("0", "0.00% of records, 3 recovered by retries")
    );
    assert!(alone.contains("No record came in.") && !alone.contains("Every record met"), "{alone}");
    let first = page("--run first");
    assert_eq!(tile(&first, "rejects"), ("4", "40.00% of records"));
    assert!(!first.contains("Retries tried"));
}

#[test]
fn a_page_needs_a_file_a_folder_and_a_run() {
    let lake = Lake::new();
    lake.events("report --root lake").fails(2, &["--html"]);
    lake.events("report --root lake --html no/page.html").fails(4, &["no/page.html"]);
    lake.events("report --root lake --run nobody --html page.html").fails(2, &["nobody", "events runs"]);
    let finished = lake.events("report --root lake --html page.html");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(fs::read_to_string(lake.path("page.html")).unwrap().contains("No run has committed."));
}

#[test]
fn traces_events_to_their_bytes() {
    let lake = two_runs();
    let finished = lake.events("trace a nobody --root lake");
    assert_eq!((finished.code, finished.stderr.as_str()), (9, ""), "{finished:?}");
    for text in [
        "event a\n",
        "row in `lake/trusted/events/domain_event_type=card-issued/year=1970/month=1/day=1/",
        "`lake/landing/processed/date=2026-01-31/b.jsonl`, bytes 0 to ",
        "taken by run second, commit 2",
        "    | {\"event_id\":\"a\"",
        "mended: single_quotes",
        "event nobody\n  nothing is known of it",
    ] {
        assert!(finished.stdout.contains(text), "`{text}` is not in {finished:?}");
    }
    let traces = json(&lake, "trace a --root lake");
    let records = traces["events"][0]["records"].as_array().unwrap();
    assert_eq!(records.iter().map(|record| record["fate"].as_str().unwrap()).collect::<Vec<_>>(), ["row", "exact"]);
    for (ids, code) in [("a", 0), ("nobody", 9), ("nobody a", 9)] {
        let finished = lake.events(&format!("trace {ids} --root lake --output json"));
        assert_eq!(finished.code, code, "{ids}: {finished:?}");
        let events = serde_json::from_str::<Value>(&finished.stdout).unwrap()["events"].as_array().unwrap().len();
        assert_eq!(events, ids.split(' ').count(), "{ids}");
    }
    lake.events("trace --root lake").fails(2, &["event_id"]);
    let other = json(&lake, "trace a --root lake --date 2026-01-30");
    assert_eq!(other["events"][0]["records"], Value::Array(Vec::new()));
}

/// What is traced reads back as the row, for many events at once.
#[test]
fn traces_a_thousand_events() {
    let config =
        GenerateConfig { bytes: 600_000, files: 4, days: 9, layout: Layout::Concatenated, ..GenerateConfig::default() };
    let (lake, expected) = Lake::with(&config);
    lake.report("run --root lake", 0);
    let mut ids: Vec<String> = Vec::new();
    for bytes in lake.files("lake/landing/processed").values() {
        let text = String::from_utf8(bytes.clone()).unwrap();
        ids.extend(text.split(r#""event_id":""#).skip(1).map(|rest| rest[..36].to_owned()));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len() as u64, expected.rows);
    ids.truncate(1000);
    let traces = json(&lake, &format!("trace {} --root lake", ids.join(" ")));
    let traces = traces["events"].as_array().unwrap();
    assert_eq!(traces.len(), 1000);
    for (id, trace) in ids.iter().zip(traces) {
        let (row, record) = (&trace["rows"][0], &trace["records"][0]);
        let event: Value = serde_json::from_str(record["raw"].as_str().unwrap()).unwrap();
        assert_eq!((&event["event_id"], &record["fate"]), (&id.as_str().into(), &"row".into()), "{trace}");
        assert_eq!((&event["domain"], &event["event_type"]), (&row["domain"], &row["event_type"]));
        let data: Value = serde_json::from_str(row["data"].as_str().unwrap()).unwrap();
        assert_eq!(event["data"], data);
    }
}

#[test]
fn a_profile_is_told_when_it_is_asked_for() {
    let (lake, _) = Lake::with(&GenerateConfig { bytes: 3_000_000, ..GenerateConfig::default() });
    let finished = lake.events("run --root lake --profile");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(
        finished.stdout.contains(" %  encode\n") && finished.stdout.contains("%  frame, repair, decode"),
        "{finished:?}"
    );
}

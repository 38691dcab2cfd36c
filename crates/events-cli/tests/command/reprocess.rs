//! `events reprocess`, and what later runs do about rows of earlier ones.

use std::fs;

use events_core::table::Duplicate;

use crate::lake::{Finished, Lake, small};

/// An event with that id, of that day and with that data.
fn event(id: &str, day: &str, data: u32) -> String {
    format!(r#"{{"event_id":"{id}","timestamp":"{day}T10:18:57","domain":"card","event_type":"issued","data":{data}}}"#)
}

/// A lake after two runs that mended nothing, filed under two days: two rows, and a record in single quotes in each input.
fn read_twice() -> Lake {
    let lake = Lake::new();
    for (name, date) in [("a", "2026-01-30"), ("b", "2026-01-31")] {
        let mended = event(&format!("{name}-mended"), "2026-01-10", 2).replace('"', "'");
        lake.write(
            &format!("lake/landing/pending/{name}.jsonl"),
            &format!("{}\n{mended}", event(name, "2026-01-10", 1)),
        );
        lake.report(&format!("run --root lake --repair framing --date {date}"), 3);
    }
    lake
}

#[test]
fn changes_nothing_when_the_rules_are_the_same() {
    let lake = read_twice();
    let before = lake.files("lake");
    let finished = lake.events("reprocess --root lake --repair framing --date 2026-01-01..2026-01-31 --run-id again");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.starts_with("reprocess again: the table is as it was\n"), "{finished:?}");
    assert!(finished.stdout.contains("read again"), "{finished:?}");
    assert!(finished.stdout.contains("only counted: the quarantine is as it was"), "{finished:?}");
    assert_eq!(lake.files("lake"), before);
}

#[test]
fn adds_what_the_rules_of_now_make_of_the_inputs_of_those_days() {
    let lake = read_twice();
    let inputs = lake.files("lake/landing");
    let first = lake.report("reprocess --root lake --date 2026-01-30", 0);
    assert_eq!((first.commit, first.inputs.len(), first.totals.rows, first.superseded), (Some(3), 1, 1, 0));
    let both = lake.events("reprocess --root lake --date 2026-01-30..2026-01-31 --run-id both");
    assert_eq!(both.code, 0, "{both:?}");
    assert!(both.stdout.starts_with("reprocess both, commit 4 of the table\n"), "{both:?}");
    let line = both.stdout.lines().find(|line| line.starts_with("    rows")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["rows", "1", "new"]);
    // The quarantine keeps what was put there, and nothing was added to it.
    assert_eq!(lake.files("lake/landing"), inputs);
    assert_eq!(lake.report("reprocess --root lake --date 2026-01-30..2026-01-31", 0).commit, None);
}

#[test]
fn says_when_there_is_nothing_of_those_days() {
    let lake = read_twice();
    let finished = lake.events("reprocess --root lake --date 2020-01-01");
    assert_eq!((finished.code, finished.stdout.as_str()), (0, "nothing of those days in `lake/landing/processed`\n"));
    assert_eq!(lake.report("reprocess --root lake --date 2020-01-01..2020-12-31", 0).inputs.len(), 0);
}

#[test]
fn needs_days_that_are_typed() {
    let lake = read_twice();
    let refused = |arguments: &str, texts: &[&str]| {
        lake.events(&format!("reprocess --root lake {arguments}")).fails(2, texts);
    };
    refused("", &["no days to read again", "--date", "2026-01-01..2026-01-31"]);
    refused("--date 2026-02-30", &["2026-02-30", "2026-01-01..2026-01-31"]);
    refused("--date 2026-01-01..", &["2026-01-01..", "no range such as"]);
    refused("--date 2026-01-01...2026-01-02", &["no range such as"]);
    refused("--date 2026-01-02..2026-01-01", &["ends before it begins"]);
    refused("--date 2026-01-01 --dry-run", &["--dry-run"]);
    // The day under which others file their inputs is not meant.
    lake.write("events.toml", "date = 2026-01-30\n");
    refused("", &["no days to read again"]);
    let mut command = lake.command("reprocess --root lake");
    Finished::of(command.env("EVENTS_DATE", "2026-01-30")).fails(2, &["no days to read again"]);
    assert_eq!(lake.report("reprocess --root lake --date 2026-01-31 --repair framing", 0).inputs.len(), 1);
    lake.write("events.toml", "days-read = '2026-01-30'\n");
    refused("", &["key `days-read`", "unknown"]);
}

#[test]
fn tells_of_rows_of_the_table_that_gave_way() {
    let lake = Lake::new();
    let run = |content: &str| {
        lake.write("lake/landing/pending/a.jsonl", content);
        lake.events("run --root lake")
    };
    run(&[event("a", "2026-01-10", 1), event("b", "2026-01-10", 1)].join("\n"));
    let newer =
        run(&[event("a", "2026-01-11", 2), event("b", "2026-01-10", 1), event("c", "2026-01-11", 1)].join("\n"));
    let words = |label: &str| {
        let line = newer.stdout.lines().find(|line| line.trim_start().starts_with(label)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(words("rows"), "rows 2 1 of the table gave way");
    assert_eq!(words("duplicates"), "duplicates 1 exact 1");
    // Only all files of a first run compare with its text.
    assert!(!newer.stdout.contains("times smaller"), "{newer:?}");
    let all_known = run(&event("a", "2026-01-09", 1));
    assert_eq!(all_known.code, 0, "{all_known:?}");
    assert!(all_known.stdout.contains("other time 1"), "{all_known:?}");
}

#[test]
fn holds_events_against_the_days_of_the_horizon() {
    let rows = |options: &str| {
        let lake = Lake::new();
        lake.write("lake/landing/pending/a.json", &event("a", "2026-01-10", 1));
        lake.report("run --root lake", 0);
        lake.write("lake/landing/pending/b.json", &event("a", "2026-01-15", 2));
        let report = lake.report(&format!("run --root lake {options}"), 0);
        (report.totals.rows, report.superseded)
    };
    assert_eq!(rows(""), (1, 1));
    assert_eq!(rows("--dedup-horizon all"), (1, 1));
    assert_eq!(rows("--dedup-horizon 5"), (1, 1));
    assert_eq!(rows("--dedup-horizon 4"), (1, 0));
    assert_eq!(rows("--dedup-horizon 0"), (1, 0));
}

#[test]
fn folds_rows_into_files_that_are_small_enough() {
    let files = |options: &str| {
        let lake = Lake::new();
        for number in 0..3 {
            let name = format!("lake/landing/pending/{number}.json");
            lake.write(&name, &event(&format!("event {number}"), "2026-01-10", number));
            lake.report(&format!("run --root lake {options}"), 0);
        }
        lake.files("lake/trusted/events").len()
    };
    assert_eq!(files(""), 1);
    assert_eq!(files("--fold-below 64MiB"), 1);
    assert_eq!(files("--fold-below 0"), 3);
    assert_eq!(files("--fold-below 1B"), 3);
}

#[test]
fn drops_what_is_delivered_again_in_a_later_run() {
    let (lake, expected) = Lake::with(&small());
    let inputs = lake.files("lake/landing/pending");
    lake.report("run --root lake", 0);
    let table = lake.files("lake/trusted/events");
    for (name, content) in inputs {
        let path = lake.path(&format!("lake/landing/pending/again/{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let again = lake.report("run --root lake", 0).totals;
    assert_eq!((again.events, again.rows), (expected.records, 0));
    assert_eq!(again.duplicates[&Duplicate::Exact], expected.rows + expected.duplicates.exact);
    assert_eq!(lake.files("lake/trusted/events"), table);
}

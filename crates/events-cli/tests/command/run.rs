//! Whole runs on a folder.

use events_cli::generate::{Compression, GenerateConfig, Layout};
use events_core::event::Reason;
use events_core::json::{Level, RepairKind};
use events_core::table::Duplicate;

use crate::lake::{Lake, small};

#[test]
fn makes_exactly_the_rows_that_were_generated() {
    let layouts = [Layout::Concatenated, Layout::Lines, Layout::Array, Layout::Pretty, Layout::Sequence, Layout::Mixed];
    let compressions = [None, Some(Compression::Gzip), Some(Compression::Zstd)];
    for (layout, compression) in layouts.into_iter().zip(compressions.into_iter().cycle()) {
        let (lake, expected) = Lake::with(&GenerateConfig { layout, compression, ..small() });
        let report = lake.report("run --root lake", 0);
        let totals = &report.totals;
        assert_eq!((totals.bytes, totals.text_bytes), (expected.stored_bytes, expected.bytes));
        assert_eq!((totals.records, totals.rows), (expected.records, expected.rows));
        assert_eq!(totals.duplicates[&Duplicate::Exact], expected.duplicates.exact);
        assert_eq!(totals.duplicates[&Duplicate::OtherTime], expected.duplicates.newer);
        assert_eq!(report.partitions.len() as u64, expected.partitions);
        assert_eq!(lake.files("lake/landing/pending").len(), 0);
        assert_eq!(lake.files("lake/trusted/events").len() as u64, expected.partitions);
    }
}

#[test]
fn ends_with_3_when_records_are_in_the_quarantine() {
    let (lake, _) = Lake::with(&GenerateConfig { damage: 0.1, ..small() });
    let finished = lake.events("run --root lake --date 2026-01-31 --run-id mine");
    assert_eq!(finished.code, 3, "{finished:?}");
    let folder = "lake/landing/quarantine/date=2026-01-31/run=mine";
    assert!(finished.stdout.contains(folder), "{finished:?}");
    assert!(!lake.files(folder).is_empty());
}

#[test]
fn does_nothing_when_nothing_is_pending() {
    let lake = Lake::new();
    let finished = lake.events("run --root lake");
    assert_eq!((finished.code, finished.stdout.as_str()), (0, "nothing pending in `lake/landing/pending`\n"));
    assert_eq!(lake.files("lake").into_keys().collect::<Vec<_>>(), ["trusted/control/lock"]);
    assert_eq!(lake.events("run --root memory:///").code, 0);
}

#[test]
fn says_which_commit_of_another_run_it_has_finished() {
    let (lake, _) = Lake::with(&small());
    lake.report("run --root lake --run-id first", 0);
    let left = || std::fs::remove_file(lake.path("lake/trusted/control/log/00000000000000000001.done")).unwrap();
    left();
    let finished = lake.events("run --root lake");
    let text = "finished commit 1, which an earlier run had left\nnothing pending in `lake/landing/pending`\n";
    assert_eq!((finished.code, finished.stdout.as_str()), (0, text));
    assert!(finished.stderr.contains("recovered=[1]"), "{finished:?}");
    left();
    lake.write("lake/landing/pending/more.json", "{}");
    let finished = lake.events("run --root lake --run-id second");
    let text = "finished commit 1, which an earlier run had left\nrun second, commit 2 of the table\n\n";
    assert_eq!(finished.code, 3, "{finished:?}");
    assert!(finished.stdout.starts_with(text), "{finished:?}");
    assert!(!lake.events("run --root lake").stdout.contains("finished commit"));
}

#[test]
fn files_inputs_under_the_date() {
    let (lake, _) = Lake::with(&small());
    let inputs = lake.files("lake/landing/pending");
    lake.report("run --root lake --date 2026-01-31", 0);
    assert_eq!(lake.files("lake/landing/processed/date=2026-01-31"), inputs);
}

#[test]
fn leaves_an_empty_stage_zone_and_no_scratch() {
    let (lake, _) = Lake::with(&small());
    std::fs::create_dir(lake.path("scratch")).unwrap();
    lake.report("run --root lake --scratch scratch --memory 8MiB", 0);
    for folder in ["lake/stage", "scratch"] {
        assert_eq!(std::fs::read_dir(lake.path(folder)).unwrap().count(), 0, "{folder}");
    }
}

#[test]
fn makes_the_same_table_of_zones_in_three_places() {
    let (together, _) = Lake::with(&small());
    together.report("run --root lake", 0);
    let (apart, _) = Lake::with(&small());
    let url = format!("file://{}", apart.path("elsewhere/table").display());
    apart.report(&format!("run --landing lake/landing --stage some/stage --trusted {url}"), 0);
    assert_eq!(apart.files("elsewhere/table/events"), together.files("lake/trusted/events"));
    assert_eq!(apart.files("some/stage").len(), 0);
}

#[test]
fn touches_nothing_in_a_dry_run() {
    let (lake, _) = Lake::with(&small());
    let before = lake.files("");
    let finished = lake.events("run --root lake --trusted table --dry-run");
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.contains("7 inputs"), "{finished:?}");
    let finished = lake.events("parse --root lake --dry-run --output json");
    let plan: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(plan["plan"]["inputs"].as_array().unwrap().len(), 7);
    assert_eq!(lake.files(""), before);
    assert!(!lake.path("table").exists() && !lake.path("lake/stage").exists());
}

#[test]
fn mends_exactly_the_records_that_have_one_reading() {
    let layouts = [Layout::Concatenated, Layout::Lines, Layout::Array, Layout::Pretty, Layout::Sequence, Layout::Mixed];
    for layout in layouts {
        let (lake, expected) = Lake::with(&GenerateConfig { layout, damage: 0.05, ..small() });
        let totals = lake.report("run --root lake", 3).totals;
        assert_eq!((totals.events, totals.rows), (expected.records, expected.rows), "{layout:?}");
        assert_eq!(totals.repaired, expected.repaired_total, "{layout:?}");
        assert_eq!(totals.rejects_total(), expected.damaged_total, "{layout:?}");
        assert_eq!(totals.repairs[&RepairKind::TrailingComma], expected.repaired["trailing_comma"], "{layout:?}");
        assert!(totals.repairs[&RepairKind::SingleQuotes] > expected.repaired["single_quotes"], "{layout:?}");
        assert!(totals.repairs[&RepairKind::ControlCharacter] >= expected.repaired["raw_newline"], "{layout:?}");

        let (lake, _) = Lake::with(&GenerateConfig { layout, damage: 0.05, ..small() });
        let totals = lake.report("run --root lake --repair framing", 3).totals;
        assert_eq!(totals.events, expected.records - expected.repaired_total, "{layout:?}");
        assert_eq!(totals.repaired, 0, "{layout:?}");
        assert!(totals.repairs.keys().all(|kind| kind.level() == Level::Framing), "{layout:?}: {:?}", totals.repairs);

        let (lake, _) = Lake::with(&GenerateConfig { layout, damage: 0.05, ..small() });
        let totals = lake.report("run --root lake --repair guess", 3).totals;
        assert_eq!(totals.rows, expected.rows + expected.guessable_total, "{layout:?}");
    }
}

#[test]
fn says_how_many_records_were_mended_and_how() {
    let (lake, expected) = Lake::with(&GenerateConfig { damage: 0.05, ..small() });
    let finished = lake.events("run --root lake");
    let line = |start: &str| finished.stdout.lines().find(|line| line.starts_with(start)).unwrap();
    assert!(line("repaired").ends_with(&format!(" {}  events", expected.repaired_total)), "{finished:?}");
    let repairs = line("  repairs");
    assert!(repairs.contains("single_quotes") && repairs.contains("trailing_comma"), "{repairs}");
    assert!(!repairs.contains("missing_record_separator"), "{repairs}");
    let number = |text: &str| text.trim_end_matches(',').parse::<u64>().ok();
    let numbers: Vec<_> = repairs.split_whitespace().filter_map(number).collect();
    assert_eq!(numbers[0], numbers[1..].iter().sum::<u64>(), "{repairs}");
    let (lake, _) = Lake::with(&small());
    assert!(!lake.events("run --root lake").stdout.contains("repaired"));
}

#[test]
fn ends_with_6_and_touches_nothing_when_strict_meets_damage() {
    let lake = Lake::new();
    lake.write("lake/landing/pending/a.jsonl", "{\"event_id\":\"a\"}\n{'event_id':'b'}\n");
    let before = lake.files("lake/landing");
    for command in ["run", "parse"] {
        let finished = lake.events(&format!("{command} --root lake --repair strict"));
        finished.fails(6, &["a.jsonl` at byte 17", "hint: ", "events repair --diff", "--repair lenient"]);
        assert_eq!(lake.files("lake/landing"), before);
        assert!(lake.trusted().is_empty() && lake.files("lake/stage").is_empty());
    }
}

#[test]
fn keeps_to_limits() {
    let record = |id: u32, data: &str| {
        format!(r#"{{"event_id":"{id}","timestamp":{id},"domain":"d","event_type":"t","data":{data}}}"#)
    };
    let run = |option: &str, reason: Reason| {
        let lake = Lake::new();
        let lines =
            [record(1, "1"), record(2, "{\"a\":{\"b\":{}},\"c\":1}"), record(3, &format!("\"{}\"", "x".repeat(200)))];
        lake.write("lake/landing/pending/a.jsonl", &lines.join("\n"));
        let totals = lake.report(&format!("run --root lake {option}"), 3).totals;
        assert_eq!(totals.rows, 2, "{option}: {totals:?}");
        // A record that is too long is told in pieces no longer than the limit.
        assert_eq!(totals.rejects.keys().collect::<Vec<_>>(), [&reason], "{option}: {totals:?}");
    };
    run("--record-max 200B", Reason::TooLong);
    run("--depth-max 3", Reason::TooDeep);
    run("--keys-max 7", Reason::TooManyKeys);

    let (lake, _) =
        Lake::with(&GenerateConfig { bytes: 3_000_000, compression: Some(Compression::Gzip), files: 1, ..small() });
    let totals = lake.report("parse --root lake --decompressed-max 1MiB --ratio-max 1", 3).totals;
    assert_eq!((totals.text_bytes, totals.rejects[&Reason::DecompressionLimit]), (1 << 20, 1), "{totals:?}");
}

#[test]
fn publishes_nothing_with_more_partitions_than_allowed() {
    let (lake, expected) = Lake::with(&small());
    let inputs = lake.files("lake/landing/pending");
    let limit = expected.partitions - 1;
    let finished = lake.events(&format!("run --root lake --partitions-max {limit}"));
    finished.fails(2, &[&format!("more than {limit} partitions"), "hint: ", "--partitions-max"]);
    assert_eq!(lake.files("lake/landing/pending"), inputs);
    lake.report(&format!("run --root lake --partitions-max {}", expected.partitions), 0);
}

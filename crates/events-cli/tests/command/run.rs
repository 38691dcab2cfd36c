//! Whole runs on a folder.

use events_cli::generate::{Compression, GenerateConfig, Layout};
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
    assert_eq!(lake.files("lake").len(), 0);
    assert_eq!(lake.events("run --root memory:///").code, 0);
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

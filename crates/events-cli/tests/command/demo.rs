//! `events demo`.

use crate::lake::Lake;

#[test]
fn shows_everything_and_works_again() {
    let lake = Lake::nowhere();
    for _ in 0..2 {
        let finished = lake.events("demo");
        assert_eq!(finished.code, 0, "{finished:?}");
        for text in ["events-00000.json", "rows", "rejects", "event_id", "├──", "duckdb", "CREATE EXTERNAL TABLE"]
        {
            assert!(finished.stdout.contains(text), "`{text}` is not in {}", finished.stdout);
        }
        let lines = finished.stdout.lines().count();
        // Phases that take less than a millisecond have none.
        assert!(lines <= 65, "{lines} lines");
        assert_eq!(lake.files("demo/landing/processed").len(), 7);
        let control: Vec<_> = lake.files("demo/trusted/control").into_keys().collect();
        let others = [
            "lock",
            "log/00000000000000000001.done",
            "log/00000000000000000001.json",
            "reports/00000000000000000001.json",
        ];
        assert!(control[0].starts_with("index/") && control[1..] == others, "{control:?}");
        assert!(!finished.stdout.contains("lock"), "{}", finished.stdout);
    }
}

#[test]
fn replaces_nothing_but_a_demo() {
    let lake = Lake::nowhere();
    lake.write("mine/landing/pending/precious.json", "{}");
    lake.write("file", "");
    lake.events("demo mine").fails(2, &["`mine`", "is not an earlier demo"]);
    lake.events("demo file").fails(2, &["`file`", "is a file"]);
    assert_eq!(lake.files("mine").len(), 1);
    assert_eq!(lake.events("demo demo").code, 0);
    lake.write("demo/notes.txt", "kept");
    assert_eq!(lake.events("demo demo").code, 0);
    assert_eq!(lake.files("demo")["notes.txt"], b"kept");
}

#[test]
fn gives_the_report_as_json() {
    let report = Lake::nowhere().report("demo deep/er", 0);
    assert!(report.totals.rows > 1000 && report.totals.rejects_total() > 0);
}

//! `--dedup-horizon`: what a table was told it keeps.

use std::fs;

use crate::lake::Lake;

/// An event of a day of January.
fn event(id: &str, day: u32) -> String {
    format!(r#"{{"event_id":"{id}","timestamp":"2026-01-{day:02}T10:18:57","domain":"card","event_type":"issued"}}"#)
}

/// A table with a horizon of a week: the rows of one event, and an input.
fn of_a_week() -> Lake {
    let lake = Lake::new();
    lake.write("lake/landing/pending/a.json", &(event("a", 1) + &event("a", 6) + &event("a", 11)));
    let report = lake.report("run --root lake --dedup-horizon 7 --date 2026-02-01", 0);
    assert_eq!((report.totals.rows, report.totals.duplicates_total()), (2, 1));
    lake
}

fn put(lake: &Lake, day: u32) {
    lake.write("lake/landing/pending/b.json", &event("a", day));
}

#[test]
fn a_wider_one_is_refused_by_every_command_that_would_go_by_it() {
    let lake = of_a_week();
    put(&lake, 21);
    lake.write("lake/landing/pending/c.json", "{");
    let before = lake.files("lake");
    let commands =
        ["run", "distribute", "prepare --run-id big", "reprocess --date 2026-02-01", "quarantine retry", "rebuild"];
    for command in commands {
        for (horizon, shown) in [("8", "`8`"), ("all", "`all`")] {
            let finished = lake.events(&format!("{command} --root lake --dedup-horizon {horizon}"));
            let told = format!("a horizon of 7 days, and {shown} would drop rows");
            finished.fails(2, &["setting `dedup_horizon_days`", &told, "`7` or less", "hint: it is --dedup-horizon"]);
        }
    }
    assert_eq!(lake.files("lake"), before);
}

#[test]
fn a_command_that_is_told_none_takes_that_of_the_table() {
    let lake = of_a_week();
    put(&lake, 21);
    assert_eq!(lake.report("run --root lake", 0).totals.rows, 1);
    put(&lake, 31);
    lake.report("parse --root lake", 0);
    let report = lake.report("distribute --root lake", 0);
    assert_eq!((report.totals.rows, report.superseded), (1, 0));
    let again = lake.report("reprocess --root lake --date 2026-02-01", 0);
    assert_eq!((again.totals.rows, again.superseded), (0, 0));
    lake.write("lake/landing/pending/c.json", &(event("b", 1) + &event("b", 9)));
    assert_eq!(lake.events("prepare --root lake --run-id big").code, 0);
    assert_eq!(lake.events("work --root lake --run-id big").code, 0);
    assert_eq!(lake.report("rebuild --root lake", 0).partitions.iter().map(|partition| partition.rows).sum::<u64>(), 6);
    // A narrower one is that of the table from then on.
    put(&lake, 28);
    assert_eq!(lake.report("run --root lake --dedup-horizon 2", 0).totals.rows, 1);
    lake.events("run --root lake --dedup-horizon 7").fails(2, &["a horizon of 2 days"]);
}

#[test]
fn a_rebuild_is_told_when_the_log_is_lost() {
    for (horizon, gone) in [("--dedup-horizon 7", 0), ("", 1)] {
        let lake = of_a_week();
        fs::remove_dir_all(lake.path("lake/trusted/control")).unwrap();
        let report = lake.report(&format!("rebuild --root lake {horizon}"), 0);
        assert_eq!(report.superseded, gone, "{horizon}");
        put(&lake, 21);
        let report = lake.report("run --root lake", 0);
        assert_eq!((report.totals.rows, report.superseded), (1, gone), "{horizon}");
    }
}

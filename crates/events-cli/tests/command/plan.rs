//! What a run would do, and the run that does exactly that.

use events_cli::generate::GenerateConfig;
use events_core::run::Report;
use serde_json::Value;

use crate::lake::{Lake, small};

const DATE: &str = "2026-01-31";

/// A plan that is saved as `plan.json`, and changes nothing else.
fn plan(lake: &Lake, options: &str) -> Value {
    let before = lake.files("lake");
    let planned = lake.events(&format!("plan --root lake --out plan.json --output json {options}"));
    assert_eq!(planned.code, 0, "{planned:?}");
    assert_eq!(lake.files("lake"), before);
    assert_eq!(std::fs::read_to_string(lake.path("plan.json")).unwrap(), planned.stdout);
    serde_json::from_str(&planned.stdout).unwrap()
}

fn report_of(plan: &Value) -> Report {
    serde_json::from_value(plan["report"].clone()).unwrap()
}

#[test]
fn a_run_does_what_was_planned_and_nothing_else() {
    let (lake, _) = Lake::with(&GenerateConfig { damage: 0.05, ..small() });
    let planned = plan(&lake, &format!("--date {DATE} --run-id mine"));
    assert_eq!(planned["outcome"]["files_new"]["objects"], report_of(&planned).partitions.len());
    for kind in ["get", "put", "list", "delete", "copy"] {
        assert!(planned["requests"][kind].as_u64().unwrap() > 0, "{planned}");
    }
    assert!(planned["dollars"].as_f64().unwrap() > 0.0, "{planned}");

    lake.write("lake/landing/pending/later.json", "{}");
    let mut report = lake.report("run --plan plan.json", 3);
    assert_eq!((report.left, report.commit), (1, Some(1)));
    report.left = 0;
    report.elapsed.clear();
    assert_eq!(report, report_of(&planned));
    assert_eq!(lake.files("lake/landing/pending").into_keys().collect::<Vec<_>>(), ["later.json"]);
    assert!(!lake.files(&format!("lake/landing/quarantine/date={DATE}/run=mine")).is_empty());
    // Once is all.
    lake.events("run --plan plan.json").fails(8, &["the table is at commit 1, and was at 0", "` is gone", "more"]);
}

#[test]
fn says_what_a_run_would_do_and_how_to_do_it() {
    let (lake, expected) = Lake::with(&GenerateConfig { days: 5, ..small() });
    let planned = lake.events("plan --root lake --run-id mine");
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(planned.stdout.starts_with("run mine would make commit 1 of the table\n\ninputs"), "{planned:?}");
    let more = format!("  + {} more\n", expected.partitions - 10);
    for text in
        ["most rows go to", &more, "  rewritten   ", "requests", "about $0.0", "on S3 Standard (us-east-1), were"]
    {
        assert!(planned.stdout.contains(text), "`{text}` is not in {}", planned.stdout);
    }
    assert!(
        planned.stdout.ends_with(
            "With --out plan.json, this then does exactly this, or nothing:\n  events run --plan plan.json\n"
        )
    );
    let saved = lake.events("plan --root lake --out elsewhere.json");
    assert!(saved.stdout.ends_with("\n  events run --plan elsewhere.json\n"), "{saved:?}");
}

#[test]
fn refuses_with_8_what_does_not_hold_any_more() {
    let (lake, _) = Lake::with(&small());
    let planned = plan(&lake, "");
    let input = planned["expected"]["inputs"][0]["key"].as_str().unwrap();
    let path = format!("lake/landing/pending/{input}");
    let before = lake.files("lake/landing");
    lake.events("run --plan plan.json --repair guess").fails(
        8,
        &[
            "error: what was planned does not hold",
            r#"setting `repair` is "guess", and was "lenient""#,
            "hint: `events plan`",
        ],
    );
    lake.write("events.toml", "fold-below = 0");
    lake.events("run --plan plan.json").fails(8, &["setting `fold_below_bytes` is 0, and was 67108864"]);
    std::fs::remove_file(lake.path("events.toml")).unwrap();
    lake.write(&path, "{}");
    lake.events("run --plan plan.json").fails(8, &[&format!("{input}` has 2 bytes, and had ")]);
    std::fs::remove_file(lake.path(&path)).unwrap();
    lake.events("run --plan plan.json").fails(8, &[&format!("{input}` is gone")]);
    lake.write(&path, std::str::from_utf8(&before[&format!("pending/{input}")]).unwrap());
    lake.events("run --plan plan.json").fails(8, &[&format!("{input}` is another version of the same length")]);
    assert_eq!(lake.files("lake/landing"), before);
    assert!(lake.trusted().is_empty() && lake.files("lake/stage").is_empty());
}

#[test]
fn a_plan_is_for_its_own_zones_name_and_day() {
    let (lake, _) = Lake::with(&small());
    plan(&lake, &format!("--date {DATE} --run-id mine"));
    std::fs::create_dir_all(lake.path("other/landing")).unwrap();
    lake.events("run --plan plan.json --root other")
        .fails(2, &["plan `plan.json` is for the landing `", "/other/landing`"]);
    lake.events("run --plan plan.json --run-id yours").fails(2, &["is for the run `mine`, and not for `yours`"]);
    lake.events("run --plan plan.json --date 2026-02-01").fails(2, &["is for the day `2026-01-31`"]);
    lake.events("run --plan plan.json --dry-run").fails(2, &["--dry-run"]);
    lake.events("run --plan nowhere.json").fails(2, &["plan `nowhere.json` cannot be read", "events plan"]);
    let mut dry = lake.command("run --plan plan.json");
    crate::lake::Finished::of(dry.env("EVENTS_DRY_RUN", "true")).fails(2, &["--dry-run"]);
    lake.write("other.json", "{}");
    lake.events("run --plan other.json").fails(2, &["plan `other.json` is no plan"]);
    lake.write("other.json", r#"{"plan":2}"#);
    lake.events("run --plan other.json").fails(2, &["has version 2, and this program reads 1"]);
    // From wherever, and with the same said again.
    std::fs::create_dir(lake.path("elsewhere")).unwrap();
    let mut command = lake.command(&format!("run --plan ../plan.json --root ../lake --date {DATE}"));
    let done = crate::lake::Finished::of(command.current_dir(lake.path("elsewhere")));
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn plans_what_a_dead_run_has_left_and_leaves_it() {
    let (lake, _) = Lake::with(&small());
    lake.report("run --root lake", 0);
    std::fs::remove_file(lake.path("lake/trusted/control/log/00000000000000000001.done")).unwrap();
    let planned = report_of(&plan(&lake, ""));
    assert_eq!((planned.recovered, planned.commit), (vec![1], None));
    let told = lake.events("plan --root lake");
    let text =
        "would first finish what earlier runs have left of commit 1\nnothing pending in `lake/landing/pending`\n";
    assert_eq!((told.code, told.stdout.as_str()), (0, text));
    assert_eq!(lake.report("run --plan plan.json", 0).recovered, [1]);
    assert_eq!(lake.log(), (vec![1], vec![1]));
}

#[test]
fn makes_nothing_where_nothing_is() {
    let (lake, _) = Lake::with(&small());
    std::fs::create_dir(lake.path("scratch")).unwrap();
    let planned = lake.events("plan --root lake --trusted table --stage some/stage --scratch scratch");
    assert_eq!(planned.code, 0, "{planned:?}");
    assert!(!lake.path("table").exists() && !lake.path("some").exists() && !lake.path("lake/stage").exists());
    assert_eq!(std::fs::read_dir(lake.path("scratch")).unwrap().count(), 0);
    let nothing = lake.events("plan --root memory:///");
    assert!(nothing.code == 0 && nothing.stdout.starts_with("nothing pending in `memory:"), "{nothing:?}");
}

//! `events generate`.

use events_cli::generate::Expected;

use crate::lake::Lake;

#[test]
fn writes_the_counts_where_no_run_finds_them() {
    let lake = Lake::new();
    let finished = lake.events("generate --out lake/landing/pending/deep --bytes 50kB --files 3 --output json");
    assert_eq!(finished.code, 0, "{finished:?}");
    let printed: Expected = serde_json::from_str(&finished.stdout).unwrap();
    let file = std::fs::read(lake.path("lake/landing/pending.deep.expected.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Expected>(&file).unwrap(), printed);
    assert_eq!(lake.report("run --root lake", 0).totals.rows, printed.rows);
}

#[test]
fn takes_every_setting() {
    let lake = Lake::new();
    let arguments = "generate --out inputs --expected counts.json --bytes 30kB --files 2 --layout array \
        --compression zstd --days 2 --start-date 2024-02-28 --seed 7 --duplicates 0.2 --damage 0.1 --kinds 3";
    let finished = lake.events(arguments);
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(finished.stdout.contains("`counts.json`") && finished.stdout.contains("damaged"), "{finished:?}");
    let expected: Expected = serde_json::from_slice(&std::fs::read(lake.path("counts.json")).unwrap()).unwrap();
    let config = &expected.config;
    assert_eq!((config.bytes, config.files, config.days, config.seed, config.kinds), (30_000, 2, 2, 7, 3));
    assert_eq!((config.duplicates, config.damage), (0.2, 0.1));
    assert_eq!(config.start_date.to_string(), "2024-02-28");
    let names: Vec<_> = lake.files("inputs").into_keys().collect();
    assert_eq!(names, ["events-00000.json.zst", "events-00001.json.zst"]);
}

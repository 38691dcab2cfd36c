//! Ids that are used again: with a horizon, an event further away is another event.

use std::collections::{BTreeMap, BTreeSet};

use crate::lake::{Lake, Row, event, model, start};
use events_core::run::{DateRange, Report, Split};
use events_core::table::Duplicate;
use events_core::{Config, Error, Horizon};
use futures::executor::block_on;
use object_store::ObjectStoreExt;
use proptest::prelude::*;

fn days(days: u32) -> Config {
    Config { dedup_horizon_days: Some(Horizon::Days(days)), ..Config::default() }
}

fn all() -> Config {
    Config { dedup_horizon_days: Some(Horizon::All), ..Config::default() }
}

/// An event of a day.
fn at(id: u64, day: i64) -> String {
    event(id, 1_610_000_000 + day * 86_400, 0, "{}")
}

fn of(days: &[i64]) -> String {
    days.iter().map(|day| at(1, *day)).collect()
}

async fn run(lake: &Lake, name: &str, events: impl Into<Vec<u8>>, config: Config) -> Result<Report, Error> {
    lake.put(&format!("landing/pending/{name}.json"), events).await;
    lake.distributor(config).run(&start(name)).await
}

async fn sorted(lake: &Lake) -> Vec<Row> {
    let mut rows = lake.rows().await;
    rows.sort();
    rows
}

/// The days of all rows.
async fn kept(lake: &Lake) -> Vec<i64> {
    let mut days: Vec<_> =
        lake.rows().await.iter().map(|row| (row.timestamp / 1_000_000 - 1_610_000_000) / 86_400).collect();
    days.sort_unstable();
    days
}

async fn erase(lake: &Lake, path: &str) {
    for path in lake.list(path).await {
        lake.store.delete(&object_store::path::Path::parse(format!("lake/{path}")).unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn an_event_of_a_later_run_further_away_is_another_row() {
    for (config, expected) in [
        (Config::default(), &[10][..]),
        (all(), &[10]),
        (days(30), &[10]),
        (days(10), &[10]),
        (days(9), &[0, 10]),
        (days(0), &[0, 10]),
    ] {
        for lake in Lake::each() {
            for day in [0, 10] {
                run(&lake, &format!("run-{day}"), of(&[day]), config.clone()).await.unwrap();
            }
            assert_eq!(kept(&lake).await, expected, "{config:?}");
        }
    }
}

#[tokio::test]
async fn events_of_one_run_further_apart_all_stay() {
    for lake in Lake::each() {
        let report = run(&lake, "one", of(&[0, 6, 12, 40]), days(10)).await.unwrap();
        assert_eq!((report.totals.rows, &report.totals.duplicates), (3, &[(Duplicate::OtherTime, 1)].into()));
        assert_eq!(kept(&lake).await, [0, 12, 40]);
        // The index knows all of them.
        assert_eq!(run(&lake, "two", of(&[40, 12, 0]), days(10)).await.unwrap().totals.rows, 0);
        assert_eq!(kept(&lake).await, [0, 12, 40]);
    }
}

#[tokio::test]
async fn rows_of_a_run_and_of_the_table_are_gone_through_together() {
    for (first, then, expected, superseded) in [
        // What gives way to a row of the table takes none along.
        (&[12][..], &[6, 0][..], &[0, 12][..], 0),
        // What gives way to a row of the run neither.
        (&[6], &[0, 12], &[0, 12], 1),
        (&[0, 12], &[6], &[0, 12], 0),
        (&[0, 12], &[18], &[0, 18], 1),
        (&[0, 12], &[18, 12, 6, 0], &[6, 18], 2),
        (&[0], &[6, 12, 18, 24, 30], &[6, 18, 30], 1),
    ] {
        for lake in Lake::each() {
            run(&lake, "first", of(first), days(10)).await.unwrap();
            let report = run(&lake, "then", of(then), days(10)).await.unwrap();
            assert_eq!((kept(&lake).await, report.superseded), (expected.to_vec(), superseded), "{first:?}, {then:?}");
            let again = run(&lake, "again", of(then), days(10)).await.unwrap();
            assert_eq!((again.totals.rows, again.superseded), (0, 0), "{first:?}, {then:?}");
        }
    }
}

#[tokio::test]
async fn an_older_run_can_have_dropped_what_a_newer_one_would_leave_room_for() {
    let lake = Lake::in_memory();
    for (name, day) in [("a", 0), ("b", 6), ("c", 12)] {
        run(&lake, name, of(&[day]), days(10)).await.unwrap();
    }
    assert_eq!(kept(&lake).await, [12], "all in one run leave 0 and 12");
}

#[tokio::test]
async fn inputs_that_are_processed_again_are_held_apart_too() {
    for lake in Lake::each() {
        run(&lake, "one", of(&[0, 6, 12]), days(10)).await.unwrap();
        erase(&lake, "trusted").await;
        let dates = DateRange { first: "2026-11-01".parse().unwrap(), last: "2026-11-30".parse().unwrap() };
        lake.distributor(days(10)).reprocess(&start("again"), dates).await.unwrap();
        assert_eq!(kept(&lake).await, [0, 12]);
    }
}

#[tokio::test]
async fn a_table_keeps_its_horizon_and_refuses_a_wider_one() {
    for lake in Lake::each() {
        run(&lake, "one", of(&[0]), Config::default()).await.unwrap();
        run(&lake, "two", of(&[20]), days(10)).await.unwrap();
        assert_eq!(kept(&lake).await, [0, 20]);
        for (name, config, asked) in [("more", days(11), "`11`"), ("all", all(), "`all`")] {
            let before = lake.list("").await;
            let error = lake.distributor(config.clone()).run(&start(name)).await.unwrap_err();
            assert!(matches!(error, Error::Setting { name: "dedup_horizon_days", .. }), "{error:?}");
            for part in [asked, "a horizon of 10 days", "`10` or less"] {
                assert!(error.to_string().contains(part), "{error}");
            }
            let prepared = lake.distributor(config.clone()).prepare(&start(name), Split::default()).await;
            assert!(matches!(prepared, Err(Error::Setting { .. })), "{prepared:?}");
            let rebuilt = lake.distributor(config).rebuild(&start(name)).await;
            assert!(matches!(rebuilt, Err(Error::Setting { .. })), "{rebuilt:?}");
            assert_eq!(lake.list("").await, before);
        }
        // Who is told none takes that of the table.
        run(&lake, "three", of(&[40]), Config::default()).await.unwrap();
        assert_eq!(kept(&lake).await, [0, 20, 40]);
        // It becomes narrower for all.
        run(&lake, "four", of(&[45]), days(3)).await.unwrap();
        run(&lake, "five", of(&[49]), Config::default()).await.unwrap();
        assert_eq!(kept(&lake).await, [0, 20, 40, 45, 49]);
        // Merging files is none of its business.
        lake.distributor(all()).compact(&start("compact")).await.unwrap();
        assert!(run(&lake, "six", of(&[49]), days(4)).await.is_err());
    }
}

#[tokio::test]
async fn a_checkpoint_knows_the_horizon() {
    let lake = Lake::in_memory();
    run(&lake, "first", of(&[0]), days(10)).await.unwrap();
    for number in 0..40 {
        run(&lake, &format!("run-{number}"), at(2 + number, 0), Config::default()).await.unwrap();
    }
    assert!(lake.list("trusted/control/log").await.iter().any(|path| path.ends_with("checkpoint.json")));
    // Also when it alone is left to tell.
    for sequence in 1..=16 {
        erase(&lake, &format!("trusted/control/log/{sequence:020}.json")).await;
    }
    run(&lake, "last", of(&[20]), Config::default()).await.unwrap();
    assert_eq!(kept(&lake).await.iter().filter(|day| **day == 20).count(), 1);
    assert_eq!(lake.rows().await.len(), 42);
}

#[tokio::test]
async fn a_rebuild_goes_by_the_horizon_of_the_log_or_by_the_one_it_is_told() {
    for lake in Lake::each() {
        run(&lake, "one", of(&[0, 20, 40]), days(10)).await.unwrap();
        let before = lake.files().await;
        let rebuild = async |name: &str, config| lake.distributor(config).rebuild(&start(name)).await.unwrap();
        let sound = rebuild("sound", Config::default()).await;
        assert_eq!((sound.superseded, sound.doubled), (0, 0));
        assert_eq!(lake.files().await, before);
        // The index knows all rows, and the table its horizon.
        assert_eq!(run(&lake, "two", of(&[0, 20, 40, 60]), Config::default()).await.unwrap().totals.rows, 1);
        assert_eq!(kept(&lake).await, [0, 20, 40, 60]);
        // A damaged log tells what can be read of it.
        lake.put("trusted/control/log/00000000000000000001.json", "{").await;
        lake.put("trusted/control/log/00000000000000000002.checkpoint.json", "{").await;
        assert_eq!(rebuild("damaged", Config::default()).await.superseded, 0);
        erase(&lake, "trusted/control").await;
        assert_eq!(rebuild("told", days(15)).await.superseded, 0);
        assert!(run(&lake, "three", of(&[0]), days(16)).await.is_err());
        assert_eq!(kept(&lake).await, [0, 20, 40, 60]);
        erase(&lake, "trusted/control").await;
        assert_eq!(rebuild("wider", days(20)).await.superseded, 2);
        assert_eq!(kept(&lake).await, [20, 60]);
        erase(&lake, "trusted/control").await;
        assert_eq!(rebuild("lost", Config::default()).await.superseded, 1);
        assert_eq!(kept(&lake).await, [60]);
    }
}

/// Does a run by items.
async fn by_items(lake: &Lake, name: &str, config: &Config) {
    let distributor = lake.distributor(config.clone());
    let split = Split { item_bytes: Some(500), input_bytes_max: None };
    distributor.prepare(&start(name), split).await.unwrap();
    while let Some(shared) = distributor.join(&name.parse().unwrap()).await.unwrap() {
        for open in shared.open_items().await.unwrap() {
            // Whoever works knows no horizon: the plan does.
            shared.work(open.item, &"worker".parse().unwrap()).await.unwrap();
        }
    }
}

/// Which day, id, second, kind and payload.
type Made = (i64, u64, i64, usize, u8);

fn made() -> impl Strategy<Value = Made> {
    (0..16_i64, 0..5_u64, 0..3_i64, 0..4_usize, 0..2_u8)
}

fn text(&(day, id, second, kind, data): &Made) -> String {
    event(id, 1_610_000_000 + day * 86_400 + second, kind, &data.to_string())
}

/// What the rule says of all events at once.
fn expected(all: &[Made], horizon: u32) -> Vec<Row> {
    let mut of_place: BTreeMap<(u64, i64, usize), Vec<String>> = BTreeMap::new();
    for made @ &(day, id, _, kind, _) in all {
        // The first two kinds share a name.
        let kind = if horizon == 0 { kind.max(1) } else { 0 };
        of_place.entry((id, day, kind)).or_default().push(text(made));
    }
    let mut kept = BTreeSet::new();
    for &(id, day, kind) in of_place.keys().rev() {
        let is_near = |other: i64| horizon > 0 && other - day <= i64::from(horizon);
        if !kept.range((id, day, 0)..=(id, i64::MAX, 0)).any(|(_, other, _)| is_near(*other)) {
            kept.insert((id, day, kind));
        }
    }
    let mut rows: Vec<_> = kept.iter().flat_map(|place| model(&of_place[place])).collect();
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn one_run_gives_what_the_rule_says_and_so_does_any_split_that_goes_back_in_time(
        mut all in prop::collection::vec(made(), 1..40),
        sizes in prop::collection::vec(1..10_usize, 40),
        horizon in 0..6_u32,
        in_memory in any::<bool>(),
    ) {
        block_on(async {
            let lake = || if in_memory { Lake::in_memory() } else { Lake::on_disk() };
            let config = Config { threads: 1, ..days(horizon) };
            let (once, split, items) = (lake(), lake(), lake());
            let together: String = all.iter().map(text).collect();
            let report = run(&once, "once", together, config.clone()).await.unwrap();
            let expected = expected(&all, horizon);
            assert_eq!(sorted(&once).await, expected);
            assert_eq!(report.totals.rows, expected.len() as u64);
            // No rebuild finds anything to do.
            let rebuilt = once.distributor(Config::default()).rebuild(&start("rebuild")).await.unwrap();
            assert_eq!((rebuilt.superseded, rebuilt.doubled), (0, 0));
            all.sort_unstable();
            let mut rest = all.as_slice();
            for (number, size) in sizes.into_iter().enumerate() {
                let (earlier, batch) = rest.split_at(rest.len().saturating_sub(size));
                rest = earlier;
                if batch.is_empty() {
                    break;
                }
                let batch: String = batch.iter().map(text).collect();
                let name = format!("run-{number}");
                // The table knows the horizon.
                let config = if number == 0 { config.clone() } else { Config { threads: 1, ..Config::default() } };
                run(&split, &name, batch.clone(), config.clone()).await.unwrap();
                items.put(&format!("landing/pending/{number}.json"), batch).await;
                by_items(&items, &name, &config).await;
                assert_eq!(items.files().await, split.files().await);
            }
            assert_eq!(sorted(&split).await, expected);
        });
    }

    #[test]
    fn whatever_the_order_no_two_rows_are_within_it_and_what_goes_is_within_it_of_a_greater_one(
        batches in prop::collection::vec(prop::collection::vec(made(), 1..8), 1..7),
        horizon in 1..6_u32,
    ) {
        block_on(async {
            let (lake, items) = (Lake::in_memory(), Lake::in_memory());
            let config = Config { threads: 1, ..days(horizon) };
            for (number, batch) in batches.iter().enumerate() {
                let (name, batch) = (format!("run-{number}"), batch.iter().map(text).collect::<String>());
                run(&lake, &name, batch.clone(), config.clone()).await.unwrap();
                items.put(&format!("landing/pending/{number}.json"), batch).await;
                by_items(&items, &name, &config).await;
            }
            let rows = sorted(&lake).await;
            assert_eq!(sorted(&items).await, rows);
            let day = |row: &Row| row.timestamp.div_euclid(86_400_000_000);
            let is_near = |one: &Row, two: &Row| one.id == two.id && day(one).abs_diff(day(two)) <= u64::from(horizon);
            for (number, one) in rows.iter().enumerate() {
                assert!(!rows[number + 1..].iter().any(|two| is_near(one, two)), "{rows:?}");
            }
            let all: Vec<Row> = batches.iter().flatten().flat_map(|made| model(&[text(made)])).collect();
            for one in all.iter().filter(|one| !rows.contains(one)) {
                let is_greater = |other: &&Row| other.timestamp >= one.timestamp && *other != one;
                assert!(all.iter().filter(is_greater).any(|other| is_near(one, other)), "{one:?}");
            }
        });
    }
}

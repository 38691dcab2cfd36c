//! Many runs on one table: any split of the same inputs into any runs gives the rows of one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::lake::{Lake, Row, event, model, start};
use events_core::Config;
use events_core::json::Level;
use events_core::run::{DateRange, Grace, Report};
use events_core::table::Duplicate;
use futures::executor::block_on;
use proptest::prelude::*;

async fn run(lake: &Lake, number: usize, events: &str) -> Report {
    lake.put(&format!("landing/pending/{number}.json"), events).await;
    lake.run_as(&format!("run-{number}"), Config::default()).await
}

async fn sorted(lake: &Lake) -> Vec<Row> {
    let mut rows = lake.rows().await;
    rows.sort();
    rows
}

#[tokio::test]
async fn an_event_that_comes_again_in_a_later_run_is_dropped() {
    for lake in Lake::each() {
        let events = [event(1, 1_610_000_000, 0, "1"), event(2, 1_610_000_000, 1, "2")].concat();
        run(&lake, 1, &events).await;
        let before = lake.files().await;
        let again = run(&lake, 2, &events).await;
        assert_eq!((again.totals.rows, again.totals.duplicates[&Duplicate::Exact]), (0, 2));
        assert_eq!(again.commit, Some(2), "its input was moved by a commit");
        assert_eq!(lake.files().await, before);
    }
}

#[tokio::test]
async fn a_newer_version_replaces_the_older_one_in_another_day_and_another_kind() {
    for lake in Lake::each() {
        let (day, id) = (86_400, 7);
        let old = event(id, 1_610_000_000, 0, "\"old\"");
        let other = event(8, 1_610_000_000, 0, "\"stays\"");
        run(&lake, 1, &(old.clone() + &other)).await;
        let new = event(id, 1_610_000_000 + 3 * day, 2, "\"new\"");
        let report = run(&lake, 2, &new).await;
        assert_eq!((report.totals.rows, report.superseded), (1, 1));
        assert_eq!(sorted(&lake).await, model(&[new.clone(), other.clone()]));
        // The older version comes late, and the newest once more.
        let late = run(&lake, 3, &(old + &event(id, 1_610_000_000 + day, 1, "\"between\""))).await;
        assert_eq!(late.totals.rows, 0, "{late:?}");
        assert_eq!(run(&lake, 4, &new).await.totals.rows, 0);
        assert_eq!(sorted(&lake).await, model(&[new, other]));
    }
}

#[tokio::test]
async fn a_file_that_loses_all_its_rows_stays_as_an_empty_one() {
    for lake in Lake::each() {
        run(&lake, 1, &event(1, 1_610_000_000, 0, "1")).await;
        run(&lake, 2, &event(1, 1_620_000_000, 0, "1")).await;
        assert_eq!(lake.files().await.len(), 2);
        assert_eq!(sorted(&lake).await, model(&[event(1, 1_620_000_000, 0, "1")]));
        // New rows of its partition go to it.
        run(&lake, 3, &event(2, 1_610_000_000, 0, "2")).await;
        assert_eq!(lake.files().await.len(), 2);
        assert_eq!(lake.rows().await.len(), 2);
    }
}

#[tokio::test]
async fn two_files_that_lose_all_their_rows_at_once_are_told_apart() {
    for lake in Lake::each() {
        let config = Config { fold_below_bytes: 0, ..Config::default() };
        let batches = [
            event(0, 1_610_000_000, 0, "0"),
            event(9, 1_610_000_000, 0, "0"),
            event(0, 1_610_086_400, 0, "1") + &event(9, 1_610_086_400, 0, "1"),
        ];
        for (number, batch) in batches.iter().enumerate() {
            lake.put(&format!("landing/pending/{number}.json"), batch.clone()).await;
            lake.run_as(&format!("run-{number}"), config.clone()).await;
        }
        assert_eq!(sorted(&lake).await, model(&batches));
    }
}

#[tokio::test]
async fn rows_that_come_and_go_in_one_partition_at_once_are_right() {
    for lake in Lake::each() {
        // Every run brings a new row and a newer version of the one before, all in one partition.
        let mut all = Vec::new();
        for number in 0..40 {
            let mut events = event(number, 1_610_000_000, 0, "0");
            if number > 0 {
                events += &event(number - 1, 1_610_000_000 + number as i64, 0, "\"newer\"");
            }
            run(&lake, number as usize, &events).await;
            all.push(events);
            assert_eq!(sorted(&lake).await, model(&all), "after {number}");
        }
        assert!(lake.files().await.len() <= 2, "{:?}", lake.list("trusted/events").await);
    }
}

#[tokio::test]
async fn many_small_runs_keep_few_files() {
    let lake = Lake::in_memory();
    let mut all = Vec::new();
    for number in 0..60_usize {
        let events: String =
            (0..50).map(|id| event((number * 50 + id) as u64, 1_610_000_000 + id as i64, id, "{}")).collect();
        run(&lake, number, &events).await;
        all.push(events);
    }
    assert_eq!(sorted(&lake).await, model(&all));
    let files = lake.files().await.len();
    assert!(files <= 2 * 3, "three partitions, as two kinds share a name: {files} files");
    assert!(lake.list("trusted/control/log").await.iter().any(|path| path.ends_with("checkpoint.json")));
}

/// An event of one of few ids: versions, kinds and days meet.
fn any_event() -> impl Strategy<Value = String> {
    (0..12_u64, 0..4_i64, 0..3_i64, 0..4_usize, 0..2_u8).prop_map(|(id, day, second, kind, data)| {
        event(id, 1_610_000_000 + day * 86_400 + second, kind, &format!("{data}"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_split_into_runs_in_any_order_gives_the_rows_of_one(
        batches in prop::collection::vec(prop::collection::vec(any_event(), 1..10), 1..9),
        fold_below_bytes in prop::sample::select(vec![0_u64, 64 << 20]),
        memory in any::<bool>(),
    ) {
        block_on(async {
            let lake = if memory { Lake::in_memory() } else { Lake::on_disk() };
            let config = Config { fold_below_bytes, threads: 1, ..Config::default() };
            for (number, batch) in batches.iter().enumerate() {
                lake.put(&format!("landing/pending/{number}.json"), batch.concat()).await;
                lake.run_as(&format!("run-{number}"), config.clone()).await;
            }
            let all: Vec<String> = batches.iter().map(|batch| batch.concat()).collect();
            assert_eq!(sorted(&lake).await, model(&all));
        });
    }
}

#[tokio::test]
async fn inputs_that_are_processed_again_change_nothing_unless_the_rules_did() {
    for lake in Lake::each() {
        let sound = event(1, 1_610_000_000, 0, "1");
        let damaged = event(2, 1_610_000_000, 1, "2").replace("\"timestamp\"", "'timestamp'");
        let config = |repair| Config { repair, ..Config::default() };
        lake.put("landing/pending/x.json", format!("{sound}\n{damaged}")).await;
        lake.run_as("first", config(Level::Framing)).await;
        let (before, quarantine) = (lake.files().await, lake.list("landing/quarantine").await);
        let again = |run: &'static str, repair, last: &'static str| {
            let dates = DateRange { first: "2026-11-01".parse().unwrap(), last: last.parse().unwrap() };
            let distributor = lake.distributor(config(repair));
            async move { distributor.reprocess(&start(run), dates).await.unwrap() }
        };
        let same = again("same", Level::Framing, "2026-11-30").await;
        assert_eq!((same.commit, same.totals.rows, same.totals.rejects_total()), (None, 0, 1));
        let none = again("none", Level::Lenient, "2026-11-22").await;
        assert_eq!((none.commit, none.inputs.len()), (None, 0));
        assert_eq!(lake.files().await, before);
        let more = again("more", Level::Lenient, "2026-11-23").await;
        assert_eq!((more.commit, more.totals.rows, more.totals.rejects_total()), (Some(2), 1, 0));
        assert_eq!(lake.rows().await.len(), 2);
        assert_eq!(lake.list("landing/quarantine").await, quarantine);
        assert_eq!(lake.list("landing/processed").await, ["landing/processed/date=2026-11-23/x.json"]);
        assert_eq!(lake.list("stage").await, [""; 0]);
    }
}

#[tokio::test]
async fn compacting_merges_files_and_keeps_every_row() {
    for lake in Lake::each() {
        let config = Config { fold_below_bytes: 0, ..Config::default() };
        let mut all = Vec::new();
        for number in 0..5_u64 {
            let events: String = (0..6).map(|id| event(number * 6 + id, 1_610_000_000, id as usize, "{}")).collect();
            lake.put(&format!("landing/pending/{number}.json"), events.clone()).await;
            lake.run_as(&format!("run-{number}"), config.clone()).await;
            all.push(events);
        }
        assert_eq!(lake.files().await.len(), 15, "three partitions, five runs");
        let report = lake.distributor(config.clone()).compact(&start("compact")).await.unwrap();
        assert_eq!((report.commit, report.files_emptied), (Some(6), 12));
        assert_eq!(report.partitions.iter().map(|partition| partition.files).collect::<Vec<_>>(), [1; 3]);
        assert_eq!(sorted(&lake).await, model(&all));
        let with_rows = {
            let mut folders: Vec<_> = lake.rows().await.into_iter().map(|row| row.folder).collect();
            folders.dedup();
            folders.len()
        };
        assert_eq!(with_rows, 3);
        // Where others may be at work, files stay without rows, because somebody late could make them again.
        assert_eq!(lake.files().await.len(), if lake.folder.is_some() { 3 } else { 15 });
        let again = lake.distributor(config.clone()).compact(&start("again")).await.unwrap();
        assert_eq!(again.commit, None, "nothing is left to merge");
        // The table goes on.
        lake.put("landing/pending/more.json", event(3, 1_700_000_000, 0, "\"newer\"") + &all[0]).await;
        all.push(event(3, 1_700_000_000, 0, "\"newer\""));
        lake.run_as("more", config.clone()).await;
        assert_eq!(sorted(&lake).await, model(&all));
        assert_eq!(lake.list("stage").await, [""; 0]);
    }
}

/// Takes everything away that a table says about itself.
async fn lose_control(lake: &Lake) {
    use object_store::ObjectStoreExt;
    for path in lake.list("trusted/control").await {
        lake.store.delete(&object_store::path::Path::parse(format!("lake/{path}")).unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn a_table_that_has_lost_its_log_is_refused_and_can_be_rebuilt() {
    for lake in Lake::each() {
        let events: Vec<String> = (0..40).map(|id| event(id, 1_610_000_000, id as usize, "{}")).collect();
        for (number, batch) in events.chunks(10).enumerate() {
            run(&lake, number, &batch.concat()).await;
        }
        let before = lake.files().await;
        lose_control(&lake).await;
        lake.put("landing/pending/x.json", events[0].clone()).await;
        let error = lake.distributor(Config::default()).run(&start("x")).await.unwrap_err();
        assert!(error.to_string().contains("events rebuild"), "{error}");
        let report = lake.distributor(Config::default()).rebuild(&start("rebuild")).await.unwrap();
        assert_eq!((report.superseded, report.doubled), (0, 0));
        assert!(report.commit.unwrap() > 1, "no file of the table may get the name of another");
        assert_eq!(lake.files().await, before);
        assert_eq!(lake.run_as("x", Config::default()).await.totals.rows, 0, "the index knows it");
        run(&lake, 100, &(event(3, 1_700_000_000, 1, "\"newer\"") + &event(50, 1_610_000_000, 1, "{}"))).await;
        let all = [events.concat(), event(3, 1_700_000_000, 1, "\"newer\""), event(50, 1_610_000_000, 1, "{}")];
        assert_eq!(sorted(&lake).await, model(&all));
        assert_eq!(lake.list("stage").await, [""; 0]);
        // A rebuild of a sound table changes no row of it either.
        lake.distributor(Config::default()).rebuild(&start("again")).await.unwrap();
        assert_eq!(sorted(&lake).await, model(&all));
        assert_eq!(run(&lake, 101, &all.concat()).await.totals.rows, 0);
    }
}

#[tokio::test]
async fn a_rebuild_leaves_one_row_of_an_event_that_several_files_have() {
    for lake in Lake::each() {
        run(&lake, 1, &(event(1, 1_610_000_000, 0, "\"old\"") + &event(2, 1_610_000_000, 0, "{}"))).await;
        lose_control(&lake).await;
        let first = lake.files().await;
        for path in first.keys() {
            use object_store::ObjectStoreExt;
            lake.store.delete(&object_store::path::Path::parse(format!("lake/{path}")).unwrap()).await.unwrap();
        }
        run(&lake, 2, &event(1, 1_620_000_000, 1, "\"new\"")).await;
        lose_control(&lake).await;
        // Two tables in one, as somebody has copied them together.
        for (path, bytes) in first {
            lake.put(&path, bytes).await;
        }
        assert_eq!(lake.rows().await.len(), 3);
        let report = lake.distributor(Config::default()).rebuild(&start("rebuild")).await.unwrap();
        assert_eq!(report.superseded, 1);
        let expected = model(&[event(1, 1_620_000_000, 1, "\"new\""), event(2, 1_610_000_000, 0, "{}")]);
        assert_eq!(sorted(&lake).await, expected);
    }
}

#[tokio::test]
async fn a_barrier_stands_before_the_commit_behind_it_and_before_the_stage_is_erased() {
    let lake = Lake::on_disk();
    lake.put("landing/pending/x.json", event(1, 1_610_000_000, 0, "1")).await;
    let root = lake.folder.as_ref().unwrap().path().join("lake");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let barrier = {
        let seen = Arc::clone(&seen);
        events_core::run::Barrier::new(move || {
            let there = |path: &str| root.join(path).exists();
            seen.lock().unwrap().push((
                there("stage/events/run=run-1/out"),
                there("trusted/control/log/00000000000000000001.json"),
                there("landing/processed"),
                there("trusted/control/log/00000000000000000001.done"),
            ));
            Ok(())
        })
    };
    lake.distributor(Config::default()).with_barrier(barrier).run(&start("run-1")).await.unwrap();
    let expected = [(true, false, false, false), (true, true, false, false), (true, true, true, false)];
    assert_eq!(*seen.lock().unwrap(), expected);
}

/// The files of the table at some times.
type Noted = Arc<Mutex<Vec<BTreeMap<String, Vec<u8>>>>>;

/// A grace that notes the files of the table.
fn noting(lake: &Lake) -> (Grace, Noted) {
    let noted = Noted::default();
    let (into, table) = (Arc::clone(&noted), Lake::over(Arc::clone(&lake.store), None));
    let table = Arc::new(table);
    let grace = Grace::new(move || {
        let (into, table) = (Arc::clone(&into), Arc::clone(&table));
        async move {
            let files = table.files().await;
            into.lock().unwrap().push(files);
        }
    });
    (grace, noted)
}

#[tokio::test]
async fn readers_get_their_grace_between_the_new_place_of_a_row_and_the_end_of_its_old_one() {
    for lake in Lake::each() {
        let (grace, noted) = noting(&lake);
        let run = async |number: usize, events: &str| {
            lake.put(&format!("landing/pending/{number}.json"), events).await;
            let distributor = lake.distributor(Config::default()).with_grace(grace.clone());
            distributor.run(&start(&format!("run-{number}"))).await.unwrap();
            std::mem::take(&mut *noted.lock().unwrap())
        };
        let old = event(1, 1_610_000_000, 0, "\"old\"");
        assert_eq!(run(1, &(old.clone() + &event(2, 1_610_000_000, 0, "{}"))).await, []);
        assert_eq!(run(2, &event(3, 1_620_000_000, 1, "{}")).await, [], "nothing leaves");
        let before = lake.files().await;
        let graces = run(3, &event(1, 1_630_000_000, 1, "\"new\"")).await;
        let after = lake.files().await;
        assert_eq!(graces.len(), 1);
        // What is new is there, and what was there is as it was.
        assert!(before.iter().all(|(path, bytes)| graces[0][path] == *bytes));
        assert_eq!(graces[0].len(), before.len() + 1);
        assert!(graces[0].iter().all(|(path, bytes)| before.contains_key(path) || after[path] == *bytes));
        assert_ne!(graces[0], after);
        // Rows that go from one file of a partition to another.
        for number in 4..7 {
            let config = Config { fold_below_bytes: 0, ..Config::default() };
            lake.put(&format!("landing/pending/{number}.json"), event(number, 1_610_000_000, 0, "{}")).await;
            lake.run_as(&format!("run-{number}"), config).await;
        }
        let compacted = lake.distributor(Config::default()).with_grace(grace.clone()).compact(&start("compact")).await;
        assert_eq!(compacted.unwrap().files_emptied, 3);
        let grown = std::mem::take(&mut *noted.lock().unwrap());
        assert_eq!(grown.len(), 1);
        assert!(lake.files().await.iter().all(|(path, bytes)| grown[0][path] == *bytes || lake.folder.is_none()));
        assert_ne!(grown[0], lake.files().await);
    }
}

#[tokio::test]
async fn who_finishes_the_commit_of_a_dead_run_gives_readers_their_grace_too() {
    for lake in Lake::each() {
        run(&lake, 1, &event(1, 1_610_000_000, 0, "\"old\"")).await;
        lake.put("landing/pending/2.json", event(1, 1_630_000_000, 1, "\"new\"")).await;
        // One that never ends: the run dies in it.
        let (begun, died) = futures::channel::oneshot::channel();
        let begun = Mutex::new(Some(begun));
        let endless = Grace::new(move || {
            let _ = begun.lock().unwrap().take().unwrap().send(());
            std::future::pending()
        });
        let distributor = lake.distributor(Config::default()).with_grace(endless);
        let name = start("dies");
        tokio::select! {
            _ = distributor.run(&name) => panic!("it has not waited"),
            died = died => died.unwrap(),
        }
        let left = lake.files().await;
        assert_eq!(lake.rows().await.len(), 2);
        let (grace, noted) = noting(&lake);
        let report = lake.distributor(Config::default()).with_grace(grace).run(&start("next")).await.unwrap();
        assert_eq!(report.recovered, [2]);
        assert_eq!(*noted.lock().unwrap(), [left]);
        assert_eq!(sorted(&lake).await, model(&[event(1, 1_630_000_000, 1, "\"new\"")]));
    }
}

/// Text that no codec makes small.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + (state >> 32) as u8 % 26)
    };
    format!("\"{}\"", (0..bytes).map(next).collect::<String>())
}

/// The files that a commit publishes: step and partition.
async fn published(lake: &Lake, sequence: u64) -> Vec<(String, String)> {
    let entry = lake.get(&format!("trusted/control/log/{sequence:020}.json")).await;
    let entry: serde_json::Value = serde_json::from_slice(&entry).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let publications = entry["publish"].as_array().unwrap().iter();
    let files = publications.filter(|publication| text(&publication["path"]).ends_with(".parquet"));
    files.map(|file| (text(&file["step"]), text(&file["path"]))).collect()
}

#[tokio::test]
async fn a_file_is_replaced_behind_new_ones_that_take_rows_of_it() {
    let config = |fold_below_bytes| Config { file_bytes_max: 400 << 10, fold_below_bytes, ..Config::default() };
    let events = |from: u64, count: u64| -> String {
        (from..from + count).map(|id| event(id, 1_610_000_000 + id as i64, 0, &noise(id, 40))).collect()
    };
    // More together than a batch of the encoder, behind which a file can end.
    let all = [events(10_000, 5_000), events(0, 5_000)];
    for (lake, fold_below) in Lake::each().into_iter().chain(Lake::each()).zip([0, 0, 8 << 20, 8 << 20]) {
        for (number, (events, fold_below)) in all.iter().zip([0, fold_below]).enumerate() {
            lake.put(&format!("landing/pending/{number}.json"), events.clone()).await;
            lake.run_as(&format!("run-{number}"), config(fold_below)).await;
        }
        let mut sequence = 2;
        if fold_below == 0 {
            lake.distributor(config(0)).compact(&start("compact")).await.unwrap();
            sequence = 3;
        }
        let files = published(&lake, sequence).await;
        let steps: Vec<_> = files.iter().map(|(step, _)| step.as_str()).filter(|step| *step != "shrink").collect();
        assert_eq!(steps, ["add", "rotate"], "rows of the old file are in the new one before they leave it");
        assert_eq!(sorted(&lake).await, model(&all));
    }
}

#[tokio::test]
async fn small_files_go_to_a_shared_stage_in_packs_beside_large_ones() {
    let day = 86_400;
    let mut events: Vec<String> =
        (0..120).map(|id| event(id, id as i64 * day, id as usize, &noise(id, 60_000))).collect();
    events.extend((1_000..1_010).map(|id| event(id, 365 * day, 0, &noise(id, 60_000))));
    for lake in Lake::each() {
        run(&lake, 1, &events.concat()).await;
        let entry: serde_json::Value =
            serde_json::from_slice(&lake.get("trusted/control/log/00000000000000000001.json").await).unwrap();
        let stages = |with_offset: bool| {
            let publications = entry["publish"].as_array().unwrap().iter();
            let files = publications.filter(|of| of["path"].as_str().unwrap().ends_with(".parquet"));
            let of = files.filter(|of| of.get("offset").is_some() == with_offset).map(|of| of["stage"].to_string());
            of.collect::<std::collections::BTreeSet<_>>().len()
        };
        let alone = if lake.folder.is_some() { 121 } else { 1 };
        assert_eq!(stages(false), alone);
        assert_eq!(stages(true) > 1, lake.folder.is_none());
        assert_eq!(sorted(&lake).await, model(&[events.concat()]));
    }
}

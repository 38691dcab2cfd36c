//! A run over several workers: the same table as of one process, whoever does what, how often, and whoever dies.

use crate::lake::{Lake, event, start, tiny};
use events_core::run::{Distributor, OpenItem, Prepared, Report, RunId, Split, WorkItem, WorkPhase};
use events_core::{Config, Error};
use futures::executor::block_on;
use futures::future::{join_all, select};
use object_store::ObjectStoreExt;
use proptest::prelude::*;

/// Items of a few records each.
const SMALL: Split = Split { item_bytes: Some(2000), input_bytes_max: None };

fn run_id(name: &str) -> RunId {
    name.parse().unwrap()
}

/// Inputs of a step: kinds, days and ids overlap within it and with the other steps. Some records are damaged.
fn inputs(step: u64) -> Vec<(String, String)> {
    (0..9_u64)
        .map(|input| {
            let mut text: String = (0..20_u64)
                .map(|number| {
                    let id = (input * 20 + number * 7 + step * 31) % 150;
                    let second = 1_610_000_000 + ((id * 7919 + step * (id % 3) * 50_000) % 400_000) as i64;
                    event(id, second, (id % 4) as usize, &format!("{{\"v\":{}}}", step * (id % 2)))
                })
                .collect();
            if input == 4 {
                text += r#"{"event_id":"cut","#;
            }
            (format!("landing/pending/{step}/{input}.json"), text)
        })
        .collect()
}

async fn put(lake: &Lake, step: u64) {
    for (path, text) in inputs(step) {
        lake.put(&path, text).await;
    }
}

fn distributor(lake: &Lake) -> Distributor {
    lake.distributor(tiny())
}

async fn prepare(lake: &Lake, run: &str) -> Prepared {
    distributor(lake).prepare(&start(run), SMALL).await.unwrap()
}

/// Does an item under the name of an attempt, unless the run is over.
async fn work(lake: &Lake, run: &str, item: WorkItem, attempt: &str) -> Result<Option<Report>, Error> {
    let distributor = distributor(lake);
    let Some(shared) = distributor.join(&run_id(run)).await? else { return Ok(None) };
    shared.work(item, &run_id(attempt)).await.map(|worked| worked.report)
}

async fn open(lake: &Lake, run: &str) -> Vec<OpenItem> {
    match distributor(lake).join(&run_id(run)).await.unwrap() {
        Some(shared) => shared.open_items().await.unwrap(),
        None => Vec::new(),
    }
}

/// Does what is left of a run: the items of a phase at once, each by a worker of its own.
async fn work_on(lake: &Lake, run: &str) -> Option<Report> {
    let mut report = None;
    loop {
        let items = open(lake, run).await;
        if items.is_empty() {
            return report;
        }
        let all = items.iter().map(|open| work(lake, run, open.item, "worker"));
        for done in join_all(all).await {
            report = done.unwrap().or(report);
        }
    }
}

/// The table, the log and what became of the inputs, as one process makes them.
async fn by_one_process(lake: &Lake, steps: u64) -> Vec<Report> {
    let mut reports = Vec::new();
    for step in 0..steps {
        put(lake, step).await;
        reports.push(lake.run_as(&format!("run-{step}"), tiny()).await);
    }
    reports
}

fn without_times(report: &Report) -> Report {
    let mut report = report.clone();
    report.elapsed.clear();
    report
}

#[tokio::test]
async fn the_table_is_byte_for_byte_that_of_one_process() {
    for (alone, shared) in Lake::each().into_iter().zip(Lake::each()) {
        let expected = by_one_process(&alone, 3).await;
        assert!(expected[2].superseded > 0 && expected[2].totals.duplicates.len() > 1, "{:?}", expected[2]);
        for (step, expected) in (0..3).zip(&expected) {
            put(&shared, step).await;
            let run = format!("run-{step}");
            let prepared = prepare(&shared, &run).await;
            assert_eq!((prepared.inputs, prepared.commit), (9, step + 1));
            assert!(prepared.phases.iter().filter(|phase| phase.items > 1).count() > 3, "{prepared:?}");
            let report = work_on(&shared, &run).await.unwrap();
            assert_eq!(without_times(&report), without_times(expected));
        }
        assert_eq!(shared.files().await, alone.files().await);
        assert!(shared.list("stage").await.is_empty(), "{:?}", shared.list("stage").await);
        assert_eq!(shared.list("landing").await, alone.list("landing").await);
        for path in alone.list("landing").await {
            assert_eq!(shared.get(&path).await, alone.get(&path).await, "{path}");
        }
        // What the index knows is the same too: nothing comes again.
        for lake in [&alone, &shared] {
            put(lake, 1).await;
            let again = lake.run_as("again", Config::default()).await;
            assert_eq!(again.totals.rows, 0);
        }
    }
}

#[tokio::test]
async fn an_item_is_done_twice_at_once_and_again_later_to_no_harm() {
    for (alone, shared) in Lake::each().into_iter().zip(Lake::each()) {
        by_one_process(&alone, 1).await;
        put(&shared, 0).await;
        prepare(&shared, "run-0").await;
        loop {
            let items = open(&shared, "run-0").await;
            if items.is_empty() {
                break;
            }
            for OpenItem { item, .. } in items {
                if item.phase == WorkPhase::Finish && shared.folder.is_some() {
                    // A file system is for one of them at a time.
                    work(&shared, "run-0", item, "one").await.unwrap();
                    continue;
                }
                let two = [work(&shared, "run-0", item, "one"), work(&shared, "run-0", item, "two")];
                for done in join_all(two).await {
                    done.unwrap();
                }
                if item.phase != WorkPhase::Finish {
                    work(&shared, "run-0", item, "three").await.unwrap();
                }
            }
        }
        assert_eq!(shared.files().await, alone.files().await);
        assert_eq!(shared.commits().await, 1);
        assert!(shared.list("stage").await.is_empty());
    }
}

#[tokio::test]
async fn an_item_before_its_time_or_of_no_run_is_refused() {
    let lake = Lake::in_memory();
    let nothing = distributor(&lake).prepare(&start("run-0"), SMALL).await.unwrap();
    assert_eq!((nothing.inputs, nothing.phases), (0, Vec::new()));
    put(&lake, 0).await;
    let planned = prepare(&lake, "run-0").await;
    for item in ["deduplicate-00000", "compare-00000", "write-00000", "index-00000", "commit-00000", "publish-00000"] {
        let error = work(&lake, "run-0", item.parse().unwrap(), "early").await.unwrap_err();
        assert!(matches!(error, Error::Setting { name: "item", .. }), "{item}: {error}");
    }
    let error = work(&lake, "run-0", "parse-00999".parse().unwrap(), "wrong").await.unwrap_err();
    assert!(error.to_string().contains("`parse-00999`"), "{error}");
    assert!(distributor(&lake).join(&run_id("another")).await.unwrap().is_none());
    // A plan that is asked for again is the same, also when its writing was cut off.
    let again = prepare(&lake, "run-0").await;
    assert_eq!(again, planned);
    for object in lake.list("stage/events/run=run-0").await {
        if !object.ends_with("begun.json") {
            lake.store.delete(&object_store::path::Path::parse(format!("lake/{object}")).unwrap()).await.unwrap();
        }
    }
    assert_eq!(prepare(&lake, "run-0").await, planned);
    // Another that found something else pending is in nobody's way.
    lake.store
        .delete(&object_store::path::Path::parse("lake/stage/events/run=run-0/plan.json").unwrap())
        .await
        .unwrap();
    lake.put("landing/pending/late", event(1_000, 1_610_000_000, 0, "1")).await;
    let another = prepare(&lake, "run-0").await;
    assert_eq!(another.inputs, planned.inputs + 1);
    assert_ne!(another.phases[0].list, planned.phases[0].list);
    // One that can never commit is not taken up again.
    lake.run_as("other", Config::default()).await;
    put(&lake, 1).await;
    let error = distributor(&lake).prepare(&start("run-0"), SMALL).await.unwrap_err();
    assert!(error.to_string().contains("needs a name of its own"), "{error}");
}

#[tokio::test]
async fn a_worker_of_another_release_refuses_and_the_run_goes_on() {
    let lake = Lake::in_memory();
    put(&lake, 0).await;
    prepare(&lake, "run-0").await;
    let path = "stage/events/run=run-0/plan.json";
    let plan = lake.get(path).await;
    // What comes with another release may be anything but its name and that of the run.
    lake.put(path, r#"{"release":"99.0.0","run":"run-0","form":"unknown"}"#).await;
    let joined = distributor(&lake).join(&run_id("run-0")).await.map(drop);
    let error = joined.unwrap_err().to_string();
    assert!(error.contains(path) && error.contains("version 99.0.0 has planned the run, and this is "), "{error}");
    lake.put(path, plan).await;
    let report = work_on(&lake, "run-0").await.unwrap();
    assert!(report.commit.is_some());
}

#[tokio::test]
async fn of_two_who_plan_at_once_the_first_plan_is_that_of_both() {
    let lake = Lake::in_memory();
    put(&lake, 0).await;
    let arrival = async {
        // Behind some listings and before others, as it comes.
        turns(12).await;
        lake.put("landing/pending/late", event(1_000, 1_610_000_000, 0, "1")).await;
    };
    let delayed = async {
        turns(10).await;
        prepare(&lake, "run-0").await
    };
    let (first, second, ()) = futures::join!(prepare(&lake, "run-0"), delayed, arrival);
    assert_eq!(first, second);
    let report = work_on(&lake, "run-0").await.unwrap();
    assert_eq!(report.inputs.len() as u64, first.inputs);
    assert_eq!(lake.list("stage").await, [""; 0]);
}

#[tokio::test]
async fn a_run_of_workers_that_another_run_overtakes_never_commits_and_is_swept_away() {
    for lake in Lake::each() {
        put(&lake, 0).await;
        prepare(&lake, "slow").await;
        let parse: Vec<_> = open(&lake, "slow").await;
        work(&lake, "slow", parse[0].item, "worker").await.unwrap();
        // It takes all inputs.
        let report = lake.run_as("fast", Config::default()).await;
        assert_eq!(report.inputs.len(), 9);
        assert!(!lake.list("stage").await.is_empty(), "it may still be alive");
        let rows = lake.rows().await;
        // Its inputs are gone.
        work(&lake, "slow", parse[1].item, "worker").await.unwrap_err();
        // The next run finds its remains.
        lake.put("landing/pending/next.json", event(1000, 1_610_000_000, 0, "1")).await;
        lake.run_as("next", Config::default()).await;
        assert!(lake.list("stage").await.is_empty(), "{:?}", lake.list("stage").await);
        assert!(open(&lake, "slow").await.is_empty());
        assert_eq!(lake.rows().await.len(), rows.len() + 1);
    }
}

#[tokio::test]
async fn a_commit_of_another_run_at_any_phase_is_a_conflict_and_loses_nothing() {
    for before in [WorkPhase::Deduplicate, WorkPhase::Compare, WorkPhase::Write, WorkPhase::Commit] {
        let (alone, lake) = (Lake::in_memory(), Lake::in_memory());
        by_one_process(&alone, 1).await;
        put(&lake, 0).await;
        prepare(&lake, "slow").await;
        let mut items = open(&lake, "slow").await;
        while items[0].item.phase != before {
            for open in &items {
                work(&lake, "slow", open.item, "worker").await.unwrap();
            }
            items = open(&lake, "slow").await;
        }
        lake.run_as("run-0", tiny()).await;
        let error = work(&lake, "slow", items[0].item, "worker").await.unwrap_err();
        assert!(matches!(error, Error::Conflict { .. }), "{before}: {error}");
        assert_eq!(lake.files().await, alone.files().await);
    }
}

#[tokio::test]
async fn a_worker_whose_run_others_have_committed_meanwhile_goes_on() {
    let (alone, lake) = (Lake::in_memory(), Lake::in_memory());
    by_one_process(&alone, 1).await;
    put(&lake, 0).await;
    prepare(&lake, "run-0").await;
    let mut items = open(&lake, "run-0").await;
    let mut slow = None;
    while items[0].item.phase != WorkPhase::Publish {
        for open in &items {
            work(&lake, "run-0", open.item, "worker").await.unwrap();
        }
        if items[0].item.phase == WorkPhase::Deduplicate {
            slow = Some(items[0].item);
        }
        items = open(&lake, "run-0").await;
    }
    // It is as if the item had no result yet when a slow worker began with it.
    let slow = slow.unwrap();
    let result = format!("stage/events/run=run-0/results/{slow}.json");
    let bytes = lake.get(&result).await;
    lake.store.delete(&object_store::path::Path::parse(format!("lake/{result}")).unwrap()).await.unwrap();
    assert_eq!(work(&lake, "run-0", slow, "slow").await.unwrap(), None);
    lake.put(&result, bytes).await;
    work_on(&lake, "run-0").await;
    assert_eq!(lake.files().await, alone.files().await);
}

#[tokio::test]
async fn what_workers_have_committed_and_left_any_run_finishes() {
    for (alone, shared) in Lake::each().into_iter().zip(Lake::each()) {
        by_one_process(&alone, 1).await;
        put(&shared, 0).await;
        prepare(&shared, "run-0").await;
        loop {
            let items = open(&shared, "run-0").await;
            if items[0].item.phase == WorkPhase::Publish {
                work(&shared, "run-0", items[0].item, "worker").await.unwrap();
                break;
            }
            for open in items {
                work(&shared, "run-0", open.item, "worker").await.unwrap();
            }
        }
        assert_eq!(distributor(&shared).committed(&run_id("run-0")).await.unwrap(), Some((1, false)));
        let report = shared.run_as("next", Config::default()).await;
        assert_eq!((report.recovered, report.commit), (vec![1], None));
        assert_eq!(shared.files().await, alone.files().await);
        assert!(shared.list("stage").await.is_empty() && open(&shared, "run-0").await.is_empty());
        assert_eq!(distributor(&shared).committed(&run_id("run-0")).await.unwrap(), Some((1, true)));
        assert_eq!(distributor(&shared).committed(&run_id("next")).await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_item_is_claimed_by_one_worker_until_it_gives_it_back() {
    for lake in Lake::each() {
        put(&lake, 0).await;
        prepare(&lake, "run-0").await;
        let distributor = distributor(&lake);
        let shared = distributor.join(&run_id("run-0")).await.unwrap().unwrap();
        let first = shared.open_items().await.unwrap()[0];
        assert!(!first.is_claimed());
        let claim = shared.claim(&first, &run_id("one")).await.unwrap().unwrap();
        // Whoever has looked before is told by the store, whoever looks now sees it.
        assert!(shared.claim(&first, &run_id("two")).await.unwrap().is_none());
        let seen = shared.open_items().await.unwrap()[0];
        assert!(seen.is_claimed() && shared.claim(&seen, &run_id("two")).await.unwrap().is_none());
        claim.renew().await.unwrap();
        claim.release().await.unwrap();
        let free = shared.open_items().await.unwrap()[0];
        assert!(shared.claim(&free, &run_id("two")).await.unwrap().is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Workers that are stopped anywhere, any number of times, and others that take their items.
    #[test]
    fn workers_that_die_anywhere_leave_the_same_table(deaths in prop::collection::vec((0_usize..400, 0_usize..5), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (alone, shared) = (Lake::in_memory(), Lake::in_memory());
            by_one_process(&alone, 2).await;
            put(&shared, 0).await;
            shared.run_as("run-0", tiny()).await;
            put(&shared, 1).await;
            prepare(&shared, "run-1").await;
            for (number, (polls, which)) in deaths.into_iter().enumerate() {
                let items = open(&shared, "run-1").await;
                let Some(item) = items.get(which % items.len().max(1)) else { break };
                let attempt = format!("dies-{number}");
                let work = Box::pin(work(&shared, "run-1", item.item, &attempt));
                // The future is dropped in the middle of what it does.
                let _ = select(work, Box::pin(turns(polls))).await;
            }
            work_on(&shared, "run-1").await;
            assert_eq!(shared.files().await, alone.files().await);
            assert_eq!(shared.commits().await, 2);
            assert!(shared.list("stage").await.is_empty());
        });
    }
}

/// Lets others go on that many times.
async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn rows_that_memory_has_no_room_for_share_objects_of_the_stage() {
    for (alone, shared) in Lake::each().into_iter().zip(Lake::each()) {
        // 20 MB of rows where there is room for 4.
        let data = format!("\"{}\"", "x".repeat(4000));
        let text: String =
            (0..5000).map(|id| event(id, 1_610_000_000 + (id as i64 % 90) * 86_400, id as usize % 4, &data)).collect();
        for lake in [&alone, &shared] {
            lake.put("landing/pending/large.json", text.clone()).await;
        }
        alone.run_as("run-0", tiny()).await;
        distributor(&shared).prepare(&start("run-0"), Split::default()).await.unwrap();
        work(&shared, "run-0", "parse-00000".parse().unwrap(), "worker").await.unwrap();
        let mut rows = shared.list("stage/events/run=run-0").await;
        rows.retain(|name| name.contains("parse-00000/worker/rows/"));
        assert!((2..40).contains(&rows.len()), "{rows:?}");
        work_on(&shared, "run-0").await;
        assert_eq!(shared.files().await, alone.files().await);
    }
}

#[tokio::test]
async fn a_run_takes_no_more_bytes_than_it_is_to_and_leaves_the_rest_pending() {
    let (alone, shared) = (Lake::in_memory(), Lake::in_memory());
    by_one_process(&alone, 1).await;
    put(&shared, 0).await;
    let all: u64 = inputs(0).iter().map(|(_, text)| text.len() as u64).sum();
    let split = Split { input_bytes_max: Some(all / 2), ..SMALL };
    let (mut left, mut runs) = (9, 0);
    while left > 0 {
        let run = format!("run-{runs}");
        let prepared = distributor(&shared).prepare(&start(&run), split).await.unwrap();
        assert!(prepared.bytes <= all / 2 && prepared.inputs + prepared.left == left, "{prepared:?}");
        work_on(&shared, &run).await;
        (left, runs) = (prepared.left, runs + 1);
    }
    assert!(runs > 1);
    let (mut rows, mut expected) = (shared.rows().await, alone.rows().await);
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected);
}

#[test]
fn more_items_than_a_phase_may_have_are_refused_before_anything_is_written() {
    block_on(async {
        let lake = Lake::in_memory();
        for number in 0..10_001 {
            lake.put(&format!("landing/pending/{number}"), "x").await;
        }
        let error = distributor(&lake)
            .prepare(&start("run-0"), Split { item_bytes: Some(0), input_bytes_max: None })
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Setting { name: "item_bytes", .. }), "{error}");
        assert!(lake.list("stage").await.is_empty());
    });
}

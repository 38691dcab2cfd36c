//! A run over several processes.

use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::interrupt::send;
use crate::lake::{Finished, Lake, small};
use crate::s3_server::S3;
use crate::undisturbed::{DATE, Undisturbed, config, rows};

const PREPARE: &str = "prepare --root lake --run-id big --item-size 120KiB --output json";
const WORK: &str = "work --root lake --run-id big --threads 1 --output json";

fn json(finished: &Finished) -> Value {
    assert!([0, 3].contains(&finished.code), "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap()
}

fn plan(lake: &Lake) -> Value {
    json(&lake.events(&format!("{PREPARE} --date {DATE}")))
}

fn worker(lake: &Lake) -> Child {
    lake.command(WORK).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(worker: Child) -> Value {
    json(&worker.wait_with_output().unwrap().into())
}

/// The items of a plan, phase by phase.
fn items(plan: &Value, lake: &Lake) -> Vec<Vec<String>> {
    let phase = |phase: &Value| match phase["list"].as_str() {
        Some(list) => {
            let list: Vec<Value> = serde_json::from_slice(&std::fs::read(lake.path(list)).unwrap()).unwrap();
            assert_eq!(list.len() as u64, phase["items"].as_u64().unwrap());
            list.iter().map(|item| item["item"].as_str().unwrap().to_owned()).collect()
        }
        None => vec![format!("{}-00000", phase["phase"].as_str().unwrap())],
    };
    plan["phases"].as_array().unwrap().iter().map(phase).collect()
}

fn items_of(worker: &Value) -> Vec<String> {
    worker["items"].as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Whether a worker has an item. Only names are looked at: a claim in the making has another one, under which it goes away.
fn is_claimed(lake: &Lake) -> bool {
    let claims = fs::read_dir(lake.path("lake/stage/events/run=big/claims"));
    claims.is_ok_and(|mut claims| claims.any(|claim| !claim.unwrap().file_name().to_str().unwrap().contains('#')))
}

#[test]
fn four_processes_one_of_which_is_killed_leave_the_table_of_one() {
    let undisturbed = Undisturbed::of(&config());
    let lake = undisturbed.lake();
    let plan = plan(&lake);
    let mut planned = items(&plan, &lake).concat();
    assert!(planned.len() > 20, "{planned:?}");
    let mut victim = worker(&lake);
    // It has an item by then, whether or not it has done one.
    while !is_claimed(&lake) {
        sleep(Duration::from_millis(1));
    }
    victim.kill().unwrap();
    victim.wait().unwrap();
    let workers = [(); 4].map(|()| worker(&lake));
    let mut done: Vec<_> = workers.map(end).iter().flat_map(items_of).collect();
    undisturbed.check(&lake, None);
    // Each item was done once, but for those that the victim has brought to an end.
    done.sort_unstable();
    planned.sort_unstable();
    assert!(done.windows(2).all(|pair| pair[0] != pair[1]), "{done:?}");
    assert!(done.iter().all(|item| planned.contains(item)) && done.len() + 2 >= planned.len(), "{done:?}");
    // Whoever comes later finds that all is done.
    assert_eq!(items_of(&end(worker(&lake))), Vec::<String>::new());
}

#[test]
fn a_scheduler_hands_out_the_items_of_the_lists_in_any_order_and_as_often_as_it_likes() {
    let undisturbed = Undisturbed::of(&config());
    let lake = undisturbed.lake();
    let phases = items(&plan(&lake), &lake);
    let mut report = Value::Null;
    for items in &phases {
        for item in items.iter().rev().chain(&items[..1]) {
            let worked = json(&lake.events(&format!("{WORK} --item {item}")));
            if !worked["report"].is_null() {
                report = worked["report"].clone();
            }
        }
    }
    undisturbed.check(&lake, None);
    assert_eq!(report["commit"], 1);
    assert_eq!(report["totals"]["rows"], rows(&lake).len());
}

#[test]
fn says_what_cannot_be_done() {
    let lake = Lake::new();
    let nothing = serde_json::json!({"run": "big", "inputs": 0, "bytes": 0, "left": 0, "commit": 1, "phases": []});
    assert_eq!(plan(&lake), nothing);
    let human = lake.events("prepare --root lake");
    assert_eq!((human.code, human.stdout.as_str()), (0, "nothing pending in `lake/landing/pending`\n"));
    lake.events("work --root lake").fails(2, &["--run-id", "events prepare"]);
    lake.events("work --root lake --run-id big").fails(2, &["run `big` has no plan in `lake/stage`"]);
    lake.events("work --root lake --run-id big --item sort-1").fails(2, &["sort-1", "parse-00000"]);
    lake.events("prepare --root lake --item-size few").fails(2, &["few", "512MiB"]);
    lake.write("lake/landing/pending/a.json", r#"{"event_id":"a"}"#);
    assert_eq!(plan(&lake), plan(&lake));
    lake.events(&format!("{WORK} --item write-00000")).fails(2, &["`parse-00000` comes first"]);
    lake.events(&format!("{WORK} --item parse-00007")).fails(2, &["no `parse-00007`"]);
    // A run of its own takes the inputs, and the plan can never commit.
    assert_eq!(lake.events("run --root lake").code, 3);
    for _ in 0..2 {
        let overtaken = lake.events(WORK);
        overtaken.fails(8, &["run `big` can never commit: another run committed", "hint: `events prepare`"]);
        assert!(!overtaken.stderr.contains("run again"), "{overtaken:?}");
    }
}

#[test]
fn a_plan_that_is_asked_for_again_is_the_same_also_while_workers_are_at_it() {
    let Some(server) = S3::shared() else { return };
    let bucket = server.bucket();
    bucket.put(
        "landing/pending/a",
        r#"{"event_id":"1","timestamp":"2021-01-14T08:45:37Z","domain":"card","event_type":"issued"}"#,
    );
    let lake = Lake::nowhere();
    let events = |arguments: &str| {
        let arguments = format!("{arguments} --root {} --run-id big --output json", bucket.url());
        let finished = Finished::of(server.lead(&mut lake.command(&arguments)));
        assert_eq!(finished.code, 0, "{finished:?}");
        finished.stdout
    };
    let planned = events("prepare");
    // Who has planned holds the lease for its workers, and so does each of them.
    assert_eq!(events("prepare"), planned);
    events("work --item parse-00000");
    assert_eq!(events("prepare"), planned);
    events("work");
}

#[test]
fn an_interrupt_ends_the_wait_for_the_lock_of_a_table() {
    let (lake, _) = Lake::with(&small());
    plan(&lake);
    let lock = std::fs::File::open(lake.path("lake/trusted/control/lock")).unwrap();
    lock.lock().unwrap();
    let mut command = lake.command("work --root lake --run-id big --log-level info");
    let worker = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    sleep(Duration::from_secs(2));
    send("-INT", worker.id());
    let finished = Finished::from(worker.wait_with_output().unwrap());
    assert!(finished.stderr.contains("waiting for the lock of the table"), "{finished:?}");
    assert_eq!(finished.code, 130, "{finished:?}");
    assert!(began.elapsed() < Duration::from_secs(60));
}

//! Scenarios reach what they are there for.

use events_testing::drivers::World;
use events_testing::scenario::{self, Scenario};
use events_testing::{Decoded, Fault, Operation, Snapshot, StoreKind};

/// What a store holds after a scenario without faults.
fn played(scenario: &Scenario) -> Snapshot {
    let world = World::new(StoreKind::Memory, Decoded::default(), |_: &Operation| Fault::None);
    for step in &scenario.steps {
        step.inputs.iter().try_for_each(|input| world.put(input)).unwrap();
        world.run_cleanly(step.task).unwrap();
    }
    world.come_to_rest(&scenario.rest).unwrap();
    world.lake().snapshot().unwrap()
}

/// In how many commits a text stands.
fn commits_with(snapshot: &Snapshot, text: &str) -> usize {
    let has = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let entries = snapshot.below("trusted/control/log/").filter(|(path, _)| !path.contains("checkpoint"));
    entries.filter(|(_, object)| has(&object.bytes)).count()
}

#[test]
fn every_scenario_is_sound_without_faults() {
    for scenario in scenario::all() {
        played(&scenario);
    }
}

#[test]
fn files_grow_rotate_and_shrink() {
    let steps = |scenario| {
        let snapshot = played(&scenario);
        ["grow", "rotate", "shrink"].map(|step| commits_with(&snapshot, &format!("\"step\":\"{step}\"")))
    };
    assert_eq!(steps(scenario::fresh()), [0, 0, 0]);
    assert_eq!(steps(scenario::newer_elsewhere()), [0, 0, 1]);
    assert_eq!(steps(scenario::folded()), [2, 0, 0]);
    assert_eq!(steps(scenario::gain_and_lose()), [1, 0, 1]);
    assert_eq!(steps(scenario::rotated()), [3, 1, 1]);
}

#[test]
fn the_table_is_noted_once() {
    let snapshot = played(&scenario::checkpointed());
    let checkpoints = snapshot.objects.keys().filter(|path| path.ends_with(".checkpoint.json")).count();
    assert_eq!(checkpoints, 1);
}

#[test]
fn a_retry_empties_one_object_of_the_quarantine_and_leaves_one() {
    let snapshot = played(&scenario::retried());
    let counts =
        ["quarantine", "retried", "processed"].map(|place| snapshot.below(&format!("landing/{place}/")).count());
    assert_eq!(counts, [2, 2, 3]);
}

#[test]
fn files_of_a_run_lie_in_the_stage_together() {
    let snapshot = played(&scenario::fresh());
    let (_, commit) = snapshot.below("trusted/control/log/").find(|(path, _)| path.ends_with("1.json")).unwrap();
    let commit: serde_json::Value = serde_json::from_slice(&commit.bytes).unwrap();
    let publications = commit["publish"].as_array().unwrap().iter();
    let mut files: Vec<_> = publications.filter(|of| of["path"].as_str().unwrap().ends_with(".parquet")).collect();
    assert!(files.len() > 1);
    files.sort_by_key(|file| file["offset"].as_u64());
    let mut end = 0;
    for file in &files {
        assert_eq!(file["stage"], files[0]["stage"]);
        assert_eq!(file["offset"], end);
        end += file["bytes"].as_u64().unwrap();
    }
}

//! Whoever watches finds what is planted.

use events_testing::drivers::World;
use events_testing::scenario::{Task, event, input};
use events_testing::{Decoded, Fault, Invariant, Lake, Operation, StoreKind};
use futures::executor::block_on;
use object_store::ObjectStoreExt;
use object_store::path::Path;

/// A lake at rest with a table of two partitions.
fn at_rest() -> World {
    let world = World::new(StoreKind::Memory, Decoded::default(), |_: &Operation| Fault::None);
    world.put(&input("one", &[event(1, 1, 0, 0, "a"), event(2, 2, 1, 1, "b")])).unwrap();
    world.come_to_rest(&[Task::RUN]).unwrap();
    world
}

/// The path of the only object, or the first, below a folder.
fn first(world: &World, folder: &str) -> Path {
    let snapshot = world.lake().snapshot().unwrap();
    let found = snapshot.below(folder).next().unwrap().0.to_owned();
    Path::parse(format!("lake/{folder}{found}")).unwrap()
}

fn get(world: &World, path: &Path) -> bytes::Bytes {
    block_on(async { world.lake().store().get(path).await.unwrap().bytes().await.unwrap() })
}

fn put(world: &World, path: &Path, bytes: impl Into<bytes::Bytes>) {
    block_on(world.lake().store().put(path, bytes.into().into())).unwrap();
}

fn delete(world: &World, path: &Path) {
    block_on(world.lake().store().delete(path)).unwrap();
}

/// What is broken at any moment.
fn look(world: &World) -> Option<Invariant> {
    world.watch().look().err().map(|broken| broken.invariant)
}

/// What is broken when all is done.
fn look_at_rest(world: &World) -> Option<Invariant> {
    world.watch().look_at_rest().err().map(|broken| broken.invariant)
}

#[test]
fn finds_nothing_where_nothing_is() {
    let world = at_rest();
    assert_eq!((look(&world), look_at_rest(&world)), (None, None));
}

#[test]
fn finds_a_lost_input() {
    let world = at_rest();
    let new = input("two", &[event(3, 1, 0, 0, "c")]);
    world.put(&new).unwrap();
    assert_eq!(look(&world), None);
    delete(&world, &Lake::pending(&new));
    assert_eq!(look(&world), Some(Invariant::NoLoss));
}

#[test]
fn finds_an_input_that_was_not_taken() {
    let world = at_rest();
    world.put(&input("two", &[])).unwrap();
    assert_eq!(look_at_rest(&world), Some(Invariant::Oracle));
}

#[test]
fn finds_a_processed_input_that_changed() {
    let world = at_rest();
    let path = first(&world, "landing/processed/");
    put(&world, &Path::parse(format!("{path}~0123")).unwrap(), "other");
    assert_eq!(look_at_rest(&world), Some(Invariant::EqualBytes));
    put(&world, &path, "other");
    assert_eq!(look(&world), Some(Invariant::NoLoss));
}

#[test]
fn finds_a_file_without_a_commit() {
    let world = at_rest();
    let path = first(&world, "trusted/events/");
    let early = Path::parse(path.to_string().replace("part-00000001", "part-00000002")).unwrap();
    put(&world, &early, get(&world, &path));
    assert_eq!(look(&world), Some(Invariant::NothingEarly));
}

#[test]
fn finds_a_file_that_changed_without_a_commit() {
    let world = at_rest();
    let path = first(&world, "trusted/events/");
    put(&world, &path, get(&world, &path));
    assert_eq!(look(&world), Some(Invariant::NothingEarly));
}

#[test]
fn finds_a_gap_in_what_readers_see() {
    let world = at_rest();
    let path = first(&world, "trusted/events/");
    // Under cover of a commit.
    let entry = Path::from("lake/trusted/control/log/00000000000000000001.json");
    put(&world, &Path::from("lake/trusted/control/log/00000000000000000002.json"), get(&world, &entry));
    delete(&world, &path);
    assert_eq!(look(&world), Some(Invariant::NoGap));
}

#[test]
fn finds_a_file_that_is_none() {
    let world = World::new(StoreKind::Memory, Decoded::default(), |_: &Operation| Fault::None);
    put(&world, &Path::from("lake/trusted/events/x/file.parquet"), "no Parquet");
    assert_eq!(look(&world), Some(Invariant::NoGap));
}

#[test]
fn finds_an_older_version_alone() {
    let world = at_rest();
    world.put(&input("two", &[event(3, 5, 0, 2, "newer")])).unwrap();
    world.come_to_rest(&[Task::RUN]).unwrap();
    let old = World::new(StoreKind::Memory, Decoded::default(), |_: &Operation| Fault::None);
    old.put(&input("two", &[event(3, 4, 0, 2, "older")])).unwrap();
    old.come_to_rest(&[Task::RUN]).unwrap();
    let (newer, older) = (
        first(&world, "trusted/events/domain_event_type=card%2Feu-blocked/"),
        first(&old, "trusted/events/domain_event_type=card%2Feu-blocked/"),
    );
    let entry = Path::from("lake/trusted/control/log/00000000000000000001.json");
    put(&world, &Path::from("lake/trusted/control/log/00000000000000000003.json"), get(&world, &entry));
    put(&world, &newer, get(&old, &older));
    let broken = world.watch().look().unwrap_err();
    assert_eq!(broken.invariant, Invariant::NoGap, "{broken}");
    assert!(broken.problem.contains("only"), "{broken}");
}

#[test]
fn finds_rows_that_are_too_many_or_missing() {
    let world = at_rest();
    let path = first(&world, "trusted/events/");
    let bytes = get(&world, &path);
    let again = Path::parse(path.to_string().replace(".parquet", "-again.parquet")).unwrap();
    let entry = Path::from("lake/trusted/control/log/00000000000000000001.json");
    put(&world, &Path::from("lake/trusted/control/log/00000000000000000002.json"), get(&world, &entry));
    put(&world, &again, bytes);
    assert_eq!(look_at_rest(&world), Some(Invariant::Oracle));
    delete(&world, &again);
    assert_eq!(look_at_rest(&world), Some(Invariant::OneCommit));
}

#[test]
fn finds_a_gap_in_the_log() {
    let world = at_rest();
    let entry = Path::from("lake/trusted/control/log/00000000000000000001.json");
    put(&world, &Path::from("lake/trusted/control/log/00000000000000000003.json"), get(&world, &entry));
    assert_eq!(look(&world), Some(Invariant::Log));
}

#[test]
fn finds_what_is_left_in_the_stage() {
    let world = at_rest();
    put(&world, &Path::from("lake/stage/events/run=r9/out/x.parquet"), "x");
    assert_eq!(look_at_rest(&world), Some(Invariant::NothingLeft));
}

#[cfg(feature = "disk")]
#[test]
fn finds_a_half_written_file_on_a_disk() {
    let folder = {
        let world = World::new(StoreKind::Disk, Decoded::default(), |_: &Operation| Fault::None);
        world.put(&input("one", &[event(1, 1, 0, 0, "a")])).unwrap();
        world.come_to_rest(&[Task::RUN]).unwrap();
        let path = first(&world, "trusted/events/");
        let folder = world.lake().folder().unwrap().to_owned();
        std::fs::write(folder.join(format!("{path}#1")), "half").unwrap();
        assert_eq!(look_at_rest(&world), Some(Invariant::NothingLeft));
        folder
    };
    assert!(!folder.exists());
}

#[test]
fn finds_damage_that_is_nowhere() {
    let world = at_rest();
    world.put(&input("two", &[r#"{"event_id":7}"#.to_owned()])).unwrap();
    world.come_to_rest(&[Task::RUN]).unwrap();
    let path = first(&world, "landing/quarantine/");
    let bytes = get(&world, &path);
    put(&world, &path, "other");
    assert_eq!(look(&world), Some(Invariant::NoLoss));
    put(&world, &Path::parse(path.to_string().replace("quarantine", "retried")).unwrap(), bytes);
    assert_eq!(look(&world), None);
    delete(&world, &path);
    delete(&world, &Path::parse(path.to_string().replace("quarantine", "retried")).unwrap());
    assert_eq!(look(&world), Some(Invariant::NoLoss));
}

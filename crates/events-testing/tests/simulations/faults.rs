//! Each fault does what it says.

use std::sync::Arc;

use events_testing::{Fault, FaultStore, Faults, Operation, OperationKind};
use futures::executor::block_on;
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};

/// A store whose operation of that number has a fault, the store below, and what decides.
fn faulty(number: usize, fault: Fault) -> (FaultStore, Arc<dyn ObjectStore>, Arc<Faults>) {
    let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let faults = Faults::new(
        move |operation: &Operation| {
            if (operation.runner, operation.number) == (0, number) { fault } else { Fault::None }
        },
    );
    (faults.store(&inner), inner, faults)
}

fn path() -> Path {
    Path::from("a")
}

fn put(store: &dyn ObjectStore, text: &'static str, mode: PutMode) -> Result<(), Error> {
    block_on(store.put_opts(&path(), PutPayload::from_static(text.as_bytes()), mode.into())).map(drop)
}

fn get(store: &dyn ObjectStore) -> Option<String> {
    let bytes = block_on(async { store.get(&path()).await?.bytes().await });
    bytes.ok().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn a_crash_before_has_no_effect_and_lasts() {
    let (store, inner, _) = faulty(0, Fault::CrashBefore);
    assert!(put(&store, "x", PutMode::Overwrite).is_err());
    assert!(put(&store, "y", PutMode::Overwrite).is_err());
    assert!(block_on(store.list(None).try_collect::<Vec<_>>()).is_err());
    assert_eq!(get(&*inner), None);
    assert!(store.is_dead());
}

#[test]
fn a_crash_after_has_its_effect_and_lasts() {
    let (store, inner, faults) = faulty(0, Fault::CrashAfter);
    assert!(put(&store, "x", PutMode::Create).is_err());
    assert!(put(&store, "y", PutMode::Overwrite).is_err());
    assert_eq!(get(&*inner).as_deref(), Some("x"));
    assert_eq!(get(&faults.store(&inner)).as_deref(), Some("x"));
}

#[test]
fn an_error_comes_so_many_times_and_no_more() {
    let (store, inner, _) = faulty(0, Fault::Error { times: 4 });
    for _ in 0..4 {
        assert!(matches!(put(&store, "x", PutMode::Create), Err(Error::Generic { .. })));
        assert_eq!(get(&store), None);
    }
    put(&store, "x", PutMode::Create).unwrap();
    assert_eq!(get(&*inner).as_deref(), Some("x"));
}

#[test]
fn a_lost_answer_has_its_effect_and_the_runner_lives() {
    let (store, _, _) = faulty(0, Fault::LostAnswer);
    assert!(matches!(put(&store, "x", PutMode::Create), Err(Error::Generic { .. })));
    assert!(matches!(put(&store, "y", PutMode::Create), Err(Error::AlreadyExists { .. })));
    assert_eq!(get(&store).as_deref(), Some("x"));
}

#[test]
fn an_own_write_is_refused_as_its_condition_would_be() {
    let (store, inner, _) = faulty(0, Fault::OwnWriteRefused);
    assert!(matches!(put(&store, "x", PutMode::Create), Err(Error::AlreadyExists { .. })));
    assert_eq!(get(&*inner).as_deref(), Some("x"));

    let (store, inner, _) = faulty(1, Fault::OwnWriteRefused);
    put(&store, "x", PutMode::Create).unwrap();
    let e_tag = block_on(inner.head(&path())).unwrap().e_tag;
    let update = PutMode::Update(UpdateVersion { e_tag, version: None });
    assert!(matches!(put(&store, "y", update), Err(Error::Precondition { .. })));
    assert_eq!(get(&*inner).as_deref(), Some("y"));

    let (store, inner, _) = faulty(0, Fault::OwnWriteRefused);
    assert!(matches!(put(&store, "x", PutMode::Overwrite), Err(Error::Generic { .. })));
    assert_eq!(get(&*inner).as_deref(), Some("x"));
}

#[test]
fn a_spurious_conflict_has_no_effect() {
    let (store, inner, _) = faulty(0, Fault::SpuriousConflict);
    assert!(matches!(put(&store, "x", PutMode::Create), Err(Error::AlreadyExists { .. })));
    assert_eq!(get(&*inner), None);
    put(&store, "x", PutMode::Create).unwrap();

    let (store, inner, _) = faulty(0, Fault::SpuriousConflict);
    assert!(matches!(put(&store, "x", PutMode::Overwrite), Err(Error::Generic { .. })));
    assert_eq!(get(&*inner), None);
}

#[test]
fn what_is_delayed_lands_later_under_its_own_condition() {
    let (store, inner, _) = faulty(0, Fault::Delayed { operations: 1 });
    assert!(put(&store, "late", PutMode::Overwrite).is_err());
    assert_eq!(get(&store), None);
    assert_eq!(get(&store).as_deref(), Some("late"));

    let (store, inner_again, faults) = faulty(0, Fault::Delayed { operations: Fault::TO_THE_END });
    assert!(put(&store, "late", PutMode::Create).is_err());
    assert!(faults.is_anything_late());
    put(&store, "in time", PutMode::Create).unwrap();
    block_on(faults.settle()).unwrap();
    assert_eq!(get(&*inner_again).as_deref(), Some("in time"));
    drop(inner);
}

#[test]
fn what_a_dead_runner_sent_may_still_land() {
    let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let faults = Faults::new(|operation: &Operation| match (operation.runner, operation.number) {
        (0, 0) => Fault::Delayed { operations: 2 },
        (0, 1) => Fault::CrashBefore,
        _ => Fault::None,
    });
    let (dead, other) = (faults.store(&inner), faults.store(&inner));
    assert!(put(&dead, "late", PutMode::Overwrite).is_err());
    assert!(put(&dead, "never", PutMode::Overwrite).is_err());
    assert_eq!(get(&other), None);
    assert_eq!(get(&other).as_deref(), Some("late"));
}

#[test]
fn each_delete_and_each_step_of_an_upload_is_an_operation() {
    use OperationKind::{CompleteUpload, Delete, Head, Put, PutPart, Rename, StartUpload};

    let (store, inner, faults) = faulty(usize::MAX, Fault::None);
    block_on(async {
        for name in ["a", "b"] {
            store.put(&Path::from(name), name.into()).await.unwrap();
        }
        let names = futures::stream::iter(["a", "b"].map(|name| Ok(Path::from(name)))).boxed();
        assert_eq!(store.delete_stream(names).count().await, 2);
        let mut upload = store.put_multipart(&Path::from("c")).await.unwrap();
        upload.put_part("1".into()).await.unwrap();
        upload.put_part("2".into()).await.unwrap();
        upload.complete().await.unwrap();
        store.head(&Path::from("c")).await.unwrap();
        store.rename(&Path::from("c"), &Path::from("d")).await.unwrap();
        assert_eq!(inner.get(&Path::from("d")).await.unwrap().bytes().await.unwrap(), "12");
    });
    let kinds: Vec<_> = faults.trace().of_runner(0).map(|(operation, _)| operation.kind).collect();
    assert_eq!(kinds, [Put, Put, Delete, Delete, StartUpload, PutPart, PutPart, CompleteUpload, Head, Rename]);
}

#[test]
fn a_delete_that_fails_does_not_stop_the_others() {
    let (store, inner, _) = faulty(3, Fault::Error { times: 1 });
    block_on(async {
        for name in ["a", "b", "c"] {
            store.put(&Path::from(name), name.into()).await.unwrap();
        }
        let names = futures::stream::iter(["a", "b", "c"].map(|name| Ok(Path::from(name)))).boxed();
        let deleted: Vec<_> = store.delete_stream(names).collect().await;
        assert_eq!(deleted.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, true]);
        let left: Vec<_> = inner.list(None).map_ok(|object| object.location.to_string()).try_collect().await.unwrap();
        assert_eq!(left, ["a"]);
    });
}

//! Exactly one goes on at a time, and who, the schedule says.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use events_testing::{
    Actor, Fault, Faults, Moment, Operation, Seat, Segments, Trace, Waiting, faults_with_turns, take_turns,
};
use futures::executor::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

/// Actors that put objects `0`, `1`, … until a put fails.
fn putters(inner: &Arc<dyn ObjectStore>, seats: usize, puts: usize) -> Vec<Actor<'static>> {
    let actor = |_| {
        let inner = Arc::clone(inner);
        Box::new(move |seat: &Seat| {
            let store = seat.store(&inner);
            let put = |number: usize| block_on(store.put(&Path::from(number.to_string()), "x".into()));
            let _ = (0..puts).try_for_each(|number| put(number).map(drop));
        }) as Actor<'static>
    };
    (0..seats).map(actor).collect()
}

fn memory() -> Arc<dyn ObjectStore> {
    Arc::new(InMemory::new())
}

fn faultless(_: &Operation) -> Fault {
    Fault::None
}

fn runners(trace: &Trace) -> Vec<usize> {
    let runner = |moment: &Moment| match moment {
        Moment::Operation(operation, _) => Some(operation.runner),
        Moment::Landed(_) | Moment::Note(_) => None,
    };
    trace.0.iter().filter_map(runner).collect()
}

#[test]
fn segments_are_what_happens() {
    let faults = faults_with_turns(3, Segments::new([(1, 2), (0, 1), (2, Segments::ALL), (1, 1)]), faultless);
    take_turns(&faults, putters(&memory(), 3, 3)).unwrap();
    assert_eq!(runners(&faults.trace()), [1, 1, 0, 2, 2, 2, 1, 0, 0]);
}

#[test]
fn a_schedule_sees_everyone_who_is_not_done() {
    let mut seen = Vec::new();
    let (tell, told) = std::sync::mpsc::channel();
    let schedule = move |waiting: &[Waiting<'_>]| {
        tell.send(waiting.iter().map(|waiting| waiting.seat).collect::<Vec<_>>()).unwrap();
        waiting.len() - 1
    };
    let faults = faults_with_turns(2, schedule, faultless);
    take_turns(&faults, putters(&memory(), 2, 2)).unwrap();
    drop(faults);
    seen.extend(told);
    assert_eq!(seen, [vec![0, 1], vec![0, 1], vec![0], vec![0]]);
}

#[test]
fn an_observer_sees_every_change_and_can_end_it() {
    let (inner, mut looks) = (memory(), 0);
    let faults = faults_with_turns(2, Segments::new([]), faultless);
    faults.observe(move || {
        looks += 1;
        // The first look is before anything.
        if looks == 4 { Err("seen enough".to_owned()) } else { Ok(()) }
    });
    assert_eq!(take_turns(&faults, putters(&inner, 2, 10)), Err("seen enough".to_owned()));
    assert_eq!(runners(&faults.trace()), [0, 0, 0]);
}

#[test]
fn an_actor_that_panics_does_not_hold_up_the_others() {
    let inner = memory();
    let faults: Arc<Faults> = faults_with_turns(2, Segments::new([]), faultless);
    let mut actors = putters(&inner, 1, 3);
    actors.push(Box::new(|_: &Seat| panic!("as planned")));
    assert!(catch_unwind(AssertUnwindSafe(|| take_turns(&faults, actors))).is_err());
    assert_eq!(runners(&faults.trace()), [0, 0, 0]);
}

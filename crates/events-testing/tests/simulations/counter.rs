//! The harness on protocols of which it is known whether they are right: a counter of numbered objects.
//!
//! To count is to make the object of the next number, which holds who made it. What was counted for the one who counts
//! must be there once, and what it was told failed at most once.

use std::sync::{Arc, Mutex};

use events_testing::{
    Actor, Fault, FaultStore, Operation, Random, Seat, Shuffled, Trace, faults_with_turns, take_turns,
};
use futures::TryStreamExt;
use futures::executor::block_on;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode};

/// How to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    /// Create if absent, and read back whenever it is not known whose object it is.
    Right,
    /// As above, but what exists already is taken for another's.
    NoReadBack,
    /// As above, but what was not answered is tried again under the next number.
    TryAgainElsewhere,
    /// Put without a condition.
    Unconditional,
}

/// Counts once. Says whether it is known to be counted.
async fn count(store: &FaultStore, token: &str, protocol: Protocol) -> bool {
    for _ in 0..20 {
        let Ok(objects) = store.list(None).try_collect::<Vec<_>>().await else { continue };
        let path = Path::from(format!("{:08}", objects.len()));
        let mode = if protocol == Protocol::Unconditional { PutMode::Overwrite } else { PutMode::Create };
        loop {
            match (store.put_opts(&path, token.to_owned().into(), mode.clone().into()).await, protocol) {
                (Ok(_), _) => return true,
                (Err(Error::AlreadyExists { .. }), Protocol::NoReadBack)
                | (Err(Error::Generic { .. }), Protocol::TryAgainElsewhere) => break,
                (Err(_), _) => {}
            }
            match read(store, &path).await {
                Ok(found) if found == token => return true,
                Ok(_) => break,
                Err(Error::NotFound { .. }) => {}
                Err(_) if store.is_dead() => return false,
                Err(_) => {}
            }
        }
    }
    false
}

async fn read(store: &dyn ObjectStore, path: &Path) -> Result<String, Error> {
    let bytes = store.get(path).await?.bytes().await?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

/// Three who count three times each. Says what happened and what is wrong.
fn simulate(seed: u64, protocol: Protocol) -> (Trace, Result<(), String>) {
    let mut random = Random::new(seed);
    let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let schedule = Shuffled::new(random.fork(), 500);
    let faults =
        faults_with_turns(
            3,
            schedule,
            move |_: &Operation| {
                if random.chance(100) { *random.one_of(&Fault::EACH) } else { Fault::None }
            },
        );
    let counted = Arc::new(Mutex::new(Vec::new()));
    let actor = |_| {
        let (inner, counted) = (Arc::clone(&inner), Arc::clone(&counted));
        Box::new(move |seat: &Seat| {
            for number in 0..3 {
                let token = format!("{} of {}", number, seat.number());
                let known = block_on(count(&seat.store(&inner), &token, protocol));
                counted.lock().unwrap().push((token, known));
            }
        }) as Actor<'static>
    };
    take_turns(&faults, (0..3).map(actor).collect()).unwrap();
    block_on(faults.settle()).unwrap();
    let found: Vec<_> = block_on(async {
        let objects: Vec<_> = inner.list(None).try_collect().await.unwrap();
        let mut found = Vec::new();
        for object in objects {
            found.push(read(&*inner, &object.location).await.unwrap());
        }
        found
    });
    let check = |(token, known): &(String, bool)| {
        let times = found.iter().filter(|found| *found == token).count();
        let fits = if *known { times == 1 } else { times <= 1 };
        if fits { Ok(()) } else { Err(format!("`{token}` is there {times} times")) }
    };
    let outcome = counted.lock().unwrap().iter().try_for_each(check);
    (faults.trace(), outcome)
}

#[test]
fn a_counter_that_is_right_is_never_found_wrong() {
    for seed in 0..500 {
        let (trace, outcome) = simulate(seed, Protocol::Right);
        assert_eq!(outcome, Ok(()), "seed {seed}\n{trace}");
    }
}

#[test]
fn a_counter_that_is_wrong_is_caught() {
    for protocol in [Protocol::NoReadBack, Protocol::TryAgainElsewhere, Protocol::Unconditional] {
        let caught = (0..500).filter(|&seed| simulate(seed, protocol).1.is_err()).count();
        assert!(caught > 10, "{protocol:?} was caught {caught} times");
    }
}

#[test]
fn a_seed_is_the_same_simulation_each_time() {
    for seed in 0..200 {
        let (one, two) = (simulate(seed, Protocol::Right).0, simulate(seed, Protocol::Right).0);
        assert_eq!(one, two, "seed {seed}\n{one}\n{two}");
    }
}

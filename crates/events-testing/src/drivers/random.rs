//! Everything at once, as a seed says.

use std::ops::Range;
use std::sync::Arc;
use std::thread;

use super::tally::Tally;
use super::world::{Ended, World};
use crate::broken::Violation;
use crate::fault::Fault;
use crate::lake::StoreKind;
use crate::lock_step::{Actor, Seat, take_turns};
use crate::operation::Operation;
use crate::oracle::Input;
use crate::random::Random;
use crate::scenario::{Task, event, input};
use crate::schedule::Shuffled;
use crate::table::Decoded;
use crate::trace::Trace;

/// The variable of the environment that has [`for_seeds`] try one seed only.
const SEED: &str = "EVENTS_SEED";
/// The variable of the environment that says how many seeds [`for_seeds`] tries.
const SEEDS: &str = "EVENTS_SEEDS";

/// A simulation that a seed decided.
#[derive(Debug)]
pub struct Trial {
    /// How often the distributor ran.
    pub runs: usize,
    /// Everything that happened; the same each time.
    pub trace: Trace,
    /// What was broken.
    pub outcome: Result<(), Violation>,
}

/// The simulation of a seed: one to five runners of several runs each, that do all at once, one half, both or what was
/// rejected again; one to twenty batches of inputs at any time, all faults at a rate that may be none, on a memory that
/// renames or one that copies. A dead runner's place is taken by another. A reader looks after every operation; in the end clean runs bring all to rest, and everything is checked.
///
/// No name is put twice: while someone may still delete it, no store protects it.
#[must_use]
pub fn random(seed: u64) -> Trial {
    let (ended, trace) = simulate(seed, Decoded::default());
    Trial { runs: ended.runs, trace, outcome: ended.outcome }
}

fn simulate(seed: u64, decoded: Decoded) -> (Ended, Trace) {
    const PER_MILLE: [usize; 5] = [0, 2, 5, 20, 60];
    const STAYS_PER_MILLE: [usize; 4] = [0, 700, 950, 990];
    let mut random = Random::new(seed);
    let kind = *random.one_of(&[StoreKind::Memory, StoreKind::Bucket]);
    let runners = 1 + random.below(5);
    let batches = batches(&mut random);
    let faults_per_mille = *random.one_of(&PER_MILLE);
    let schedule = Shuffled::new(random.fork(), *random.one_of(&STAYS_PER_MILLE));
    // In some lakes inputs are mended only when they are tried again.
    let run = *random.one_of(&[Task::RUN, Task::RUN, Task::RUN_FRAMING]);
    let habits: [&[Task]; 5] = match run {
        Task::RUN => [
            &[Task::RUN],
            &[Task::RUN],
            &[Task::RUN, Task::DISTRIBUTE],
            &[Task::PARSE, Task::DISTRIBUTE],
            &[Task::PARSE],
        ],
        _ => [
            &[Task::RUN_FRAMING],
            &[Task::RUN_FRAMING, Task::RETRY],
            &[Task::RETRY],
            &[Task::RUN_FRAMING, Task::PARSE],
            &[Task::DISTRIBUTE, Task::RETRY],
        ],
    };
    let mut luck = random.fork();
    let director = move |operation: &Operation| {
        // Runner 0 is the producer, whose troubles are not the distributor's.
        if operation.runner > 0 && luck.chance(faults_per_mille) { fault(&mut luck) } else { Fault::None }
    };
    let world = Arc::new(World::with_turns(kind, decoded, 1 + runners, schedule, director));
    world.faults().note(format!("seed {seed}: {runners} runners, faults {faults_per_mille} ‰, {kind:?}"));
    let mut actors: Vec<Actor<'static>> = Vec::with_capacity(1 + runners);
    // Some are there before the first run begins.
    let waiting = random.below(batches.len() + 1);
    let put = batches[..waiting].iter().try_for_each(|input| world.put(input));
    let lake = Arc::clone(&world);
    actors.push(Box::new(move |seat: &Seat| {
        let producer = seat.store(lake.lake().store());
        for input in batches.into_iter().skip(waiting) {
            lake.produce(&producer, &input);
        }
    }));
    for _ in 0..runners {
        let runs = 1 + random.below(6);
        let tasks = *random.one_of(&habits);
        let lake = Arc::clone(&world);
        actors.push(Box::new(move |seat: &Seat| {
            for task in tasks.iter().cycle().take(runs) {
                // It may lose, die or be refused; a bug that it finds is remembered.
                let _ = lake.run(&seat.store(lake.lake().store()), *task);
            }
        }));
    }
    // What an observer says is wrong, the watch remembers as what it is.
    let _ = take_turns(world.faults(), actors);
    let outcome = put.and_then(|()| world.come_to_rest(&[run, Task::DISTRIBUTE, Task::RETRY]));
    let trace = world.faults().trace();
    let case = || format!("a random simulation, again with {SEED}={seed}");
    let world = Arc::into_inner(world);
    let ended = world
        .map_or_else(|| unreachable!("actors are done and gave back what they had"), |world| world.end(case, outcome));
    (ended, trace)
}

/// Events of few ids, so that they meet again in other versions, days and kinds, and damage here and there.
fn batches(random: &mut Random) -> Vec<Input> {
    let number = 1 + random.below(20);
    let batch = |number| {
        let mut events = Vec::new();
        for _ in 0..random.below(6) {
            let note = ["a", "b", "c"][random.below(3)];
            let (id, hour) = (random.below(12) as u64, random.below(4) as u64);
            events.push(event(id, hour, random.below(3) as u64, random.below(3), note));
            if random.chance(50) {
                events.push(r#"{"event_id":7}"#.to_owned());
            }
            if random.chance(50) {
                let event = event(id + 12, hour, random.below(3) as u64, random.below(3), note);
                events.push(format!("{},}}", &event[..event.len() - 1]));
            }
        }
        input(&format!("batch-{number:02}"), &events)
    };
    (0..number).map(batch).collect()
}

fn fault(luck: &mut Random) -> Fault {
    match *luck.one_of(&Fault::EACH) {
        Fault::Delayed { operations } if operations != Fault::TO_THE_END => {
            Fault::Delayed { operations: luck.below(100) as u32 }
        }
        fault => fault,
    }
}

/// Tries many seeds, on as many threads as `threads` says. With `EVENTS_SEED` in the environment it tries that one, with
/// `EVENTS_SEEDS` so many from the first of `seeds`.
///
/// # Panics
/// When a variable of the environment is no number.
pub fn for_seeds(seeds: Range<u64>, threads: u64) -> Tally {
    let variable = |name| {
        let text = std::env::var(name).ok()?;
        Some(text.parse::<u64>().unwrap_or_else(|_| panic!("{name}={text} is no number")))
    };
    let seeds = variable(SEEDS).map_or(seeds.clone(), |count| seeds.start..seeds.start + count);
    let seeds = variable(SEED).map_or(seeds, |seed| seed..seed + 1);
    let mut all = Tally::default();
    thread::scope(|scope| {
        let part = |thread| {
            let seeds = seeds.clone();
            scope.spawn(move || {
                let mut tally = Tally::default();
                let mut decoded = Decoded::default();
                for seed in seeds.skip(thread as usize).step_by(threads.max(1) as usize) {
                    let ended = simulate(seed, decoded).0;
                    tally.add(ended.runs, ended.outcome);
                    decoded = ended.decoded;
                }
                tally
            })
        };
        let parts: Vec<_> = (0..threads.max(1)).map(part).collect();
        for part in parts {
            // A panic in a simulation is a panic of the test.
            all.merge(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    all
}

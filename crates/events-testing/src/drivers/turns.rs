//! Two runners on one table.

use std::sync::Arc;

use super::matrix::play;
use super::tally::Tally;
use super::world::{Ended, World};
use crate::fault::Fault;
use crate::lake::{Lake, StoreKind};
use crate::lock_step::{Actor, Seat, take_turns};
use crate::operation::{Operation, OperationKind};
use crate::oracle::Input;
use crate::scenario::{Scenario, Task, event, input};
use crate::schedule::Segments;
use crate::table::Decoded;

/// Two runners that begin at the same time with the inputs of a scenario's last step pending, in all schedules with at
/// most two preemptions: one goes on for `i` operations, the other for `j`, the first to its end, the other to its end.
/// With a `stride` of more than 1 only every so many of `j`, another set of them for each `i`.
///
/// # Panics
/// When the stride is 0.
pub fn two_runners(scenario: &Scenario, kind: StoreKind, stride: usize) -> Tally {
    let mut tally = Tally::default();
    let mut decoded = Decoded::default();
    let operations = operations_of_last_run(scenario, kind);
    let task = scenario.task(scenario.steps.len() - 1);
    for first in [0, 1] {
        let second = 1 - first;
        for i in 0..=operations {
            for j in (i % stride..=operations).step_by(stride) {
                // To stop right away is to let the other begin, and that is the other order.
                if i == 0 && j > 0 {
                    continue;
                }
                let segments = [(first, i), (second, j), (first, Segments::ALL)];
                let actors = |world: &Arc<World>| -> Vec<Actor<'static>> {
                    let actor = |_| {
                        let world = Arc::clone(world);
                        Box::new(move |seat: &Seat| run(&world, seat, task)) as Actor<'static>
                    };
                    (0..2).map(actor).collect()
                };
                let ended = meet(scenario, kind, decoded, &segments, actors);
                tally.add(ended.runs, ended.outcome);
                decoded = ended.decoded;
            }
        }
    }
    tally
}

/// A runner that is paused before every operation of the last run of a scenario while another does one, two or three
/// runs, or what else the scenario does in the end, before each but the first of which new inputs are put; then it goes on.
pub fn zombies(scenario: &Scenario, kind: StoreKind) -> Tally {
    const RUNS_MAX: usize = 3;
    let mut tally = Tally::default();
    let mut decoded = Decoded::default();
    let task = scenario.task(scenario.steps.len() - 1);
    for k in 1..=operations_of_last_run(scenario, kind) {
        for runs in 1..=RUNS_MAX {
            let segments = [(0, k), (1, Segments::ALL)];
            let actors = |world: &Arc<World>| -> Vec<Actor<'static>> {
                let (zombie, other) = (Arc::clone(world), Arc::clone(world));
                let rest = scenario.rest.clone();
                let others = move |seat: &Seat| {
                    for number in 0..runs {
                        if number > 0 {
                            other.produce(&seat.store(other.lake().store()), &later(number));
                        }
                        for task in &rest {
                            run(&other, seat, *task);
                        }
                    }
                };
                vec![Box::new(move |seat: &Seat| run(&zombie, seat, task)), Box::new(others)]
            };
            let ended = meet(scenario, kind, decoded, &segments, actors);
            tally.add(ended.runs, ended.outcome);
            decoded = ended.decoded;
        }
    }
    tally
}

/// A producer that puts more under the name of the first input of a scenario's last step, before every operation of the
/// run that takes it but one: between the look at an input and its deletion no store protects it.
pub fn overwrites(scenario: &Scenario, kind: StoreKind) -> Tally {
    let mut tally = Tally::default();
    let mut decoded = Decoded::default();
    let last = scenario.steps.len() - 1;
    let task = scenario.task(last);
    let Some(input) = scenario.steps[last].inputs.first() else { return tally };
    let more = Input {
        key: input.key.clone(),
        bytes: [&input.bytes[..], event(200, 1, 0, 0, "more").as_bytes()].concat().into(),
    };
    let trace = play(scenario, kind, &[], None).map_or_else(|violation| violation.trace, |(trace, _)| trace);
    for (operation, _) in trace.of_runner(last) {
        if operation.kind == OperationKind::Delete && operation.path == Lake::pending(input) {
            continue;
        }
        let segments = [(0, operation.number), (1, Segments::ALL)];
        let actors = |world: &Arc<World>| -> Vec<Actor<'static>> {
            let (runner, producer, more) = (Arc::clone(world), Arc::clone(world), more.clone());
            let produce = move |seat: &Seat| producer.overwrite(&seat.store(producer.lake().store()), &more);
            vec![Box::new(move |seat: &Seat| run(&runner, seat, task)), Box::new(produce)]
        };
        let ended = meet(scenario, kind, decoded, &segments, actors);
        tally.add(ended.runs, ended.outcome);
        decoded = ended.decoded;
    }
    tally
}

/// An input that comes while a zombie sleeps: a new event, and a newer version of what scenarios call event 1.
fn later(number: usize) -> Input {
    let number_u64 = number as u64;
    let events = [event(100 + number_u64, 1, 2, 2, "later"), event(1, 10 + number_u64, number_u64, number, "newer")];
    input(&format!("later-{number}"), &events)
}

fn run(world: &World, seat: &Seat, task: Task) {
    // It may lose against the other; a bug that it finds is remembered.
    let _ = world.run(&seat.store(world.lake().store()), task);
}

fn operations_of_last_run(scenario: &Scenario, kind: StoreKind) -> usize {
    let last = scenario.steps.len() - 1;
    play(scenario, kind, &[], None)
        .map_or_else(|violation| violation.trace.of_runner(last).count(), |(trace, _)| trace.of_runner(last).count())
}

/// Plays all but the last run of a scenario, then has actors take turns.
fn meet(
    scenario: &Scenario,
    kind: StoreKind,
    decoded: Decoded,
    segments: &[(usize, usize)],
    actors: impl FnOnce(&Arc<World>) -> Vec<Actor<'static>>,
) -> Ended {
    let schedule = Segments::new(segments.iter().copied());
    let world = Arc::new(World::with_turns(kind, decoded, 2, schedule, |_: &Operation| Fault::None));
    let played = || {
        let (before, last) = scenario.steps.split_at(scenario.steps.len() - 1);
        for step in before {
            step.inputs.iter().try_for_each(|input| world.put(input))?;
            world.run_cleanly(step.task)?;
        }
        last.iter().flat_map(|step| &step.inputs).try_for_each(|input| world.put(input))?;
        // What an observer says is wrong, the watch remembers as what it is.
        let _ = take_turns(world.faults(), actors(&world));
        world.come_to_rest(&scenario.rest)
    };
    let outcome = played();
    let case = || format!("scenario `{}`, {kind:?}, turns {segments:?}", scenario.name);
    Arc::into_inner(world)
        .map_or_else(|| unreachable!("actors are done and gave back what they had"), |world| world.end(case, outcome))
}

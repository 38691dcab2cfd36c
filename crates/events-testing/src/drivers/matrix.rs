//! Every fault at every operation, one at a time or two.

use std::fmt;

use futures::executor::block_on;

use super::tally::Tally;
use super::world::{Ended, World};
use crate::broken::{Broken, Invariant, Violation};
use crate::fault::Fault;
use crate::lake::StoreKind;
use crate::operation::Operation;
use crate::oracle::Input;
use crate::scenario::Scenario;
use crate::table::Decoded;
use crate::trace::Trace;

/// A fault at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Injection {
    /// The runner: runs of a scenario are numbered from 0, and so on through the clean runs that follow.
    pub runner: usize,
    /// The operation of the runner.
    pub number: usize,
    /// What happens to it.
    pub fault: Fault,
}

impl fmt::Display for Injection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "runner {} operation {}: {}", self.runner, self.number, self.fault)
    }
}

/// Plays a scenario on a new store: puts the inputs of each step and runs, until after the run of the last step or of
/// step `last`; then runs cleanly until nothing changes, and checks everything.
///
/// Gives the trace and the number of runs.
///
/// # Errors
/// The first promise that is broken.
pub fn play(
    scenario: &Scenario,
    kind: StoreKind,
    injections: &[Injection],
    last: Option<usize>,
) -> Result<(Trace, usize), Box<Violation>> {
    let (ended, trace) = play_with(scenario, kind, injections, last, Decoded::default());
    ended.outcome.map(|()| (trace, ended.runs)).map_err(Box::new)
}

fn play_with(
    scenario: &Scenario,
    kind: StoreKind,
    injections: &[Injection],
    last: Option<usize>,
    decoded: Decoded,
) -> (Ended, Trace) {
    let faults = injections.to_vec();
    let world = World::new(kind, decoded, move |operation: &Operation| {
        let here =
            |injection: &&Injection| (injection.runner, injection.number) == (operation.runner, operation.number);
        faults.iter().find(here).map_or(Fault::None, |injection| injection.fault)
    });
    let steps = last.map_or(scenario.steps.len(), |last| last + 1);
    let outcome = play_steps(&world, &scenario.steps[..steps], injections);
    let trace = world.faults().trace();
    let case = || {
        let faults = injections.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        format!("scenario `{}`, {steps} steps, {kind:?}, {faults}", scenario.name)
    };
    (world.end(case, outcome), trace)
}

fn play_steps(world: &World, steps: &[Vec<Input>], injections: &[Injection]) -> Result<(), Broken> {
    for inputs in steps {
        for input in inputs {
            // Producers do not put a name that waits; after a crash they wait for a run that takes it.
            if world.watch().is_pending(input)? {
                world.run_cleanly()?;
            }
            // What is late may be the delete of that name, against which no store protects.
            if world.watch().was_put(&input.key) {
                settle(world)?;
            }
            world.put(input)?;
        }
        run(world, injections)?;
    }
    while injections.iter().any(|injection| injection.runner >= world.runs()) {
        run(world, injections)?;
    }
    world.come_to_rest()
}

/// A run, which only a fault of its own excuses.
fn run(world: &World, injections: &[Injection]) -> Result<(), Broken> {
    let runner = world.runs();
    let mut own = injections.iter().filter(|injection| injection.runner == runner);
    let Some(Injection { fault, .. }) = own.next() else { return world.run_cleanly() };
    // It may fail; a bug that it finds is remembered.
    let _ = world.run(&world.faults().store(world.lake().store()));
    world.so_far()?;
    if *fault == (Fault::Delayed { operations: Fault::TO_THE_END }) { settle(world) } else { Ok(()) }
}

fn settle(world: &World) -> Result<(), Broken> {
    let settled = block_on(world.faults().settle());
    world.so_far()?;
    settled.map_err(|problem| Invariant::Other.broken(problem))
}

/// Every fault at every operation of every run of a scenario, one at a time. Each is played twice unless it strikes in
/// the last run: with the rest of the scenario behind it, and with nothing but clean runs.
pub fn crash_matrix(scenario: &Scenario, kind: StoreKind) -> Tally {
    let mut tally = Tally::default();
    let (ended, clean) = play_with(scenario, kind, &[], None, Decoded::default());
    let sound = ended.outcome.is_ok();
    tally.add(ended.runs, ended.outcome);
    let mut decoded = ended.decoded;
    let runs = scenario.steps.len();
    // Without faults it must work, and the rest would say so again a thousand times.
    for runner in 0..if sound { runs } else { 0 } {
        for (operation, _) in clean.of_runner(runner) {
            for fault in Fault::EACH.into_iter().filter(|fault| fault.is_distinct_on(operation)) {
                let injection = Injection { runner, number: operation.number, fault };
                let lasts: &[_] = if runner + 1 == runs { &[None] } else { &[None, Some(runner)] };
                for &last in lasts {
                    let (ended, _) = play_with(scenario, kind, &[injection], last, decoded);
                    tally.add(ended.runs, ended.outcome);
                    decoded = ended.decoded;
                }
            }
        }
    }
    tally
}

/// Every pair of crashes: one at each operation of the last run of a scenario, one at each operation of the run that
/// recovers from it.
pub fn double_crashes(scenario: &Scenario, kind: StoreKind) -> Tally {
    const CRASHES: [Fault; 2] = [Fault::CrashBefore, Fault::CrashAfter];
    let mut tally = Tally::default();
    let (_, clean) = play_with(scenario, kind, &[], None, Decoded::default());
    let mut decoded = Decoded::default();
    let last = scenario.steps.len() - 1;
    for (operation, _) in clean.of_runner(last) {
        for first in CRASHES.into_iter().filter(|fault| fault.is_distinct_on(operation)) {
            let first = Injection { runner: last, number: operation.number, fault: first };
            let (ended, recovery) = play_with(scenario, kind, &[first], None, decoded);
            tally.add(ended.runs, ended.outcome);
            decoded = ended.decoded;
            for (operation, _) in recovery.of_runner(last + 1) {
                for second in CRASHES.into_iter().filter(|fault| fault.is_distinct_on(operation)) {
                    let second = Injection { runner: last + 1, number: operation.number, fault: second };
                    let (ended, _) = play_with(scenario, kind, &[first, second], None, decoded);
                    tally.add(ended.runs, ended.outcome);
                    decoded = ended.decoded;
                }
            }
        }
    }
    tally
}

//! Every fault at every operation, one at a time or two.

use std::fmt;

use futures::executor::block_on;

use super::tally::Tally;
use super::world::{Ended, World};
use crate::broken::{Broken, Invariant, Violation};
use crate::fault::Fault;
use crate::lake::StoreKind;
use crate::operation::Operation;
use crate::scenario::{Scenario, Task};
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
    let outcome = play_steps(&world, scenario, steps, injections);
    let trace = world.faults().trace();
    let case = || {
        let faults = injections.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        format!("scenario `{}`, {steps} steps, {kind:?}, {faults}", scenario.name)
    };
    (world.end(case, outcome), trace)
}

fn play_steps(world: &World, scenario: &Scenario, steps: usize, injections: &[Injection]) -> Result<(), Broken> {
    for step in &scenario.steps[..steps] {
        for input in &step.inputs {
            // Producers do not put a name that waits; after a crash they wait for a run that takes it.
            if world.watch().is_pending(input)? {
                world.run_cleanly(step.task)?;
            }
            // What is late may be the delete of that name, against which no store protects.
            if world.watch().was_put(&input.key) {
                settle(world)?;
            }
            world.put(input)?;
        }
        run(world, step.task, injections)?;
    }
    while injections.iter().any(|injection| injection.runner >= world.runs()) {
        run(world, scenario.task(world.runs()), injections)?;
    }
    world.come_to_rest(&scenario.rest)
}

/// A run, which only a fault of its own excuses.
fn run(world: &World, task: Task, injections: &[Injection]) -> Result<(), Broken> {
    let runner = world.runs();
    let mut own = injections.iter().filter(|injection| injection.runner == runner);
    let Some(Injection { fault, .. }) = own.next() else { return world.run_cleanly(task) };
    // It may fail; a bug that it finds is remembered.
    let _ = world.run(&world.faults().store(world.lake().store()), task);
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
    crash_matrix_where(scenario, kind, |_| true)
}

/// The [`crash_matrix`] of some operations.
pub fn crash_matrix_where(scenario: &Scenario, kind: StoreKind, strikes: impl Fn(&Operation) -> bool) -> Tally {
    let mut tally = Tally::default();
    let (ended, clean) = play_with(scenario, kind, &[], None, Decoded::default());
    let sound = ended.outcome.is_ok();
    tally.add(ended.runs, ended.outcome);
    let mut decoded = ended.decoded;
    let runs = scenario.steps.len();
    // Without faults it must work, and the rest would say so again a thousand times.
    for runner in 0..if sound { runs } else { 0 } {
        for (operation, _) in clean.of_runner(runner).filter(|(operation, _)| strikes(operation)) {
            for fault in kind.faults().iter().filter(|fault| fault.is_distinct_on(operation)) {
                let injection = Injection { runner, number: operation.number, fault: *fault };
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
/// recovers from it. With a `stride` of more than 1 only every so many of the second, another set of them for each of the
/// first.
///
/// # Panics
/// When the stride is 0.
pub fn double_crashes(scenario: &Scenario, kind: StoreKind, stride: usize) -> Tally {
    double_crashes_where(scenario, kind, stride, |_| true)
}

/// The [`double_crashes`] of which both strike at some operations.
///
/// # Panics
/// When the stride is 0.
pub fn double_crashes_where(
    scenario: &Scenario,
    kind: StoreKind,
    stride: usize,
    strikes: impl Fn(&Operation) -> bool,
) -> Tally {
    const CRASHES: [Fault; 2] = [Fault::CrashBefore, Fault::CrashAfter];
    let mut tally = Tally::default();
    let (_, clean) = play_with(scenario, kind, &[], None, Decoded::default());
    let mut decoded = Decoded::default();
    let last = scenario.steps.len() - 1;
    for (operation, _) in clean.of_runner(last).filter(|(operation, _)| strikes(operation)) {
        for first in CRASHES.into_iter().filter(|fault| fault.is_distinct_on(operation)) {
            let first = Injection { runner: last, number: operation.number, fault: first };
            let (ended, recovery) = play_with(scenario, kind, &[first], None, decoded);
            tally.add(ended.runs, ended.outcome);
            decoded = ended.decoded;
            let phase = first.number % stride;
            let seconds = recovery.of_runner(last + 1).filter(|(operation, _)| strikes(operation));
            for (operation, _) in seconds.skip(phase).step_by(stride) {
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

//! Every fault at every operation of the event-distributor, and every pair of crashes.

use std::time::Instant;

use events_testing::drivers::{Tally, crash_matrix, crash_matrix_where, double_crashes, double_crashes_where};
use events_testing::scenario::{self, Scenario};
use events_testing::{Invariant, Operation, StoreKind};

fn sound(tally: &Tally) {
    println!("{tally}");
    tally.assert_sound();
}

/// What is broken by which fault, for the log.
fn tell(name: &str, tally: &Tally, began: Instant) {
    let elapsed = began.elapsed();
    println!("{name}: {tally}\n  {:.2} ms a run", elapsed.as_secs_f64() * 1e3 / tally.runs.max(1) as f64);
    let mut lines = std::collections::BTreeMap::<(String, Invariant), usize>::new();
    for violation in &tally.violations {
        let fault = violation.case.rsplit(": ").next().unwrap_or_default().to_owned();
        *lines.entry((fault, violation.broken.invariant)).or_default() += 1;
    }
    for ((fault, invariant), cases) in lines {
        println!("  {cases:6}  {fault}: {invariant}");
    }
}

fn matrix(scenario: &Scenario, kind: StoreKind) {
    let began = Instant::now();
    let tally = crash_matrix(scenario, kind);
    tell(&format!("{} on {kind:?}", scenario.name), &tally, began);
    sound(&tally);
}

macro_rules! scenarios {
    ($($scenario:ident),*) => {
        mod memory {
            use super::*;
            $(#[test]
            fn $scenario() {
                matrix(&scenario::$scenario(), StoreKind::Memory);
            })*
        }

        mod bucket {
            use super::*;
            $(#[test]
            fn $scenario() {
                matrix(&scenario::$scenario(), StoreKind::Bucket);
            })*
        }

        #[cfg(feature = "disk")]
        mod disk {
            use super::*;
            $(#[test]
            fn $scenario() {
                matrix(&scenario::$scenario(), StoreKind::Disk);
            })*
        }
    };
}

scenarios!(
    fresh,
    redelivery,
    newer_elsewhere,
    older_late,
    damaged,
    same_name,
    empty,
    folded,
    gain_and_lose,
    rotated,
    halves,
    parsed,
    retried
);

#[test]
fn double_crashes_of_a_fresh_run() {
    sound(&double_crashes(&scenario::fresh(), StoreKind::Memory, 1));
}

#[test]
fn double_crashes_of_a_newer_version_in_a_bucket() {
    sound(&double_crashes(&scenario::newer_elsewhere(), StoreKind::Bucket, 1));
}

/// What is read or written to know the table without reading its whole log, in the run that writes it and the ones beside.
#[test]
fn checkpoints() {
    let (scenario, kind) = (scenario::checkpointed(), StoreKind::Memory);
    let tally = crash_matrix_where(&scenario, kind, |operation| {
        let path = operation.path.as_ref();
        let tells = path.contains("/control/log") || path.ends_with("/latest.json");
        operation.runner + 3 >= scenario::CHECKPOINTED_RUNS && tells
    });
    println!("{} on {kind:?}, the log in the last three runs: {tally}", scenario.name);
    tally.assert_sound();
}

/// Crashes around the sixteenth commit's end and in the run that comes after it, which notes the table.
#[test]
fn double_crashes_before_a_checkpoint() {
    let mut scenario = scenario::checkpointed();
    scenario.steps.truncate(16);
    let tally = double_crashes_where(&scenario, StoreKind::Memory, 1, |operation| {
        let path = operation.path.as_ref();
        operation.is_effectful() && (path.contains("/control/") || path.contains("/processed/"))
    });
    println!("{}, the log and the moves around the checkpoint: {tally}", scenario.name);
    tally.assert_sound();
}

/// Every fault at writes of workers, and pairs of crashes: they read the same few documents again and again, and one that
/// cannot read one begins its item anew. Of both every fifth; all with `EVENTS_WORKERS_STRIDE=1`, in half an hour.
#[test]
fn workers() {
    let stride = std::env::var("EVENTS_WORKERS_STRIDE").map_or(5, |stride| stride.parse().unwrap_or(1));
    let scenario = scenario::shared();
    for kind in [StoreKind::Memory, StoreKind::Bucket] {
        let began = Instant::now();
        let strikes = |operation: &Operation| operation.is_effectful() && operation.number.is_multiple_of(stride);
        let tally = crash_matrix_where(&scenario, kind, strikes);
        tell(&format!("shared on {kind:?}, every {stride}th write"), &tally, began);
        sound(&tally);
    }
    let began = Instant::now();
    let tally = double_crashes_where(&scenario, StoreKind::Memory, 11 * stride, Operation::is_effectful);
    tell(&format!("shared, every {}th pair of crashes", 11 * stride), &tally, began);
    sound(&tally);
}

/// Every third pair of crashes: a commit of many steps, the second half, a retry.
#[test]
fn double_crashes_of_what_takes_many_steps() {
    for scenario in [scenario::gain_and_lose(), scenario::halves(), scenario::retried()] {
        let tally = double_crashes(&scenario, StoreKind::Memory, 3);
        println!("{}, every third pair: {tally}", scenario.name);
        tally.assert_sound();
    }
}

//! Every fault at every operation of the event-distributor, and every pair of crashes.

use std::time::Instant;

use events_testing::drivers::{Tally, crash_matrix, double_crashes};
use events_testing::scenario::{self, Scenario};
use events_testing::{Invariant, StoreKind};

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

scenarios!(fresh, redelivery, newer_elsewhere, older_late, damaged, same_name, empty);

#[test]
fn double_crashes_of_a_fresh_run() {
    sound(&double_crashes(&scenario::fresh(), StoreKind::Memory));
}

#[test]
fn double_crashes_of_a_newer_version_in_a_bucket() {
    sound(&double_crashes(&scenario::newer_elsewhere(), StoreKind::Bucket));
}

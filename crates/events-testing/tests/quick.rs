//! A taste of every suite, ended by the first promise that is broken: what `planted.sh` holds against planted bugs.

use std::time::Instant;

use events_testing::StoreKind::{Bucket, Memory};
use events_testing::drivers::{
    Tally, crash_matrix, crash_matrix_where, double_crashes_where, for_seeds, overwrites, play, two_runners, zombies,
};
use events_testing::{Operation, scenario};

/// # Panics
/// When a promise is broken, with a line that says by what it was noticed.
fn taste(suite: &str, tally: impl FnOnce() -> Tally) {
    let began = Instant::now();
    let tally = tally();
    println!("{suite}: {tally}, {:.1} s", began.elapsed().as_secs_f64());
    if let Some(first) = tally.violations.first() {
        println!("caught by {suite}: {}", first.broken.invariant);
        tally.assert_sound();
    }
}

#[test]
fn a_taste_of_everything() {
    taste("no fault", || {
        let mut tally = Tally::default();
        for scenario in scenario::all() {
            tally.add(scenario.steps.len(), play(&scenario, Memory, &[], None).map(drop).map_err(|broken| *broken));
        }
        tally
    });
    for scenario in [scenario::fresh(), scenario::newer_elsewhere()] {
        taste("crash matrix", || crash_matrix(&scenario, Bucket));
    }
    taste("overwritten inputs", || overwrites(&scenario::fresh(), Memory));
    for scenario in
        [scenario::fresh(), scenario::newer_elsewhere(), scenario::gain_and_lose(), scenario::back_and_forth()]
    {
        taste("zombies", || zombies(&scenario, Memory));
    }
    for scenario in [scenario::fresh(), scenario::newer_elsewhere(), scenario::parsed(), scenario::halves()] {
        taste("two runners", || two_runners(&scenario, Bucket, 11));
    }
    let writes = |operation: &Operation| operation.is_effectful();
    for scenario in [scenario::halves(), scenario::retried(), scenario::gain_and_lose()] {
        taste("crash matrix", || crash_matrix_where(&scenario, Memory, writes));
    }
    taste("crash matrix", || {
        let of_table =
            |operation: &Operation| writes(operation) && operation.path.as_ref().contains("/trusted/events/");
        crash_matrix_where(&scenario::rotated(), Memory, of_table)
    });
    taste("double crashes", || {
        let mut scenario = scenario::checkpointed();
        scenario.steps.truncate(16);
        let of_log = |operation: &Operation| writes(operation) && operation.path.as_ref().contains("/control/");
        double_crashes_where(&scenario, Memory, 1, of_log)
    });
    taste("random", || for_seeds(0..200, 2));
}

//! Two runners on one table, and runners that come back from the dead.

use events_testing::StoreKind;
use events_testing::drivers::{Tally, overwrites, two_runners, zombies};
use events_testing::scenario::{
    back_and_forth, fresh, gain_and_lose, halves, newer_elsewhere, parsed, redelivery, retried,
};

fn sound(name: &str, tally: &Tally) {
    println!("{name}: {tally}");
    tally.assert_sound();
}

#[test]
fn two_runners_on_a_table() {
    for scenario in [fresh(), redelivery(), newer_elsewhere()] {
        for kind in [StoreKind::Memory, StoreKind::Bucket] {
            let tally = two_runners(&scenario, kind, 1);
            sound(&format!("two runners, {} on {kind:?}", scenario.name), &tally);
        }
    }
}

#[test]
fn two_runners_of_what_takes_many_steps() {
    for scenario in [gain_and_lose(), parsed(), halves(), retried()] {
        let tally = two_runners(&scenario, StoreKind::Memory, 7);
        sound(&format!("two runners, {}, every seventh schedule", scenario.name), &tally);
    }
}

#[test]
fn zombies_do_no_harm() {
    for scenario in
        [fresh(), redelivery(), newer_elsewhere(), gain_and_lose(), back_and_forth(), parsed(), halves(), retried()]
    {
        for kind in [StoreKind::Memory, StoreKind::Bucket] {
            let tally = zombies(&scenario, kind);
            sound(&format!("zombies, {} on {kind:?}", scenario.name), &tally);
        }
    }
}

#[test]
fn producers_that_write_again_lose_nothing() {
    for scenario in [fresh(), redelivery(), parsed()] {
        for kind in [StoreKind::Memory, StoreKind::Bucket] {
            let tally = overwrites(&scenario, kind);
            sound(&format!("overwritten inputs, {} on {kind:?}", scenario.name), &tally);
        }
    }
}

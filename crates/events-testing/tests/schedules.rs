//! Two runners on one table, and runners that come back from the dead.

use events_testing::StoreKind;
use events_testing::drivers::{two_runners, zombies};
use events_testing::scenario::{fresh, newer_elsewhere, redelivery};

#[test]
fn two_runners_on_a_table() {
    for scenario in [fresh(), redelivery(), newer_elsewhere()] {
        for kind in [StoreKind::Memory, StoreKind::Bucket] {
            let tally = two_runners(&scenario, kind);
            println!("{} on {kind:?}: {tally}", scenario.name);
            tally.assert_sound();
        }
    }
}

#[test]
fn zombies_do_no_harm() {
    for scenario in [fresh(), redelivery(), newer_elsewhere()] {
        for kind in [StoreKind::Memory, StoreKind::Bucket] {
            let tally = zombies(&scenario, kind);
            println!("{} on {kind:?}: {tally}", scenario.name);
            tally.assert_sound();
        }
    }
}

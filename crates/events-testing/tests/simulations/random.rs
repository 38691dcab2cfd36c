//! Everything at once. `EVENTS_SEEDS=100000` tries more, `EVENTS_SEED=7` one again.

use events_testing::drivers::for_seeds;

#[test]
fn two_thousand_seeds() {
    let tally = for_seeds(0..2000, 2);
    println!("{tally}");
    tally.assert_sound();
}

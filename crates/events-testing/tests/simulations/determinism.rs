//! Whole runs of the distributor are a function of the seed.

use events_testing::drivers::random;

#[test]
fn a_seed_is_the_same_simulation_each_time() {
    for seed in 0..200 {
        let (one, two) = (random(seed).trace, random(seed).trace);
        if one != two {
            let same = one.0.iter().zip(&two.0).take_while(|(one, two)| one == two).count();
            let (one, two) = (one.0.get(same), two.0.get(same));
            panic!("seed {seed} at moment {same}:\n{one:?}\n{two:?}");
        }
    }
}

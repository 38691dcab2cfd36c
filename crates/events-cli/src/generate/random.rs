//! A seeded generator of random numbers.

/// `SplitMix64`: 64 bits of state, a full period, and streams that start anywhere in constant time.
///
/// From Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014), with the constants of
/// Vigna's public-domain <https://prng.di.unimi.it/splitmix64.c>.
/// Written out here so that no release of a library can change what a seed gives.
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

/// The odd integer nearest to 2^64 divided by the golden ratio.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The stream of that number under that seed.
    ///
    /// Streams of one seed start in different states, because each step from the number to the state is a bijection;
    /// the first draws of two streams therefore never agree.
    pub(crate) fn stream(seed: u64, stream: u64) -> Self {
        Self { state: mix(mix(seed).wrapping_add(GAMMA.wrapping_mul(stream.wrapping_add(1)))) }
    }

    /// 64 random bits.
    pub(crate) fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// A number below `bound`; its bias is below `bound / 2^64` and does not matter here.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(bound)) >> 64) as u64
    }

    /// True in that share of the draws: never for 0, always for 1.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        // 53 bits fill the mantissa of a float exactly.
        ((self.draw() >> 11) as f64) < share * (1_u64 << 53) as f64
    }

    /// One of the items, each equally often.
    ///
    /// # Panics
    ///
    /// When there are none.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len() as u64) as usize]
    }
}

/// Spreads each input bit over all output bits, one to one.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_published_sequence() {
        let mut random = Random { state: 1_234_567 };
        let drawn: Vec<_> = (0..3).map(|_| random.draw()).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn holds_its_bounds() {
        let mut random = Random::stream(1, 1);
        assert!((0..1000).all(|_| random.below(3) < 3));
        assert!((0..1000).all(|_| random.chance(1.0) && !random.chance(0.0)));
    }
}

//! Seeded random numbers.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A seeded random number generator; the same seed yields the same numbers.
pub(super) struct SampleRng(StdRng);

impl SampleRng {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// Returns an integer from `low` to `high`, both included; `low` if the range is empty.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        if low < high { self.0.random_range(low..=high) } else { low }
    }

    /// Returns an integer below `end`, which is not 0.
    pub(super) fn index(&mut self, end: u32) -> u32 {
        self.0.random_range(0..end.max(1))
    }

    /// Like [`SampleRng::between`], but small numbers are far more frequent than large ones.
    pub(super) fn mostly_low(&mut self, low: i64, high: i64) -> i64 {
        let throws = [(); 3].map(|()| self.between(0, 100));
        low + (high - low) * throws.iter().product::<i64>() / 1_000_000
    }

    /// Returns true `per_mille` times out of a thousand.
    pub(super) fn chance(&mut self, per_mille: i64) -> bool {
        self.between(1, 1_000) <= per_mille
    }

    /// Returns one of the table's values, each with a probability in thousandths; `otherwise` has
    /// the rest.
    pub(super) fn pick<T: Copy>(&mut self, otherwise: T, table: &[(i64, T)]) -> T {
        let mut throw = self.between(1, 1_000);
        for &(share, value) in table {
            throw -= share;
            if throw <= 0 {
                return value;
            }
        }
        otherwise
    }

    /// Returns a number of occurrences, `per_mille` thousandths on average.
    pub(super) fn times(&mut self, per_mille: i64) -> i64 {
        let sum = self.between(0, 2 * per_mille);
        sum / 1_000 + i64::from(self.chance(sum % 1_000))
    }
}

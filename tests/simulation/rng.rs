//! The random choices of a trial, all from its seed.

use std::cell::RefCell;

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

pub struct TrialRng(RefCell<StdRng>);

impl TrialRng {
    pub fn of(seed: u64) -> Self {
        Self(RefCell::new(StdRng::seed_from_u64(seed)))
    }

    /// Returns a number below `end`, which is above 0.
    pub fn below(&self, end: usize) -> usize {
        self.0.borrow_mut().random_range(0..end)
    }

    pub fn between(&self, least: i64, greatest: i64) -> i64 {
        self.0.borrow_mut().random_range(least..=greatest)
    }

    /// Returns true with a probability of `percent`.
    pub fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn word(&self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }

    pub fn shuffle<T>(&self, list: &mut [T]) {
        list.shuffle(&mut *self.0.borrow_mut());
    }
}

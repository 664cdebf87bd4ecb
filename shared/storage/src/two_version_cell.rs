//! A value that a run publishes before it is visible.

use serde::{Deserialize, Serialize};

/// The value after the newest run that changed it, and the one before.
///
/// A run is published only after all earlier ones are visible, so two versions are enough: readers
/// know the newest visible run, and use the version that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TwoVersionCell<T> {
    seq: u64,
    current: T,
    before: Option<T>,
}

impl<T: Clone> TwoVersionCell<T> {
    /// Returns a value that run `seq` created.
    pub const fn new(seq: u64, value: T) -> Self {
        Self { seq, current: value, before: None }
    }

    /// Returns the value for readers of all runs up to `visible`; `None` if it is newer.
    pub const fn at(&self, visible: u64) -> Option<&T> {
        if self.seq <= visible { Some(&self.current) } else { self.before.as_ref() }
    }

    /// The value before run `seq` and the runs after it changed anything.
    pub const fn before(&self, seq: u64) -> Option<&T> {
        if self.seq < seq { Some(&self.current) } else { self.before.as_ref() }
    }

    /// The slots after run `seq` changed the value.
    pub fn next(&self, seq: u64, value: T) -> Self {
        Self { seq, current: value, before: Some(self.current.clone()) }
    }

    /// The same slots with each value made into another.
    pub(crate) fn map<U>(self, make: impl Fn(T) -> U) -> TwoVersionCell<U> {
        let Self { seq, current, before } = self;
        TwoVersionCell { seq, current: make(current), before: before.map(make) }
    }

    /// Returns the value as if run `seq` had not changed it; `None` if the run created it.
    pub fn without(&self, seq: u64) -> Option<Self> {
        match self.seq == seq {
            true => self.before.clone().map(|value| Self::new(0, value)),
            false => Some(self.clone()),
        }
    }

    /// Whether run `seq`, or one after it, has changed the value already.
    pub const fn is_applied(&self, seq: u64) -> bool {
        self.seq >= seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_the_value_of_the_newest_visible_run() {
        let slots = TwoVersionCell::new(3, "a").next(7, "b");
        assert_eq!(slots.at(7), Some(&"b"));
        assert_eq!(slots.at(6), Some(&"a"));
        assert_eq!(TwoVersionCell::new(3, "a").at(2), None);
    }

    #[test]
    fn withdrawn_run_leaves_the_value_before_it() {
        let slots = TwoVersionCell::new(3, "a").next(7, "b");
        assert_eq!(slots.without(7), Some(TwoVersionCell::new(0, "a")));
        assert_eq!(slots.without(8), Some(slots.clone()));
        assert_eq!(TwoVersionCell::new(7, "b").without(7), None);
    }

    #[test]
    fn a_repeated_run_finds_what_was_before_it() {
        let slots = TwoVersionCell::new(3, "a").next(7, "b");
        assert_eq!(slots.before(7), Some(&"a"));
        assert_eq!(slots.before(8), Some(&"b"));
        assert!(slots.is_applied(7) && !slots.is_applied(8));
    }
}

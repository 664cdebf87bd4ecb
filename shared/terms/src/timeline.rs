//! A value that changes over time: a fact with its history, a rule with its effective dates.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Values, each in force from its own instant until the next one's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timeline<T> {
    /// Sorted by instant, no instant twice.
    entries: Vec<(Timestamp, T)>,
}

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<T> Timeline<T> {
    /// A timeline of one value, in force from `from`.
    #[must_use]
    pub fn starting(from: Timestamp, value: T) -> Self {
        Self { entries: vec![(from, value)] }
    }

    /// What is in force at `at`: set at or before it. `None` before the first entry.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<&T> {
        self.entry_at(at).map(|(_, value)| value)
    }

    /// What is in force at `at`, and since when.
    #[must_use]
    pub fn entry_at(&self, at: Timestamp) -> Option<(Timestamp, &T)> {
        let after = self.entries.partition_point(|(from, _)| *from <= at);
        after.checked_sub(1).and_then(|i| self.entries.get(i)).map(|(from, value)| (*from, value))
    }

    /// The newest value, whenever it comes into force.
    #[must_use]
    pub fn latest(&self) -> Option<&T> {
        self.entries.last().map(|(_, value)| value)
    }

    /// All entries, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, &T)> {
        self.entries.iter().map(|(from, value)| (*from, value))
    }
}

impl<T> Timeline<T> {
    /// Puts a value in force from its instant on, in place of one that was set for that instant.
    pub fn replace(&mut self, from: Timestamp, value: T) {
        match self.entries.binary_search_by_key(&from, |(from, _)| *from) {
            Ok(place) => {
                if let Some(entry) = self.entries.get_mut(place) {
                    entry.1 = value;
                }
            }
            Err(place) => self.entries.insert(place, (from, value)),
        }
    }
}

impl<T: Ord> Timeline<T> {
    /// Adds a value from its instant on, wherever in the history that lies.
    ///
    /// The order of calls does not matter: of two values for one instant the greater stays.
    /// Answers whether anything changed.
    pub fn set(&mut self, from: Timestamp, value: T) -> bool {
        match self.entries.binary_search_by_key(&from, |(from, _)| *from) {
            Err(place) => {
                self.entries.insert(place, (from, value));
                true
            }
            Ok(place) => match self.entries.get_mut(place) {
                Some((_, old)) if *old < value => {
                    *old = value;
                    true
                }
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn a_value_holds_from_its_instant_until_the_next() {
        let mut line = Timeline::starting(t(10), "a");
        line.set(t(20), "b");
        assert_eq!(line.at(t(9)), None);
        assert_eq!(line.at(t(10)), Some(&"a"));
        assert_eq!(line.at(t(19)), Some(&"a"));
        assert_eq!(line.at(t(20)), Some(&"b"));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let entries = [(5, 1), (3, 2), (5, 4), (5, 1), (9, 0)];
        let mut forward = Timeline::default();
        let mut backward = Timeline::default();
        for (at, v) in entries {
            forward.set(t(at), v);
        }
        for (at, v) in entries.into_iter().rev() {
            backward.set(t(at), v);
        }
        assert_eq!(forward, backward);
        assert_eq!(forward.at(t(5)), Some(&4));
    }

    #[test]
    fn a_value_of_a_known_instant_gives_way_to_the_greater_and_to_a_replacement() {
        let mut line = Timeline::starting(t(10), 5);
        assert_eq!(
            [line.set(t(10), 4), line.set(t(10), 5), line.set(t(10), 6)],
            [false, false, true]
        );
        line.replace(t(10), 1);
        line.replace(t(20), 2);
        assert_eq!(line.iter().collect::<Vec<_>>(), [(t(10), &1), (t(20), &2)]);
        assert_eq!(line.latest(), Some(&2));
    }
}

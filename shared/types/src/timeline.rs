//! A value that changes over time: a fact with its history, a rule with its effective dates.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A value whose history is kept with a limited number of entries.
pub trait Recorded: Clone + PartialEq {
    /// Returns whether the value adds no information after `earlier`, its predecessor.
    fn repeats(&self, earlier: &Self) -> bool {
        self == earlier
    }

    /// Takes over the part of a dropped predecessor that still holds.
    fn inherit(&mut self, _dropped: &Self) {}
}

impl Recorded for bool {}
impl Recorded for crate::Vip {}

/// Values, each in force from its own instant until the next one's.
///
/// # Examples
///
/// ```
/// use types::{Malformed, Timeline, Timestamp};
///
/// let march: Timestamp = "2026-03-24T00:00:00Z".parse()?;
/// let mut inactivity_days = Timeline::starting("2025-08-01T00:00:00Z".parse()?, 180);
/// inactivity_days.replace(march, 90);
///
/// assert_eq!(inactivity_days.at(march.plus_millis(-1)), Some(&180));
/// assert_eq!(inactivity_days.at(march), Some(&90));
/// assert_eq!(inactivity_days.at("2025-01-01T00:00:00Z".parse()?), None);
/// # Ok::<(), Malformed>(())
/// ```
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

    /// Returns the value in force at `at`: set at or before it. `None` before the first entry.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<&T> {
        self.entry_at(at).map(|(_, value)| value)
    }

    /// Returns the value in force at `at`, and since when.
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

    /// The values in force at or before `at`, newest first.
    pub fn iter_back_from(&self, at: Timestamp) -> impl Iterator<Item = &T> {
        self.entries.iter().rev().skip_while(move |(from, _)| *from > at).map(|(_, value)| value)
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

impl<T: Recorded> Timeline<T> {
    /// Drops entries until at most `limit` (at least 2) are left.
    ///
    /// The oldest entry that repeats its predecessor is dropped first; where none does, the second
    /// entry. The first and the newest entry always stay: a repetition that is the newest report
    /// must outlive a late report of an earlier instant.
    pub fn keep_within(&mut self, limit: usize) {
        while self.entries.len() > limit.max(2) {
            let older = self.entries.len() - 1;
            let repeats = |pair: &[(Timestamp, T)]| matches!(pair, [(_, earlier), (_, value)] if value.repeats(earlier));
            let repeated = self.entries.windows(2).take(older - 1).position(repeats);
            let place = repeated.map_or(1, |place| place + 1);
            let (_, dropped) = self.entries.remove(place);
            if let Some((_, next)) = self.entries.get_mut(place) {
                next.inherit(&dropped);
            }
        }
    }
}

impl<T: Recorded + Ord> Timeline<T> {
    /// Adds a value as [`Timeline::set`] does, in at most `limit` entries; see
    /// [`Timeline::keep_within`]. Answers whether anything changed.
    ///
    /// Below the limit the order of calls does not matter. A full history takes the newest value,
    /// and any change after its second entry. It ignores what it may have dropped before, so that a
    /// redelivery changes nothing: a repetition, and a value from before its second entry.
    pub fn set_within(&mut self, limit: usize, from: Timestamp, value: T) -> bool {
        if self.entries.len() >= limit && self.may_have_dropped(from, &value) {
            return false;
        }
        let changed = self.set(from, value);
        self.keep_within(limit);
        changed
    }

    /// Whether a full history may have dropped this value: it is neither at the instant of an entry
    /// nor the first or the newest, and repeats its predecessor or comes before the second entry.
    fn may_have_dropped(&self, from: Timestamp, value: &T) -> bool {
        let place = match self.entries.binary_search_by_key(&from, |(from, _)| *from) {
            Err(place) if place < self.entries.len() => place,
            _ => return false,
        };
        let earlier = place.checked_sub(1).and_then(|earlier| self.entries.get(earlier));
        place == 1 || earlier.is_some_and(|(_, earlier)| value.repeats(earlier))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn t(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn value_holds_until_next() {
        let mut line = Timeline::starting(t(10), "a");
        line.set(t(20), "b");
        assert_eq!(line.at(t(9)), None);
        assert_eq!(line.at(t(10)), Some(&"a"));
        assert_eq!(line.at(t(19)), Some(&"a"));
        assert_eq!(line.at(t(20)), Some(&"b"));
    }

    #[test]
    fn order_of_arrival_does_not_matter() {
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
    fn greater_value_of_instant_wins() {
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
    fn entries(line: &Timeline<bool>) -> Vec<(i64, bool)> {
        line.iter().map(|(from, value)| (from.millis(), *value)).collect()
    }

    fn filled(limit: usize, reports: &[(i64, bool)]) -> Timeline<bool> {
        let mut line = Timeline::default();
        for (at, value) in reports {
            line.set_within(limit, t(*at), *value);
        }
        line
    }

    #[test]
    fn full_timeline_drops_oldest_repetition() {
        let line = filled(4, &[(1, true), (2, false), (3, false), (4, true), (5, true)]);
        assert_eq!(entries(&line), [(1, true), (2, false), (4, true), (5, true)]);
    }

    #[test]
    fn full_timeline_drops_second() {
        let line = filled(4, &[(1, true), (2, false), (3, true), (4, false), (5, true)]);
        assert_eq!(entries(&line), [(1, true), (3, true), (4, false), (5, true)]);
    }

    #[test]
    fn newest_repetition_outlives_late_report() {
        let line = filled(3, &[(1, true), (2, false), (4, true), (5, true), (3, false)]);
        assert_eq!(line.at(t(5)), Some(&true));
        assert_eq!(line.iter().last(), Some((t(5), &true)));
    }

    #[test]
    fn overlong_timeline_shrinks_with_report() {
        let mut line = Timeline::default();
        for at in 0..6000 {
            line.set(t(at), at % 2 == 0);
        }
        assert!(line.set_within(16, t(6000), true));
        assert_eq!((line.iter().count(), line.at(t(6000))), (16, Some(&true)));
        assert_eq!(line.iter().next(), Some((t(0), &true)));
    }

    proptest! {
        #[test]
        fn reports_in_limit_are_exact_in_any_order(
            reports in prop::collection::vec((0_i64..40, any::<bool>()), 0..16),
        ) {
            let mut exact = Timeline::default();
            for (at, value) in reports.iter().rev() {
                exact.set(t(*at), *value);
            }
            prop_assert_eq!(filled(16, &reports), exact);
        }

        #[test]
        fn full_timeline_keeps_first_and_newest(
            reports in prop::collection::vec((0_i64..60, any::<bool>()), 1..80),
        ) {
            let mut line = Timeline::default();
            let mut exact = Timeline::default();
            for (at, value) in &reports {
                exact.set(t(*at), *value);
                let changed = line.set_within(6, t(*at), *value);
                let before = line.clone();
                prop_assert!(!line.set_within(6, t(*at), *value), "a repetition changes nothing");
                prop_assert_eq!(&line, &before);
                prop_assert!(changed || line.at(t(*at)).is_some());
                prop_assert!(line.iter().count() <= 6);
                prop_assert_eq!(line.iter().last(), exact.iter().last(), "the newest is recorded");
                prop_assert_eq!(line.iter().next(), exact.iter().next(), "the first stays");
                let is_reported = |(at, value): (Timestamp, &bool)| {
                    reports.contains(&(at.millis(), *value))
                };
                prop_assert!(line.iter().all(is_reported));
            }
        }
    }
}

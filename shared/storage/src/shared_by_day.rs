//! The commission that was shared with an invitee, by day, as far as the days are kept.

use std::collections::BTreeMap;

use commission::{Amount, Overflow};
use serde::{Deserialize, Serialize};
use types::Day;

/// The most days that an entry keeps. With 31 a typical entry stays below 1 KB, one write unit.
pub const SHARED_DAYS_KEPT: usize = 31;

/// The commission shared with an invitee in USD, by day, before and after the newest run that
/// changed it.
///
/// The newest run is published before it is visible. Its change is therefore kept apart until a
/// later run changes something, when it is visible to all readers. A second copy of all days, as
/// [`TwoVersionCell`](crate::TwoVersionCell) would keep, is not needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharedByDay {
    /// The days before the newest run.
    settled: SharedDays,
    /// The change by the newest run.
    latest: Option<Change>,
}

/// The change of a day by a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Change {
    seq: u64,
    day: Day,
    usd: Amount,
}

/// The days on which something was shared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedDays {
    /// The first day from which all days are known; `None` if no day was ever left out.
    pub since: Option<Day>,
    /// The sums in USD by day. None of them is zero.
    pub days: BTreeMap<Day, Amount>,
}

impl SharedByDay {
    /// Days of an entry of which only the days from `since` on are known, and none is yet.
    #[must_use]
    pub const fn known_since(since: Option<Day>) -> Self {
        Self { settled: SharedDays { since, days: BTreeMap::new() }, latest: None }
    }

    /// Returns the days for readers of all runs up to `visible`.
    ///
    /// # Errors
    /// [`Overflow`] if a day's sum does not fit into 128 bits.
    pub fn at(&self, visible: u64) -> Result<SharedDays, Overflow> {
        match self.latest {
            Some(Change { seq, day, usd }) if seq <= visible => self.settled.plus(day, usd),
            _ => Ok(self.settled.clone()),
        }
    }

    /// Returns the days after run `seq` shared `usd` more of a day, or less if it is negative. All
    /// earlier runs are visible.
    ///
    /// # Errors
    /// [`Overflow`] if a day's sum does not fit into 128 bits.
    pub fn next(&self, seq: u64, day: Day, usd: Amount) -> Result<Self, Overflow> {
        if usd == Amount::ZERO {
            return Ok(self.clone());
        }
        Ok(Self { settled: self.at(u64::MAX)?, latest: Some(Change { seq, day, usd }) })
    }

    /// Returns the days as if run `seq` had not changed them.
    #[must_use]
    pub fn without(&self, seq: u64) -> Self {
        let latest = self.latest.filter(|change| change.seq != seq);
        Self { settled: self.settled.clone(), latest }
    }
}

impl SharedDays {
    /// Returns the days with a change of one. A change of a day that is left out stays left out,
    /// because the day's sum is not known.
    fn plus(&self, day: Day, usd: Amount) -> Result<Self, Overflow> {
        let Self { mut since, mut days } = self.clone();
        if since.is_some_and(|since| day < since) {
            return Ok(Self { since, days });
        }
        let sum = days.entry(day).or_default();
        *sum = sum.plus(usd)?;
        days.retain(|_, usd| *usd != Amount::ZERO);
        while days.len() > SHARED_DAYS_KEPT {
            since = days.pop_first().map(|(oldest, _)| oldest.next());
        }
        Ok(Self { since, days })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i32) -> Day {
        "2026-11-01".parse::<Day>().unwrap().plus(number)
    }

    fn usd(minor: i128) -> Amount {
        Amount::from_minor(minor)
    }

    /// Returns the days after runs 1, 2 and so on changed a day each.
    fn after(changes: impl IntoIterator<Item = (i32, i128)>) -> SharedByDay {
        let runs = (1..).zip(changes);
        runs.fold(SharedByDay::default(), |days, (seq, (number, minor))| {
            days.next(seq, day(number), usd(minor)).unwrap()
        })
    }

    fn seen(days: &SharedByDay, visible: u64) -> Vec<(i32, i128)> {
        let seen = days.at(visible).unwrap().days.into_iter();
        seen.map(|(of, usd)| (of.days_since(day(0)), usd.minor())).collect()
    }

    #[test]
    fn new_run_is_seen_once_visible() {
        let days = after([(1, 5), (2, 7)]);
        assert_eq!(seen(&days, 1), [(1, 5)]);
        assert_eq!(seen(&days, 2), [(1, 5), (2, 7)]);
        assert_eq!(seen(&after([(1, 5)]), 0), []);
    }

    #[test]
    fn correction_changes_its_day_once_visible() {
        let days = after([(1, 5), (2, 7), (1, -2)]);
        assert_eq!(seen(&days, 2), [(1, 5), (2, 7)]);
        assert_eq!(seen(&days, 3), [(1, 3), (2, 7)]);
    }

    #[test]
    fn day_of_zero_is_dropped() {
        let days = after([(1, 5), (2, 7), (1, -5)]);
        assert_eq!(seen(&days, 3), [(2, 7)]);
        let again = days.next(4, day(1), usd(4)).unwrap();
        assert_eq!(seen(&again, 4), [(1, 4), (2, 7)]);
    }

    #[test]
    fn run_without_a_share_changes_nothing() {
        let days = after([(1, 5)]);
        assert_eq!(days.next(2, day(2), Amount::ZERO).unwrap(), days);
    }

    #[test]
    fn withdrawn_run_leaves_the_days_before_it() {
        let days = after([(1, 5), (2, 7)]);
        assert_eq!(seen(&days.without(2), 2), [(1, 5)]);
        assert_eq!(days.without(3), days);
        assert_eq!(days.without(1), days);
        let next = days.without(2).next(3, day(3), usd(1)).unwrap();
        assert_eq!(seen(&next, 3), [(1, 5), (3, 1)]);
    }

    #[test]
    fn oldest_days_are_left_out_at_the_limit() {
        let kept = i32::try_from(SHARED_DAYS_KEPT).unwrap();
        let full = after((0..kept).map(|number| (number, 1)));
        assert_eq!(full.at(u64::MAX).unwrap().since, None);
        let run = SHARED_DAYS_KEPT as u64 + 1;
        let more = full.next(run, day(kept), usd(1)).unwrap();
        let expected: Vec<(i32, i128)> = (1..=kept).map(|number| (number, 1)).collect();
        assert_eq!(seen(&more, run), expected);
        assert_eq!(more.at(run).unwrap().since, Some(day(1)));
        assert_eq!(seen(&more, run - 1).len(), SHARED_DAYS_KEPT);
        assert_eq!(seen(&more, run - 1)[0], (0, 1));
    }

    #[test]
    fn correction_of_a_left_out_day_stays_out() {
        let kept = i32::try_from(SHARED_DAYS_KEPT).unwrap();
        let days = after((0..=kept).map(|number| (number, 1)).chain([(0, -1), (1, 4)]));
        let seen = seen(&days, u64::MAX);
        assert_eq!((seen.len(), seen[0]), (SHARED_DAYS_KEPT, (1, 5)));
        let upgraded = SharedByDay::known_since(Some(day(3)));
        let days = upgraded.next(1, day(2), usd(-1)).unwrap().next(2, day(3), usd(2)).unwrap();
        assert_eq!(self::seen(&days, 2), [(3, 2)]);
    }

    #[test]
    fn overflow_of_a_day_is_an_error() {
        let full = after([(1, i128::MAX)]);
        assert_eq!(full.next(2, day(1), usd(1)).unwrap().at(2), Err(Overflow));
        assert_eq!(seen(&full.next(2, day(2), usd(1)).unwrap(), 2).len(), 2);
    }
}

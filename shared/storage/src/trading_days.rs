//! The days on which an invitee traded, as far as they are kept.

use serde::{Deserialize, Serialize};
use types::{Day, Timestamp};

/// The most days that one list keeps.
pub const TRADING_DAYS_KEPT: usize = 8;

/// One trade of each of some days, in order. A trade is booked on its own day, so that an instant
/// names the day too.
///
/// A list keeps the first days, or the last ones: where a day's trades are busted, the next day's
/// take their place. Beyond [`TRADING_DAYS_KEPT`] days nothing is kept: only where all of that many
/// days are busted, a later trade has to come before there is a first one again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TradingDays(Vec<Timestamp>);

impl TradingDays {
    /// Days with these trades.
    pub fn of(trades: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut days = Self(trades.into_iter().collect());
        days.0.sort_unstable();
        days
    }

    /// The trade of the first of the days.
    #[must_use]
    pub fn first(&self) -> Option<Timestamp> {
        self.0.first().copied()
    }

    /// The trade of the last of the days.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.0.last().copied()
    }

    /// The trade of a day.
    #[must_use]
    pub fn on(&self, day: Day) -> Option<Timestamp> {
        self.0.iter().find(|at| at.day() == day).copied()
    }

    /// Whether there is no such day.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces a day's trade, and keeps the first days.
    pub fn set_first(&mut self, day: Day, trade: Option<Timestamp>) {
        self.replace(day, trade);
        self.0.truncate(TRADING_DAYS_KEPT);
    }

    /// Replaces a day's trade, and keeps the last days.
    pub fn set_last(&mut self, day: Day, trade: Option<Timestamp>) {
        self.replace(day, trade);
        self.0.drain(..self.0.len().saturating_sub(TRADING_DAYS_KEPT));
    }

    fn replace(&mut self, day: Day, trade: Option<Timestamp>) {
        self.0.retain(|at| at.day() != day);
        self.0.extend(trade);
        self.0.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon(number: i64) -> Timestamp {
        "2026-11-01T12:00:00Z".parse::<Timestamp>().unwrap().plus_days(number)
    }

    fn days(numbers: impl IntoIterator<Item = i64>) -> TradingDays {
        TradingDays::of(numbers.into_iter().map(noon))
    }

    #[test]
    fn first_days_stay_whatever_comes_later() {
        let mut kept = TradingDays::default();
        (0..20).rev().for_each(|n| kept.set_first(noon(n).day(), Some(noon(n))));
        assert_eq!(kept, days(0..8));
        kept.set_first(noon(20).day(), Some(noon(20)));
        assert_eq!(kept, days(0..8));
    }

    #[test]
    fn last_days_replace_the_ones_before() {
        let mut kept = TradingDays::default();
        (0..20).for_each(|n| kept.set_last(noon(n).day(), Some(noon(n))));
        assert_eq!(kept, days(12..20));
    }

    #[test]
    fn busted_day_gives_way_to_the_next() {
        let mut kept = days([3, 5]);
        kept.set_first(noon(3).day(), None);
        assert_eq!(kept.first(), Some(noon(5)));
        kept.set_first(noon(5).day(), Some(noon(5).plus_millis(-1)));
        assert_eq!(kept.first(), Some(noon(5).plus_millis(-1)));
        kept.set_first(noon(5).day(), None);
        assert!(kept.is_empty());
    }
}

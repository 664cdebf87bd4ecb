//! The days of the sample, and their activity.

use types::{Day, MILLIS_PER_DAY, Timestamp};

/// Milliseconds in an hour.
pub(super) const HOUR: i64 = 3_600_000;

/// Number of days of the sample.
pub(super) const DAYS: i32 = 62;

/// Days on which the market moved, counted from the first, and the trade of such a day in per cent
/// of an ordinary one's.
const STORMS: [(i32, i64); 4] = [(17, 170), (18, 130), (43, 210), (44, 150)];

/// Each weekday's trade in per cent of an average day's, from Monday on.
const WEEK: [i64; 7] = [104, 110, 112, 110, 105, 82, 77];

/// The first and the last day of the sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar {
    pub(super) first: Day,
    pub(super) last: Day,
}

impl Calendar {
    pub(super) fn ending(last: Day) -> Self {
        Self { first: last.plus(1 - DAYS), last }
    }

    pub(super) fn days(self) -> impl DoubleEndedIterator<Item = Day> {
        self.first.through(self.last)
    }

    /// Returns the instant `days` after the start of the sample; before it if negative.
    pub(super) fn after_start(self, days: i64) -> Timestamp {
        self.first.start().plus_days(days)
    }

    pub(super) fn end(self) -> Timestamp {
        self.last.end()
    }

    /// Returns the trade of a day in thousandths of an average one's. It grows over the sample, is
    /// lower at weekends, and peaks when the market moves.
    pub(super) fn volume_factor(self, day: Day) -> i64 {
        let number = day.days_since(self.first);
        let growth = 800 + i64::from(number) * 7;
        let storm =
            STORMS.iter().find(|(day, _)| *day == number).map_or(100, |(_, percent)| *percent);
        growth * weekday_share(day) * storm / 10_000
    }
}

fn weekday_share(day: Day) -> i64 {
    usize::try_from(weekday(day)).ok().and_then(|day| WEEK.get(day)).copied().unwrap_or(100)
}

/// Returns the weekday, where Monday is 0. The first day, 1970-01-01, was a Thursday.
pub(super) fn weekday(day: Day) -> i64 {
    (day.start().millis() / MILLIS_PER_DAY + 3) % 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_count_from_monday() {
        let sunday: Day = "2026-11-22".parse().unwrap();
        assert_eq!((weekday(sunday), weekday(sunday.next())), (6, 0));
    }

    #[test]
    fn weekends_are_quiet_and_trade_grows() {
        let calendar = Calendar::ending("2026-11-22".parse().unwrap());
        let (friday, sunday) = (calendar.last.plus(-2), calendar.last);
        assert!(calendar.volume_factor(friday) > calendar.volume_factor(sunday));
        assert!(calendar.volume_factor(sunday) > calendar.volume_factor(sunday.plus(-56)));
    }
}

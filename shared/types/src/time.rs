//! Instants, UTC calendar days and calendar quarters.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Malformed;

/// Milliseconds in a UTC calendar day.
pub const MILLIS_PER_DAY: i64 = 86_400_000;

/// An instant in UTC, to the millisecond; in text RFC 3339, as `2026-11-22T12:00:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z, the earliest instant.
    pub const EPOCH: Self = Self(0);

    /// Milliseconds since 1970-01-01T00:00:00Z, or `None` outside the years 1970 to 9999.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Option<Self> {
        const MAX: i64 = 253_402_300_799_999;
        if millis >= 0 && millis <= MAX { Some(Self(millis)) } else { None }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The UTC calendar day that holds this instant.
    #[must_use]
    pub fn day(self) -> Day {
        Day((self.0.div_euclid(MILLIS_PER_DAY)) as i32)
    }

    /// The instant `days` times 24 hours later (earlier where negative), held to the valid years.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        self.plus_millis(days.saturating_mul(MILLIS_PER_DAY))
    }

    /// The instant `millis` later (earlier where negative), held to the valid years.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis).clamp(0, 253_402_300_799_999))
    }

    /// Milliseconds from `earlier` to this instant, negative if it lies before.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl FromStr for Timestamp {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || {
            Malformed::expected(
                "an RFC 3339 time in the years 1970 to 9999, as 2026-11-22T12:00:00.000Z",
            )
        };
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| malformed())?;
        // A leap second (:60) is not represented: it is read as the last millisecond before it.
        let second = time.timestamp().checked_mul(1000).ok_or_else(malformed)?;
        let millis = i64::from(time.timestamp_subsec_millis().min(999));
        Self::from_millis(second + millis).ok_or_else(malformed)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Text where people read it (JSON, items), milliseconds where only we do (packed content).
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => serializer.serialize_i64(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let time = if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)?
        } else {
            let millis = i64::deserialize(deserializer)?;
            Self::from_millis(millis).ok_or_else(|| serde::de::Error::custom("no valid instant"))?
        };
        Ok(time)
    }
}

/// A UTC calendar day, in text `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// Midnight UTC at which the day begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp(i64::from(self.0) * MILLIS_PER_DAY)
    }

    /// The first instant that no longer belongs to the day.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.next().start()
    }

    /// The following day.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The day before.
    #[must_use]
    pub fn previous(self) -> Self {
        self.plus(-1)
    }

    /// The day `days` later (earlier where negative), held to the years 1970 to 9999.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        const LAST: i32 = 2_932_896;
        Self(self.0.saturating_add(days).clamp(0, LAST))
    }

    /// Days from `earlier` to this day, negative if it lies before.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// The days from `self` to `last`, both included; empty if `last` lies before.
    pub fn through(self, last: Self) -> impl DoubleEndedIterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }

    /// The calendar quarter that holds this day.
    #[must_use]
    pub fn quarter(self) -> Quarter {
        let date = self.date();
        Quarter { year: date.year(), number: (date.month0() / 3 + 1) as u8 }
    }

    fn date(self) -> NaiveDate {
        DateTime::<Utc>::from_timestamp_millis(self.start().millis())
            .unwrap_or_default()
            .date_naive()
    }
}

impl FromStr for Day {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed =
            || Malformed::expected("a calendar day of the years 1970 to 9999, as 2026-11-22");
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| malformed())?;
        let start = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
        let day = Timestamp::from_millis(start).map(Timestamp::day).ok_or_else(malformed)?;
        // chrono also reads signs and missing zeros; a day has one spelling here.
        if day.to_string() == text { Ok(day) } else { Err(malformed()) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date().format("%Y-%m-%d"))
    }
}

/// Text where people read it (JSON, items), the day's number where only we do (packed content).
impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serializer.is_human_readable() {
            true => serializer.collect_str(self),
            false => serializer.serialize_i32(self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom);
        }
        let number = i32::deserialize(deserializer)?;
        let day = Self(0).plus(number);
        if day.0 == number { Ok(day) } else { Err(serde::de::Error::custom("no valid day")) }
    }
}

/// A calendar quarter in UTC, in text `2026-Q4`: the period over which tiers are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quarter {
    year: i32,
    number: u8,
}

impl Quarter {
    /// The quarter's first day.
    #[must_use]
    pub fn first_day(self) -> Day {
        let date = NaiveDate::from_ymd_opt(self.year, u32::from(self.number) * 3 - 2, 1);
        let millis =
            date.map_or(0, |d| d.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis());
        Timestamp(millis.max(0)).day()
    }

    /// The quarter's last day.
    #[must_use]
    pub fn last_day(self) -> Day {
        self.next().first_day().previous()
    }

    /// The following quarter.
    #[must_use]
    pub fn next(self) -> Self {
        match self.number {
            4 => Self { year: self.year + 1, number: 1 },
            number => Self { year: self.year, number: number + 1 },
        }
    }

    /// The quarter before.
    #[must_use]
    pub fn previous(self) -> Self {
        match self.number {
            1 => Self { year: self.year - 1, number: 4 },
            number => Self { year: self.year, number: number - 1 },
        }
    }
}

impl FromStr for Quarter {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::expected("a quarter, as 2026-Q4");
        let (year, number) = text.split_once("-Q").ok_or_else(malformed)?;
        let year: i32 = year.parse().map_err(|_| malformed())?;
        let number: u8 = number.parse().map_err(|_| malformed())?;
        if (1970..=9999).contains(&year) && (1..=4).contains(&number) {
            Ok(Self { year, number })
        } else {
            Err(malformed())
        }
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-Q{}", self.year, self.number)
    }
}

impl TryFrom<String> for Quarter {
    type Error = Malformed;
    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<Quarter> for String {
    fn from(quarter: Quarter) -> Self {
        quarter.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn time_is_kept_in_utc_to_millisecond() {
        assert_eq!(at("2026-11-22T14:00:00.1239+02:00").to_string(), "2026-11-22T12:00:00.123Z");
    }

    #[test]
    fn leap_second_is_millisecond_before_it() {
        assert_eq!(at("2016-12-31T23:59:60Z").to_string(), "2016-12-31T23:59:59.999Z");
    }

    #[test]
    fn impossible_times_and_days_are_refused() {
        for text in [
            "2026-02-30T00:00:00Z",
            "2026-11-22",
            "2026-11-22T12:00:00",
            "1969-12-31T23:59:59Z",
            "",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        for text in ["2026-02-30", "2026-1-1", "20261122", "2026-11-22T00:00:00Z", "+2026-1-01"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn day_holds_its_midnight_and_not_next() {
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!(day.start().day(), day);
        assert_eq!(day.end().plus_millis(-1).day(), day);
        assert_eq!(day.end().day(), day.next());
        assert_eq!(day.to_string(), "2026-11-22");
    }

    #[test]
    fn quarters_follow_each_other_over_year() {
        let day: Day = "2026-11-22".parse().unwrap();
        assert_eq!(day.quarter().to_string(), "2026-Q4");
        assert_eq!(day.quarter().first_day().to_string(), "2026-10-01");
        assert_eq!(day.quarter().last_day().to_string(), "2026-12-31");
        assert_eq!(day.quarter().next().to_string(), "2027-Q1");
        assert_eq!(day.quarter().next().previous(), day.quarter());
        let second: Quarter = "2026-Q2".parse().unwrap();
        assert_eq!([second.previous(), second.next()].map(String::from), ["2026-Q1", "2026-Q3"]);
    }

    #[test]
    fn quarter_is_one_of_four() {
        for text in ["2026-Q0", "2026-Q5", "1969-Q4", "10000-Q1", "2026-4", "2026Q4", ""] {
            assert!(text.parse::<Quarter>().is_err(), "{text}");
        }
    }

    #[test]
    fn distance_backwards_is_negative() {
        let [early, late] = ["2026-11-20T23:59:59.990Z", "2026-11-22T00:00:00Z"].map(at);
        let between = MILLIS_PER_DAY + 10;
        assert_eq!([late.millis_since(early), early.millis_since(late)], [between, -between]);
        assert_eq!(late.day().days_since(early.day()), 2);
        assert_eq!(early.day().days_since(late.day()), -2);
    }

    #[test]
    fn packed_day_is_number() {
        let day: Day = "2026-11-22".parse().unwrap();
        let json = serde_json::to_string(&day).unwrap();
        assert_eq!(json, "\"2026-11-22\"");
        assert_eq!(serde_json::from_str::<Day>(&json).unwrap(), day);
        let packed = postcard::to_stdvec(&day).unwrap();
        assert_eq!(postcard::from_bytes::<Day>(&packed).unwrap(), day);
        let before_1970 = postcard::to_stdvec(&-1_i32).unwrap();
        assert!(postcard::from_bytes::<Day>(&before_1970).is_err());
    }
}

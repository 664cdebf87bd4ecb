//! Days on the command line: one, or a range.

use std::fmt;
use std::str::FromStr;

use types::{Day, Malformed};

/// Days without a gap, both ends included: `2026-11-21`, or `2026-11-01..2026-11-21`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub first: Day,
    /// The last, not before the first.
    pub last: Day,
}

impl Days {
    /// The days in order.
    pub fn iter(self) -> impl Iterator<Item = Day> {
        self.first.through(self.last)
    }

    /// How many.
    #[must_use]
    pub fn count(self) -> u64 {
        u64::try_from(self.last.days_since(self.first)).unwrap_or(0) + 1
    }
}

impl FromStr for Days {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let days = Self { first: first.parse()?, last: last.parse()? };
        if days.first <= days.last {
            return Ok(days);
        }
        Err(Malformed(format!("expected the earlier day first, as {}..{}", days.last, days.first)))
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count() {
            1 => write!(f, "{}", self.first),
            count => write!(f, "{} to {} ({count} days)", self.first, self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_or_range_is_parsed() {
        let read = |text: &str| text.parse::<Days>().map(|days| days.to_string());
        assert_eq!(read("2026-11-21").unwrap(), "2026-11-21");
        let range = read("2026-11-01..2026-11-21").unwrap();
        assert_eq!(range, "2026-11-01 to 2026-11-21 (21 days)");
    }

    #[test]
    fn reversed_range_is_refused() {
        let error = "2026-11-21..2026-11-01".parse::<Days>().unwrap_err().to_string();
        assert_eq!(error, "expected the earlier day first, as 2026-11-01..2026-11-21");
        assert!("2026-11-21..".parse::<Days>().is_err());
    }
}

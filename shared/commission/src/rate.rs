//! Rates, and the only rounding of amounts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use types::Malformed;

use crate::{Amount, Decimals};

const ONE: u32 = 1_000_000;

/// A part of a fee, from 0 to 1 in millionths. Its text form is the shortest decimal, for example
/// `0.41`.
///
/// # Examples
///
/// ```
/// use commission::{Amount, Decimals, Rate};
/// use types::Malformed;
///
/// let decimals = Decimals::new(8)?;
/// let fee = Amount::parse("0.00524900", decimals)?;
/// let rate: Rate = "0.41".parse()?;
///
/// let commission = rate.of(fee);
/// assert_eq!(commission.display(decimals).to_string(), "0.00215209");
/// // Amounts are whole minor units: a rest is dropped, also of a reversal.
/// assert_eq!(rate.of(Amount::from_minor(9)), Amount::from_minor(3));
/// assert_eq!(rate.of(Amount::from_minor(-9)), Amount::from_minor(-3));
/// # Ok::<(), Malformed>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u32);

impl Rate {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// Creates a rate from millionths. Returns `None` if they exceed one million.
    #[must_use]
    pub const fn from_millionths(millionths: u32) -> Option<Self> {
        if millionths <= ONE { Some(Self(millionths)) } else { None }
    }

    /// Returns the rate in millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// Returns this part of `amount`, rounded towards zero. Positive amounts are rounded down.
    ///
    /// This is the only rounding of money in the programme. It cannot overflow, because the whole
    /// millions and the remainder are multiplied separately, and the result is never greater than
    /// the amount.
    #[must_use]
    pub fn of(self, amount: Amount) -> Amount {
        if let Ok(units) = i64::try_from(amount.minor()) {
            return Amount::from_minor(i128::from(self.of_units(units)));
        }
        let (one, rate) = (i128::from(ONE), i128::from(self.0));
        let (millions, rest) = (amount.minor() / one, amount.minor() % one);
        Amount::from_minor(millions * rate + rest * rate / one)
    }

    /// Returns this part of an amount of 64 bits, rounded as in [`Self::of`].
    #[inline]
    pub(crate) fn of_units(self, units: i64) -> i64 {
        let (one, rate) = (i64::from(ONE), i64::from(self.0));
        units / one * rate + units % one * rate / one
    }

    /// Returns this part of another rate, rounded down to a millionth.
    #[must_use]
    pub fn of_rate(self, rate: Self) -> Self {
        let millionths = u64::from(self.0) * u64::from(rate.0) / u64::from(ONE);
        Self(u32::try_from(millionths).unwrap_or(ONE))
    }
}

impl FromStr for Rate {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed =
            || Malformed("expected a rate from 0 to 1 with at most 6 decimals, as 0.41".to_owned());
        let decimals = Decimals::new(6)?;
        let millionths = Amount::parse(text, decimals).map_err(|_| malformed())?.minor();
        let rate = u32::try_from(millionths).ok().and_then(Self::from_millionths);
        rate.filter(|_| !text.starts_with('-')).ok_or_else(malformed)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0 / ONE, self.0 % ONE);
        f.pad(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u32(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
        } else {
            Self::from_millionths(u32::deserialize(deserializer)?)
                .ok_or_else(|| de::Error::custom("expected at most a million millionths"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    #[test]
    fn rate_is_parsed_exactly_and_shown_short() {
        for text in ["0", "0.2", "0.41", "0.000001", "1"] {
            assert_eq!(rate(text).to_string(), text);
        }
        assert_eq!(rate("0.410000"), rate("0.41"));
        for text in ["1.000001", "2", "-0.1", "-0", "0.0000001", "41%", "", "99999999999"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn statement_row_at_20_percent_is_exact() {
        assert_eq!(rate("0.2").of(Amount::from_minor(524_900)), Amount::from_minor(104_980));
    }

    #[test]
    fn part_of_a_unit_is_rounded_towards_zero() {
        assert_eq!(rate("0.999999").of(Amount::from_minor(1)), Amount::ZERO);
        assert_eq!(rate("0.5").of(Amount::from_minor(3)), Amount::from_minor(1));
        assert_eq!(rate("0.5").of(Amount::from_minor(-3)), Amount::from_minor(-1));
    }

    #[test]
    fn greatest_amounts_do_not_overflow() {
        for minor in [i128::MAX, i128::MIN] {
            assert_eq!(rate("1").of(Amount::from_minor(minor)), Amount::from_minor(minor));
        }
    }

    #[test]
    fn half_of_a_rate_is_rounded_down() {
        assert_eq!(rate("0.5").of_rate(rate("0.2")), rate("0.1"));
        assert_eq!(rate("0.5").of_rate(rate("0.000003")), rate("0.000001"));
    }

    #[test]
    fn rate_round_trips_in_both_encodings() {
        let bytes = postcard::to_stdvec(&rate("0.41")).unwrap();
        assert_eq!(postcard::from_bytes(&bytes), Ok(rate("0.41")));
        assert_eq!(serde_json::to_string(&rate("0.41")).unwrap(), "\"0.41\"");
        assert_eq!(serde_json::from_str::<Rate>("\"0.41\"").unwrap(), rate("0.41"));
        let above = postcard::to_stdvec(&1_000_001_u32).unwrap();
        assert!(postcard::from_bytes::<Rate>(&above).is_err());
    }

    proptest! {
        #[test]
        fn part_is_the_truncated_exact_quotient(
            minor in -Amount::MAX_PARSED..=Amount::MAX_PARSED,
            millionths in 0..=ONE,
        ) {
            let part = Rate(millionths).of(Amount::from_minor(minor)).minor();
            prop_assert_eq!(part, minor * i128::from(millionths) / i128::from(ONE));
        }
    }
}

//! Exact money: integer minor units in 128 bits with checked addition and no rounding.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use types::Malformed;

/// Error if a sum of amounts does not fit into 128 bits, or a count does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sum of amounts or of counts is too large to be kept exactly")]
pub struct Overflow;

/// Number of decimals of an asset's amounts: 0 to 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimals(u8);

impl Decimals {
    /// Maximum number of decimals of an asset.
    pub const MAX: u8 = 18;

    /// The maximum. An amount that is exact in its asset is also exact with these decimals.
    pub const FINEST: Self = Self(Self::MAX);

    /// Creates a number of decimals.
    ///
    /// # Errors
    /// Returns [`Malformed`] if `count` is greater than [`Decimals::MAX`].
    pub fn new(count: u8) -> Result<Self, Malformed> {
        if count <= Self::MAX {
            Ok(Self(count))
        } else {
            Err(Malformed(format!("expected a number of decimals from 0 to {}", Self::MAX)))
        }
    }

    /// Returns the number of decimals.
    #[must_use]
    pub const fn count(self) -> u8 {
        self.0
    }

    const fn scale(self) -> u128 {
        10_u128.pow(self.0 as u32)
    }
}

/// An amount in minor units of one asset or of USD. Negative amounts are rebates or reversals.
///
/// The asset and its decimals are stored separately. Amounts of two assets are never added.
/// JSON represents an amount as a string of minor units, because most readers lose digits of
/// large numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i128);

impl Amount {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// Greatest magnitude that [`Amount::parse`] accepts. The sum of 1.7 thousand million such
    /// amounts fits into 128 bits, which is three times the number of fees on the largest day.
    pub const MAX_PARSED: i128 = 10_i128.pow(29);

    /// Creates an amount from minor units.
    #[must_use]
    pub const fn from_minor(units: i128) -> Self {
        Self(units)
    }

    /// Returns the minor units.
    #[must_use]
    pub const fn minor(self) -> i128 {
        self.0
    }

    /// Parses a decimal text such as `-12.5` exactly.
    ///
    /// # Examples
    ///
    /// ```
    /// use commission::{Amount, Decimals};
    /// use types::Malformed;
    ///
    /// let cents = Decimals::new(2)?;
    /// assert_eq!(Amount::parse("-12.5", cents)?, Amount::from_minor(-1250));
    /// assert!(Amount::parse("0.001", cents).is_err(), "amounts are never rounded when read");
    /// # Ok::<(), Malformed>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Malformed`] if the text is not a plain decimal number, has more decimals than
    /// `decimals`, or is out of range.
    pub fn parse(text: &str, decimals: Decimals) -> Result<Self, Malformed> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = split_point(digits).ok_or_else(not_a_number)?;
        let missing = usize::from(decimals.0)
            .checked_sub(fraction.len())
            .ok_or_else(|| too_many_decimals(decimals))?;
        let magnitude = whole
            .bytes()
            .chain(fraction.bytes())
            .chain(std::iter::repeat_n(b'0', missing))
            .try_fold(0_i128, push_digit)
            .ok_or_else(too_large)?;
        Ok(Self(if negative { -magnitude } else { magnitude }))
    }

    /// Returns the amount for display with all its decimals, for example `0.00104980`.
    #[must_use]
    pub const fn display(self, decimals: Decimals) -> Displayed {
        Displayed { amount: self, decimals }
    }

    /// Converts the amount to minor units with fewer decimals. Returns `None` if the result is not
    /// exact.
    #[must_use]
    pub const fn coarsened(self, from: Decimals, to: Decimals) -> Option<Self> {
        let Some(dropped) = from.0.checked_sub(to.0) else { return None };
        let unit = 10_i128.pow(dropped as u32);
        if self.0 % unit == 0 { Some(Self(self.0 / unit)) } else { None }
    }

    /// Returns the sum.
    ///
    /// # Errors
    /// Returns [`Overflow`] if it does not fit.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// Returns the difference.
    ///
    /// # Errors
    /// Returns [`Overflow`] if it does not fit.
    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }
}

/// Splits a text into whole and fractional digits. The fraction is empty if there is no point.
fn split_point(digits: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (digits, ""),
    };
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (!whole.is_empty() && plain(whole) && plain(fraction)).then_some((whole, fraction))
}

fn push_digit(value: i128, digit: u8) -> Option<i128> {
    let value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    (value <= Amount::MAX_PARSED).then_some(value)
}

fn not_a_number() -> Malformed {
    Malformed("expected an amount as a plain decimal number, as 12.5 or -0.001".to_owned())
}

fn too_many_decimals(decimals: Decimals) -> Malformed {
    Malformed(format!("expected an amount with at most {} decimals", decimals.0))
}

fn too_large() -> Malformed {
    Malformed("expected an amount of at most 10^29 minor units".to_owned())
}

/// An amount with its decimals, for formatting.
#[derive(Debug, Clone, Copy)]
pub struct Displayed {
    amount: Amount,
    decimals: Decimals,
}

impl fmt::Display for Displayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.amount.0 < 0 { "-" } else { "" };
        let magnitude = self.amount.0.unsigned_abs();
        let (whole, fraction) =
            (magnitude / self.decimals.scale(), magnitude % self.decimals.scale());
        match usize::from(self.decimals.0) {
            0 => write!(f, "{sign}{whole}"),
            width => write!(f, "{sign}{whole}.{fraction:0width$}"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&self.0)
        } else {
            serializer.serialize_i128(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            text.parse().map(Self).map_err(|_| de::Error::custom("expected minor units as text"))
        } else {
            i128::deserialize(deserializer).map(Self)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimals(count: u8) -> Decimals {
        Decimals::new(count).unwrap()
    }

    fn parse(text: &str) -> Result<i128, String> {
        Amount::parse(text, decimals(8)).map(Amount::minor).map_err(|error| error.to_string())
    }

    #[test]
    fn amount_is_parsed_exactly() {
        assert_eq!(parse("0.00524900"), Ok(524_900));
        assert_eq!(parse("-12.5"), Ok(-1_250_000_000));
        assert_eq!(parse("7"), Ok(700_000_000));
    }

    #[test]
    fn excess_zero_decimal_is_refused() {
        assert_eq!(parse("0.000000010").unwrap_err(), "expected an amount with at most 8 decimals");
    }

    #[test]
    fn text_not_a_plain_number_is_refused() {
        for text in ["", "-", ".5", "5.", "+1", "1e3", "1,5", " 1", "1.2.3", "--1", "٣"] {
            assert!(parse(text).unwrap_err().contains("plain decimal number"), "{text}");
        }
    }

    #[test]
    fn amount_beyond_the_largest_is_refused() {
        let most = format!("1{}", "0".repeat(29));
        assert_eq!(Amount::parse(&most, decimals(0)).unwrap().minor(), Amount::MAX_PARSED);
        let above = format!("1{}1", "0".repeat(28));
        for text in [above.as_str(), &"9".repeat(500)] {
            let error = Amount::parse(text, decimals(0)).unwrap_err().to_string();
            assert!(error.contains("10^29"), "{error}");
        }
    }

    #[test]
    fn amount_displays_all_decimals() {
        assert_eq!(Amount(104_980).display(decimals(8)).to_string(), "0.00104980");
        assert_eq!(Amount(-5).display(decimals(2)).to_string(), "-0.05");
        assert_eq!(Amount(42).display(decimals(0)).to_string(), "42");
        let least = Amount(i128::MIN).display(decimals(18)).to_string();
        assert_eq!(least, "-170141183460469231731.687303715884105728");
    }

    #[test]
    fn sum_beyond_128_bits_is_error() {
        assert_eq!(Amount(i128::MAX).plus(Amount(1)), Err(Overflow));
        assert_eq!(Amount(i128::MIN).minus(Amount(1)), Err(Overflow));
    }

    #[test]
    fn nineteen_decimals_are_too_many() {
        assert_eq!(Decimals::new(18).map(Decimals::count), Ok(18));
        assert!(Decimals::new(19).is_err());
    }

    proptest! {
        #[test]
        fn displayed_amount_parses_to_itself(
            minor in -Amount::MAX_PARSED..=Amount::MAX_PARSED,
            count in 0_u8..=18,
        ) {
            let shown = Amount(minor).display(decimals(count)).to_string();
            prop_assert_eq!(Amount::parse(&shown, decimals(count)), Ok(Amount(minor)));
        }

        #[test]
        fn amount_round_trips_in_both_encodings(minor: i128) {
            let bytes = postcard::to_stdvec(&Amount(minor)).unwrap();
            prop_assert_eq!(postcard::from_bytes(&bytes), Ok(Amount(minor)));
            let json = serde_json::to_string(&Amount(minor)).unwrap();
            prop_assert_eq!(json.clone(), format!("\"{minor}\""));
            prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), Amount(minor));
        }
    }
}

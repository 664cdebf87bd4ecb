//! Exact amounts with eight decimals.

use std::fmt;

use serde::{Serialize, Serializer};

/// An amount of an asset, or of USD, in units of 10^-8; in text with all eight decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Amount(i128);

impl Amount {
    pub(super) const ZERO: Self = Self(0);
    const ONE: i128 = 100_000_000;

    pub(super) const fn cents(count: i64) -> Self {
        Self(count as i128 * (Self::ONE / 100))
    }

    #[cfg(test)]
    pub(super) const fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// Returns `millionths` of the amount, rounded toward zero.
    pub(super) const fn millionths(self, millionths: i64) -> Self {
        Self(self.0 * millionths as i128 / 1_000_000)
    }

    /// Returns the amount that this buys at a price above zero, rounded toward zero.
    pub(super) const fn at_price(self, price: Self) -> Self {
        Self(self.0 * Self::ONE / price.0)
    }

    /// Returns its value at a price, rounded toward zero.
    pub(super) const fn worth(self, price: Self) -> Self {
        Self(self.0 * price.0 / Self::ONE)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (self.0.abs() / Self::ONE, self.0.abs() % Self::ONE);
        write!(f, "{sign}{whole}.{fraction:08}")
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amount_shows_sign_and_decimals() {
        assert_eq!(Amount(104_980).to_string(), "0.00104980");
        assert_eq!(Amount(-150_000_000).to_string(), "-1.50000000");
        assert_eq!(Amount::cents(1_234).to_string(), "12.34000000");
    }

    #[test]
    fn purchase_is_rounded_down() {
        let (paid, price) = (Amount::cents(1_000), Amount::cents(300));
        assert_eq!(paid.at_price(price).to_string(), "3.33333333");
        assert_eq!(paid.at_price(price).worth(price).to_string(), "9.99999999");
    }
}

//! Prices of assets: fictitious, plausible, and the same in every run.

use types::{MILLIS_PER_DAY, Timestamp};

use super::amount::Amount;
use super::calendar::DAYS;

/// An asset in which fees are charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asset {
    pub(super) ticker: &'static str,
    /// The price at the start, in cents.
    cents: i64,
    /// Amplitude of the price in both directions, in per mille.
    swing: i64,
    /// Period of the oscillation, in days.
    period: i64,
    /// Gain over the whole sample, in per mille.
    gain: i64,
}

pub(super) const BTC: Asset = asset("BTC", 9_640_000, 45, 23, 60);
pub(super) const ETH: Asset = asset("ETH", 312_000, 70, 17, -40);
pub(super) const USDT: Asset = asset("USDT", 100, 0, 1, 0);
pub(super) const BNB: Asset = asset("BNB", 90_500, 50, 29, 110);
pub(super) const SOL: Asset = asset("SOL", 13_840, 95, 13, 30);
pub(super) const XRP: Asset = asset("XRP", 214, 60, 19, -90);
pub(super) const XMR: Asset = asset("XMR", 38_550, 80, 31, 150);

const fn asset(ticker: &'static str, cents: i64, swing: i64, period: i64, gain: i64) -> Asset {
    Asset { ticker, cents, swing, period, gain }
}

impl Asset {
    /// Returns the price in USD at an instant of a sample that began at `start`.
    pub(super) fn price(self, at: Timestamp, start: Timestamp) -> Amount {
        let elapsed = at.millis_since(start).max(0);
        let gained = self.gain * 1_000 * elapsed / (i64::from(DAYS) * MILLIS_PER_DAY);
        let swung = self.swing * wave(elapsed, self.period * MILLIS_PER_DAY);
        Amount::cents(self.cents).millionths(1_000_000 + gained + swung)
    }
}

/// Returns a triangle wave of the period, in thousandths: it starts at 0, rises to 1000, falls to
/// -1000, and returns to 0.
const fn wave(elapsed: i64, period: i64) -> i64 {
    let phase = elapsed % period * 4_000 / period;
    match phase {
        0..=1_000 => phase,
        1_001..=3_000 => 2_000 - phase,
        _ => phase - 4_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wave_returns_to_its_start() {
        let heights = [0, 1, 2, 3, 4].map(|quarter| wave(quarter * 25, 100));
        assert_eq!(heights, [0, 1_000, 0, -1_000, 0]);
    }

    #[test]
    fn stablecoin_price_is_constant() {
        let start: Timestamp = "2026-09-22T00:00:00Z".parse().unwrap();
        assert_eq!(BTC.price(start, start).to_string(), "96400.00000000");
        assert_ne!(BTC.price(start.plus_days(5), start), BTC.price(start, start));
        assert_eq!(USDT.price(start.plus_days(40), start), Amount::cents(100));
    }
}

//! Counts and sums over the fees of a line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{Market, Timestamp, Uid};

use crate::{Amount, Fold, Outcome, Overflow};

/// Counts and sums of a line. In a correcting line they are changes, negative for a decrease.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sums {
    /// Number of fees.
    pub fee_count: i64,
    /// Number of those fees whose amounts were replaced by a correction.
    pub corrected_count: i64,
    /// Charged fees, in the line's asset.
    pub fees: Amount,
    /// Charged fees, in USD.
    pub fees_usd: Amount,
    /// Inviter's part, in the line's asset.
    pub commission: Amount,
    /// Inviter's part, in USD.
    pub commission_usd: Amount,
    /// Invitee's part, in the line's asset.
    pub shared: Amount,
    /// Invitee's part, in USD.
    pub shared_usd: Amount,
    /// Volume of all trades, in USD.
    pub volume_usd: Amount,
    /// Volume that counts for the inviter's tier, in USD.
    pub counted_volume_usd: Amount,
    /// Time of the first trade. This is not a sum: a correcting line holds the value that applies
    /// after it. Only real trades count: no funding, liquidation or delivery, no trade before the
    /// binding, and no busted trade. In lines of version 0.1 every fee counts as a trade.
    pub first_trade_at: Option<Timestamp>,
    /// Time of the last trade, under the same conditions.
    pub last_trade_at: Option<Timestamp>,
}

/// First and last trade of a set of trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trades {
    /// Time of the first trade.
    pub first: Timestamp,
    /// Time of the last trade.
    pub last: Timestamp,
}

impl Trades {
    /// Returns the earlier first trade and the later last trade of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// Returns the first and last trade of each invitee of a fold, by market. Only real trades count.
#[must_use]
pub fn trades(fold: &Fold) -> BTreeMap<&Uid, BTreeMap<Market, Trades>> {
    let mut trades: BTreeMap<&Uid, BTreeMap<Market, Trades>> = BTreeMap::new();
    for due in fold.due.iter() {
        let Some(of_line) = due.sums.trades() else { continue };
        let by_market = trades.entry(due.invitee).or_default();
        let of_market = by_market.entry(due.product.market()).or_insert(of_line);
        *of_market = of_market.with(of_line);
    }
    trades
}

impl Sums {
    /// Returns the first and last trade; `None` if there is no trade.
    #[must_use]
    pub fn trades(&self) -> Option<Trades> {
        Some(Trades { first: self.first_trade_at?, last: self.last_trade_at? })
    }

    /// Returns whether both have the same counts and amounts.
    ///
    /// Trade times are ignored: they follow from the fees, and have another meaning in lines of
    /// version 0.1.
    #[must_use]
    pub fn is_same_amount(&self, other: &Self) -> bool {
        let (first_trade_at, last_trade_at) = (self.first_trade_at, self.last_trade_at);
        *self == Self { first_trade_at, last_trade_at, ..*other }
    }

    /// Adds a fee. `counts` states whether its volume counts for the tier, and `is_trade` whether
    /// the fee belongs to a real trade.
    pub(crate) fn add_fee(
        &mut self,
        (at, [amount, amount_usd, volume_usd]): (Timestamp, [Amount; 3]),
        corrected: bool,
        counts: bool,
        is_trade: bool,
    ) -> Result<(), Overflow> {
        self.fee_count = self.fee_count.checked_add(1).ok_or(Overflow)?;
        self.corrected_count =
            self.corrected_count.checked_add(i64::from(corrected)).ok_or(Overflow)?;
        self.fees = self.fees.plus(amount)?;
        self.fees_usd = self.fees_usd.plus(amount_usd)?;
        self.volume_usd = self.volume_usd.plus(volume_usd)?;
        if counts {
            self.counted_volume_usd = self.counted_volume_usd.plus(volume_usd)?;
        }
        if is_trade {
            let first = self.first_trade_at.map_or(at, |first| first.min(at));
            self.first_trade_at = Some(first);
            self.last_trade_at = self.last_trade_at.max(Some(at));
        }
        Ok(())
    }

    /// Returns the sums with the parts that their outcome pays.
    ///
    /// The total and the invitee's part are rounded once each. The inviter gets the remainder, so
    /// that the parts always add up to the total.
    pub(crate) fn priced(self, outcome: Outcome) -> Result<Self, Overflow> {
        let Outcome::Earned { rate, shared } = outcome else { return Ok(self) };
        let (shared_part, shared_usd) = (shared.of(self.fees), shared.of(self.fees_usd));
        Ok(Self {
            commission: rate.of(self.fees).minus(shared_part)?,
            commission_usd: rate.of(self.fees_usd).minus(shared_usd)?,
            shared: shared_part,
            shared_usd,
            ..self
        })
    }

    /// Adds the counts and amounts of both, with the first and last of all trades.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a sum does not fit.
    pub fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        let first = [self.first_trade_at, other.first_trade_at].into_iter().flatten().min();
        let last = self.last_trade_at.max(other.last_trade_at);
        self.combine(other, (first, last), Amount::plus, i64::checked_add)
    }

    /// Returns the sums after a line that changes these by `change`.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a sum does not fit.
    pub fn after(&self, change: &Self) -> Result<Self, Overflow> {
        let trades = (change.first_trade_at, change.last_trade_at);
        self.combine(change, trades, Amount::plus, i64::checked_add)
    }

    /// Returns the change from `earlier` to these sums.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a difference does not fit.
    pub fn since(&self, earlier: &Self) -> Result<Self, Overflow> {
        let trades = (self.first_trade_at, self.last_trade_at);
        self.combine(earlier, trades, Amount::minus, i64::checked_sub)
    }

    fn combine(
        &self,
        other: &Self,
        (first_trade_at, last_trade_at): (Option<Timestamp>, Option<Timestamp>),
        amount: impl Fn(Amount, Amount) -> Result<Amount, Overflow>,
        count: impl Fn(i64, i64) -> Option<i64>,
    ) -> Result<Self, Overflow> {
        Ok(Self {
            fee_count: count(self.fee_count, other.fee_count).ok_or(Overflow)?,
            corrected_count: count(self.corrected_count, other.corrected_count).ok_or(Overflow)?,
            fees: amount(self.fees, other.fees)?,
            fees_usd: amount(self.fees_usd, other.fees_usd)?,
            commission: amount(self.commission, other.commission)?,
            commission_usd: amount(self.commission_usd, other.commission_usd)?,
            shared: amount(self.shared, other.shared)?,
            shared_usd: amount(self.shared_usd, other.shared_usd)?,
            volume_usd: amount(self.volume_usd, other.volume_usd)?,
            counted_volume_usd: amount(self.counted_volume_usd, other.counted_volume_usd)?,
            first_trade_at,
            last_trade_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, due_sums, pair, spot, units};

    fn sums(trade_id: &str, amount: &str, time: &str) -> Sums {
        let fold = pair().fold(&[spot(trade_id, amount).with(|charge| charge.at = at(time))], &[]);
        due_sums(&fold)[0].1
    }

    const MORNING: &str = "2026-11-22T08:00:00Z";
    const EVENING: &str = "2026-11-22T20:00:00Z";

    #[test]
    fn plus_spans_first_to_last_trade() {
        let (morning, evening) = (sums("t1", "1", MORNING), sums("t2", "2", EVENING));
        for both in [morning.plus(&evening).unwrap(), evening.plus(&morning).unwrap()] {
            assert_eq!((both.fee_count, both.fees, both.commission), (2, units("3"), units("0.6")));
            assert_eq!(both.first_trade_at, Some(at(MORNING)));
            assert_eq!(both.last_trade_at, Some(at(EVENING)));
        }
        assert_eq!(Sums::default().plus(&evening), Ok(evening));
    }

    #[test]
    fn applying_change_restores_the_later_sums() {
        let (earlier, later) = (sums("t1", "1", MORNING), sums("t2", "2", EVENING));
        let change = later.since(&earlier).unwrap();
        assert_eq!((change.fee_count, change.fees), (0, units("1")));
        assert_eq!(earlier.after(&change), Ok(later));
        let all = Sums::default().since(&later).unwrap();
        assert_eq!(later.after(&all), Ok(Sums::default()));
    }

    #[test]
    fn count_overflow_is_an_error() {
        let most = Sums { fee_count: i64::MAX, ..Sums::default() };
        assert_eq!(most.plus(&sums("t1", "1", MORNING)), Err(Overflow));
    }
}

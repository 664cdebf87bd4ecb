//! What is counted and added up over the fees of a line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use types::{Market, Timestamp, Uid};

use crate::{Amount, Fold, Outcome, Overflow};

/// The counts and sums of a line; in a correcting line the change of each, negative for less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sums {
    /// The fees.
    pub fee_count: i64,
    /// The fees among them whose amounts a correction replaced.
    pub corrected_count: i64,
    /// What was charged, in the line's asset.
    pub fees: Amount,
    /// What was charged, in USD.
    pub fees_usd: Amount,
    /// The inviter's part, in the line's asset.
    pub commission: Amount,
    /// The inviter's part, in USD.
    pub commission_usd: Amount,
    /// The invitee's part, in the line's asset.
    pub shared: Amount,
    /// The invitee's part, in USD.
    pub shared_usd: Amount,
    /// The volume of all trades, in USD.
    pub volume_usd: Amount,
    /// The volume that counts for the inviter's tier, in USD.
    pub counted_volume_usd: Amount,
    /// The first of the trades. No sum: a correcting line says what holds after it. Only real
    /// trades are meant: no funding, liquidation or delivery, nothing before the binding, and no
    /// trade that was busted. In lines of 0.1 every fee counts as a trade.
    pub first_trade_at: Option<Timestamp>,
    /// The last of the same trades.
    pub last_trade_at: Option<Timestamp>,
}

/// The first and the last of some trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trades {
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
}

impl Trades {
    /// From the first of both to the last of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

/// The first and the last trade of each invitee of a fold, by market. Only real trades are meant.
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
    /// The first and the last trade, if there is one.
    #[must_use]
    pub fn trades(&self) -> Option<Trades> {
        Some(Trades { first: self.first_trade_at?, last: self.last_trade_at? })
    }

    /// Whether both have the same counts and amounts. The trades follow from the fees, and those in
    /// lines of 0.1 mean something else, so that they alone make no difference.
    #[must_use]
    pub fn is_same_amount(&self, other: &Self) -> bool {
        let (first_trade_at, last_trade_at) = (self.first_trade_at, self.last_trade_at);
        *self == Self { first_trade_at, last_trade_at, ..*other }
    }

    /// Adds one fee; `counts` says whether its volume counts for the tier, and `is_trade` whether
    /// it is of a real trade.
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

    /// The same sums with what their outcome pays: one rounding for the total and one for the
    /// invitee's part; the inviter has the rest, so that the parts always add up.
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

    /// Both together: counts and amounts added, from the first to the last of all trades.
    ///
    /// # Errors
    /// [`Overflow`] if a sum does not fit.
    pub fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        let first = [self.first_trade_at, other.first_trade_at].into_iter().flatten().min();
        let last = self.last_trade_at.max(other.last_trade_at);
        self.combine(other, (first, last), Amount::plus, i64::checked_add)
    }

    /// The sums after a line that changes these by `change`.
    ///
    /// # Errors
    /// [`Overflow`] if a sum does not fit.
    pub fn after(&self, change: &Self) -> Result<Self, Overflow> {
        let trades = (change.first_trade_at, change.last_trade_at);
        self.combine(change, trades, Amount::plus, i64::checked_add)
    }

    /// The change that leads from `earlier` to these sums.
    ///
    /// # Errors
    /// [`Overflow`] if a difference does not fit.
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
    use crate::Fee;
    use crate::testing::{at, due_sums, pair, spot, units};

    fn sums(trade_id: &str, amount: &str, time: &str) -> Sums {
        let fold = pair().fold(&[Fee { at: at(time), ..spot(trade_id, amount) }], &[]);
        due_sums(&fold)[0].1
    }

    const MORNING: &str = "2026-11-22T08:00:00Z";
    const EVENING: &str = "2026-11-22T20:00:00Z";

    #[test]
    fn together_sums_reach_from_the_first_to_the_last_trade() {
        let (morning, evening) = (sums("t1", "1", MORNING), sums("t2", "2", EVENING));
        for both in [morning.plus(&evening).unwrap(), evening.plus(&morning).unwrap()] {
            assert_eq!((both.fee_count, both.fees, both.commission), (2, units("3"), units("0.6")));
            assert_eq!(both.first_trade_at, Some(at(MORNING)));
            assert_eq!(both.last_trade_at, Some(at(EVENING)));
        }
        assert_eq!(Sums::default().plus(&evening), Ok(evening));
    }

    #[test]
    fn a_change_leads_back_to_where_it_was_taken_to() {
        let (earlier, later) = (sums("t1", "1", MORNING), sums("t2", "2", EVENING));
        let change = later.since(&earlier).unwrap();
        assert_eq!((change.fee_count, change.fees), (0, units("1")));
        assert_eq!(earlier.after(&change), Ok(later));
        let all = Sums::default().since(&later).unwrap();
        assert_eq!(later.after(&all), Ok(Sums::default()));
    }

    #[test]
    fn a_count_that_does_not_fit_is_an_error() {
        let most = Sums { fee_count: i64::MAX, ..Sums::default() };
        assert_eq!(most.plus(&sums("t1", "1", MORNING)), Err(Overflow));
    }
}

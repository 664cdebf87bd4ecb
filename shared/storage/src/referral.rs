//! An affiliate's invitees: the entry of each, with the sums of the invitee's trades.

use std::collections::BTreeMap;

use commission::{Amount, Asset, Overflow, Trades};
use serde::{Deserialize, Serialize};
use types::{Day, LinkCode, Market, Origin, Timestamp, Uid};

use crate::affiliate_view::Money;
use crate::shared_by_day::SharedByDay;
use crate::trading_days::TradingDays;
use crate::two_version_cell::TwoVersionCell;

/// One invitee as the inviter sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Referral {
    /// The invitee.
    pub uid: Uid,
    /// The link that bound the invitee.
    pub code: LinkCode,
    /// Recall or sign-up.
    pub origin: Origin,
    /// When the invitee was bound.
    pub bound_at: Timestamp,
    /// The sums of the invitee's trades.
    pub activity: TwoVersionCell<ReferralActivity>,
    /// The commission shared with the invitee, by day.
    pub shared_by_day: SharedByDay,
}

impl Referral {
    /// Returns the entry after run `seq`, which must not be applied yet: with the activity after
    /// it, and the day of which it shared so much more.
    ///
    /// # Errors
    /// [`Overflow`] if a day's sum does not fit into 128 bits.
    pub fn next(
        self,
        seq: u64,
        activity: ReferralActivity,
        (day, shared_usd): (Day, Amount),
    ) -> Result<Self, Overflow> {
        let shared_by_day = self.shared_by_day.next(seq, day, shared_usd)?;
        Ok(Self { activity: self.activity.next(seq, activity), shared_by_day, ..self })
    }

    /// Returns the entry as if run `seq` had not changed it; `None` if the run created it.
    #[must_use]
    pub fn without(&self, seq: u64) -> Option<Self> {
        let activity = self.activity.without(seq)?;
        Some(Self { activity, shared_by_day: self.shared_by_day.without(seq), ..self.clone() })
    }
}

/// The sums of an invitee's trades since the binding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferralActivity {
    /// By asset.
    pub by_asset: BTreeMap<Asset, Money>,
    /// By market, the first trade of each of the first days with trades.
    pub first_trades: BTreeMap<Market, TradingDays>,
    /// The last trade of each of the last days with trades.
    pub last_trades: TradingDays,
    /// When the binding was declared void.
    pub voided_at: Option<Timestamp>,
}

impl ReferralActivity {
    /// Returns the first trade in a market.
    #[must_use]
    pub fn first_trade_at(&self, market: Market) -> Option<Timestamp> {
        self.first_trades.get(&market).and_then(TradingDays::first)
    }

    /// Returns the first trade in any market. Where all first days that are stored are reversed, it
    /// is the first of the last ones.
    #[must_use]
    pub fn first_trade(&self) -> Option<Timestamp> {
        let in_markets = self.first_trades.values().filter_map(TradingDays::first).min();
        in_markets.or_else(|| self.last_trades.first())
    }

    /// Returns the last trade. Where all last days that are stored are reversed, it is the last of
    /// the first ones.
    #[must_use]
    pub fn last_trade_at(&self) -> Option<Timestamp> {
        let in_markets = || self.first_trades.values().filter_map(TradingDays::last).max();
        self.last_trades.last().or_else(in_markets)
    }

    /// Returns whether there is a trade.
    #[must_use]
    pub fn has_traded(&self) -> bool {
        self.first_trade().is_some()
    }

    /// Returns the stored trades of a day. In a market whose last trade is not known, the first one
    /// is used in its place.
    #[must_use]
    pub fn trades_on(&self, day: Day) -> BTreeMap<Market, Trades> {
        let on_day = |(market, days): (&Market, &TradingDays)| {
            let first = days.on(day)?;
            let last = self.last_trades.on(day).unwrap_or(first).max(first);
            Some((*market, Trades { first, last }))
        };
        self.first_trades.iter().filter_map(on_day).collect()
    }

    /// Replaces the trades of a day, by market.
    pub fn set_trades(&mut self, day: Day, trades: &BTreeMap<Market, Trades>) {
        for market in Market::ALL {
            let first = trades.get(market).map(|trades| trades.first);
            let days = self.first_trades.entry(*market).or_default();
            days.set_first(day, first);
        }
        self.first_trades.retain(|_, days| !days.is_empty());
        self.last_trades.set_last(day, trades.values().map(|trades| trades.last).max());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The amounts of a fee of some dollars.
    fn money() -> Money {
        let minor = |minor| Amount::from_minor(minor);
        let split = commission::Split {
            fees: minor(12_345_678_901),
            commission: minor(2_469_135_780),
            shared: minor(1_234_567_890),
        };
        Money { in_asset: split, in_usd: split, volume_usd: minor(1_234_567_890_100) }
    }

    #[test]
    fn entry_of_a_daily_trader_is_one_write_unit() {
        let first: Timestamp = "2026-11-01T10:00:00Z".parse().unwrap();
        let days = || TradingDays::of((0..8).map(|number| first.plus_days(number)));
        let assets = ["BTC", "ETH", "USDT"].map(|asset| (asset.parse().unwrap(), money()));
        let activity = ReferralActivity {
            by_asset: assets.into(),
            first_trades: [(Market::Spot, days())].into(),
            last_trades: days(),
            voided_at: None,
        };
        let kept = crate::shared_by_day::SHARED_DAYS_KEPT as u64;
        let shared_by_day = (0..=kept).fold(SharedByDay::default(), |days, number| {
            let day = first.plus_days(number as i64).day();
            days.next(number, day, money().in_usd.shared).unwrap()
        });
        let referral = Referral {
            uid: "1000000001".parse().unwrap(),
            code: "ABCD2345".parse().unwrap(),
            origin: Origin::Recall,
            bound_at: first,
            activity: TwoVersionCell::new(1, activity.clone()).next(2, activity),
            shared_by_day,
        };
        let bytes = crate::pack(&referral).unwrap().len();
        // Keys and attributes beside the content.
        let item = bytes + "pk A#1000000001 sk REF#001793484800000#1000000001 v rev b".len();
        assert!(item < 1024, "{item} bytes");
    }

    #[test]
    fn withdrawn_run_leaves_sums_and_days_before() {
        let day: Day = "2026-11-20".parse().unwrap();
        let one = Amount::from_minor(1);
        let traded = ReferralActivity { voided_at: Some(day.start()), ..Default::default() };
        let created = Referral {
            uid: "invitee".parse().unwrap(),
            code: "ABCD2345".parse().unwrap(),
            origin: Origin::Recall,
            bound_at: day.start(),
            activity: TwoVersionCell::new(3, ReferralActivity::default()),
            shared_by_day: SharedByDay::default().next(3, day, one).unwrap(),
        };
        let changed = created.clone().next(4, traded.clone(), (day, one)).unwrap();
        assert_eq!(changed.activity.at(4), Some(&traded));
        assert_eq!(
            changed.shared_by_day.at(4).unwrap().days,
            [(day, one.plus(one).unwrap())].into()
        );
        let withdrawn = changed.without(4).unwrap();
        assert_eq!(withdrawn.activity.at(4), Some(&ReferralActivity::default()));
        assert_eq!(withdrawn.shared_by_day.at(4).unwrap().days, [(day, one)].into());
        assert_eq!(changed.without(5), Some(changed.clone()));
        assert_eq!(created.without(3), None);
    }
}

//! Commission rules as data: tiers, gates and windows, each with its effective date.

use eligibility::Regions;
use types::{Malformed, Market, Timeline, Vip};

use crate::{Amount, Assets, Rate, SharedRules};

/// The programme's policy for commission.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Rules for spot and margin, which share one rate and one evaluation.
    pub spot: Timeline<MarketRules>,
    /// Rules for futures.
    pub futures: Timeline<MarketRules>,
    /// Regions in which futures commission is not paid.
    pub regions: Regions,
    /// Limits of shared commission.
    pub shared: SharedRules,
    /// Numbers of decimals of amounts.
    pub assets: Assets,
}

impl Rules {
    /// Returns the rules of one market over time.
    #[must_use]
    pub const fn market(&self, market: Market) -> &Timeline<MarketRules> {
        match market {
            Market::Spot => &self.spot,
            Market::Futures => &self.futures,
        }
    }
}

/// A row of a tier table: a rate and its requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tier {
    /// Base rate on fees.
    pub rate: Rate,
    /// Minimum volume of the evaluation period, in USD.
    pub volume_usd: Amount,
    /// Minimum number of new traders in the evaluation period.
    pub new_traders: u32,
}

/// Period during which tier 0 pays for one invitee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FuturesWindow {
    /// Length in days of 24 hours, from the anchor.
    pub days: u32,
    /// Start of the window.
    pub anchor: Anchor,
}

/// Start of the window of futures tier 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// The later of the opening of the invitee's futures account and the binding.
    OpeningOrBinding,
    /// The opening of the invitee's futures account.
    Opening,
}

/// Rules of one market from one date on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarketRules {
    /// Tiers, lowest first. Never empty.
    tiers: Vec<Tier>,
    vip_limit: Vip,
    tier0_window: Option<FuturesWindow>,
}

impl MarketRules {
    /// Creates rules with these tiers, lowest first. They pay while the invitee's VIP level is at
    /// most `vip_limit`. Tier 0 pays only within `tier0_window` if there is one.
    ///
    /// # Errors
    /// Returns [`Malformed`] if there is no tier, if tier 0 has a requirement, if a tier has a
    /// lower rate or requirement than the one below it, or if both have the same requirements.
    pub fn new(
        tiers: Vec<Tier>,
        vip_limit: Vip,
        tier0_window: Option<FuturesWindow>,
    ) -> Result<Self, Malformed> {
        let refuse = |sentence: &str| Err(Malformed(sentence.to_owned()));
        let Some(first) = tiers.first() else { return refuse("expected at least one tier") };
        if first.volume_usd != Amount::ZERO || first.new_traders != 0 {
            return refuse("expected tier 0 without conditions: everybody starts there");
        }
        if !tiers.is_sorted_by(rises) {
            return refuse("expected tiers from low to high, no rate or condition falling");
        }
        Ok(Self { tiers, vip_limit, tier0_window })
    }

    /// Returns the tiers, lowest first. There is at least one.
    #[must_use]
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// Returns the base rate of a tier, or of the highest tier if the table has no such row (any
    /// more).
    #[must_use]
    pub fn rate(&self, tier: usize) -> Rate {
        self.tiers.get(tier).or(self.tiers.last()).map_or(Rate::ZERO, |row| row.rate)
    }

    /// Returns the highest VIP level at which an invitee's fees earn.
    #[must_use]
    pub const fn vip_limit(&self) -> Vip {
        self.vip_limit
    }

    /// Returns the period during which tier 0 pays; `None` if it has no limit.
    #[must_use]
    pub const fn tier0_window(&self) -> Option<FuturesWindow> {
        self.tier0_window
    }
}

fn rises(low: &Tier, high: &Tier) -> bool {
    low.rate <= high.rate
        && low.volume_usd <= high.volume_usd
        && low.new_traders <= high.new_traders
        && (low.volume_usd, low.new_traders) != (high.volume_usd, high.new_traders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::tier;

    fn error(tiers: Vec<Tier>) -> String {
        MarketRules::new(tiers, Vip(2), None).unwrap_err().to_string()
    }

    #[test]
    fn tier_0_must_have_no_conditions() {
        assert_eq!(error(vec![]), "expected at least one tier");
        assert!(error(vec![tier("0.2", 1, 0)]).contains("tier 0 without conditions"));
        assert!(error(vec![tier("0.2", 0, 1)]).contains("tier 0 without conditions"));
    }

    #[test]
    fn tiers_must_rise() {
        let first = tier("0.2", 0, 0);
        for second in [tier("0.1", 5, 5), tier("0.3", 0, 0)] {
            assert!(error(vec![first, second]).contains("from low to high"));
        }
        for third in [tier("0.4", 9, 4), tier("0.4", 4, 9), tier("0.29", 9, 9)] {
            assert!(error(vec![first, tier("0.3", 5, 5), third]).contains("from low to high"));
        }
    }

    #[test]
    fn removed_tier_pays_the_highest_rate() {
        let tiers = vec![tier("0.2", 0, 0), tier("0.3", 5, 5)];
        let rules = MarketRules::new(tiers, Vip(2), None).unwrap();
        assert_eq!(rules.rate(1), rules.rate(7));
        assert_eq!(rules.rate(0).to_string(), "0.2");
    }
}

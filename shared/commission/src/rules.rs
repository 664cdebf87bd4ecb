//! The commission rules as data: tiers, gates and windows, each in force from its own date.

use eligibility::Regions;
use types::{Malformed, Market, Timeline, Vip};

use crate::{Amount, Assets, Rate, SharedRules};

/// All that the programme's policy says about commission.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Spot and margin, which share one rate and one assessment.
    pub spot: Timeline<MarketRules>,
    /// Futures.
    pub futures: Timeline<MarketRules>,
    /// Where futures commission is not paid.
    pub regions: Regions,
    /// What an inviter may share.
    pub shared: SharedRules,
    /// How many decimals amounts have.
    pub assets: Assets,
}

impl Rules {
    /// The rules of one market over time.
    #[must_use]
    pub const fn market(&self, market: Market) -> &Timeline<MarketRules> {
        match market {
            Market::Spot => &self.spot,
            Market::Futures => &self.futures,
        }
    }
}

/// One row of a tier table: a rate, and what must be reached for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tier {
    /// The base rate on fees.
    pub rate: Rate,
    /// The volume of the evaluation period in USD, at least.
    pub volume_usd: Amount,
    /// The new traders of the evaluation period, at least.
    pub new_traders: u32,
}

/// How long tier 0 pays for one invitee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FuturesWindow {
    /// The length in days of 24 hours, from the anchor.
    pub days: u32,
    /// The instant from which it counts.
    pub anchor: Anchor,
}

/// From when the window of futures tier 0 counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// The later of the opening of the invitee's futures account and the binding.
    OpeningOrBinding,
    /// The opening of the invitee's futures account.
    Opening,
}

/// The rules of one market, from one date on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarketRules {
    /// Never empty.
    tiers: Vec<Tier>,
    vip_limit: Vip,
    tier0_window: Option<FuturesWindow>,
}

impl MarketRules {
    /// Rules with these tiers, lowest first, paying while the invitee's level is at most
    /// `vip_limit`, and at tier 0 only within the window if there is one.
    ///
    /// # Errors
    /// No tier, a condition on tier 0, or a tier that asks for less or pays less than the one
    /// below it.
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

    /// The tiers, lowest first; at least one.
    #[must_use]
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// The base rate of a tier; of the highest where the table has no such row (any more).
    #[must_use]
    pub fn rate(&self, tier: usize) -> Rate {
        self.tiers.get(tier).or(self.tiers.last()).map_or(Rate::ZERO, |row| row.rate)
    }

    /// The highest VIP level at which an invitee's fees earn.
    #[must_use]
    pub const fn vip_limit(&self) -> Vip {
        self.vip_limit
    }

    /// How long tier 0 pays; without limit if `None`.
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
    fn a_table_needs_a_tier_0_without_conditions() {
        assert_eq!(error(vec![]), "expected at least one tier");
        assert!(error(vec![tier("0.2", 1, 0)]).contains("tier 0 without conditions"));
        assert!(error(vec![tier("0.2", 0, 1)]).contains("tier 0 without conditions"));
    }

    #[test]
    fn tiers_rise() {
        let first = tier("0.2", 0, 0);
        for second in [tier("0.1", 5, 5), tier("0.3", 0, 0)] {
            assert!(error(vec![first, second]).contains("from low to high"));
        }
        for third in [tier("0.4", 9, 4), tier("0.4", 4, 9), tier("0.29", 9, 9)] {
            assert!(error(vec![first, tier("0.3", 5, 5), third]).contains("from low to high"));
        }
    }

    #[test]
    fn a_tier_that_the_table_lost_pays_the_highest_rate() {
        let tiers = vec![tier("0.2", 0, 0), tier("0.3", 5, 5)];
        let rules = MarketRules::new(tiers, Vip(2), None).unwrap();
        assert_eq!(rules.rate(1), rules.rate(7));
        assert_eq!(rules.rate(0).to_string(), "0.2");
    }
}

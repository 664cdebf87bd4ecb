//! The tier in force in each market, and the progress to the next.

use std::collections::BTreeMap;

use commission::{
    Amount, Assets, MarketRules, NextTier, Overflow, Rate, Rules, TierInForce, evaluate_tier,
    progress,
};
use serde::Serialize;
use storage::{Account, DaySummary};
use types::{Market, Product, Quarter, Timeline, Timestamp};

/// The sums of the booked days of the running quarter.
#[derive(Debug)]
pub(crate) struct Quarterly {
    quarter: Quarter,
    volume_usd: BTreeMap<Market, Amount>,
    new_traders: BTreeMap<Market, i64>,
}

impl Quarterly {
    /// Adds up the quarter's days among the runs.
    pub(crate) fn of(runs: &[DaySummary], quarter: Quarter) -> Result<Self, Overflow> {
        let (mut volume_usd, mut new_traders) = (BTreeMap::new(), BTreeMap::new());
        for run in runs.iter().filter(|run| run.day.quarter() == quarter) {
            for (market, volume) in &run.summary.counted_volume_usd {
                let sum: &mut Amount = volume_usd.entry(*market).or_default();
                *sum = sum.plus(*volume)?;
            }
            for (market, count) in &run.summary.new_traders {
                let sum: &mut i64 = new_traders.entry(*market).or_default();
                *sum = sum.checked_add(*count).ok_or(Overflow)?;
            }
        }
        Ok(Self { quarter, volume_usd, new_traders })
    }
}

/// The tier in one market.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MarketTier {
    market: Market,
    products: Vec<Product>,
    /// The place in the programme's table, from 0.
    tier: usize,
    rate: Rate,
    /// The quarter from which the tier has been in force; none if never evaluated.
    since: Option<Quarter>,
    /// The quarter to whose end it stays in force: the running one.
    until: Quarter,
    so_far: SoFar,
    /// None at the top.
    next: Option<Next>,
}

/// The sums that count for the next quarter's tier.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SoFar {
    volume_usd: String,
    new_traders: u32,
    /// The tier that this gives, if nothing is added: it may lie below the one in force.
    tier: usize,
}

/// The tier above, its conditions, and the rest that is missing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Next {
    tier: usize,
    rate: Rate,
    volume_usd: String,
    new_traders: u32,
    missing_volume_usd: String,
    missing_new_traders: u32,
}

/// The tiers of the markets that have rules in force.
pub(crate) fn tiers(
    account: &Account,
    quarterly: &Quarterly,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<MarketTier>, Overflow> {
    let with_rules = Market::ALL.iter().filter_map(|market| {
        let in_force = rules.market(*market).at(now)?;
        Some((*market, in_force))
    });
    with_rules
        .map(|(market, in_force)| {
            let held = held(&account.tiers, market, now);
            market_tier(market, held, quarterly, in_force, &rules.assets)
        })
        .collect()
}

fn market_tier(
    market: Market,
    HeldTier { tier, since }: HeldTier,
    quarterly: &Quarterly,
    rules: &MarketRules,
    assets: &Assets,
) -> Result<MarketTier, Overflow> {
    let volume = quarterly.volume_usd.get(&market).copied().unwrap_or_default();
    let new_traders = quarterly.new_traders.get(&market).copied().unwrap_or_default();
    // Below nothing only where a first trade is taken back that 0.1 counted in another quarter.
    let new_traders = u32::try_from(new_traders.max(0)).map_err(|_| Overflow)?;
    let products = Product::ALL.iter().copied().filter(|product| product.market() == market);
    Ok(MarketTier {
        market,
        products: products.collect(),
        tier,
        rate: rules.rate(tier),
        since,
        until: quarterly.quarter,
        so_far: SoFar {
            volume_usd: volume.display(assets.usd()).to_string(),
            new_traders,
            tier: evaluate_tier(volume, new_traders, rules),
        },
        next: progress(tier, volume, new_traders, rules)?.map(|next| shown(&next, assets)),
    })
}

fn shown(next: &NextTier, assets: &Assets) -> Next {
    Next {
        tier: next.tier,
        rate: next.rate,
        volume_usd: next.volume_usd.display(assets.usd()).to_string(),
        new_traders: next.new_traders,
        missing_volume_usd: next.missing_volume_usd.display(assets.usd()).to_string(),
        missing_new_traders: next.missing_new_traders,
    }
}

/// The tier in force in a market.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct HeldTier {
    tier: usize,
    /// The first quarter since which the tier has not changed; none before the first evaluation.
    since: Option<Quarter>,
}

fn held(tiers: &Timeline<TierInForce>, market: Market, now: Timestamp) -> HeldTier {
    let past = tiers.iter().take_while(|(from, _)| *from <= now);
    past.fold(HeldTier::default(), |held, (from, tier)| match held.since {
        Some(_) if tier.of(market) == held.tier => held,
        _ => HeldTier { tier: tier.of(market), since: Some(from.day().quarter()) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn tiers(entries: &[(&str, usize)]) -> Timeline<TierInForce> {
        let mut tiers = Timeline::default();
        for (day, spot) in entries {
            tiers.replace(at(&format!("{day}T00:00:00Z")), TierInForce { spot: *spot, futures: 0 });
        }
        tiers
    }

    fn held_in_november(entries: &[(&str, usize)]) -> (usize, Option<String>) {
        let HeldTier { tier, since } =
            held(&tiers(entries), Market::Spot, at("2026-11-22T12:00:00Z"));
        (tier, since.map(|quarter| quarter.to_string()))
    }

    #[test]
    fn unevaluated_affiliate_is_at_tier_0() {
        assert_eq!(held_in_november(&[]), (0, None));
        assert_eq!(held_in_november(&[("2027-01-01", 3)]), (0, None));
    }

    #[test]
    fn tier_counts_from_its_first_quarter() {
        let row = [("2026-01-01", 1), ("2026-04-01", 2), ("2026-07-01", 1), ("2026-10-01", 1)];
        assert_eq!(held_in_november(&row), (1, Some("2026-Q3".into())));
        assert_eq!(held_in_november(&row[..2]), (2, Some("2026-Q2".into())));
        assert_eq!(held_in_november(&[("2026-10-01", 0)]), (0, Some("2026-Q4".into())));
    }
}

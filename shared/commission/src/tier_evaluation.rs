//! Quarterly evaluation: the tier reached, and the figures missing for the next tier.

use serde::{Deserialize, Serialize};

use crate::{Amount, MarketRules, Overflow, Rate};

/// Returns the index of the highest tier whose two conditions are both met.
#[must_use]
pub fn evaluate_tier(volume_usd: Amount, new_traders: u32, rules: &MarketRules) -> usize {
    let reached =
        |tier: &crate::Tier| volume_usd >= tier.volume_usd && new_traders >= tier.new_traders;
    rules.tiers().iter().rposition(reached).unwrap_or(0)
}

/// The tier above the one in force, with the figures missing for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextTier {
    /// Index in the tier table.
    pub tier: usize,
    /// Base rate.
    pub rate: Rate,
    /// Required volume, in USD.
    pub volume_usd: Amount,
    /// Required number of new traders.
    pub new_traders: u32,
    /// Missing volume, in USD; zero if the requirement is met.
    pub missing_volume_usd: Amount,
    /// Missing number of new traders; zero if the requirement is met.
    pub missing_new_traders: u32,
}

/// Returns the next tier and the figures missing for it in the running period; `None` at the
/// highest tier.
///
/// # Errors
/// Returns [`Overflow`] if the missing volume does not fit.
pub fn progress(
    current: usize,
    volume_usd: Amount,
    new_traders: u32,
    rules: &MarketRules,
) -> Result<Option<NextTier>, Overflow> {
    let Some((tier, row)) = rules.tiers().iter().enumerate().nth(current.saturating_add(1)) else {
        return Ok(None);
    };
    Ok(Some(NextTier {
        tier,
        rate: row.rate,
        volume_usd: row.volume_usd,
        new_traders: row.new_traders,
        missing_volume_usd: row.volume_usd.minus(volume_usd)?.max(Amount::ZERO),
        missing_new_traders: row.new_traders.saturating_sub(new_traders),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, rules, usd};

    fn spot() -> MarketRules {
        rules().spot.at(at("2026-11-22T00:00:00Z")).unwrap().clone()
    }

    #[test]
    fn both_conditions_must_hold() {
        assert_eq!(evaluate_tier(usd("200000"), 3, &spot()), 1);
        assert_eq!(evaluate_tier(usd("199999.99999999"), 3, &spot()), 0);
        assert_eq!(evaluate_tier(usd("200000"), 2, &spot()), 0);
    }

    #[test]
    fn highest_tier_with_met_conditions_applies() {
        assert_eq!(evaluate_tier(Amount::ZERO, 0, &spot()), 0);
        assert_eq!(evaluate_tier(usd("2500000"), 10, &spot()), 2);
        assert_eq!(evaluate_tier(usd("30000000"), 14, &spot()), 2);
        assert_eq!(evaluate_tier(usd("30000000"), 15, &spot()), 3);
        assert_eq!(evaluate_tier(usd("999999999"), 3, &spot()), 1);
    }

    #[test]
    fn negative_volume_is_tier_0() {
        assert_eq!(evaluate_tier(usd("-1"), 0, &spot()), 0);
    }

    #[test]
    fn progress_lists_requirements_and_gaps() {
        let next = progress(0, usd("150000.5"), 5, &spot()).unwrap().unwrap();
        assert_eq!((next.tier, next.rate.to_string().as_str()), (1, "0.3"));
        assert_eq!((next.volume_usd, next.new_traders), (usd("200000"), 3));
        assert_eq!((next.missing_volume_usd, next.missing_new_traders), (usd("49999.5"), 0));
        let next = progress(1, usd("2500000.5"), 4, &spot()).unwrap().unwrap();
        assert_eq!((next.missing_volume_usd, next.missing_new_traders), (usd("0"), 6));
    }

    #[test]
    fn highest_tier_has_no_next_tier() {
        assert_eq!(progress(3, usd("0"), 0, &spot()), Ok(None));
        assert_eq!(progress(usize::MAX, usd("0"), 0, &spot()), Ok(None));
    }
}

//! The quarterly evaluation: which tier was reached, and what is missing for the next.

use serde::{Deserialize, Serialize};

use crate::{Amount, MarketRules, Overflow, Rate};

/// The place of the highest tier whose two conditions both hold.
#[must_use]
pub fn evaluate_tier(volume_usd: Amount, new_traders: u32, rules: &MarketRules) -> usize {
    let reached =
        |tier: &crate::Tier| volume_usd >= tier.volume_usd && new_traders >= tier.new_traders;
    rules.tiers().iter().rposition(reached).unwrap_or(0)
}

/// The tier above the one in force, and what is missing for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextTier {
    /// Its place in the table.
    pub tier: usize,
    /// Its base rate.
    pub rate: Rate,
    /// The volume that it asks for, in USD.
    pub volume_usd: Amount,
    /// The new traders that it asks for.
    pub new_traders: u32,
    /// The volume that is missing, in USD; zero if there is enough.
    pub missing_volume_usd: Amount,
    /// The new traders that are missing; zero if there are enough.
    pub missing_new_traders: u32,
}

/// How far it is from the tier in force to the next, by what the running period has so far;
/// `None` at the top.
///
/// # Errors
/// [`Overflow`] if the missing volume does not fit.
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
    fn the_highest_row_whose_conditions_hold_is_reached() {
        assert_eq!(evaluate_tier(Amount::ZERO, 0, &spot()), 0);
        assert_eq!(evaluate_tier(usd("2500000"), 10, &spot()), 2);
        assert_eq!(evaluate_tier(usd("30000000"), 14, &spot()), 2);
        assert_eq!(evaluate_tier(usd("30000000"), 15, &spot()), 3);
        assert_eq!(evaluate_tier(usd("999999999"), 3, &spot()), 1);
    }

    #[test]
    fn a_volume_that_corrections_took_below_zero_is_tier_0() {
        assert_eq!(evaluate_tier(usd("-1"), 0, &spot()), 0);
    }

    #[test]
    fn progress_tells_what_the_next_tier_asks_and_what_is_missing() {
        let next = progress(0, usd("150000.5"), 5, &spot()).unwrap().unwrap();
        assert_eq!((next.tier, next.rate.to_string().as_str()), (1, "0.3"));
        assert_eq!((next.volume_usd, next.new_traders), (usd("200000"), 3));
        assert_eq!((next.missing_volume_usd, next.missing_new_traders), (usd("49999.5"), 0));
        let next = progress(1, usd("2500000.5"), 4, &spot()).unwrap().unwrap();
        assert_eq!((next.missing_volume_usd, next.missing_new_traders), (usd("0"), 6));
    }

    #[test]
    fn at_the_top_there_is_no_next_tier() {
        assert_eq!(progress(3, usd("0"), 0, &spot()), Ok(None));
        assert_eq!(progress(usize::MAX, usd("0"), 0, &spot()), Ok(None));
    }
}

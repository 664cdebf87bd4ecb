//! Shared commission: the invitee's part of the rate, and the choices of an inviter.

use serde::{Deserialize, Serialize};
use types::{Malformed, Market, Timestamp};

use crate::{Rate, Rules};

/// Invitee's part by market, as a fraction of the fee. It is fixed at the binding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SharedCommission {
    /// Part of a spot or margin fee.
    pub spot: Rate,
    /// Part of a futures fee.
    pub futures: Rate,
}

impl SharedCommission {
    /// Returns the part of a fee in `market`.
    #[must_use]
    pub const fn rate(&self, market: Market) -> Rate {
        match market {
            Market::Spot => self.spot,
            Market::Futures => self.futures,
        }
    }
}

/// Limits of the shared commission that an inviter may choose for a new link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedRules {
    step: Rate,
    cap: Rate,
    part_of_tier0: Rate,
}

impl SharedRules {
    /// Creates rules that allow multiples of `step`, up to `part_of_tier0` of the base rate of tier
    /// 0, and never above `cap`.
    ///
    /// # Errors
    /// Returns [`Malformed`] if `step` is zero.
    pub fn new(step: Rate, cap: Rate, part_of_tier0: Rate) -> Result<Self, Malformed> {
        if step == Rate::ZERO {
            return Err(Malformed("expected a step of shared commission above 0".to_owned()));
        }
        Ok(Self { step, cap, part_of_tier0 })
    }

    fn greatest(&self, tier0: Rate) -> Rate {
        self.part_of_tier0.of_rate(tier0).min(self.cap)
    }
}

impl Rules {
    /// Returns the shared commissions allowed for a link created at `at`, from zero upwards.
    #[must_use]
    pub fn shared_choices(&self, market: Market, at: Timestamp) -> Vec<Rate> {
        let greatest = self.greatest_shared(market, at).millionths();
        let step = self.shared.step.millionths();
        (0..=greatest / step).filter_map(|count| Rate::from_millionths(count * step)).collect()
    }

    /// Checks that a link created at `at` may have this shared commission.
    ///
    /// # Errors
    /// Returns [`Malformed`] with a message that lists the allowed values.
    pub fn allows_shared(
        &self,
        market: Market,
        rate: Rate,
        at: Timestamp,
    ) -> Result<(), Malformed> {
        let (step, greatest) = (self.shared.step, self.greatest_shared(market, at));
        if rate <= greatest && rate.millionths().is_multiple_of(step.millionths()) {
            return Ok(());
        }
        let sentence = format!(
            "expected a shared {market} commission in steps of {step} from 0 to {greatest}"
        );
        Err(Malformed(sentence))
    }

    /// Returns the greatest allowed shared commission; zero before a market's first rules.
    fn greatest_shared(&self, market: Market, at: Timestamp) -> Rate {
        let tier0 = self.market(market).at(at).map_or(Rate::ZERO, |rules| rules.rate(0));
        self.shared.greatest(tier0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, rate, rules};

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn texts(market: Market, when: &str) -> Vec<String> {
        rules().shared_choices(market, at(when)).iter().map(Rate::to_string).collect()
    }

    #[test]
    fn choices_go_in_steps_up_to_half_of_tier_0() {
        assert_eq!(texts(Market::Spot, NOW), ["0", "0.05", "0.1"]);
        assert_eq!(texts(Market::Futures, NOW), ["0", "0.05"]);
    }

    #[test]
    fn choices_never_exceed_the_cap() {
        let mut rules = rules();
        rules.shared = SharedRules::new(rate("0.05"), rate("0.05"), rate("1")).unwrap();
        assert_eq!(rules.shared_choices(Market::Spot, at(NOW)), [Rate::ZERO, rate("0.05")]);
    }

    #[test]
    fn share_is_zero_before_the_first_rules() {
        assert_eq!(texts(Market::Spot, "2025-09-08T23:59:59.999Z"), ["0"]);
        assert_eq!(texts(Market::Spot, "2025-09-09T00:00:00Z"), ["0", "0.05", "0.1"]);
    }

    #[test]
    fn only_the_choices_are_allowed() {
        let rules = rules();
        for choice in rules.shared_choices(Market::Spot, at(NOW)) {
            assert_eq!(rules.allows_shared(Market::Spot, choice, at(NOW)), Ok(()));
        }
        for other in ["0.01", "0.15", "0.100001", "1"] {
            let error = rules.allows_shared(Market::Spot, rate(other), at(NOW)).unwrap_err();
            assert_eq!(
                error.to_string(),
                "expected a shared spot commission in steps of 0.05 from 0 to 0.1"
            );
        }
    }

    #[test]
    fn zero_step_is_refused() {
        assert!(SharedRules::new(Rate::ZERO, rate("0.2"), rate("0.5")).is_err());
    }
}

//! Evaluates the many fees of one invitee: [`evaluate`] is called once for all that cannot differ.

use std::cmp::Ordering;

use eligibility::RegionRule;
use types::{Day, Timestamp};

use crate::deduplicate::AcceptedFee;
use crate::evaluate::{counts_for_tier, is_trade};
use crate::{Amount, Charge, FeeContext, MarketRules, Outcome, Rules, evaluate};

/// The instants within a day at which a rule changes: the same for all invitees.
pub(crate) struct RuleChanges<'a> {
    rules: &'a Rules,
    day: Day,
    instants: Vec<Timestamp>,
}

impl<'a> RuleChanges<'a> {
    pub(crate) fn of(day: Day, rules: &'a Rules) -> Self {
        let mut changes = Self { rules, day, instants: Vec::new() };
        changes.instants = [&rules.spot, &rules.futures]
            .into_iter()
            .flat_map(|market| market.iter().map(|(from, _)| from))
            .chain(rules.regions.changes(RegionRule::Futures))
            .filter(|instant| changes.within(*instant))
            .collect();
        changes
    }

    /// Whether a change at this instant parts the day: one at its start holds for all of it.
    fn within(&self, instant: Timestamp) -> bool {
        self.day.start() < instant && instant < self.day.end()
    }
}

/// What a fee comes to, besides its amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub outcome: Outcome,
    pub counts_for_tier: bool,
    /// Whether it is the fee of a trade after the binding.
    pub is_trade: bool,
}

/// All of a fee on which its verdict depends while no fact and no rule changes, with its asset:
/// the class, above it the sign of the amount, above it the stretch of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case(u64);

impl Case {
    /// Returns the case without its asset, on which no verdict depends.
    pub(crate) const fn without_asset(self) -> Self {
        Self(self.0 & !0xFFFF)
    }
}

/// Evaluates the fees of one invitee on one day.
pub(crate) struct Evaluation<'a> {
    rules: &'a Rules,
    context: &'a FeeContext<'a>,
    /// In order: between two of them nothing changes.
    changes: Vec<Timestamp>,
}

impl<'a> Evaluation<'a> {
    pub(crate) fn of(rule_changes: &RuleChanges<'a>, context: &'a FeeContext<'a>) -> Self {
        let mut changes = rule_changes.instants.clone();
        let facts = fact_changes(context, rule_changes.rules);
        changes.extend(facts.filter(|instant| rule_changes.within(*instant)));
        changes.sort_unstable();
        Self { rules: rule_changes.rules, context, changes }
    }

    /// Returns the fee's case: fees of one case have one verdict.
    pub(crate) fn case(&self, fee: &AcceptedFee<'_>) -> Case {
        let [amount, ..] = fee.amounts;
        let sign = match amount.cmp(&Amount::ZERO) {
            Ordering::Less => 0,
            Ordering::Equal => 1_u64,
            Ordering::Greater => 2,
        };
        let stretch = match self.changes.is_empty() {
            true => 0,
            false => self.changes.partition_point(|change| *change <= fee.at) as u64,
        };
        Case(u64::from(fee.class.of_fee()) | sign << 32 | stretch << 34)
    }

    pub(crate) fn verdict(&self, charge: &Charge) -> Verdict {
        Verdict {
            outcome: evaluate(charge, self.context, self.rules),
            counts_for_tier: counts_for_tier(charge, self.context, self.rules),
            is_trade: is_trade(charge, self.context),
        }
    }
}

/// The instants at which a fact that fees are judged by changes.
fn fact_changes<'a>(
    standing: &'a FeeContext<'a>,
    rules: &'a Rules,
) -> impl Iterator<Item = Timestamp> + 'a {
    let FeeContext { relation, invitee, inviter, .. } = standing;
    let anchors = [Some(relation.bound_at), invitee.futures_opened_at].into_iter().flatten();
    let windows = rules.futures.iter().filter_map(|(_, market)| MarketRules::tier0_window(market));
    let window_ends = windows.flat_map(move |window| {
        anchors.clone().map(move |anchor| anchor.plus_days(i64::from(window.days)))
    });
    [Some(relation.bound_at), inviter.futures_opened_at]
        .into_iter()
        .flatten()
        .chain(window_ends)
        .chain(inviter.affiliate.iter().map(|(from, _)| from))
        .chain(inviter.location.iter().map(|(from, _)| from))
        .chain(invitee.location.iter().map(|(from, _)| from))
}

//! Caches evaluations of one invitee's fees: [`evaluate`] runs once for fees that cannot differ.

use std::cmp::Ordering;

use commission::{Amount, Charge, FeeContext, MarketRules, Outcome, Rules, evaluate};
use eligibility::RegionRule;
use types::{Day, FeeKind, Product, Timestamp, Vip};

use crate::sums::{counts_for_tier, is_trade};

/// Instants within a day at which a rule changes, equal for all invitees.
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

    /// Returns whether a change at this instant divides the day. One at its start applies to all of
    /// it.
    fn within(&self, instant: Timestamp) -> bool {
        self.day.start() < instant && instant < self.day.end()
    }
}

/// The evaluation of a charge, without its amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub outcome: Outcome,
    pub counts_for_tier: bool,
    /// Whether the charge is the fee of a trade after the binding.
    pub is_trade: bool,
}

/// The fields of a charge on which its verdict depends while no fact or rule changes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Case {
    stretch: usize,
    product: Product,
    kind: FeeKind,
    vip: Vip,
    broker: bool,
    sign: Ordering,
}

/// Evaluates the charges of one invitee on one day.
pub(crate) struct Judging<'a> {
    rules: &'a Rules,
    standing: &'a FeeContext<'a>,
    /// Sorted; no fact or rule changes between two of them.
    changes: Vec<Timestamp>,
    known: Vec<(Case, Verdict)>,
}

impl<'a> Judging<'a> {
    pub(crate) fn of(rule_changes: &RuleChanges<'a>, standing: &'a FeeContext<'a>) -> Self {
        let mut changes = rule_changes.instants.clone();
        let facts = fact_changes(standing, rule_changes.rules);
        changes.extend(facts.filter(|instant| rule_changes.within(*instant)));
        changes.sort_unstable();
        Self { rules: rule_changes.rules, standing, changes, known: Vec::new() }
    }

    pub(crate) fn verdict(&mut self, charge: &Charge) -> Verdict {
        let case = self.case(charge);
        match self.known.iter().find(|(known, _)| *known == case) {
            Some((_, verdict)) => *verdict,
            None => self.evaluate(case, charge),
        }
    }

    fn case(&self, charge: &Charge) -> Case {
        Case {
            stretch: self.changes.partition_point(|change| *change <= charge.at),
            product: charge.product,
            kind: charge.kind,
            vip: charge.vip,
            broker: charge.broker,
            sign: charge.amount.cmp(&Amount::ZERO),
        }
    }

    fn evaluate(&mut self, case: Case, charge: &Charge) -> Verdict {
        let verdict = Verdict {
            outcome: evaluate(charge, self.standing, self.rules),
            counts_for_tier: counts_for_tier(charge, self.standing, self.rules),
            is_trade: is_trade(charge, self.standing),
        };
        self.known.push((case, verdict));
        verdict
    }
}

/// Returns the instants at which a fact for the evaluation of fees changes.
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

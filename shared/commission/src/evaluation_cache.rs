//! Evaluates the many fees of one invitee, with one call of [`evaluate`] for all fees whose
//! outcomes cannot differ.

use std::cmp::Ordering;

use eligibility::RegionRule;
use types::{Day, Timestamp};

use crate::deduplicate::AcceptedFee;
use crate::evaluate::{counts_for_tier, is_trade};
use crate::record::{Class, Record};
use crate::{Amount, Charge, FeeContext, Fees, MarketRules, Outcome, Rules, evaluate};

/// Instants within a day at which a rule changes. They are the same for all invitees.
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

    /// Returns whether a change at this instant splits the day. A change at the start of the day
    /// applies to the whole day.
    fn within(&self, instant: Timestamp) -> bool {
        self.day.start() < instant && instant < self.day.end()
    }
}

/// Result of evaluating a fee, without its amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub outcome: Outcome,
    pub counts_for_tier: bool,
    /// Whether the fee belongs to a trade after the binding.
    pub is_trade: bool,
}

/// Properties of a fee that determine its verdict, and its asset, packed into bits: the class,
/// above it the sign of the amount, above it the interval of the day without changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case(u64);

impl Case {
    fn of(class: Class, sign: u64, interval: u64) -> Self {
        Self(u64::from(class.of_fee()) | sign << 32 | interval << 34)
    }

    /// Returns the case without its asset. No verdict depends on the asset.
    pub(crate) const fn without_asset(self) -> Self {
        Self(self.0 & !0xFFFF)
    }

    /// Returns a digest of eight bits.
    pub(crate) const fn digest(self) -> u8 {
        (self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
    }
}

/// Evaluates the fees of one invitee on one day.
pub(crate) struct Evaluation<'a> {
    rules: &'a Rules,
    context: &'a FeeContext<'a>,
    /// Instants of change, in order. Between two of them no fact and no rule changes.
    changes: &'a [Timestamp],
}

impl<'a> Evaluation<'a> {
    /// Prepares the evaluation. `changes` is a buffer.
    pub(crate) fn of(
        rule_changes: &'a RuleChanges<'a>,
        context: &'a FeeContext<'a>,
        changes: &'a mut Vec<Timestamp>,
    ) -> Self {
        changes.clear();
        changes.extend_from_slice(&rule_changes.instants);
        let facts = fact_changes(context, rule_changes.rules);
        changes.extend(facts.filter(|instant| rule_changes.within(*instant)));
        changes.sort_unstable();
        Self { rules: rule_changes.rules, context, changes }
    }

    /// Returns the case of a fee. Fees with the same case have the same verdict.
    pub(crate) fn case(&self, fee: &AcceptedFee<'_>) -> Case {
        let [amount, ..] = fee.amounts;
        let sign = match amount.cmp(&Amount::ZERO) {
            Ordering::Less => 0,
            Ordering::Equal => 1,
            Ordering::Greater => 2,
        };
        Case::of(fee.class, sign, self.interval(fee.at))
    }

    /// Returns the case of a fee that is neither wide nor corrected.
    #[inline]
    pub(crate) fn case_of_record(&self, record: &Record, fees: &Fees) -> Case {
        let sign = u64::from(record.amount > 0) << 1 | u64::from(record.amount == 0);
        let interval = match self.changes.is_empty() {
            true => 0,
            false => self.interval(fees.fee(record).at()),
        };
        Case::of(record.class, sign, interval)
    }

    fn interval(&self, at: Timestamp) -> u64 {
        self.changes.partition_point(|change| *change <= at) as u64
    }

    pub(crate) fn verdict(&self, charge: &Charge) -> Verdict {
        Verdict {
            outcome: evaluate(charge, self.context, self.rules),
            counts_for_tier: counts_for_tier(charge, self.context, self.rules),
            is_trade: is_trade(charge, self.context),
        }
    }
}

/// Returns the instants at which a fact used in the evaluation changes.
fn fact_changes<'a>(
    context: &'a FeeContext<'a>,
    rules: &'a Rules,
) -> impl Iterator<Item = Timestamp> + 'a {
    let FeeContext { relation, invitee, inviter, .. } = context;
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

//! Evaluation of a fee by the facts and rules at the time of its trade.

use eligibility::RegionRule;
use types::{FeeKind, Market, Reason, Timestamp};

use crate::{
    AccountHistory, Amount, Anchor, Charge, FeeContext, FuturesWindow, MarketRules, Outcome, Rate,
    Rules,
};

/// Evaluates a fee. Returns the rates that it earns, or the first reason why it earns nothing.
///
/// The reasons have a fixed precedence: properties of the fee, the binding, the inviter's
/// affiliate status, the futures gates, the VIP limit, the futures window. An unknown fact never
/// pays. When the fact becomes known, the next run of the day books the difference. Before a
/// market's first rules the rate is zero.
#[must_use]
pub fn evaluate(fee: &Charge, context: &FeeContext<'_>, rules: &Rules) -> Outcome {
    let market = fee.product.market();
    let market_rules = rules.market(market).at(fee.at);
    let zero = fee_reason(fee)
        .or_else(|| relation_reason(fee, context))
        .or_else(|| (market == Market::Futures).then(|| futures_reason(fee, context, rules))?)
        .or_else(|| tier_reason(fee, context, market_rules?));
    match zero {
        Some(reason) => Outcome::Zero { reason },
        None => earned(context, market, market_rules),
    }
}

/// Returns whether the volume of a trade counts for the inviter's tier: the trade paid a fee and
/// was made after the binding, and the invitee's VIP level was within the limit.
pub(crate) fn counts_for_tier(fee: &Charge, context: &FeeContext<'_>, rules: &Rules) -> bool {
    let within_limit = |market_rules: &MarketRules| fee.vip <= market_rules.vip_limit();
    is_trade(fee, context)
        && fee.amount > Amount::ZERO
        && rules.market(fee.product.market()).at(fee.at).is_some_and(within_limit)
}

/// Returns whether a fee belongs to a trade that the invitee made after the binding. Funding,
/// liquidation and delivery are not trades.
pub(crate) fn is_trade(fee: &Charge, context: &FeeContext<'_>) -> bool {
    fee.kind == FeeKind::Trade && fee.at >= context.relation.bound_at
}

fn fee_reason(fee: &Charge) -> Option<Reason> {
    if fee.kind != FeeKind::Trade || fee.broker {
        Some(Reason::ExcludedFee)
    } else if fee.amount < Amount::ZERO {
        Some(Reason::NegativeFee)
    } else if fee.amount == Amount::ZERO {
        Some(Reason::ZeroFee)
    } else {
        None
    }
}

fn relation_reason(fee: &Charge, context: &FeeContext<'_>) -> Option<Reason> {
    if fee.at < context.relation.bound_at {
        Some(Reason::BeforeBinding)
    } else if context.inviter.affiliate.at(fee.at) != Some(&true) {
        Some(Reason::InviterNotAffiliate)
    } else {
        None
    }
}

fn futures_reason(fee: &Charge, context: &FeeContext<'_>, rules: &Rules) -> Option<Reason> {
    let opened = |at: Timestamp| at <= fee.at;
    if !context.inviter.futures_opened_at.is_some_and(opened) {
        Some(Reason::InviterNoFuturesAccount)
    } else if is_restricted(context.inviter, fee.at, rules) {
        Some(Reason::FuturesRegionInviter)
    } else if is_restricted(context.invitee, fee.at, rules) {
        Some(Reason::FuturesRegionInvitee)
    } else {
        None
    }
}

fn is_restricted(party: &AccountHistory, at: Timestamp, rules: &Rules) -> bool {
    let blocked = |location| rules.regions.blocks(RegionRule::Futures, location, at);
    party.location.place_at(at).is_none_or(blocked)
}

fn tier_reason(fee: &Charge, context: &FeeContext<'_>, rules: &MarketRules) -> Option<Reason> {
    let at_tier0 = context.tier.of(fee.product.market()) == 0;
    if fee.vip > rules.vip_limit() {
        Some(Reason::VipAboveLimit)
    } else {
        let window = rules.tier0_window().filter(|_| at_tier0)?;
        has_ended(window, fee.at, context).then_some(Reason::FuturesWindowEnded)
    }
}

/// Returns whether a futures window has ended. A window of N days pays up to its last
/// millisecond, and ends exactly N days after its anchor.
///
/// If the opening is unknown, [`Anchor::OpeningOrBinding`] uses the binding, which is the
/// earliest possible value of the later of both. [`Anchor::Opening`] treats the window as ended,
/// because an unknown opening cannot be shown to be within it.
fn has_ended(window: FuturesWindow, at: Timestamp, context: &FeeContext<'_>) -> bool {
    let opened = context.invitee.futures_opened_at;
    let anchor = match window.anchor {
        Anchor::Opening => opened,
        Anchor::OpeningOrBinding => opened.max(Some(context.relation.bound_at)),
    };
    anchor.is_none_or(|anchor| at >= anchor.plus_days(i64::from(window.days)))
}

fn earned(context: &FeeContext<'_>, market: Market, rules: Option<&MarketRules>) -> Outcome {
    let rate = rules.map_or(Rate::ZERO, |rules| rules.rate(context.tier.of(market)));
    Outcome::Earned { rate, shared: context.relation.shared.rate(market).min(rate) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use types::{Timeline, Vip};

    use super::*;
    use crate::Fee;
    use crate::testing::{
        Pair, YEAR, at, earned, fee, futures, futures_rules, location, pair, rate, spot,
    };

    fn reason(pair: &Pair, fee: &Fee) -> Option<Reason> {
        pair.evaluate(fee).reason()
    }

    fn timed(fee: Fee, time: &str) -> Fee {
        fee.with(|charge| charge.at = at(time))
    }

    #[test]
    fn spot_and_margin_share_a_rate() {
        use types::Product;
        let mut pair = pair();
        assert_eq!(pair.evaluate(&fee("t1", Product::Spot, "1")), earned("0.2", "0"));
        assert_eq!(pair.evaluate(&fee("t2", Product::Margin, "1")), earned("0.2", "0"));
        assert_eq!(pair.evaluate(&fee("t3", Product::Futures, "1")), earned("0.1", "0"));
        pair.tier.spot = 2;
        pair.tier.futures = 3;
        assert_eq!(pair.evaluate(&fee("t1", Product::Spot, "1")), earned("0.41", "0"));
        assert_eq!(pair.evaluate(&fee("t2", Product::Margin, "1")), earned("0.41", "0"));
        assert_eq!(pair.evaluate(&fee("t3", Product::Futures, "1")), earned("0.5", "0"));
    }

    #[test]
    fn shared_part_is_capped_at_the_base_rate() {
        let mut pair = pair();
        pair.relation.shared.futures = rate("0.2");
        pair.relation.shared.spot = rate("0.05");
        assert_eq!(pair.evaluate(&futures("t1", "1")), earned("0.1", "0.1"));
        assert_eq!(pair.evaluate(&spot("t2", "1")), earned("0.2", "0.05"));
    }

    #[test]
    fn only_trade_fees_without_broker_earn() {
        let pair = pair();
        for kind in [FeeKind::Liquidation, FeeKind::Funding, FeeKind::Delivery] {
            let fee = futures("t1", "1").with(|charge| charge.kind = kind);
            assert_eq!(reason(&pair, &fee), Some(Reason::ExcludedFee));
        }
        let fee = spot("t1", "1").with(|charge| charge.broker = true);
        assert_eq!(reason(&pair, &fee), Some(Reason::ExcludedFee));
    }

    #[test]
    fn zero_or_negative_fee_earns_nothing() {
        assert_eq!(reason(&pair(), &spot("t1", "0")), Some(Reason::ZeroFee));
        assert_eq!(reason(&pair(), &spot("t1", "-0.00000001")), Some(Reason::NegativeFee));
        assert_eq!(reason(&pair(), &spot("t1", "0.00000001")), None);
    }

    #[test]
    fn trade_at_the_binding_instant_earns() {
        let fee = spot("t1", "1");
        let before = timed(fee.clone(), "2026-05-31T23:59:59.999Z");
        assert_eq!(reason(&pair(), &before), Some(Reason::BeforeBinding));
        assert_eq!(reason(&pair(), &timed(fee, "2026-06-01T00:00:00Z")), None);
    }

    #[test]
    fn inviter_must_be_affiliate_at_the_trade() {
        let mut pair = pair();
        pair.inviter.affiliate.set(at("2026-11-22T12:00:00.001Z"), false);
        let fee = spot("t1", "1");
        assert_eq!(reason(&pair, &fee), None);
        let later = timed(fee.clone(), "2026-11-22T12:00:00.001Z");
        assert_eq!(reason(&pair, &later), Some(Reason::InviterNotAffiliate));
        pair.inviter.affiliate = Timeline::default();
        assert_eq!(reason(&pair, &fee), Some(Reason::InviterNotAffiliate));
    }

    #[test]
    fn inviter_needs_futures_account_at_trade() {
        let mut pair = pair();
        pair.inviter.futures_opened_at = Some(at("2026-11-22T12:00:00Z"));
        assert_eq!(reason(&pair, &futures("t1", "1")), None);
        for opened in [Some(at("2026-11-22T12:00:00.001Z")), None] {
            pair.inviter.futures_opened_at = opened;
            let needed = Some(Reason::InviterNoFuturesAccount);
            assert_eq!(reason(&pair, &futures("t1", "1")), needed);
            assert_eq!(reason(&pair, &spot("t1", "1")), None);
        }
    }

    #[test]
    fn restricted_country_blocks_futures() {
        let mut pair = pair();
        pair.invitee.location.set(at("2026-11-22T12:00:00Z"), location("US"));
        let fee = futures("t1", "1");
        assert_eq!(reason(&pair, &timed(fee.clone(), "2026-11-22T11:59:59.999Z")), None);
        assert_eq!(reason(&pair, &fee), Some(Reason::FuturesRegionInvitee));
        pair.inviter.location.set(at("2026-11-22T12:00:00Z"), location("US"));
        assert_eq!(reason(&pair, &fee), Some(Reason::FuturesRegionInviter));
        assert_eq!(reason(&pair, &spot("t1", "1")), None);
    }

    #[test]
    fn no_location_blocks_futures() {
        let mut pair = pair();
        pair.invitee.location = Timeline::default();
        assert_eq!(reason(&pair, &futures("t1", "1")), Some(Reason::FuturesRegionInvitee));
        pair.inviter.location = Timeline::default();
        assert_eq!(reason(&pair, &futures("t1", "1")), Some(Reason::FuturesRegionInviter));
    }

    #[test]
    fn vip_limit_is_2_on_spot_and_1_on_futures() {
        let above = Some(Reason::VipAboveLimit);
        for (level, on_spot, on_futures) in [(1, None, None), (2, None, above), (3, above, above)] {
            let vip = Vip(level);
            assert_eq!(reason(&pair(), &spot("t1", "1").with(|charge| charge.vip = vip)), on_spot);
            assert_eq!(
                reason(&pair(), &futures("t1", "1").with(|charge| charge.vip = vip)),
                on_futures
            );
        }
    }

    #[test]
    fn futures_window_starts_at_later_binding() {
        let pair = pair();
        let last = timed(futures("t1", "1"), "2027-05-31T23:59:59.999Z");
        assert_eq!(reason(&pair, &last), None);
        let over = timed(last, "2027-06-01T00:00:00Z");
        assert_eq!(reason(&pair, &over), Some(Reason::FuturesWindowEnded));
    }

    #[test]
    fn futures_window_starts_at_later_opening() {
        let mut pair = pair();
        pair.invitee.futures_opened_at = Some(at("2026-08-01T10:00:00.500Z"));
        let last = timed(futures("t1", "1"), "2027-08-01T10:00:00.499Z");
        assert_eq!(reason(&pair, &last), None);
        let over = timed(last, "2027-08-01T10:00:00.500Z");
        assert_eq!(reason(&pair, &over), Some(Reason::FuturesWindowEnded));
    }

    #[test]
    fn opening_anchor_excludes_old_accounts() {
        let mut pair = pair();
        pair.rules.futures = futures_rules(Some(FuturesWindow { anchor: Anchor::Opening, ..YEAR }));
        let fee = futures("t1", "1");
        assert_eq!(reason(&pair, &fee), Some(Reason::FuturesWindowEnded));
        pair.invitee.futures_opened_at = Some(at("2025-11-22T12:00:00.001Z"));
        assert_eq!(reason(&pair, &fee), None);
        pair.invitee.futures_opened_at = Some(at("2025-11-22T12:00:00Z"));
        assert_eq!(reason(&pair, &fee), Some(Reason::FuturesWindowEnded));
        pair.invitee.futures_opened_at = None;
        assert_eq!(reason(&pair, &fee), Some(Reason::FuturesWindowEnded));
    }

    #[test]
    fn unknown_opening_starts_window_at_binding() {
        let mut pair = pair();
        pair.invitee.futures_opened_at = None;
        let last = timed(futures("t1", "1"), "2027-05-31T23:59:59.999Z");
        assert_eq!(reason(&pair, &last), None);
        let over = timed(last, "2027-06-01T00:00:00Z");
        assert_eq!(reason(&pair, &over), Some(Reason::FuturesWindowEnded));
    }

    #[test]
    fn tiers_above_0_have_no_futures_window() {
        let mut pair = pair();
        pair.tier.futures = 1;
        let late = timed(futures("t1", "1"), "2036-06-01T00:00:00Z");
        assert_eq!(pair.evaluate(&late), earned("0.3", "0"));
    }

    #[test]
    fn rate_is_zero_before_the_first_rules() {
        let mut pair = pair();
        pair.relation.bound_at = at("2025-02-01T00:00:00Z");
        pair.relation.shared.spot = rate("0.05");
        let early = timed(spot("t1", "1"), "2025-09-08T23:59:59.999Z");
        assert_eq!(pair.evaluate(&early), earned("0", "0"));
        assert_eq!(pair.evaluate(&timed(early, "2025-09-09T00:00:00Z")), earned("0.2", "0.05"));
    }

    /// Makes one more reason apply to `pair` and `fee`, and no reason of another rank.
    fn worsen(reason: Reason, pair: &mut Pair, fee: &mut Fee) {
        match reason {
            Reason::ExcludedFee => fee.charge.broker = true,
            Reason::NegativeFee => fee.charge.amount = Amount::from_minor(-1),
            Reason::ZeroFee => fee.charge.amount = Amount::ZERO,
            Reason::BeforeBinding => pair.relation.bound_at = fee.charge.at.plus_millis(1),
            Reason::InviterNotAffiliate => pair.inviter.affiliate = Timeline::default(),
            Reason::InviterNoFuturesAccount => pair.inviter.futures_opened_at = None,
            Reason::FuturesRegionInviter => pair.inviter.location = Timeline::default(),
            Reason::FuturesRegionInvitee => pair.invitee.location = Timeline::default(),
            Reason::VipAboveLimit => fee.charge.vip = Vip(9),
            Reason::FuturesWindowEnded => pair.rules.futures = futures_rules(ended()),
            _ => panic!("{reason} zeroes no fee"),
        }
    }

    fn ended() -> Option<FuturesWindow> {
        Some(FuturesWindow { days: 0, anchor: Anchor::Opening })
    }

    #[test]
    fn reasons_apply_in_their_precedence() {
        let precedence = [
            Reason::ExcludedFee,
            Reason::NegativeFee,
            Reason::ZeroFee,
            Reason::BeforeBinding,
            Reason::InviterNotAffiliate,
            Reason::InviterNoFuturesAccount,
            Reason::FuturesRegionInviter,
            Reason::FuturesRegionInvitee,
            Reason::VipAboveLimit,
            Reason::FuturesWindowEnded,
        ];
        let (mut pair, mut fee) = (pair(), futures("t1", "1"));
        for worse in precedence.into_iter().rev() {
            worsen(worse, &mut pair, &mut fee);
            assert_eq!(reason(&pair, &fee), Some(worse));
        }
        let listed: BTreeSet<_> = Reason::ALL.iter().filter(|r| r.zeroes_fee()).collect();
        assert_eq!(precedence.iter().collect::<BTreeSet<_>>(), listed);
    }

    #[test]
    fn tier_counts_only_eligible_volume() {
        let pair = pair();
        let Pair { relation, invitee, inviter, tier, rules } = &pair;
        let context = FeeContext { relation, invitee, inviter, tier: *tier };
        let counts = |fee: Fee| counts_for_tier(&fee.charge, &context, rules);
        assert!(counts(spot("t1", "1")));
        assert!(counts(spot("t1", "1").with(|charge| charge.vip = Vip(2))));
        assert!(!counts(spot("t1", "1").with(|charge| charge.vip = Vip(3))));
        assert!(!counts(futures("t1", "1").with(|charge| charge.vip = Vip(2))));
        assert!(!counts(spot("t1", "0")));
        assert!(!counts(spot("t1", "-1")));
        assert!(!counts(futures("t1", "1").with(|charge| charge.kind = FeeKind::Liquidation)));
        assert!(!counts(timed(spot("t1", "1"), "2026-05-31T23:59:59.999Z")));
        assert!(counts(timed(spot("t1", "1"), "2026-06-01T00:00:00Z")));
    }
}

//! The facts for which a fee earned nothing, beyond the reason's message.

use commission::{AccountHistory, Anchor, Charge, FeeContext, FuturesWindow, MarketRules, Rules};
use types::{Market, Reason, Timestamp};

/// The facts behind a reason, in a sentence; `None` where the fee itself says it all.
pub(crate) fn reason_detail(
    reason: Reason,
    charge: &Charge,
    context: &FeeContext<'_>,
    rules: &Rules,
) -> Option<String> {
    let market_rules = rules.market(charge.product.market()).at(charge.at);
    Some(match reason {
        Reason::ExcludedFee if charge.broker => "A broker placed the order.".to_owned(),
        Reason::ExcludedFee => format!("It is a {} fee.", charge.kind),
        Reason::BeforeBinding => format!("The binding is of {}.", context.relation.bound_at),
        Reason::InviterNotAffiliate => affiliate(context.inviter, charge.at),
        Reason::InviterNoFuturesAccount => opened("The inviter", context.inviter),
        Reason::FuturesRegionInviter => located("The inviter", context.inviter, charge.at),
        Reason::FuturesRegionInvitee => located("The invitee", context.invitee, charge.at),
        Reason::VipAboveLimit => {
            let limit = market_rules.map(MarketRules::vip_limit)?.0;
            format!("It was {}; commission is paid up to VIP {limit}.", vip(charge))
        }
        Reason::FuturesWindowEnded => window(market_rules?.tier0_window()?, context),
        _ => return None,
    })
}

fn vip(charge: &Charge) -> String {
    format!("VIP {}", charge.vip.0)
}

fn affiliate(inviter: &AccountHistory, at: Timestamp) -> String {
    match inviter.affiliate.entry_at(at) {
        Some((since, _)) => format!("The inviter left it at {since}."),
        None => "The inviter had not joined it yet.".to_owned(),
    }
}

fn opened(who: &str, party: &AccountHistory) -> String {
    match party.futures_opened_at {
        Some(at) => format!("{who} opened one at {at}."),
        None => format!("{who} has none to this day."),
    }
}

fn located(who: &str, party: &AccountHistory, at: Timestamp) -> String {
    match party.location.entry_at(at).zip(party.location.place_at(at)) {
        Some(((since, _), place)) => format!("{who} was in {place}, since {since}."),
        None => format!("Where {} was is not known.", who.to_lowercase()),
    }
}

fn window(window: FuturesWindow, context: &FeeContext<'_>) -> String {
    let days = window.days;
    let opened = opened("The invitee", context.invitee);
    let anchor = match window.anchor {
        Anchor::Opening => "the opening of the invitee's futures account",
        Anchor::OpeningOrBinding => {
            "the later of the binding and the opening of the invitee's futures account"
        }
    };
    let bound = context.relation.bound_at;
    let tier = context.tier.of(Market::Futures);
    format!("At tier {tier} it is {days} days from {anchor}. {opened} The binding is of {bound}.")
}

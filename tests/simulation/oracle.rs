//! A second opinion on every amount: the domain's rules once more, as plainly as they can be put.
//!
//! It shares no code with the engine. The rates and lists are written out here, so that a change of
//! the policy has to be made twice.

use std::collections::BTreeMap;

use commission::Relation;
use terms::{Origin, Timestamp};

use super::facts::{Facts, Trade, held};

/// Base rates by tier, in points of a hundred.
const SPOT: [i128; 4] = [20, 30, 41, 50];
const FUTURES: [i128; 4] = [10, 30, 41, 50];
/// The countries of the trial in which futures are restricted.
const NO_FUTURES: [&str; 4] = ["US", "SG", "DE", "GB"];
const DAY: i64 = 86_400_000;

/// What a sum is about: inviter, invitee, day, product, asset, and what the fees came to.
pub type Key = (String, String, String, String, String, String);

/// Fees counted, fees, fees in USD, volume, commission, shared, commission and shared in USD.
pub type Sums = [i128; 8];

/// Sums by what they are about; those of nothing are left out.
pub type Sheet = BTreeMap<Key, Sums>;

/// What the table has decided, and the oracle takes as given.
pub struct Decided<'a> {
    /// The bindings, by invitee.
    pub relations: &'a BTreeMap<String, Relation>,
    /// The tiers on a day, of an inviter: spot and futures.
    pub tiers: &'a dyn Fn(&str, Timestamp) -> (usize, usize),
}

/// All lines that are due.
pub fn due(facts: &Facts, decided: &Decided<'_>) -> Sheet {
    let mut sheet = Sheet::new();
    for trade in facts.standing().values() {
        let Some(relation) = decided.relations.get(&trade.payer) else { continue };
        if is_undue(relation, facts) {
            continue;
        }
        let key = key(trade, relation, &outcome(trade, relation, facts, decided));
        let sums = sheet.entry(key).or_default();
        let amounts = &trade.amounts;
        for (sum, part) in sums.iter_mut().zip([1, amounts.fee, amounts.usd, amounts.volume]) {
            *sum += part;
        }
    }
    for (key, sums) in &mut sheet {
        pay(&key.5, sums);
    }
    sheet
}

/// Whether a recalled invitee proves to have been active in the 90 days before he was bound. He is
/// bound when the clock of the function said so: by one that is ahead, what he trades until then is
/// activity before his bind; by one that is behind, what he had just traded comes after it, unless
/// it was known, and kept him from being bound.
pub fn is_undue(relation: &Relation, facts: &Facts) -> bool {
    let since = relation.bound_at.plus_millis(-90 * DAY);
    let active = facts.activity.get(relation.invitee.as_str());
    let in_window = active.is_some_and(|at| at.range(since..relation.bound_at).next().is_some());
    relation.origin == Origin::Recall && in_window
}

fn key(trade: &Trade, relation: &Relation, outcome: &str) -> Key {
    (
        relation.inviter.to_string(),
        trade.payer.clone(),
        trade.day().to_string(),
        trade.product.to_owned(),
        trade.asset.to_owned(),
        outcome.to_owned(),
    )
}

/// The reason why a fee earns nothing, or its rates in points: `41/10`.
fn outcome(trade: &Trade, relation: &Relation, facts: &Facts, decided: &Decided<'_>) -> String {
    let (inviter, at) = (relation.inviter.as_str(), trade.at);
    let futures = trade.product == "futures";
    let (spot_tier, futures_tier) = (decided.tiers)(inviter, trade.day().start());
    let (tier, rates) = if futures { (futures_tier, FUTURES) } else { (spot_tier, SPOT) };
    let restricted =
        |uid: &str| held(facts.country.get(uid), at).is_none_or(|it| NO_FUTURES.contains(it));
    let vip_limit = if futures { 1 } else { 2 };
    let opened = |uid: &str| facts.futures_opened.get(uid).copied();
    let year_from = opened(&trade.payer).max(Some(relation.bound_at)).unwrap();

    let reasons = [
        (trade.kind != "trade" || trade.broker, "excluded_fee"),
        (trade.amounts.fee < 0, "negative_fee"),
        (trade.amounts.fee == 0, "zero_fee"),
        (at < relation.bound_at, "before_binding"),
        (held(facts.affiliate.get(inviter), at) != Some(&true), "inviter_not_affiliate"),
        (futures && opened(inviter).is_none_or(|it| it > at), "inviter_no_futures_account"),
        (futures && restricted(inviter), "futures_region_inviter"),
        (futures && restricted(&trade.payer), "futures_region_invitee"),
        (trade.vip > vip_limit, "vip_above_limit"),
        (futures && tier == 0 && at >= year_from.plus_days(365), "futures_window_ended"),
    ];
    if let Some((_, reason)) = reasons.iter().find(|(holds, _)| *holds) {
        return (*reason).to_owned();
    }
    let shared = if futures { relation.shared.futures } else { relation.shared.spot };
    let shared = i128::from(shared.millionths()) / 10_000;
    format!("{}/{}", rates[tier], shared.min(rates[tier]))
}

/// Adds what the fees pay: two roundings down, and the rest to the inviter.
fn pay(outcome: &str, sums: &mut Sums) {
    let Some((rate, shared)) = outcome.split_once('/') else { return };
    let (rate, shared): (i128, i128) = (rate.parse().unwrap(), shared.parse().unwrap());
    let part = |amount: i128, points: i128| amount * points / 100;
    let (fees, usd) = (sums[1], sums[2]);
    sums[5] = part(fees, shared);
    sums[4] = part(fees, rate) - sums[5];
    sums[7] = part(usd, shared);
    sums[6] = part(usd, rate) - sums[7];
}

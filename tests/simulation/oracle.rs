//! An independent implementation of the domain's rules, as simple as possible.
//!
//! It reads the exchange's events and the users' requests, never the table, and returns bindings,
//! voided bindings, tiers and amounts. It shares no code with the engine. Rates, thresholds and
//! lists are repeated here, so that a change of the policy must be made twice.

use std::collections::BTreeMap;

use types::{Day, Origin, Quarter, Timestamp};

use super::facts::{Fact, Facts, Known, Registration, Shared, Trade, UNIT};

/// Base rates by tier, in hundredths.
const SPOT: [i128; 4] = [20, 30, 41, 50];
const FUTURES: [i128; 4] = [10, 30, 41, 50];
/// Requirements of the tiers: volume in USD and new traders.
const SPOT_TIERS: [(i128, usize); 4] = [(0, 0), (200_000, 3), (2_500_000, 10), (30_000_000, 15)];
const FUTURES_TIERS: [(i128, usize); 4] =
    [(0, 0), (5_000_000, 3), (50_000_000, 10), (300_000_000, 15)];
/// The trial's places on the lists of the policy.
const MICA: [&str; 1] = ["DE"];
const PROHIBITED: [&str; 1] = ["UA-43"];
const NO_PROMOTION: [&str; 1] = ["GB"];
const NO_FUTURES: [&str; 3] = ["US", "SG", "GB"];
const DAY: i64 = 86_400_000;
/// The age of an account and its inactivity must both exceed this time.
const WINDOW: i64 = 90 * DAY;

/// The subject of a sum: inviter, invitee, day, product, asset, and outcome of the fees.
pub type Key = (String, String, String, String, String, String);

/// Number of fees, fees, fees in USD, volume, commission, shared, commission and shared in USD.
pub type Sums = [i128; 8];

/// Sums by subject, without empty ones.
pub type Sheet = BTreeMap<Key, Sums>;

/// A binding as requests and registrations create it.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    pub inviter: String,
    pub invitee: String,
    pub code: String,
    pub origin: Origin,
    pub bound_at: Timestamp,
    pub shared: Shared,
}

/// Bindings by invitee.
pub type Bindings = BTreeMap<String, Binding>;

/// The tiers of each inviter in spot and futures, in force from a time on.
#[derive(Debug, Default)]
pub struct Tiers(pub Option<(Timestamp, TiersByInviter)>);

/// The tier of each inviter in spot and in futures.
pub type TiersByInviter = BTreeMap<String, (usize, usize)>;

impl Tiers {
    pub fn at(&self, inviter: &str, at: Timestamp) -> (usize, usize) {
        match &self.0 {
            Some((from, tiers)) if *from <= at => tiers.get(inviter).copied().unwrap_or_default(),
            _ => (0, 0),
        }
    }
}

/// A check of eligibility: whether it may be met, and whether it may be unmet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check {
    pub met: bool,
    pub unmet: bool,
}

/// Checks by their reasons.
pub type Checks = BTreeMap<&'static str, Check>;

impl Check {
    fn certain(met: bool) -> Self {
        Self { met, unmet: !met }
    }

    /// A check that is met by some of the values that may be in force, and unmet by others.
    fn of<T>(values: &[T], met: impl Fn(&T) -> bool) -> Self {
        Self { met: values.iter().any(&met), unmet: !values.iter().all(met) }
    }

    pub fn may_be(self, met: bool) -> bool {
        if met { self.met } else { self.unmet }
    }
}

/// Returns whether all checks may be met.
pub fn may_be_eligible(checks: &Checks) -> bool {
    checks.values().all(|check| check.met)
}

/// Returns whether some check is certainly unmet, or all are certainly met.
pub fn must_be_eligible(checks: &Checks) -> bool {
    checks.values().all(|check| !check.unmet)
}

/// Returns the binding that an account and a link would create.
pub fn binding(
    facts: &Facts,
    invitee: &str,
    code: &str,
    origin: Origin,
    bound_at: Timestamp,
) -> Option<Binding> {
    let link = facts.links.get(code)?;
    Some(Binding {
        inviter: link.owner.to_owned(),
        invitee: invitee.to_owned(),
        code: code.to_owned(),
        origin,
        bound_at,
        shared: link.shared,
    })
}

/// Returns the checks of a recall by an existing link; `bound` is the check that the account was
/// never bound.
pub fn recall_checks(
    known: Known<'_>,
    invitee: &Registration,
    code: &str,
    at: Timestamp,
    bound: Check,
) -> Checks {
    let link = &known.facts.links[code];
    let mut checks = common_checks(known, invitee, link.owner, at);
    checks.insert("already_bound", bound);
    checks.insert("link_not_recall_capable", Check::certain(link.invites_existing));
    let places = places(known, &invitee.uid, at);
    let blocked = |place: &Place| is_on(&[&PROHIBITED, &NO_PROMOTION], place);
    checks.insert("region_blocked_invitee", Check::of(&places, |place| !blocked(place)));
    let age = at.millis_since(invitee.at);
    checks.insert("account_too_young", Check::certain(age > WINDOW));
    checks.insert("recently_active", dormant(known, &invitee.uid, at));
    checks
}

/// Returns the checks of a sign-up by an existing link.
pub fn sign_up_checks(known: Known<'_>, invitee: &Registration, code: &str) -> Checks {
    let (link, at) = (&known.facts.links[code], invitee.at);
    let mut checks = common_checks(known, invitee, link.owner, at);
    let place = (Some(invitee.country), None);
    let blocked = is_on(&[&PROHIBITED, &NO_PROMOTION, &MICA], &place);
    checks.insert("region_blocked_invitee", Check::certain(!blocked));
    checks
}

/// Returns the checks of an account that is not registered yet.
pub fn checks_of_unknown(known: Known<'_>, code: &str, at: Timestamp) -> Checks {
    let link = &known.facts.links[code];
    let mut checks = inviter_checks(known, link.owner, at);
    checks.insert("link_not_recall_capable", Check::certain(link.invites_existing));
    checks.insert("unknown_account", Check::certain(false));
    checks
}

fn common_checks(known: Known<'_>, invitee: &Registration, inviter: &str, at: Timestamp) -> Checks {
    let mut checks = inviter_checks(known, inviter, at);
    let registered = known.facts.registrations[inviter].at;
    checks.insert("unknown_account", Check::certain(true));
    checks.insert("sub_account", Check::certain(invitee.main.is_none()));
    checks.insert("self_referral", Check::certain(inviter != invitee.uid));
    checks.insert("inviter_registered_after_invitee", Check::certain(registered <= invitee.at));
    checks.insert("same_identity", other_person(known, inviter, &invitee.uid, at));
    checks
}

fn inviter_checks(known: Known<'_>, inviter: &str, at: Timestamp) -> Checks {
    let affiliate = known.values(inviter, at, |fact| match fact {
        Fact::Affiliate(is) => Some(*is),
        _ => None,
    });
    let places = places(known, inviter, at);
    let blocked = |place: &Place| is_on(&[&PROHIBITED, &NO_PROMOTION, &MICA], place);
    Checks::from([
        ("unknown_link", Check::certain(true)),
        ("inviter_not_affiliate", Check::of(&affiliate, |is| *is == Some(true))),
        ("region_blocked_inviter", Check::of(&places, |place| !blocked(place))),
    ])
}

/// The two accounts are not known to belong to one person.
fn other_person(known: Known<'_>, inviter: &str, invitee: &str, at: Timestamp) -> Check {
    let person = |uid: &str| {
        known.values(uid, at, |fact| match fact {
            Fact::Person(hash) => Some(hash),
            _ => None,
        })
    };
    let (theirs, own) = (person(inviter), person(invitee));
    let pairs: Vec<_> = theirs.iter().flat_map(|a| own.iter().map(move |b| (*a, *b))).collect();
    let same_account = known.facts.top(inviter) == known.facts.top(invitee);
    Check::of(&pairs, |(a, b)| !same_account && (a.is_none() || a != b))
}

/// No activity of the account or its sub-accounts within the window before `at`.
fn dormant(known: Known<'_>, uid: &str, at: Timestamp) -> Check {
    let since = at.plus_millis(-WINDOW);
    let active: Vec<_> = known.facts.activity(uid).filter(|it| it.at >= since).collect();
    Check {
        met: !active.iter().any(|it| known.certain.contain(it.message)),
        unmet: active.iter().any(|it| known.possible.contain(it.message)),
    }
}

/// A country, and a region of it.
type Place = (Option<&'static str>, Option<&'static str>);

/// Returns the possible places of an account at a time. Accounts of the trial with a region never
/// leave its country.
fn places(known: Known<'_>, uid: &str, at: Timestamp) -> Vec<Place> {
    let countries = known.values(uid, at, |fact| match fact {
        Fact::Country(country) => Some(*country),
        _ => None,
    });
    let regions = known.values(uid, at, |fact| match fact {
        Fact::Region(region) => Some(*region),
        _ => None,
    });
    countries.iter().flat_map(|c| regions.iter().map(move |region| (*c, *region))).collect()
}

/// Returns whether a place is on one of the lists; an unknown place counts as listed.
fn is_on(lists: &[&[&str]], (country, region): &Place) -> bool {
    let on_list = |place: &&str| lists.iter().any(|list| list.contains(place));
    country.as_ref().is_none_or(on_list) || region.as_ref().is_some_and(on_list)
}

/// Returns whether a recalled invitee was active in the 90 days before the binding. The binding
/// takes effect at the time of the function's clock. If that is ahead, trades until then are
/// activity before the bind; if it is behind, a recent trade is after it, unless it was known and
/// prevented the bind.
pub fn is_void(binding: &Binding, facts: &Facts) -> bool {
    let since = binding.bound_at.plus_millis(-WINDOW);
    let mut active = facts.activity(&binding.invitee);
    binding.origin == Origin::Recall && active.any(|it| since <= it.at && it.at < binding.bound_at)
}

/// Returns all lines that are due.
pub fn due(facts: &Facts, bindings: &Bindings, tiers: &Tiers) -> Sheet {
    let mut sheet = Sheet::new();
    let void: BTreeMap<&str, bool> =
        bindings.iter().map(|(uid, binding)| (uid.as_str(), is_void(binding, facts))).collect();
    for trade in facts.standing().values() {
        let Some(binding) = bindings.get(&trade.payer) else { continue };
        if void[trade.payer.as_str()] {
            continue;
        }
        let key = key(trade, binding, &outcome(trade, binding, facts, tiers));
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

fn key(trade: &Trade, binding: &Binding, outcome: &str) -> Key {
    (
        binding.inviter.clone(),
        trade.payer.clone(),
        trade.day().to_string(),
        trade.product.to_owned(),
        trade.asset.clone(),
        outcome.to_owned(),
    )
}

/// Returns the reason for which a fee earns nothing, or its rates in hundredths: `41/10`.
fn outcome(trade: &Trade, binding: &Binding, facts: &Facts, tiers: &Tiers) -> String {
    let (inviter, at) = (binding.inviter.as_str(), trade.at);
    let futures = trade.product == "futures";
    let (spot_tier, futures_tier) = tiers.at(inviter, trade.day().start());
    let (tier, rates) = if futures { (futures_tier, FUTURES) } else { (spot_tier, SPOT) };
    let known = Known::everything(facts);
    let restricted = |uid: &str| {
        places(known, uid, at).iter().any(|it| is_on(&[&NO_FUTURES, &MICA, &PROHIBITED], it))
    };
    let affiliate = known.values(inviter, at, |fact| match fact {
        Fact::Affiliate(is) => Some(*is),
        _ => None,
    });
    let opened = |uid: &str| facts.futures_opened(uid);
    let year_from = opened(&trade.payer).max(Some(binding.bound_at)).unwrap();

    let reasons = [
        (trade.kind != "trade" || trade.broker, "excluded_fee"),
        (trade.amounts.fee < 0, "negative_fee"),
        (trade.amounts.fee == 0, "zero_fee"),
        (at < binding.bound_at, "before_binding"),
        (affiliate != [Some(true)], "inviter_not_affiliate"),
        (futures && opened(inviter).is_none_or(|it| it > at), "inviter_no_futures_account"),
        (futures && restricted(inviter), "futures_region_inviter"),
        (futures && restricted(&trade.payer), "futures_region_invitee"),
        (trade.vip > vip_limit(trade), "vip_above_limit"),
        (futures && tier == 0 && at >= year_from.plus_days(365), "futures_window_ended"),
    ];
    if let Some((_, reason)) = reasons.iter().find(|(holds, _)| *holds) {
        return (*reason).to_owned();
    }
    let shared = if futures { binding.shared.futures } else { binding.shared.spot };
    format!("{}/{}", rates[tier], shared.min(rates[tier]))
}

fn vip_limit(trade: &Trade) -> u8 {
    if trade.product == "futures" { 1 } else { 2 }
}

/// Adds commission for the fees: rounded down twice, and the rest to the inviter.
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

/// Returns the trades that make an invitee a trader: real ones, from the binding on, on past days.
pub fn real_trades(facts: &Facts, binding: &Binding, today: Day) -> Vec<Trade> {
    let mut trades: Vec<Trade> = facts.standing().into_values().collect();
    trades.retain(|trade| {
        trade.payer == binding.invitee
            && trade.at >= binding.bound_at
            && trade.day() < today
            && trade.is_real()
    });
    trades.sort_by_key(|trade| trade.at);
    trades
}

/// Returns the tiers that result from a quarter: volume within the VIP limit that paid a fee, and
/// new registrants whose first real trade is in the quarter.
pub fn evaluate(facts: &Facts, bindings: &Bindings, quarter: Quarter, today: Day) -> Tiers {
    let mut sums: BTreeMap<(String, &str), (i128, usize)> = BTreeMap::new();
    for binding in bindings.values().filter(|binding| !is_void(binding, facts)) {
        let trades = real_trades(facts, binding, today);
        for market in ["spot", "futures"] {
            let (volume, traders) = sums.entry((binding.inviter.clone(), market)).or_default();
            let mut of_market = trades.iter().filter(|trade| trade.market() == market).peekable();
            let first = of_market.peek().map(|trade| trade.day().quarter());
            *traders += usize::from(binding.origin == Origin::Signup && first == Some(quarter));
            let counted = of_market.filter(|trade| {
                trade.day().quarter() == quarter
                    && trade.amounts.fee > 0
                    && trade.vip <= vip_limit(trade)
            });
            *volume += counted.map(|trade| trade.amounts.volume).sum::<i128>();
        }
    }
    let tier = |inviter: &str, market, table: &[(i128, usize)]| {
        let (volume, traders) = sums.get(&(inviter.to_owned(), market)).copied().unwrap_or((0, 0));
        let reached = |(usd, new): &(i128, usize)| volume >= usd * UNIT && traders >= *new;
        table.iter().rposition(reached).unwrap_or(0)
    };
    let inviters = sums.keys().map(|(inviter, _)| inviter.clone());
    let tiers = inviters.map(|inviter| {
        let spot = tier(&inviter, "spot", &SPOT_TIERS);
        let futures = tier(&inviter, "futures", &FUTURES_TIERS);
        (inviter, (spot, futures))
    });
    let tiers = tiers.collect();
    Tiers(Some((quarter.next().first_day().start(), tiers)))
}

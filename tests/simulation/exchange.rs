//! Random events of the exchange: mostly fees, some late, duplicate or with another body;
//! corrections, including inapplicable ones; moves, registrations, payments; and invalid events.

use std::rc::Rc;

use serde_json::json;
use storage::RunId;
use types::Timestamp;

use super::facts::{Amounts, Correction, Fact, PaidRun, Registration, Trade, UNIT};
use super::personas::{AFFILIATES, COUNTRIES, NO_COUNTRIES, PERSON};
use super::poison;
use super::trial_state::{Draft, TrialState};
use crate::test_app::{event, uid};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The longest reason of a correction, in bytes.
const LONGEST_REASON: usize = 200;
/// The assets of a user who trades many.
const MANY_ASSETS: usize = 40;
/// The changes of an account that are reported in a burst: messages, and events in each.
const BURST: [usize; 2] = [10, 30];
/// The sizes of unreadable messages in bytes; the last is the largest message.
const UNREADABLE: [usize; 3] = [40, 20_000, 100_000];
const LARGEST_UNREADABLE: usize = 250_000;

/// Stories that the trials must cover, by their names in the counts.
pub const STORIES: [&str; 17] = [
    "story: fee",
    "story: correction",
    "story: other body",
    "story: move",
    "story: long reason",
    "story: many assets",
    "story: burst of changes",
    "story: same trade id",
    "story: event id with another body",
    "story: large unreadable message",
    "story: unknown place",
    "story: region alone",
    "story: same country",
    "story: other person",
    "story: registration with other facts",
    "story: correction that cannot be applied",
    "story: trade with one's own sub-account",
];

/// One message with one to four events.
pub fn events_are_sent(state: &TrialState) {
    let mut draft = Draft::new(state);
    let mut kinds = Vec::new();
    for _ in 0..=state.rng.below(4) {
        let story: (&str, fn(&TrialState, &mut Draft) -> bool) = match state.rng.below(100) {
            0..48 => ("fee", fee),
            48..57 => ("correction", correction),
            57..61 => ("other body", other_body),
            61..67 => ("move", move_of_somebody),
            67..71 => ("activity", activity),
            71..75 => ("change of affiliate", change_of_affiliate),
            75..86 => ("registration", registration),
            86..88 => ("nonsense", nonsense),
            88..90 => ("correction that cannot be applied", useless_correction),
            90 => ("unknown place", unknown_place),
            91 => ("other person", other_person),
            92 => ("region alone", region_alone),
            93 => ("same country", same_country),
            94 => ("registration with other facts", other_registration),
            95 => ("burst of changes", burst_of_changes),
            96 => ("many assets", many_assets),
            97 => ("same trade id", same_trade_id),
            98 => ("trade with one's own sub-account", trade_with_own_sub_account),
            _ => ("event id with another body", same_event_id),
        };
        let (name, tell) = story;
        if tell(state, &mut draft) {
            state.trace.reach(format!("story: {name}"));
            kinds.push(name);
        }
    }
    if !draft.is_empty() {
        let number = draft.number;
        state.trace.write(format!("{} message-{number}: {}", state.now(), kinds.join(", ")));
        state.sends(draft);
    }
    if state.rng.chance(3) {
        unreadable_message(state);
    }
}

fn is_bound(state: &TrialState, account: &str) -> bool {
    state.bound.borrow().contains(state.facts.borrow().top(account))
}

fn is_ingested(state: &TrialState, message: usize) -> bool {
    state.queue.borrow().ingested.contains(&message)
}

/// Bound users trade. Others mostly do not, or they could never be bound.
fn trader(state: &TrialState) -> Option<String> {
    let trader = state.rng.pick(&state.personas.traders()).clone();
    let known = state.facts.borrow().is_registered(&trader);
    (is_bound(state, &trader) || state.rng.chance(if known { 3 } else { 10 })).then_some(trader)
}

/// The time of a trade: mostly now, sometimes yesterday, and occasionally long ago, inside the
/// window of inactivity before a bind or before it.
fn trade_time(state: &TrialState) -> Timestamp {
    let rng = &state.rng;
    match rng.below(100) {
        0..80 => state.ago(rng.between(0, 30 * MINUTE)),
        80..96 => state.ago(rng.between(0, 2 * DAY)),
        96..99 => state.ago(rng.between(93 * DAY, 96 * DAY)),
        _ => state.ago(rng.between(4 * DAY, 80 * DAY)),
    }
}

fn fee(state: &TrialState, draft: &mut Draft) -> bool {
    if state.poisoned && state.rng.chance(15) {
        // In a separate message, so that an unreadable account delays no other event.
        let mut draft = Draft::new(state);
        charge(state, &mut draft, new_trade(state, &poison::invitee()));
        state.sends(draft);
        return true;
    }
    let Some(trader) = trader(state) else { return false };
    let payer = state.facts.borrow().top(&trader).to_owned();
    let bound = state.bound.borrow().contains(&payer);
    if payer == state.personas.dormant[0] && !bound {
        return false;
    }
    let trade = new_trade(state, &trader);
    charge(state, draft, trade);
    true
}

fn new_trade(state: &TrialState, trader: &str) -> Trade {
    let rng = &state.rng;
    let number = state.number();
    // Sometimes as long as an id may be.
    let id = match rng.chance(5) {
        true => format!("trade-{number:0>58}"),
        false => format!("trade-{number}."),
    };
    Trade {
        id,
        payer: state.facts.borrow().top(trader).to_owned(),
        product: rng.word(&["spot", "spot", "margin", "futures", "futures"]),
        kind: rng.word(&["trade", "trade", "trade", "trade", "trade", "liquidation", "funding"]),
        asset: rng.word(&["BTC", "USDT"]).to_owned(),
        amounts: amounts(state),
        vip: *rng.pick(&[0, 0, 0, 1, 2, 3]),
        broker: rng.chance(3),
        at: trade_time(state),
        // The message is sent a millisecond from now.
        sent_at: state.now().plus_millis(1),
        trader: trader.to_owned(),
    }
}

fn charge(state: &TrialState, draft: &mut Draft, trade: Trade) {
    let mut facts = state.facts.borrow_mut();
    facts.record_fact(draft.number, &trade.trader, trade.at, Fact::Active);
    draft.add(state, "fee.charged", trade.event());
    draft.charges(trade.fee_id());
    facts.trades.push(trade);
}

fn amounts(state: &TrialState) -> Amounts {
    let (rng, sign) = (&state.rng, [1, 1, 1, 1, 1, 1, 1, 0, -1]);
    let sign = *rng.pick(&sign);
    let fee = i128::from(rng.between(1, 1_000_000));
    let usd = i128::from(rng.between(1, 50_000)) * UNIT / 100;
    Amounts { fee: sign * fee, usd: sign * usd, volume: usd * 1000 }
}

/// A bound user pays fees in many assets.
fn many_assets(state: &TrialState, draft: &mut Draft) -> bool {
    let Some(trader) = trader(state).filter(|trader| is_bound(state, trader)) else {
        return false;
    };
    for number in 0..MANY_ASSETS {
        let asset = format!("ASSET{number}");
        let trade = Trade { asset, product: "spot", ..new_trade(state, &trader) };
        charge(state, draft, trade);
    }
    true
}

/// Returns a trade that was charged before, if there is one.
fn earlier_trade(state: &TrialState) -> Option<Trade> {
    let facts = state.facts.borrow();
    // Unreadable events have separate messages, which the undisturbed programme does not receive.
    let trades: Vec<&Trade> =
        facts.trades.iter().filter(|trade| trade.payer != poison::invitee()).collect();
    (!trades.is_empty()).then(|| (*state.rng.pick(&trades)).clone())
}

fn correction(state: &TrialState, draft: &mut Draft) -> bool {
    let Some(trade) = earlier_trade(state) else { return false };
    let busted = state.rng.chance(40);
    let why = if state.rng.chance(15) {
        state.trace.reach("story: long reason");
        format!("{:x<LONGEST_REASON$}", format!("reason {}", state.number()))
    } else {
        (if busted { "trade busted" } else { "fee corrected" }).to_owned()
    };
    let correction = Correction {
        of: trade.fee_id(),
        amounts: if busted { Amounts::NOTHING } else { positive(amounts(state)) },
        exact: true,
        at: state.ago(0),
        why,
    };
    draft.add(state, "fee.corrected", correction.event(&trade));
    let is_bound = is_bound(state, &trade.payer);
    let mut facts = state.facts.borrow_mut();
    if !is_bound {
        // If the payer is bound after the fee and before its correction, only the latter is stored.
        facts.expect_quarantined(trade.id, false);
    }
    facts.corrections.push(correction);
    true
}

/// A corrected fee of zero on a real trade would be a trade that was neither busted nor paid for.
fn positive(amounts: Amounts) -> Amounts {
    if amounts.fee == 0 { Amounts { fee: 1, usd: 1, ..amounts } } else { amounts }
}

/// A correction of another day than its fee's, or with more decimals than the asset has.
fn useless_correction(state: &TrialState, draft: &mut Draft) -> bool {
    let Some(trade) = earlier_trade(state).filter(|trade| is_bound(state, &trade.payer)) else {
        return false;
    };
    let other_day = state.rng.chance(50);
    let (uid, id, day) = trade.fee_id();
    let (day, at) = match other_day {
        // So long ago that no fee is expected any more.
        true => (day.plus(-20 - state.rng.below(20) as i32), state.ago(3 * DAY)),
        false => (day, state.ago(0)),
    };
    if at.day() < day {
        return false;
    }
    let why = format!("useless {}.", state.number());
    state.facts.borrow_mut().expect_quarantined(why.clone(), true);
    let amounts = positive(amounts(state));
    let correction = Correction { of: (uid, id, day), amounts, exact: other_day, at, why };
    draft.add(state, "fee.corrected", correction.event(&trade));
    state.facts.borrow_mut().corrections.push(correction);
    true
}

/// The same fee with another body, sent later: it must not count.
fn other_body(state: &TrialState, draft: &mut Draft) -> bool {
    let Some(first) = earlier_trade(state) else { return false };
    let sent_at = state.now().plus_millis(1);
    if first.sent_at == sent_at {
        return false;
    }
    // It is quarantined only if the account was bound when either was ingested.
    state.facts.borrow_mut().expect_quarantined(first.id.clone(), false);
    let other = Trade { amounts: amounts(state), asset: "USDT".to_owned(), sent_at, ..first };
    charge(state, draft, other);
    true
}

/// The other account's side of a trade, or another day's trade, under the same trade id: a separate
/// fee.
fn same_trade_id(state: &TrialState, draft: &mut Draft) -> bool {
    let Some(first) = earlier_trade(state) else { return false };
    let trade = if state.rng.chance(50) {
        let Some(other) = trader(state) else { return false };
        Trade { id: first.id.clone(), ..new_trade(state, &other) }
    } else {
        let mut next = Trade { id: first.id.clone(), ..new_trade(state, &first.trader) };
        next.at = state.ago(state.rng.between(0, 3 * DAY));
        next
    };
    let facts = state.facts.borrow();
    let taken = facts
        .trades
        .iter()
        .any(|it| (&it.payer, &it.id, it.day()) == (&trade.payer, &trade.id, trade.day()));
    let undue =
        trade.payer == state.personas.dormant[0] && !state.bound.borrow().contains(&trade.payer);
    drop(facts);
    if !taken && !undue {
        charge(state, draft, trade);
    }
    !taken && !undue
}

/// A main account trades with its sub-account: each pays a fee under one trade id.
fn trade_with_own_sub_account(state: &TrialState, draft: &mut Draft) -> bool {
    let (main, sub) = (&state.personas.dormant[0], &state.personas.desks[0]);
    if !state.bound.borrow().contains(main) {
        return false;
    }
    let first = new_trade(state, main);
    let second = Trade { trader: sub.clone(), amounts: amounts(state), ..first.clone() };
    charge(state, draft, first);
    charge(state, draft, second);
    true
}

fn move_of_somebody(state: &TrialState, draft: &mut Draft) -> bool {
    let rng = &state.rng;
    let movers = [&AFFILIATES.map(str::to_owned)[..], &state.personas.dormant].concat();
    let (mover, country) = (rng.pick(&movers), *rng.pick(&COUNTRIES));
    let at = state.ago(rng.between(0, 3 * HOUR));
    let change = json!({ "uid": mover, "country": country, "at": at });
    change_account(state, draft, mover, at, Fact::Country(country), change);
    true
}

fn change_account(
    state: &TrialState,
    draft: &mut Draft,
    name: &str,
    at: Timestamp,
    fact: Fact,
    change: serde_json::Value,
) {
    draft.add(state, "account.changed", change);
    state.facts.borrow_mut().record_fact(draft.number, name, at, fact);
}

/// A move to a country that does not exist: it is refused, and the account keeps its place.
fn unknown_place(state: &TrialState, draft: &mut Draft) -> bool {
    let place = *state.rng.pick(&NO_COUNTRIES);
    let (kind, data) = if state.rng.chance(30) {
        let uid = format!("phantom-{}", state.number());
        (
            "account.registered",
            json!({ "uid": uid, "registeredAt": state.ago(0), "country": place }),
        )
    } else {
        let name = state.rng.pick(&state.personas.dormant);
        ("account.changed", json!({ "uid": name, "country": place, "at": state.ago(0) }))
    };
    let id = draft.add(state, kind, data);
    state.facts.borrow_mut().expect_quarantined(id, true);
    true
}

/// A part of a country is reported, without the country.
fn region_alone(state: &TrialState, draft: &mut Draft) -> bool {
    let name = state.rng.pick(&state.personas.regional);
    let region = *state.rng.pick(&["UA-43", "UA-30"]);
    let at = state.ago(state.rng.between(0, 3 * HOUR));
    let change = json!({ "uid": name, "region": region, "at": at });
    change_account(state, draft, name, at, Fact::Region(region), change);
    true
}

/// The current country of an account, without its region.
fn same_country(state: &TrialState, draft: &mut Draft) -> bool {
    let name = state.rng.pick(&state.personas.regional);
    let at = state.ago(state.rng.between(0, HOUR));
    let change = json!({ "uid": name, "country": "UA", "at": at });
    change_account(state, draft, name, at, Fact::Country("UA"), change);
    true
}

/// A change of the person behind an account, at a past time.
fn other_person(state: &TrialState, draft: &mut Draft) -> bool {
    let (name, person) = (&state.personas.dormant[1], *state.rng.pick(&[PERSON, "p2", "p3"]));
    // So long ago that it is past by every clock of the trial.
    let at = state.ago(state.rng.between(20 * MINUTE, 3 * HOUR));
    let change = json!({ "uid": name, "personHash": person, "at": at });
    change_account(state, draft, name, at, Fact::Person(person.to_owned()), change);
    true
}

/// Many changes of one account, most of which change nothing that matters.
fn burst_of_changes(state: &TrialState, _: &mut Draft) -> bool {
    let movers = [&AFFILIATES.map(str::to_owned)[..], &state.personas.dormant].concat();
    let mover = state.rng.pick(&movers);
    let [messages, events] = BURST;
    for _ in 0..messages {
        let mut draft = Draft::new(state);
        for number in 0..events {
            let at = state.ago(state.rng.between(0, 2 * HOUR));
            let change = json!({ "uid": mover, "vipLevel": number % 4, "at": at });
            draft.add(state, "account.changed", change);
        }
        state.sends(draft);
    }
    true
}

fn activity(state: &TrialState, draft: &mut Draft) -> bool {
    if state.rng.chance(40) {
        return active_all_day(state);
    }
    let guest = state.rng.pick(&state.personas.guests()).clone();
    if guest == "nobody-knows-me" || state.personas.newcomers.contains(&guest) {
        return false;
    }
    let at = trade_time(state);
    if !is_bound(state, &guest) && !state.rng.chance(20) {
        return false;
    }
    state.facts.borrow_mut().record_fact(draft.number, &guest, at, Fact::Active);
    draft.add(state, "activity", json!({ "uid": guest, "product": "earn", "at": at }));
    true
}

/// An affiliate leaves the programme or rejoins it.
fn change_of_affiliate(state: &TrialState, draft: &mut Draft) -> bool {
    let name = *state.rng.pick(&AFFILIATES);
    let stays = state.rng.chance(70);
    let at = state.ago(state.rng.between(0, HOUR));
    let change = json!({ "uid": name, "affiliate": stays, "at": at });
    change_account(state, draft, name, at, Fact::Affiliate(stays), change);
    true
}

/// A newcomer registers by a link, today or two days ago; most use the first affiliate's.
fn registration(state: &TrialState, draft: &mut Draft) -> bool {
    let (rng, mut facts) = (&state.rng, state.facts.borrow_mut());
    let name = rng.pick(&state.personas.newcomers).clone();
    if facts.is_registered(&name) {
        return false;
    }
    let code = match rng.below(100) {
        0..85 => &state.personas.codes[0],
        85..97 => rng.pick(&state.personas.codes),
        _ => "NQSUCHCQ",
    };
    let registration = Registration {
        message: draft.number,
        uid: name,
        at: state.ago(if rng.chance(30) { 2 * DAY } else { 0 }),
        country: rng.word(&["CH", "CH", "CH", "CH", "CH", "CH", "TR", "US", "DE", "GB"]),
        region: None,
        main: None,
        person: rng.chance(10).then(|| PERSON.to_owned()),
        code: Some(code.to_owned()),
    };
    draft.add(state, "account.registered", registration.event());
    facts.register(registration);
    true
}

/// A registration of a known account, with another country, link or fingerprint.
fn other_registration(state: &TrialState, draft: &mut Draft) -> bool {
    let mut facts = state.facts.borrow_mut();
    let known: Vec<&Registration> =
        facts.registrations.values().filter(|it| is_ingested(state, it.message)).collect();
    let mut other = (*state.rng.pick(&known)).clone();
    match state.rng.below(4) {
        0 => other.at = other.at.plus_millis(-1000),
        1 => {
            other.country = if other.country == "CH" { "TR" } else { "CH" };
            other.region = None;
        }
        2 => other.code = Some("QTHERLNK".to_owned()),
        _ => other.person = Some("p9".to_owned()),
    }
    let id = draft.add(state, "account.registered", other.event());
    facts.expect_quarantined(id, true);
    true
}

/// A user without inviter uses a product more than once on a day, each time in another message.
fn active_all_day(state: &TrialState) -> bool {
    let guests = state.personas.guests();
    let Some(busy) = guests.iter().find(|guest| guest.starts_with("busy")) else { return false };
    let first = state.ago(state.rng.between(0, 2 * DAY));
    for _ in 0..3 {
        let mut draft = Draft::new(state);
        let later = first.plus_millis(state.rng.between(0, 4 * HOUR)).min(state.now());
        state.facts.borrow_mut().record_fact(draft.number, busy, later, Fact::Active);
        draft.add(state, "activity", json!({ "uid": busy, "product": "earn", "at": later }));
        state.sends(draft);
    }
    true
}

/// A known event id with another body.
fn same_event_id(state: &TrialState, draft: &mut Draft) -> bool {
    let id = format!("event-{}.", state.number());
    let name = state.rng.pick(&state.personas.dormant);
    let of = |product: &str| json!({ "uid": name, "product": product, "at": state.ago(200 * DAY) });
    let (first, second) = (of("earn"), of("card"));
    for data in [&first, &second] {
        let at = data["at"].as_str().unwrap().parse().unwrap();
        state.facts.borrow_mut().record_fact(draft.number, name, at, Fact::Active);
    }
    draft.add_event(event(&id, "activity", first));
    draft.add_event(event(&id, "activity", second));
    state.facts.borrow_mut().expect_quarantined(id, true);
    true
}

fn nonsense(state: &TrialState, draft: &mut Draft) -> bool {
    let fees = ["-", "1e3", "0.123456789", "99999999999999999999999999999999"];
    let data = json!({ "tradeId": "?", "uid": "", "amount": state.rng.pick(&fees) });
    let id = draft.add(state, "fee.charged", data);
    state.facts.borrow_mut().expect_quarantined(id, true);
    true
}

/// A message that is not JSON, or whose event has an invalid member; it may be large.
fn unreadable_message(state: &TrialState) {
    let large = state.rng.chance(30);
    let size = if large { LARGEST_UNREADABLE } else { *state.rng.pick(&UNREADABLE) };
    if size >= 20_000 {
        state.trace.reach("story: large unreadable message");
    }
    let number = state.number();
    let marker = format!("unreadable-{number}.");
    let text = format!("{marker}{}", "x".repeat(size));
    let body = match state.rng.chance(50) {
        true => format!("{{ {text}"),
        false => event(&marker, "fee.charged", json!({ text: 1 })).to_string(),
    };
    state.sends_text(number, body);
    state.facts.borrow_mut().expect_quarantined(marker, true);
}

/// The wallet pays an affiliate's part of a visible run, and reports it. Sometimes it later reports
/// another payment of the same run, which must not count.
pub async fn the_wallet_pays(state: &Rc<TrialState>) {
    let affiliate = *state.rng.pick(&AFFILIATES);
    let table = &state.reliable.context.table;
    let visible = table.head().await.unwrap().value.visible;
    let (from, to) = (state.first_day.plus(-3), state.now().day());
    let booked = table.summaries(&uid(affiliate), from, to, visible).await.unwrap();
    if booked.is_empty() {
        return;
    }
    let run = state.rng.pick(&booked);
    let id = RunId { day: run.day, seq: run.seq };
    let mut draft = Draft::new(state);
    let reference = format!("transfer-{}.", draft.number);
    let data = json!({
        "uid": affiliate, "day": run.day, "runId": id, "paidAt": state.ago(0),
        "reference": reference,
    });
    state.trace.write(format!("the wallet pays {affiliate} for {id}"));
    draft.add(state, "commission.paid", data);
    let mut facts = state.facts.borrow_mut();
    facts.expect_quarantined(reference, false);
    let (message, run_id) = (draft.number, id.to_string());
    facts.payments.push(PaidRun { message, affiliate, run_id });
    drop(facts);
    state.sends(draft);
}

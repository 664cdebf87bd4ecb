//! The events of the exchange, at random: fees above all, late, twice and with another body;
//! corrections, also such as cannot be applied; moves, registrations, payments; and events that
//! nobody can use.

use std::rc::Rc;

use serde_json::json;
use storage::RunId;
use types::Timestamp;

use super::facts::{Amounts, Correction, Fact, PaidRun, Registration, Trade, UNIT};
use super::personas::{AFFILIATES, COUNTRIES, NO_COUNTRIES, PERSON};
use super::poison;
use super::trial_state::{Draft, Stage};
use crate::test_app::{event, uid};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The longest reason of a correction, in bytes.
const LONGEST_REASON: usize = 200;
/// The assets of somebody who trades many.
const MANY_ASSETS: usize = 40;
/// The changes of an account that are reported in a burst: so many messages of so many events.
const BURST: [usize; 2] = [10, 30];
/// The sizes of unreadable messages, in bytes; the last one is as large as a message may be.
const UNREADABLE: [usize; 3] = [40, 20_000, 100_000];
const LARGEST_UNREADABLE: usize = 250_000;

/// The stories that trials must tell, by the names under which they are counted.
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
pub fn events_are_sent(stage: &Stage) {
    let mut draft = Draft::new(stage);
    let mut kinds = Vec::new();
    for _ in 0..=stage.dice.below(4) {
        let story: (&str, fn(&Stage, &mut Draft) -> bool) = match stage.dice.below(100) {
            0..52 => ("fee", fee),
            52..61 => ("correction", correction),
            61..65 => ("other body", other_body),
            65..71 => ("move", move_of_somebody),
            71..75 => ("activity", activity),
            75..79 => ("change of affiliate", change_of_affiliate),
            79..86 => ("registration", registration),
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
        if tell(stage, &mut draft) {
            stage.diary.reach(format!("story: {name}"));
            kinds.push(name);
        }
    }
    if !draft.is_empty() {
        let number = draft.number;
        stage.diary.write(format!("{} message-{number}: {}", stage.now(), kinds.join(", ")));
        stage.sends(draft);
    }
    if stage.dice.chance(3) {
        unreadable_message(stage);
    }
}

fn is_bound(stage: &Stage, account: &str) -> bool {
    stage.bound.borrow().contains(stage.facts.borrow().top(account))
}

fn is_ingested(stage: &Stage, message: usize) -> bool {
    stage.queue.borrow().ingested.contains(&message)
}

/// Those who are bound trade; the others mostly do not, or they could never be.
fn trader(stage: &Stage) -> Option<String> {
    let trader = stage.dice.pick(&stage.cast.traders()).clone();
    let known = stage.facts.borrow().is_registered(&trader);
    (is_bound(stage, &trader) || stage.dice.chance(if known { 3 } else { 10 })).then_some(trader)
}

/// When a trade was made: mostly just now, sometimes yesterday, and once in a while long ago,
/// within the window of inactivity before a bind or before it.
fn trade_time(stage: &Stage) -> Timestamp {
    let dice = &stage.dice;
    match dice.below(100) {
        0..80 => stage.ago(dice.between(0, 30 * MINUTE)),
        80..96 => stage.ago(dice.between(0, 2 * DAY)),
        96..99 => stage.ago(dice.between(93 * DAY, 96 * DAY)),
        _ => stage.ago(dice.between(4 * DAY, 80 * DAY)),
    }
}

fn fee(stage: &Stage, draft: &mut Draft) -> bool {
    if stage.poisoned && stage.dice.chance(15) {
        // In a message of its own: whoever cannot be read keeps none of the others back.
        let mut draft = Draft::new(stage);
        charge(stage, &mut draft, new_trade(stage, &poison::invitee()));
        stage.sends(draft);
        return true;
    }
    let Some(trader) = trader(stage) else { return false };
    let payer = stage.facts.borrow().top(&trader).to_owned();
    let bound = stage.bound.borrow().contains(&payer);
    if payer == stage.cast.dormant[0] && !bound {
        return false;
    }
    let trade = new_trade(stage, &trader);
    charge(stage, draft, trade);
    true
}

fn new_trade(stage: &Stage, trader: &str) -> Trade {
    let dice = &stage.dice;
    let number = stage.number();
    // Now and then as long as an id may be.
    let id = match dice.chance(5) {
        true => format!("trade-{number:0>58}"),
        false => format!("trade-{number}."),
    };
    Trade {
        id,
        payer: stage.facts.borrow().top(trader).to_owned(),
        product: dice.word(&["spot", "spot", "margin", "futures", "futures"]),
        kind: dice.word(&["trade", "trade", "trade", "trade", "trade", "liquidation", "funding"]),
        asset: dice.word(&["BTC", "USDT"]).to_owned(),
        amounts: amounts(stage),
        vip: *dice.pick(&[0, 0, 0, 1, 2, 3]),
        broker: dice.chance(3),
        at: trade_time(stage),
        // The message goes out a millisecond from now.
        sent_at: stage.now().plus_millis(1),
        trader: trader.to_owned(),
    }
}

fn charge(stage: &Stage, draft: &mut Draft, trade: Trade) {
    let mut facts = stage.facts.borrow_mut();
    facts.state(draft.number, &trade.trader, trade.at, Fact::Active);
    draft.add(stage, "fee.charged", trade.event());
    draft.charges(trade.fee_id());
    facts.trades.push(trade);
}

fn amounts(stage: &Stage) -> Amounts {
    let (dice, sign) = (&stage.dice, [1, 1, 1, 1, 1, 1, 1, 0, -1]);
    let sign = *dice.pick(&sign);
    let fee = i128::from(dice.between(1, 1_000_000));
    let usd = i128::from(dice.between(1, 50_000)) * UNIT / 100;
    Amounts { fee: sign * fee, usd: sign * usd, volume: usd * 1000 }
}

/// Somebody who is bound pays fees in many assets.
fn many_assets(stage: &Stage, draft: &mut Draft) -> bool {
    let Some(trader) = trader(stage).filter(|trader| is_bound(stage, trader)) else {
        return false;
    };
    for number in 0..MANY_ASSETS {
        let asset = format!("ASSET{number}");
        let trade = Trade { asset, product: "spot", ..new_trade(stage, &trader) };
        charge(stage, draft, trade);
    }
    true
}

/// A trade that was charged before, if there is one.
fn earlier_trade(stage: &Stage) -> Option<Trade> {
    let facts = stage.facts.borrow();
    // What is unreadable has messages of its own, which the undisturbed world does not get.
    let trades: Vec<&Trade> =
        facts.trades.iter().filter(|trade| trade.payer != poison::invitee()).collect();
    (!trades.is_empty()).then(|| (*stage.dice.pick(&trades)).clone())
}

fn correction(stage: &Stage, draft: &mut Draft) -> bool {
    let Some(trade) = earlier_trade(stage) else { return false };
    let busted = stage.dice.chance(40);
    let why = if stage.dice.chance(15) {
        stage.diary.reach("story: long reason");
        format!("{:x<LONGEST_REASON$}", format!("reason {}", stage.number()))
    } else {
        (if busted { "trade busted" } else { "fee corrected" }).to_owned()
    };
    let correction = Correction {
        of: trade.fee_id(),
        amounts: if busted { Amounts::NOTHING } else { positive(amounts(stage)) },
        exact: true,
        at: stage.ago(0),
        why,
    };
    draft.add(stage, "fee.corrected", correction.event(&trade));
    stage.facts.borrow_mut().corrections.push(correction);
    true
}

/// A corrected fee of zero on a trade that was made would be a trade that was neither busted nor
/// paid for.
fn positive(amounts: Amounts) -> Amounts {
    if amounts.fee == 0 { Amounts { fee: 1, usd: 1, ..amounts } } else { amounts }
}

/// A correction of another day than its fee's, or with more decimals than the asset has.
fn useless_correction(stage: &Stage, draft: &mut Draft) -> bool {
    let Some(trade) = earlier_trade(stage).filter(|trade| is_bound(stage, &trade.payer)) else {
        return false;
    };
    let other_day = stage.dice.chance(50);
    let (uid, id, day) = trade.fee_id();
    let (day, at) = match other_day {
        // So long ago that its fee is not waited for.
        true => (day.plus(-20 - stage.dice.below(20) as i32), stage.ago(3 * DAY)),
        false => (day, stage.ago(0)),
    };
    if at.day() < day {
        return false;
    }
    let why = format!("useless {}.", stage.number());
    stage.facts.borrow_mut().expect_quarantined(why.clone(), true);
    let amounts = positive(amounts(stage));
    let correction = Correction { of: (uid, id, day), amounts, exact: other_day, at, why };
    draft.add(stage, "fee.corrected", correction.event(&trade));
    stage.facts.borrow_mut().corrections.push(correction);
    true
}

/// The same fee with another body, sent later: it must not count.
fn other_body(stage: &Stage, draft: &mut Draft) -> bool {
    let Some(first) = earlier_trade(stage) else { return false };
    let sent_at = stage.now().plus_millis(1);
    if first.sent_at == sent_at {
        return false;
    }
    // It is kept only if the account was bound when either was ingested.
    stage.facts.borrow_mut().expect_quarantined(first.id.clone(), false);
    let other = Trade { amounts: amounts(stage), asset: "USDT".to_owned(), sent_at, ..first };
    charge(stage, draft, other);
    true
}

/// Another account's side of a trade, or another day's trade, under the same trade id: a fee of its
/// own.
fn same_trade_id(stage: &Stage, draft: &mut Draft) -> bool {
    let Some(first) = earlier_trade(stage) else { return false };
    let trade = if stage.dice.chance(50) {
        let Some(other) = trader(stage) else { return false };
        Trade { id: first.id.clone(), ..new_trade(stage, &other) }
    } else {
        let mut next = Trade { id: first.id.clone(), ..new_trade(stage, &first.trader) };
        next.at = stage.ago(stage.dice.between(0, 3 * DAY));
        next
    };
    let facts = stage.facts.borrow();
    let taken = facts
        .trades
        .iter()
        .any(|it| (&it.payer, &it.id, it.day()) == (&trade.payer, &trade.id, trade.day()));
    let undue =
        trade.payer == stage.cast.dormant[0] && !stage.bound.borrow().contains(&trade.payer);
    drop(facts);
    if !taken && !undue {
        charge(stage, draft, trade);
    }
    !taken && !undue
}

/// A main account trades with its own sub-account: each pays a fee under one trade id.
fn trade_with_own_sub_account(stage: &Stage, draft: &mut Draft) -> bool {
    let (main, sub) = (&stage.cast.dormant[0], &stage.cast.desks[0]);
    if !stage.bound.borrow().contains(main) {
        return false;
    }
    let first = new_trade(stage, main);
    let second = Trade { trader: sub.clone(), amounts: amounts(stage), ..first.clone() };
    charge(stage, draft, first);
    charge(stage, draft, second);
    true
}

fn move_of_somebody(stage: &Stage, draft: &mut Draft) -> bool {
    let dice = &stage.dice;
    let movers = [&AFFILIATES.map(str::to_owned)[..], &stage.cast.dormant].concat();
    let (mover, country) = (dice.pick(&movers), *dice.pick(&COUNTRIES));
    let at = stage.ago(dice.between(0, 3 * HOUR));
    let change = json!({ "uid": mover, "country": country, "at": at });
    change_account(stage, draft, mover, at, Fact::Country(country), change);
    true
}

fn change_account(
    stage: &Stage,
    draft: &mut Draft,
    name: &str,
    at: Timestamp,
    fact: Fact,
    change: serde_json::Value,
) {
    draft.add(stage, "account.changed", change);
    stage.facts.borrow_mut().state(draft.number, name, at, fact);
}

/// A move to a country that does not exist: it is refused, and the account stays where it was.
fn unknown_place(stage: &Stage, draft: &mut Draft) -> bool {
    let place = *stage.dice.pick(&NO_COUNTRIES);
    let (kind, data) = if stage.dice.chance(30) {
        let uid = format!("phantom-{}", stage.number());
        (
            "account.registered",
            json!({ "uid": uid, "registeredAt": stage.ago(0), "country": place }),
        )
    } else {
        let name = stage.dice.pick(&stage.cast.dormant);
        ("account.changed", json!({ "uid": name, "country": place, "at": stage.ago(0) }))
    };
    let id = draft.add(stage, kind, data);
    stage.facts.borrow_mut().expect_quarantined(id, true);
    true
}

/// A part of a country is reported, without the country.
fn region_alone(stage: &Stage, draft: &mut Draft) -> bool {
    let name = stage.dice.pick(&stage.cast.regional);
    let region = *stage.dice.pick(&["UA-43", "UA-30"]);
    let at = stage.ago(stage.dice.between(0, 3 * HOUR));
    let change = json!({ "uid": name, "region": region, "at": at });
    change_account(stage, draft, name, at, Fact::Region(region), change);
    true
}

/// The country in which an account is known to be, which says nothing of its region.
fn same_country(stage: &Stage, draft: &mut Draft) -> bool {
    let name = stage.dice.pick(&stage.cast.regional);
    let at = stage.ago(stage.dice.between(0, HOUR));
    let change = json!({ "uid": name, "country": "UA", "at": at });
    change_account(stage, draft, name, at, Fact::Country("UA"), change);
    true
}

/// The exchange reports another person behind an account, as of some time ago.
fn other_person(stage: &Stage, draft: &mut Draft) -> bool {
    let (name, person) = (&stage.cast.dormant[1], *stage.dice.pick(&[PERSON, "p2", "p3"]));
    // So long ago that it is past by every clock of the trial.
    let at = stage.ago(stage.dice.between(20 * MINUTE, 3 * HOUR));
    let change = json!({ "uid": name, "personHash": person, "at": at });
    change_account(stage, draft, name, at, Fact::Person(person.to_owned()), change);
    true
}

/// Many changes of one account, most of which change nothing that matters.
fn burst_of_changes(stage: &Stage, _: &mut Draft) -> bool {
    let movers = [&AFFILIATES.map(str::to_owned)[..], &stage.cast.dormant].concat();
    let mover = stage.dice.pick(&movers);
    let [messages, events] = BURST;
    for _ in 0..messages {
        let mut draft = Draft::new(stage);
        for number in 0..events {
            let at = stage.ago(stage.dice.between(0, 2 * HOUR));
            let change = json!({ "uid": mover, "vipLevel": number % 4, "at": at });
            draft.add(stage, "account.changed", change);
        }
        stage.sends(draft);
    }
    true
}

fn activity(stage: &Stage, draft: &mut Draft) -> bool {
    let guest = stage.dice.pick(&stage.cast.guests()).clone();
    if guest == "nobody-knows-me" || stage.cast.newcomers.contains(&guest) {
        return false;
    }
    let at = trade_time(stage);
    if !is_bound(stage, &guest) && !stage.dice.chance(20) {
        return false;
    }
    stage.facts.borrow_mut().state(draft.number, &guest, at, Fact::Active);
    draft.add(stage, "activity", json!({ "uid": guest, "product": "earn", "at": at }));
    true
}

/// An affiliate leaves the programme, or comes back.
fn change_of_affiliate(stage: &Stage, draft: &mut Draft) -> bool {
    let name = *stage.dice.pick(&AFFILIATES);
    let stays = stage.dice.chance(70);
    let at = stage.ago(stage.dice.between(0, HOUR));
    let change = json!({ "uid": name, "affiliate": stays, "at": at });
    change_account(stage, draft, name, at, Fact::Affiliate(stays), change);
    true
}

/// A newcomer registers by a link, today or two days ago; most by the first affiliate's.
fn registration(stage: &Stage, draft: &mut Draft) -> bool {
    let (dice, mut facts) = (&stage.dice, stage.facts.borrow_mut());
    let name = dice.pick(&stage.cast.newcomers).clone();
    if facts.is_registered(&name) {
        return false;
    }
    let code = match dice.below(100) {
        0..70 => &stage.cast.codes[0],
        70..95 => dice.pick(&stage.cast.codes),
        _ => "NQSUCHCQ",
    };
    let registration = Registration {
        message: draft.number,
        uid: name,
        at: stage.ago(if dice.chance(30) { 2 * DAY } else { 0 }),
        country: dice.word(&["CH", "CH", "CH", "CH", "CH", "CH", "TR", "US", "DE", "GB"]),
        region: None,
        main: None,
        person: dice.chance(10).then(|| PERSON.to_owned()),
        code: Some(code.to_owned()),
    };
    draft.add(stage, "account.registered", registration.event());
    facts.register(registration);
    true
}

/// A registration of an account that is known, with another country, link or short_sha256.
fn other_registration(stage: &Stage, draft: &mut Draft) -> bool {
    let mut facts = stage.facts.borrow_mut();
    let known: Vec<&Registration> =
        facts.registrations.values().filter(|it| is_ingested(stage, it.message)).collect();
    let mut other = (*stage.dice.pick(&known)).clone();
    match stage.dice.below(4) {
        0 => other.at = other.at.plus_millis(-1000),
        1 => {
            other.country = if other.country == "CH" { "TR" } else { "CH" };
            other.region = None;
        }
        2 => other.code = Some("QTHERLNK".to_owned()),
        _ => other.person = Some("p9".to_owned()),
    }
    let id = draft.add(stage, "account.registered", other.event());
    facts.expect_quarantined(id, true);
    true
}

/// An event id that is known, with another body.
fn same_event_id(stage: &Stage, draft: &mut Draft) -> bool {
    let id = format!("event-{}.", stage.number());
    let name = stage.dice.pick(&stage.cast.dormant);
    let of = |product: &str| json!({ "uid": name, "product": product, "at": stage.ago(200 * DAY) });
    let (first, second) = (of("earn"), of("card"));
    for data in [&first, &second] {
        let at = data["at"].as_str().unwrap().parse().unwrap();
        stage.facts.borrow_mut().state(draft.number, name, at, Fact::Active);
    }
    draft.add_event(event(&id, "activity", first));
    draft.add_event(event(&id, "activity", second));
    stage.facts.borrow_mut().expect_quarantined(id, true);
    true
}

fn nonsense(stage: &Stage, draft: &mut Draft) -> bool {
    let fees = ["-", "1e3", "0.123456789", "99999999999999999999999999999999"];
    let data = json!({ "tradeId": "?", "uid": "", "amount": stage.dice.pick(&fees) });
    let id = draft.add(stage, "fee.charged", data);
    stage.facts.borrow_mut().expect_quarantined(id, true);
    true
}

/// A message that is no JSON, or whose event has a wrong member; it may be large.
fn unreadable_message(stage: &Stage) {
    let large = stage.dice.chance(30);
    let size = if large { LARGEST_UNREADABLE } else { *stage.dice.pick(&UNREADABLE) };
    if size >= 20_000 {
        stage.diary.reach("story: large unreadable message");
    }
    let number = stage.number();
    let marker = format!("unreadable-{number}.");
    let text = format!("{marker}{}", "x".repeat(size));
    let body = match stage.dice.chance(50) {
        true => format!("{{ {text}"),
        false => event(&marker, "fee.charged", json!({ text: 1 })).to_string(),
    };
    stage.sends_text(number, body);
    stage.facts.borrow_mut().expect_quarantined(marker, true);
}

/// The wallet pays what a visible run booked for an affiliate, and reports it; now and then it
/// reports another payment of the same run later, which must not count.
pub async fn the_wallet_pays(stage: &Rc<Stage>) {
    let affiliate = *stage.dice.pick(&AFFILIATES);
    let table = &stage.fair.app.table;
    let visible = table.head().await.unwrap().value.visible;
    let (from, to) = (stage.first_day.plus(-3), stage.now().day());
    let booked = table.summaries(&uid(affiliate), from, to, visible).await.unwrap();
    if booked.is_empty() {
        return;
    }
    let run = stage.dice.pick(&booked);
    let id = RunId { day: run.day, seq: run.seq };
    let mut draft = Draft::new(stage);
    let reference = format!("transfer-{}.", draft.number);
    let data = json!({
        "uid": affiliate, "day": run.day, "runId": id, "paidAt": stage.ago(0),
        "reference": reference,
    });
    stage.diary.write(format!("the wallet pays {affiliate} for {id}"));
    draft.add(stage, "commission.paid", data);
    let mut facts = stage.facts.borrow_mut();
    facts.expect_quarantined(reference, false);
    let (message, run_id) = (draft.number, id.to_string());
    facts.payments.push(PaidRun { message, affiliate, run_id });
    drop(facts);
    stage.sends(draft);
}

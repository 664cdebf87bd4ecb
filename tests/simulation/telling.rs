//! What the exchange tells, at random: fees above all, late, twice and otherwise; corrections;
//! moves; registrations; the wallet's word.

use std::rc::Rc;

use serde_json::{Value, json};
use table::RunId;
use terms::Timestamp;

use super::cast::{AFFILIATES, COUNTRIES};
use super::facts::{Amounts, Correction, Trade, UNIT};
use super::stage::Stage;
use crate::world::uid;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// One message with one to four events.
pub fn something_is_told(stage: &Stage) {
    let (mut events, mut trades) = (Vec::new(), Vec::new());
    for _ in 0..=stage.dice.below(4) {
        let told = match stage.dice.below(100) {
            0..60 => fee(stage, &mut trades),
            60..70 => correction(stage),
            70..74 => other_body(stage, &mut trades),
            74..82 => move_of_somebody(stage),
            82..86 => activity(stage),
            86..90 => change_of_affiliate(stage),
            90..96 => registration(stage),
            _ => nonsense(stage),
        };
        events.extend(told);
    }
    if !events.is_empty() {
        let kinds: Vec<&str> = events.iter().map(|(kind, _)| *kind).collect();
        stage.diary.write(format!("{} told: {}", stage.now(), kinds.join(", ")));
        stage.sends(events, trades);
    }
}

type Told = Option<(&'static str, Value)>;

/// Those who are bound trade; the others mostly do not, or they could never be.
fn trader(stage: &Stage) -> Option<String> {
    let trader = stage.dice.pick(&stage.cast.traders()).clone();
    let is_bound = stage.bound.borrow().contains(stage.facts.borrow().main(&trader));
    (is_bound || stage.dice.chance(3)).then_some(trader)
}

/// When a trade was made: mostly just now, sometimes yesterday, and once in a while long ago,
/// within the window of inactivity before a bind or before it.
fn trade_time(stage: &Stage) -> Timestamp {
    let dice = &stage.dice;
    match dice.below(100) {
        0..80 => stage.ago(dice.between(0, 30 * 60_000)),
        80..96 => stage.ago(dice.between(0, 2 * DAY)),
        96..99 => stage.ago(dice.between(93 * DAY, 96 * DAY)),
        _ => stage.ago(dice.between(4 * DAY, 80 * DAY)),
    }
}

fn fee(stage: &Stage, trades: &mut Vec<String>) -> Told {
    let (trader, dice) = (trader(stage)?, &stage.dice);
    let mut facts = stage.facts.borrow_mut();
    let payer = facts.main(&trader).to_owned();
    if payer == stage.cast.dormant[0] && !stage.bound.borrow().contains(&payer) {
        return None;
    }
    let trade = Trade {
        id: format!("trade-{}", stage.number()),
        payer,
        product: dice.word(&["spot", "margin", "futures", "futures"]),
        kind: dice.word(&["trade", "trade", "trade", "trade", "trade", "liquidation", "funding"]),
        asset: dice.word(&["BTC", "USDT"]),
        amounts: amounts(stage),
        vip: *dice.pick(&[0, 0, 0, 1, 2, 3]),
        broker: dice.chance(3),
        at: trade_time(stage),
        // The message goes out a millisecond from now.
        told_at: stage.now().plus_millis(1),
        trader,
    };
    facts.note_activity(&trade.trader, trade.at);
    trades.push(trade.id.clone());
    let event = trade.event();
    facts.trades.push(trade);
    Some(("fee.charged", event))
}

fn amounts(stage: &Stage) -> Amounts {
    let (dice, sign) = (&stage.dice, [1, 1, 1, 1, 1, 1, 1, 0, -1]);
    let sign = *dice.pick(&sign);
    let fee = i128::from(dice.between(1, 1_000_000));
    let usd = i128::from(dice.between(1, 50_000)) * UNIT / 100;
    Amounts { fee: sign * fee, usd: sign * usd, volume: usd * 1000 }
}

/// A trade that was told of before, if there is one.
fn earlier_trade(stage: &Stage) -> Option<Trade> {
    let facts = stage.facts.borrow();
    (!facts.trades.is_empty()).then(|| stage.dice.pick(&facts.trades).clone())
}

fn correction(stage: &Stage) -> Told {
    let trade = earlier_trade(stage)?;
    let busted = stage.dice.chance(40);
    let correction = Correction {
        trade: trade.id.clone(),
        amounts: if busted { Amounts::NOTHING } else { amounts(stage) },
        at: stage.ago(0),
    };
    let event = correction.event(&trade);
    stage.facts.borrow_mut().corrections.push(correction);
    Some(("fee.corrected", event))
}

/// The same trade id with another body, told later: it must not count.
fn other_body(stage: &Stage, trades: &mut Vec<String>) -> Told {
    let first = earlier_trade(stage)?;
    let told_at = stage.now().plus_millis(1);
    if first.told_at == told_at {
        return None;
    }
    let other = Trade { amounts: amounts(stage), asset: "USDT", told_at, ..first };
    trades.push(other.id.clone());
    let event = other.event();
    stage.facts.borrow_mut().trades.push(other);
    Some(("fee.charged", event))
}

fn move_of_somebody(stage: &Stage) -> Told {
    let dice = &stage.dice;
    let movers = [&AFFILIATES.map(str::to_owned)[..], &stage.cast.dormant].concat();
    let (mover, country) = (dice.pick(&movers), *dice.pick(&COUNTRIES));
    let at = stage.ago(dice.between(0, 3 * HOUR));
    let mut facts = stage.facts.borrow_mut();
    facts.country.get_mut(mover).unwrap().insert(at, country);
    Some(("account.changed", json!({ "uid": mover, "country": country, "at": at })))
}

fn activity(stage: &Stage) -> Told {
    let guest = stage.dice.pick(&stage.cast.guests()).clone();
    let is_bound = stage.bound.borrow().contains(stage.facts.borrow().main(&guest));
    if guest == "nobody-knows-me" || stage.cast.newcomers.contains(&guest) {
        return None;
    }
    let at = trade_time(stage);
    if !is_bound && !stage.dice.chance(20) {
        return None;
    }
    stage.facts.borrow_mut().note_activity(&guest, at);
    Some(("activity", json!({ "uid": guest, "product": "earn", "at": at })))
}

/// An affiliate leaves the programme, or comes back.
fn change_of_affiliate(stage: &Stage) -> Told {
    let name = *stage.dice.pick(&AFFILIATES);
    let stays = stage.dice.chance(70);
    let at = stage.ago(stage.dice.between(0, HOUR));
    let mut facts = stage.facts.borrow_mut();
    facts.affiliate.get_mut(name).unwrap().insert(at, stays);
    Some(("account.changed", json!({ "uid": name, "affiliate": stays, "at": at })))
}

/// A newcomer registers by a link, today or long ago. His registration may come again.
fn registration(stage: &Stage) -> Told {
    let (dice, mut facts) = (&stage.dice, stage.facts.borrow_mut());
    let name = dice.pick(&stage.cast.newcomers).clone();
    if facts.country.contains_key(&name) {
        return None;
    }
    let at = stage.ago(if dice.chance(30) { 2 * DAY } else { 0 });
    facts.country.entry(name.clone()).or_default().insert(at, "CH");
    let code = dice.pick(&stage.cast.codes[..stage.cast.good_codes]);
    let data = json!({ "uid": name, "registeredAt": at, "country": "CH", "ref": code });
    Some(("account.registered", data))
}

fn nonsense(stage: &Stage) -> Told {
    let fees = ["-", "1e3", "0.123456789", "99999999999999999999999999999999"];
    let data = json!({ "tradeId": "?", "uid": "", "amount": stage.dice.pick(&fees) });
    Some(("fee.charged", data))
}

/// The wallet pays what a visible run booked for an affiliate, and says so; now and then it says
/// something else later, which must not count.
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
    let data = json!({
        "uid": affiliate, "day": run.day, "runId": id, "paidAt": stage.ago(0),
        "reference": format!("transfer-{}", stage.number()),
    });
    stage.diary.write(format!("the wallet pays {affiliate} for {id}"));
    stage.sends(vec![("commission.paid", data)], Vec::new());
}

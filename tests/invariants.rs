//! The programme's invariants over random days: the same events in two orders.
//!
//! One programme gets all events in order, with a nightly run after each day. The other gets them
//! shuffled, in arrays, some of them twice, with all nightly runs at the end and some runs cut
//! short. Both must book the same sums. `SEEDS=100 cargo test -p end-to-end random` tests more
//! seeds; a failure names its seed.

use std::collections::BTreeMap;

use eligibility::{Bind, LinkFacts, evaluate};
use ingestion::EventOutcome;
use nightly::{NoArchive, explain_day, verify_day};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use types::{Day, Origin};

use crate::test_app::{TestApp, day, event, uid};

const DAYS: [&str; 3] = ["2026-11-18", "2026-11-19", "2026-11-20"];
const AFFILIATES: [&str; 2] = ["affiliate-1", "affiliate-2"];
const RECALLED: [&str; 3] = ["recalled-1", "recalled-2", "recalled-3"];
const SIGNED_UP: [&str; 3] = ["signed-up-1", "signed-up-2", "signed-up-3"];

struct Told {
    day: &'static str,
    event: Value,
}

fn pick<'a, T>(rng: &mut StdRng, from: &'a [T]) -> &'a T {
    &from[rng.random_range(0..from.len())]
}

fn time(rng: &mut StdRng, day: &str) -> String {
    let (hour, minute) = (rng.random_range(1..24), rng.random_range(0..60));
    format!("{day}T{hour:02}:{minute:02}:00.{:03}Z", rng.random_range(0..1000))
}

fn random_fee(rng: &mut StdRng, number: usize, day: &str) -> Value {
    let traders = [RECALLED, SIGNED_UP].concat();
    let units = rng.random_range(-20_i64..400);
    json!({
        "tradeId": format!("trade-{number}"), "uid": pick(rng, &traders),
        "product": pick(rng, &["spot", "margin", "futures"]),
        "kind": pick(rng, &["trade", "trade", "trade", "trade", "funding", "liquidation"]),
        "asset": pick(rng, &["BTC", "XMR", "USDT"]),
        "amount": format!("{}0.0000{:04}", if units < 0 { "-" } else { "" }, units.abs()),
        "amountUsd": format!("{units}"), "volumeUsd": format!("{}", units.abs() * 1000),
        "vipLevel": rng.random_range(0..4), "broker": rng.random_bool(0.05),
        "at": time(rng, day),
    })
}

fn random_correction(rng: &mut StdRng, fee: &Value, of: &str, on: &str) -> Value {
    let busted = rng.random_bool(0.5);
    json!({
        "tradeId": fee["tradeId"], "uid": fee["uid"], "day": of,
        "amount": if busted { "0" } else { "0.00001234" },
        "amountUsd": if busted { "0" } else { "12" },
        "volumeUsd": if busted { "0" } else { "12000" },
        "at": time(rng, on), "why": if busted { "trade busted" } else { "wrong fee tier" },
    })
}

/// Returns all events of three days, in the order in which they happen.
fn told(rng: &mut StdRng) -> Vec<Told> {
    let mut told = Vec::new();
    let mut number = 0;
    let mut tell = |day, kind: &str, data: Value| {
        number += 1;
        told.push(Told { day, event: event(&format!("event-{number}"), kind, data) });
    };
    let mut fees: Vec<(Value, &str)> = Vec::new();
    for day in DAYS {
        for _ in 0..12 {
            let fee = random_fee(rng, fees.len(), day);
            tell(day, "fee.charged", fee.clone());
            fees.push((fee, day));
        }
        for _ in 0..2 {
            let (fee, of) = pick(rng, &fees).clone();
            tell(day, "fee.corrected", random_correction(rng, &fee, of, day));
        }
        let parties = [&AFFILIATES[..], &RECALLED[..]].concat();
        let moved = json!({
            "uid": pick(rng, &parties), "at": time(rng, day),
            "country": pick(rng, &["CH", "TR", "SG", "MX"]),
        });
        tell(day, "account.changed", moved);
    }
    told
}

/// Creates affiliates with links, three recalled users and three new users, all on the first
/// morning.
async fn peopled(seed: u64) -> TestApp {
    let app = TestApp::seeded("2026-11-18T00:10:00Z", seed).await;
    for (affiliate, rest) in AFFILIATES.iter().zip([RECALLED, SIGNED_UP]) {
        let code = app.affiliate(affiliate).await;
        for (number, invitee) in rest.iter().enumerate() {
            if number % 2 == 0 {
                app.registered(invitee, "2024-01-01T00:00:00Z").await;
                assert_eq!(app.bind(invitee, &code).await.status, 201);
            } else {
                let data = json!({
                    "uid": invitee, "registeredAt": "2026-11-18T00:05:00Z", "country": "CH",
                    "ref": code,
                });
                app.taken("account.registered", data).await;
            }
        }
    }
    app
}

async fn deliver(app: &TestApp, events: &[&Told]) {
    let body = Value::Array(events.iter().map(|told| told.event.clone()).collect());
    for report in app.send_raw(&body.to_string()).await {
        assert_eq!(report.outcome, EventOutcome::Ingested);
    }
}

async fn in_order(seed: u64, told: &[Told]) -> TestApp {
    let app = peopled(seed).await;
    for night in DAYS {
        app.clock.stop_at(day(night).end());
        for told in told.iter().filter(|told| told.day == night) {
            deliver(&app, &[told]).await;
        }
        app.night(night).await;
        check(&app).await;
    }
    app
}

async fn shuffled(seed: u64, told: &[Told], rng: &mut StdRng) -> TestApp {
    let app = peopled(seed).await;
    app.clock.stop_at(nightly::booked_from(day(DAYS[2])));
    let mut order: Vec<&Told> = told.iter().chain(told.iter().step_by(5)).collect();
    order.shuffle(rng);
    while !order.is_empty() {
        let batch = order.split_off(order.len().saturating_sub(rng.random_range(1..9)));
        deliver(&app, &batch).await;
        if rng.random_bool(0.2) {
            let (day, steps) = (*pick(rng, &DAYS), rng.random_range(0..67));
            die_midway(&app, day, steps).await;
        }
        if rng.random_bool(0.1) {
            let day = *pick(rng, &DAYS);
            app.book(day).await;
            check(&app).await;
        }
    }
    app.night(DAYS[2]).await;
    app
}

/// Starts a run and stops it after some of its shards, its commit, or its first published part.
async fn die_midway(app: &TestApp, day: &str, steps: usize) {
    let step = async |input: Value| nightly::handle(&app.context, &input).await.unwrap();
    let plan = step(json!({ "step": "plan", "day": day })).await["days"][0].clone();
    let (day, run, shards) = (&plan["day"], &plan["run"], plan["shards"].as_array().unwrap());
    for shard in shards.iter().take(steps) {
        step(json!({ "step": "fold", "day": day, "run": run, "shard": shard })).await;
    }
    if steps < shards.len() {
        return;
    }
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
    let committed = step(commit).await;
    if let Some(range) = committed["ranges"].get(0).filter(|_| steps > shards.len()) {
        step(json!({ "step": "publish", "seq": committed["seq"], "range": range })).await;
    }
}

type Totals = BTreeMap<String, [i128; 4]>;

/// Returns the sum of an affiliate's exported lines by subject.
async fn line_totals(app: &TestApp) -> Totals {
    let mut totals = Totals::new();
    for affiliate in AFFILIATES {
        for line in app.lines(affiliate, DAYS[0], DAYS[2]).await {
            let about = ["day", "uid", "product", "asset", "reason", "rate", "sharedRate"];
            let key: Vec<String> = about.iter().map(|name| line[*name].to_string()).collect();
            let sums = totals.entry(format!("{affiliate} {}", key.join(" "))).or_default();
            for (sum, name) in sums.iter_mut().zip(["fees", "commission", "shared", "feesUsd"]) {
                *sum += minor(line[name].as_str().unwrap());
            }
        }
    }
    totals.retain(|_, sums| *sums != [0; 4]);
    totals
}

fn minor(text: &str) -> i128 {
    text.replace('.', "").parse().unwrap()
}

/// Checks invariants that hold at any time, by reading the table.
async fn check(app: &TestApp) {
    bindings_are_eligible(app).await;
    lines_are_the_summaries(app).await;
}

/// Invariants 1 and 2: an invitee has one inviter, and the recorded facts and rule make the binding
/// eligible.
async fn bindings_are_eligible(app: &TestApp) {
    for invitee in [RECALLED, SIGNED_UP].concat() {
        let account = app.context.table.account(&uid(invitee)).await.unwrap().unwrap().value;
        let binding = app.context.table.binding(&uid(invitee)).await.unwrap().unwrap();
        let relation = account.relation.unwrap();
        assert_eq!(binding.relation.inviter, relation.inviter);
        assert_eq!(account.facts.inviter, Some(relation.inviter.clone()));
        let link = LinkFacts {
            code: relation.code.clone(),
            owner: relation.inviter.clone(),
            invites_existing: true,
        };
        let bind = Bind {
            link: Some(&link),
            inviter: Some(&binding.inviter),
            invitee: Some(&binding.invitee),
            origin: relation.origin,
            at: relation.bound_at,
        };
        let judgement = evaluate(&bind, &app.context.programme.eligibility);
        assert!(judgement.eligible(), "{judgement:?}");
        assert_eq!(judgement.rule, binding.rule);
        assert_eq!(relation.origin == Origin::Recall, invitee.ends_with(['1', '3']));
    }
}

/// Invariants 4 and 5: lines, daily summaries and conservation report agree.
async fn lines_are_the_summaries(app: &TestApp) {
    for affiliate in AFFILIATES {
        for day in DAYS {
            let lines = app.lines(affiliate, day, day).await;
            let of_lines: i128 =
                lines.iter().map(|l| minor(l["commissionUsd"].as_str().unwrap())).sum();
            let summaries = app.summaries(affiliate, day).await;
            let cells = summaries.iter().flat_map(|day| day.summary.cells.values());
            let of_cells: i128 = cells.map(|money| money.in_usd.commission.minor()).sum();
            assert_eq!(of_lines, of_cells, "{affiliate} {day}");
        }
    }
    for day in DAYS.map(day) {
        for run in app.context.table.day(day).await.unwrap().value.runs {
            let report = app.context.table.run_report(day, run.seq).await.unwrap().unwrap();
            assert_eq!(report.due.check(), Ok(()));
        }
    }
}

/// Invariant 3: after all events are booked, running the days again books nothing.
async fn nothing_is_left(app: &TestApp) {
    for day in DAYS {
        assert_eq!(app.book(day).await.lines, 0, "{day}");
    }
    assert_eq!(app.context.table.touched_through(Day::next(day(DAYS[2]))).await.unwrap(), []);
    for day in DAYS.map(day) {
        let verified = verify_day(&app.context, &NoArchive, day, || ()).await.unwrap();
        assert_eq!(verified.differences, [], "{day}");
        every_line_is_explained(app, day).await;
    }
}

/// Each line's sum is the sum of the fees that explain it.
async fn every_line_is_explained(app: &TestApp, day: Day) {
    for invitee in [RECALLED, SIGNED_UP].concat() {
        let account = app.context.table.account(&uid(invitee)).await.unwrap().unwrap();
        let explained =
            explain_day(&app.context, &NoArchive, &account, day).await.unwrap().unwrap();
        for due in explained.fold.due.iter() {
            let fees: Vec<i128> =
                explained.fees_of(&due.key()).map(|told| told.fee.charge.amount.minor()).collect();
            let sums = &due.sums;
            assert_eq!(
                (fees.iter().sum(), fees.len()),
                (sums.fees.minor(), sums.fee_count as usize)
            );
        }
    }
}

#[tokio::test]
async fn random_event_orders_book_same_sums() {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(4);
    for seed in 0..seeds {
        println!("seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let told = told(&mut rng);
        let ordered = in_order(seed, &told).await;
        let shuffled = shuffled(seed, &told, &mut rng).await;
        for app in [&ordered, &shuffled] {
            // Late facts are booked when their days are run again.
            for day in DAYS {
                app.book(day).await;
            }
            check(app).await;
            nothing_is_left(app).await;
        }
        assert_eq!(line_totals(&ordered).await, line_totals(&shuffled).await, "seed {seed}");
    }
}

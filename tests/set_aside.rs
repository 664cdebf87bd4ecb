//! What a fold cannot book is set aside with a sign, and everything else goes on.

use lambda::{CapturedMetrics, Metrics};
use nightly::{Difference, verify_day};
use serde_json::{Value, json};
use storage::{Quarantined, Shard, Work};

use crate::damage::{Damage, base64, item_at};
use crate::test_app::{TestApp, day, fee, uid};

const DAY: &str = "2026-11-20";

/// Two invitees of one shard, each with an affiliate of their own.
struct Pair {
    world: TestApp,
    metrics: CapturedMetrics,
    invitees: [String; 2],
}

impl Pair {
    /// Both are bound in the morning of `DAY` and trade once.
    async fn traded() -> Self {
        let mut world = TestApp::at("2026-11-20T09:00:00Z").await;
        let (metrics, ledger) = Metrics::kept();
        world.app.metrics = metrics;
        let invitees = of_one_shard();
        for (affiliate, invitee) in AFFILIATES.iter().zip(&invitees) {
            let code = world.affiliate(affiliate).await;
            world.registered(invitee, "2024-01-01T00:00:00Z").await;
            assert_eq!(world.bind(invitee, &code).await.status, 201);
        }
        world.now("2026-11-20T23:00:00Z");
        let pair = Self { world, metrics: ledger, invitees };
        pair.both_trade("t", "10:00:00").await;
        pair
    }

    async fn booked() -> Self {
        let pair = Self::traded().await;
        pair.world.night(DAY).await;
        pair
    }

    async fn both_trade(&self, trade: &str, time: &str) {
        for (number, invitee) in self.invitees.iter().enumerate() {
            let trade = format!("{trade}{number}");
            self.world.charged(fee(&trade, invitee, &format!("{DAY}T{time}Z"))).await;
        }
    }

    /// The commission of each line of `DAY`, of both affiliates.
    async fn lines(&self) -> [Vec<String>; 2] {
        [lines(&self.world, AFFILIATES[0]).await, lines(&self.world, AFFILIATES[1]).await]
    }

    fn measured(&self, metric: &str) -> u64 {
        measured(&self.metrics, metric)
    }

    fn account(&self, of: &str) -> Damage<'_> {
        Damage::of(&self.world, |item| item_at(item) == (&format!("U#{of}"), "ACCOUNT"))
    }

    /// The chunk with the only fee of an invitee so far.
    fn fee_chunk(&self, of: &str) -> Damage<'_> {
        Damage::of(&self.world, |item| {
            item_at(item).0.starts_with("F#")
                && base64(item).windows(of.len()).any(|w| w == of.as_bytes())
        })
    }
}

const AFFILIATES: [&str; 2] = ["affiliate-1", "affiliate-2"];

fn of_one_shard() -> [String; 2] {
    let first = "dormant-0".to_owned();
    let shard = Shard::of(&uid(&first));
    let others = (1..).map(|number| format!("dormant-{number}"));
    let second = others.into_iter().find(|other| Shard::of(&uid(other)) == shard).unwrap();
    [first, second]
}

async fn lines(world: &TestApp, affiliate: &str) -> Vec<String> {
    let lines = world.lines(affiliate, DAY, DAY).await;
    lines.iter().map(|line| line["commission"].as_str().unwrap().to_owned()).collect()
}

/// The sum of a metric over all that was measured.
fn measured(metrics: &CapturedMetrics, metric: &str) -> u64 {
    let lines = metrics.lines();
    let values = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    values.filter_map(|line| line[metric].as_u64()).sum()
}

async fn quarantined(world: &TestApp) -> Vec<Quarantined> {
    let mut all = Vec::new();
    for of in day("2026-11-15").through(day("2026-11-30")) {
        all.extend(world.app.table.quarantined(of).await.unwrap());
    }
    all
}

async fn marks(world: &TestApp) -> usize {
    world.app.table.touched_through(day("2026-11-30")).await.unwrap().len()
}

const ONE: &str = "0.00020000";

#[tokio::test]
async fn unreadable_account_is_booked_after_repair() {
    let pair = Pair::traded().await;
    let [poisoned, _] = &pair.invitees;
    let account = pair.account(poisoned);
    account.make_unreadable();
    pair.world.night(DAY).await;
    assert_eq!(pair.lines().await, [vec![], vec![ONE.to_owned()]]);
    assert_eq!(pair.measured("RecordsUnreadable"), 1);
    assert_eq!(marks(&pair.world).await, 1);
    account.repair();
    pair.world.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [[ONE], [ONE]]);
    assert_eq!((pair.measured("RecordsUnreadable"), marks(&pair.world).await), (1, 0));
}

#[tokio::test]
async fn booked_lines_of_unreadable_accounts_stay() {
    for inviter_too in [false, true] {
        let pair = Pair::booked().await;
        let poisoned = if inviter_too { AFFILIATES[0] } else { &pair.invitees[0] };
        let account = pair.account(poisoned);
        account.make_unreadable();
        // Not by events, which would need the account.
        pair.add_late_fees().await;
        pair.world.night("2026-11-21").await;
        account.repair();
        assert_eq!(pair.lines().await, [vec![ONE], vec![ONE, ONE]], "{poisoned}");
        pair.world.night("2026-11-22").await;
        assert_eq!(pair.lines().await, [[ONE, ONE], [ONE, ONE]], "{poisoned}");
    }
}

impl Pair {
    async fn add_late_fees(&self) {
        for invitee in &self.invitees {
            let mut late = storage::FeeBatch::default();
            let body = fee("late", invitee, &format!("{DAY}T11:00:00Z"));
            let fee = stored(&body);
            late.push(commission::Arrival(2_000_000_000_000), &fee).unwrap();
            let shard = Shard::of(&uid(invitee));
            self.world.app.table.add_fees(day(DAY), shard, &late).await.unwrap();
        }
    }
}

/// A fee as ingest keeps it.
fn stored(body: &Value) -> commission::Fee {
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    let amount = |name: &str| {
        let eight = commission::Decimals::new(8).unwrap();
        commission::Amount::parse(&text(name), eight).unwrap()
    };
    commission::Fee {
        trade_id: text("tradeId").parse().unwrap(),
        uid: text("uid").parse().unwrap(),
        product: types::Product::Spot,
        kind: types::FeeKind::Trade,
        asset: text("asset").parse().unwrap(),
        amount: amount("amount"),
        amount_usd: amount("amountUsd"),
        volume_usd: amount("volumeUsd"),
        vip: types::Vip(0),
        broker: false,
        at: text("at").parse().unwrap(),
    }
}

#[tokio::test]
async fn flipped_bit_in_new_fees_holds_up_their_invitee_only() {
    let pair = Pair::traded().await;
    let chunk = pair.fee_chunk(&pair.invitees[0]);
    for damage in [Damage::flip_a_bit, Damage::make_unreadable] {
        damage(&chunk);
        pair.world.night(DAY).await;
        assert_eq!(pair.lines().await, [vec![], vec![ONE]]);
        assert_eq!(marks(&pair.world).await, 1);
        chunk.repair();
    }
    assert_eq!(pair.measured("RecordsUnreadable"), 2);
    pair.world.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [[ONE], [ONE]]);
}

#[tokio::test]
async fn booked_lines_of_damaged_fees_stay() {
    let pair = Pair::booked().await;
    let chunk = pair.fee_chunk(&pair.invitees[0]);
    chunk.flip_a_bit();
    pair.both_trade("late", "12:00:00").await;
    pair.world.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [vec![ONE], vec![ONE, ONE]]);
    let verified = verify_day(&pair.world.app, day(DAY), || {}).await.unwrap();
    let unreadable = |found: &&Difference| matches!(found, Difference::Unreadable { .. });
    assert_eq!(verified.differences.iter().filter(unreadable).count(), 1);
    chunk.repair();
    pair.world.night("2026-11-22").await;
    assert_eq!(pair.lines().await, [[ONE, ONE], [ONE, ONE]]);
    assert_eq!(verify_day(&pair.world.app, day(DAY), || {}).await.unwrap().differences, []);
}

#[tokio::test]
async fn fees_of_unknown_form_hold_up_whoever_is_booked() {
    let pair = Pair::booked().await;
    let chunk = pair.fee_chunk(&pair.invitees[0]);
    chunk.make_unreadable();
    pair.both_trade("late", "12:00:00").await;
    pair.world.night("2026-11-21").await;
    // Nobody knows whose fees it holds, so that no booked line may be taken back.
    assert_eq!(pair.lines().await, [[ONE], [ONE]]);
    chunk.repair();
    pair.world.night("2026-11-22").await;
    assert_eq!(pair.lines().await, [[ONE, ONE], [ONE, ONE]]);
}

#[tokio::test]
async fn lines_changed_before_the_commit_are_refused() {
    let pair = Pair::traded().await;
    let world = &pair.world;
    world.now("2026-11-21T00:30:00Z");
    let step = async |input: Value| nightly::handle(&world.app, &input).await;
    let plan = step(json!({ "step": "plan", "day": DAY })).await.unwrap()["days"][0].clone();
    for shard in plan["shards"].as_array().unwrap() {
        let fold = json!({ "step": "fold", "day": DAY, "run": plan["run"], "shard": shard });
        step(fold).await.unwrap();
    }
    let kept = Damage::of(world, |item| {
        let holds_lines =
            || storage::unpack::<Work>("work", &base64(item)).is_ok_and(|w| !w.lines.is_empty());
        item_at(item).0.starts_with("R#")
            && item_at(item).1.contains('#')
            && !item_at(item).1.starts_with("S#")
            && holds_lines()
    });
    kept.rewrite(|bytes| {
        let mut work: Work = storage::unpack("work", bytes).unwrap();
        let commission = &mut work.lines[0].sums.commission;
        *commission = commission::Amount::from_minor(commission.minor() + 1);
        storage::pack(&work).unwrap()
    });
    let commit =
        json!({ "step": "commit", "day": DAY, "run": plan["run"], "shards": plan["shards"] });
    let refused = step(commit).await.unwrap();
    assert_eq!(refused["seq"], Value::Null);
    let reason = refused["setAside"].as_str().unwrap();
    assert!(reason.contains("not what their shards reported"), "{reason}");
    pair.world.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [[ONE], [ONE]]);
}

/// One invitee with two booked trades, and all that is measured.
async fn booked() -> (TestApp, CapturedMetrics) {
    let mut world = TestApp::at("2026-11-20T09:00:00Z").await;
    let (metrics, ledger) = Metrics::kept();
    world.app.metrics = metrics;
    let code = world.affiliate("affiliate").await;
    world.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(world.bind("dormant", &code).await.status, 201);
    world.now("2026-11-20T23:00:00Z");
    world.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    world.charged(fee("t2", "dormant", "2026-11-20T11:00:00Z")).await;
    world.night(DAY).await;
    world.now("2026-11-21T12:00:00Z");
    (world, ledger)
}

fn correction(trade: &str, of: &str, amount: &str) -> Value {
    json!({
        "tradeId": trade, "uid": "dormant", "day": of, "amount": amount, "amountUsd": "50",
        "volumeUsd": "50000", "at": "2026-11-21T11:00:00Z", "why": "wrong fee tier",
    })
}

#[tokio::test]
async fn correction_of_another_day_is_quarantined() {
    let (world, metrics) = booked().await;
    world.taken("fee.corrected", correction("t1", "2026-11-19", "0.0005")).await;
    world.night("2026-11-21").await;
    let first = quarantined(&world).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].reason, "correction_without_fee");
    assert_eq!(first[0].at.to_string(), "2026-11-21T11:00:00.000Z");
    assert!(first[0].body.contains("2026-11-19") && first[0].body.contains("t1"));
    assert_eq!(measured(&metrics, "CorrectionsUnmatched"), 1);
    assert_eq!(marks(&world).await, 1, "its fee may still come");
    world.night("2026-11-22").await;
    assert_eq!(marks(&world).await, 1);
    world.night("2026-11-23").await;
    assert_eq!(marks(&world).await, 0);
    assert_eq!(quarantined(&world).await, first);
    assert_eq!(lines(&world, "affiliate").await, ["0.00040000"]);
}

#[tokio::test]
async fn correction_with_too_many_decimals_is_quarantined() {
    let (world, metrics) = booked().await;
    world.taken("fee.corrected", correction("t1", DAY, "0.0005000001")).await;
    world.night("2026-11-21").await;
    let found = quarantined(&world).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].reason, "inexact_correction");
    assert_eq!(measured(&metrics, "CorrectionsInexact"), 1);
    assert_eq!((marks(&world).await, lines(&world, "affiliate").await.len()), (0, 1));
}

#[tokio::test]
async fn correction_leaves_the_quarantine_with_its_fee() {
    let (world, _) = booked().await;
    world.taken("fee.corrected", correction("t3", DAY, "0.0005")).await;
    world.night("2026-11-21").await;
    assert_eq!(quarantined(&world).await.len(), 1);
    world.charged(fee("t3", "dormant", "2026-11-20T12:00:00Z")).await;
    world.night("2026-11-22").await;
    assert_eq!(quarantined(&world).await, []);
    assert_eq!(lines(&world, "affiliate").await, ["0.00040000", "0.00010000"]);
}

#[tokio::test]
async fn conflict_found_by_two_folds_is_one_entry() {
    let (world, _) = booked().await;
    let mut other = fee("t1", "dormant", "2026-11-20T10:00:00Z");
    other["amount"] = json!("0.5");
    world.charged(other).await;
    world.night("2026-11-21").await;
    let first = quarantined(&world).await;
    assert_eq!(first[0].at.to_string(), "2026-11-21T12:00:00.000Z");
    world.now("2026-11-22T12:00:00Z");
    world.charged(fee("t3", "dormant", "2026-11-20T12:00:00Z")).await;
    world.night("2026-11-22").await;
    assert_eq!(quarantined(&world).await, first);
}

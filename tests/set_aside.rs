//! Records that a fold cannot book are excluded and reported, and all others are booked.

use lambda::{CapturedMetrics, Metrics};
use nightly::{Difference, NoArchive, verify_day};
use serde_json::{Value, json};
use storage::{ArchivedDay, Quarantined, Shard, Work};

use crate::damage::{Damage, base64, item_at};
use crate::test_app::{TestApp, day, fee, uid};

const DAY: &str = "2026-11-20";

/// Two invitees of one shard, each with a different affiliate.
struct Pair {
    app: TestApp,
    metrics: CapturedMetrics,
    invitees: [String; 2],
}

impl Pair {
    /// Both are bound on the morning of `DAY` and trade once.
    async fn traded() -> Self {
        let mut app = TestApp::at("2026-11-20T09:00:00Z").await;
        let (metrics, ledger) = Metrics::kept();
        app.context.metrics = metrics;
        let invitees = of_one_shard();
        for (affiliate, invitee) in AFFILIATES.iter().zip(&invitees) {
            let code = app.affiliate(affiliate).await;
            app.registered(invitee, "2024-01-01T00:00:00Z").await;
            assert_eq!(app.bind(invitee, &code).await.status, 201);
        }
        app.now("2026-11-20T23:00:00Z");
        let pair = Self { app, metrics: ledger, invitees };
        pair.both_trade("t", "10:00:00").await;
        pair
    }

    async fn booked() -> Self {
        let pair = Self::traded().await;
        pair.app.night(DAY).await;
        pair
    }

    async fn both_trade(&self, trade: &str, time: &str) {
        for (number, invitee) in self.invitees.iter().enumerate() {
            let trade = format!("{trade}{number}");
            self.app.charged(fee(&trade, invitee, &format!("{DAY}T{time}Z"))).await;
        }
    }

    /// The commission of each line of `DAY`, for both affiliates.
    async fn lines(&self) -> [Vec<String>; 2] {
        [lines(&self.app, AFFILIATES[0]).await, lines(&self.app, AFFILIATES[1]).await]
    }

    fn measured(&self, metric: &str) -> u64 {
        measured(&self.metrics, metric)
    }

    fn account(&self, of: &str) -> Damage<'_> {
        Damage::of(&self.app, |item| item_at(item) == (&format!("U#{of}"), "ACCOUNT"))
    }

    /// The chunk with the only fee of an invitee so far.
    fn fee_chunk(&self, of: &str) -> Damage<'_> {
        Damage::of(&self.app, |item| {
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

async fn lines(app: &TestApp, affiliate: &str) -> Vec<String> {
    let lines = app.lines(affiliate, DAY, DAY).await;
    lines.iter().map(|line| line["commission"].as_str().unwrap().to_owned()).collect()
}

/// The sum of a metric over all that was recorded.
fn measured(metrics: &CapturedMetrics, metric: &str) -> u64 {
    let lines = metrics.lines();
    let values = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    values.filter_map(|line| line[metric].as_u64()).sum()
}

async fn quarantined(app: &TestApp) -> Vec<Quarantined> {
    let mut all = Vec::new();
    for of in day("2026-11-15").through(day("2026-11-30")) {
        all.extend(app.context.table.quarantined(of).await.unwrap());
    }
    all
}

async fn marks(app: &TestApp) -> usize {
    app.context.table.touched_through(day("2026-11-30")).await.unwrap().len()
}

const ONE: &str = "0.00020000";

#[tokio::test]
async fn unreadable_account_is_booked_after_repair() {
    let pair = Pair::traded().await;
    let [poisoned, _] = &pair.invitees;
    let account = pair.account(poisoned);
    account.make_unreadable();
    pair.app.night(DAY).await;
    assert_eq!(pair.lines().await, [vec![], vec![ONE.to_owned()]]);
    assert_eq!(pair.measured("RecordsUnreadable"), 1);
    assert_eq!(marks(&pair.app).await, 1);
    account.repair();
    pair.app.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [[ONE], [ONE]]);
    assert_eq!((pair.measured("RecordsUnreadable"), marks(&pair.app).await), (1, 0));
}

#[tokio::test]
async fn unreadable_account_keeps_lines() {
    for inviter_too in [false, true] {
        let pair = Pair::booked().await;
        let poisoned = if inviter_too { AFFILIATES[0] } else { &pair.invitees[0] };
        let account = pair.account(poisoned);
        account.make_unreadable();
        // Written directly, since an event would need the account.
        pair.add_late_fees().await;
        pair.app.night("2026-11-21").await;
        account.repair();
        assert_eq!(pair.lines().await, [vec![ONE], vec![ONE, ONE]], "{poisoned}");
        pair.app.night("2026-11-22").await;
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
            self.app.context.table.add_fees(day(DAY), shard, &late).await.unwrap();
        }
    }
}

/// Returns a fee as ingest stores it.
fn stored(body: &Value) -> commission::Fee {
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    let amount = |name: &str| {
        let eight = commission::Decimals::new(8).unwrap();
        commission::Amount::parse(&text(name), eight).unwrap()
    };
    let charge = commission::Charge {
        product: types::Product::Spot,
        kind: types::FeeKind::Trade,
        asset: text("asset").parse().unwrap(),
        amount: amount("amount"),
        amount_usd: amount("amountUsd"),
        volume_usd: amount("volumeUsd"),
        vip: types::Vip(0),
        broker: false,
        at: text("at").parse().unwrap(),
    };
    let (trade_id, uid) = (text("tradeId").parse().unwrap(), text("uid").parse().unwrap());
    commission::Fee { trade_id, uid, charge }
}

#[tokio::test]
async fn damaged_new_fees_block_one_invitee() {
    let pair = Pair::traded().await;
    let chunk = pair.fee_chunk(&pair.invitees[0]);
    for damage in [Damage::flip_a_bit, Damage::make_unreadable] {
        damage(&chunk);
        pair.app.night(DAY).await;
        assert_eq!(pair.lines().await, [vec![], vec![ONE]]);
        assert_eq!(marks(&pair.app).await, 1);
        chunk.repair();
    }
    assert_eq!(pair.measured("RecordsUnreadable"), 2);
    pair.app.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [[ONE], [ONE]]);
}

#[tokio::test]
async fn booked_lines_of_damaged_fees_stay() {
    let pair = Pair::booked().await;
    let chunk = pair.fee_chunk(&pair.invitees[0]);
    chunk.flip_a_bit();
    pair.both_trade("late", "12:00:00").await;
    pair.app.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [vec![ONE], vec![ONE, ONE]]);
    let verified = verify_day(&pair.app.context, &NoArchive, day(DAY), || {}).await.unwrap();
    let unreadable = |found: &&Difference| matches!(found, Difference::Unreadable { .. });
    assert_eq!(verified.differences.iter().filter(unreadable).count(), 1);
    chunk.repair();
    pair.app.night("2026-11-22").await;
    assert_eq!(pair.lines().await, [[ONE, ONE], [ONE, ONE]]);
    assert_eq!(
        verify_day(&pair.app.context, &NoArchive, day(DAY), || {}).await.unwrap().differences,
        []
    );
}

#[tokio::test]
async fn unknown_fee_version_blocks_booked() {
    let pair = Pair::booked().await;
    let chunk = pair.fee_chunk(&pair.invitees[0]);
    chunk.make_unreadable();
    pair.both_trade("late", "12:00:00").await;
    pair.app.night("2026-11-21").await;
    // It is unknown whose fees it holds, so no booked line may be reversed.
    assert_eq!(pair.lines().await, [[ONE], [ONE]]);
    chunk.repair();
    pair.app.night("2026-11-22").await;
    assert_eq!(pair.lines().await, [[ONE, ONE], [ONE, ONE]]);
}

/// A chunk that cannot be read names the other invitee only.
#[tokio::test]
async fn correction_beside_damaged_fees_is_booked() {
    let pair = Pair::booked().await;
    let [corrected, damaged] = &pair.invitees;
    pair.fee_chunk(damaged).flip_a_bit();
    let mut correction = correction("t0", DAY, "0.0005");
    correction["uid"] = json!(corrected);
    pair.app.now("2026-11-21T12:00:00Z");
    pair.app.taken("fee.corrected", correction).await;
    pair.app.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [vec![ONE, "-0.00010000"], vec![ONE]]);
}

/// The chunk of an invitee is missing, and another chunk cannot be read.
#[tokio::test]
async fn booked_lines_of_missing_fees_stay() {
    let pair = Pair::booked().await;
    let [missing, damaged] = &pair.invitees;
    pair.fee_chunk(missing).remove();
    pair.fee_chunk(damaged).flip_a_bit();
    pair.app.charged(fee("late", damaged, &format!("{DAY}T12:00:00Z"))).await;
    pair.app.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [[ONE], [ONE]]);
}

#[tokio::test]
async fn lines_changed_before_commit_refused() {
    let pair = Pair::traded().await;
    let app = &pair.app;
    app.now("2026-11-21T00:30:00Z");
    let step = async |input: Value| nightly::handle(&app.context, &input).await;
    let plan = step(json!({ "step": "plan", "day": DAY })).await.unwrap()["days"][0].clone();
    for shard in plan["shards"].as_array().unwrap() {
        let fold = json!({ "step": "fold", "day": DAY, "run": plan["run"], "shard": shard });
        step(fold).await.unwrap();
    }
    let kept = Damage::of(app, |item| {
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
    assert_eq!((pair.measured("ConservationRefused"), pair.measured("DaysClosed")), (1, 1));
    pair.app.night("2026-11-21").await;
    assert_eq!(pair.lines().await, [[ONE], [ONE]]);
}

/// One invitee with two booked trades, and the captured metrics.
async fn booked() -> (TestApp, CapturedMetrics) {
    let mut app = TestApp::at("2026-11-20T09:00:00Z").await;
    let (metrics, ledger) = Metrics::kept();
    app.context.metrics = metrics;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now("2026-11-20T23:00:00Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    app.charged(fee("t2", "dormant", "2026-11-20T11:00:00Z")).await;
    app.night(DAY).await;
    app.now("2026-11-21T12:00:00Z");
    (app, ledger)
}

fn correction(trade: &str, of: &str, amount: &str) -> Value {
    json!({
        "tradeId": trade, "uid": "dormant", "day": of, "amount": amount, "amountUsd": "50",
        "volumeUsd": "50000", "at": "2026-11-21T11:00:00Z", "why": "wrong fee tier",
    })
}

#[tokio::test]
async fn correction_of_another_day_is_quarantined() {
    let (app, metrics) = booked().await;
    app.taken("fee.corrected", correction("t1", "2026-11-19", "0.0005")).await;
    app.night("2026-11-21").await;
    let first = quarantined(&app).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].reason, "correction_without_fee");
    assert_eq!(first[0].at.to_string(), "2026-11-21T11:00:00.000Z");
    assert!(first[0].body.contains("2026-11-19") && first[0].body.contains("t1"));
    assert_eq!(measured(&metrics, "CorrectionsUnmatched"), 1);
    assert_eq!(marks(&app).await, 1, "its fee may still come");
    app.night("2026-11-22").await;
    assert_eq!(marks(&app).await, 1);
    app.night("2026-11-23").await;
    assert_eq!(marks(&app).await, 0);
    assert_eq!(quarantined(&app).await, first);
    assert_eq!(lines(&app, "affiliate").await, ["0.00040000"]);
}

#[tokio::test]
async fn inexact_correction_is_quarantined() {
    let (app, metrics) = booked().await;
    app.taken("fee.corrected", correction("t1", DAY, "0.0005000001")).await;
    app.night("2026-11-21").await;
    let found = quarantined(&app).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].reason, "inexact_correction");
    assert_eq!(measured(&metrics, "CorrectionsInexact"), 1);
    assert_eq!((marks(&app).await, lines(&app, "affiliate").await.len()), (0, 1));
}

#[tokio::test]
async fn correction_is_released_with_its_fee() {
    let (app, _) = booked().await;
    app.taken("fee.corrected", correction("t3", DAY, "0.0005")).await;
    app.night("2026-11-21").await;
    assert_eq!(quarantined(&app).await.len(), 1);
    app.charged(fee("t3", "dormant", "2026-11-20T12:00:00Z")).await;
    app.night("2026-11-22").await;
    assert_eq!(quarantined(&app).await, []);
    assert_eq!(lines(&app, "affiliate").await, ["0.00040000", "0.00010000"]);
}

#[tokio::test]
async fn repeated_conflict_is_one_entry() {
    let (app, _) = booked().await;
    let mut other = fee("t1", "dormant", "2026-11-20T10:00:00Z");
    other["amount"] = json!("0.5");
    app.charged(other).await;
    app.night("2026-11-21").await;
    let first = quarantined(&app).await;
    assert_eq!(first[0].at.to_string(), "2026-11-21T12:00:00.000Z");
    app.now("2026-11-22T12:00:00Z");
    app.charged(fee("t3", "dormant", "2026-11-20T12:00:00Z")).await;
    app.night("2026-11-22").await;
    assert_eq!(quarantined(&app).await, first);
}

#[tokio::test]
async fn late_lines_and_closed_days_are_counted() {
    let (app, metrics) = booked().await;
    let counts = || ["DaysClosed", "LinesBooked", "LateLines"].map(|of| measured(&metrics, of));
    assert_eq!(counts(), [1, 1, 0]);
    app.now("2026-11-21T20:00:00Z");
    app.charged(fee("t3", "dormant", "2026-11-20T12:00:00Z")).await;
    let repeated = fee("t1", "dormant", "2026-11-20T10:00:00Z");
    app.send_as("another event", "fee.charged", repeated).await;
    app.night("2026-11-21").await;
    assert_eq!(counts(), [2, 2, 1]);
    assert_eq!(measured(&metrics, "FeesRepeated"), 1);
}

#[tokio::test]
async fn late_fee_of_an_archived_day_is_counted() {
    let (app, metrics) = booked().await;
    let table = &app.context.table;
    let mut record = table.day(day(DAY)).await.unwrap();
    let at = app.context.clock.now();
    record.value.archived = Some(ArchivedDay { at, manifest: "digest".to_owned() });
    assert!(table.save_day(day(DAY), &record).await.unwrap().is_done());
    app.now("2026-11-21T20:00:00Z");
    app.charged(fee("t3", "dormant", "2026-11-20T12:00:00Z")).await;
    app.night("2026-11-21").await;
    assert_eq!(measured(&metrics, "RecordsUnreadable"), 1);
    assert_eq!(measured(&metrics, "LinesBooked"), 1);
}

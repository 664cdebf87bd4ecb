//! The reconciliation of the next nightly run finds a change of one unit in the table.

use commission::Amount;
use lambda::{CapturedMetrics, Metrics};
use serde_json::{Value, json};
use storage::{LineChunk, Referral, Shard, Summary, Totals, TwoVersionCell, Work};
use tracing::Level;
use types::Day;

use crate::damage::{Damage, base64, item_at};
use crate::poison::remove;
use crate::privacy::Log;
use crate::test_app::{TestApp, day, fee, uid};

const DAY: &str = "2026-11-20";

async fn booked() -> (TestApp, CapturedMetrics) {
    let mut app = TestApp::at("2026-11-20T09:00:00Z").await;
    let (metrics, ledger) = Metrics::kept();
    app.context.metrics = metrics;
    let code = app.affiliate("affiliate").await;
    app.registered("dormant", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant", &code).await.status, 201);
    app.now("2026-11-20T23:00:00Z");
    app.charged(fee("t1", "dormant", "2026-11-20T10:00:00Z")).await;
    let night = app.night(DAY).await;
    assert_eq!((night.reconciled.affiliates, night.reconciled.differences), (1, 0));
    (app, ledger)
}

fn at(prefix: &str, sk: &str) -> impl Fn(&Value) -> bool {
    move |item| {
        let (pk, found) = item_at(item);
        pk.starts_with(prefix) && found.starts_with(sk)
    }
}

fn differences(metrics: &CapturedMetrics) -> u64 {
    let lines = metrics.lines();
    let values = lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    values.filter_map(|line| line["ReconciliationDifferences"].as_u64()).sum()
}

fn one_more(amount: &mut Amount) {
    *amount = Amount::from_minor(amount.minor() + 1);
}

#[tokio::test]
async fn changed_line_is_found() {
    let (app, metrics) = booked().await;
    let chunk = Damage::of(&app, at("L#", "LINES"));
    chunk.rewrite(|bytes| {
        let mut chunk: LineChunk = storage::unpack("lines", bytes).unwrap();
        one_more(&mut chunk.lines[0].sums.commission);
        storage::pack(&chunk).unwrap()
    });
    assert_eq!(app.night("2026-11-21").await.reconciled.differences, 1);
    assert_eq!(differences(&metrics), 1);
}

#[tokio::test]
async fn changed_summary_is_found() {
    let (app, metrics) = booked().await;
    let summary = Damage::of(&app, at("A#", "DAY#"));
    summary.rewrite(|bytes| {
        let mut summary: Summary = storage::unpack("summary", bytes).unwrap();
        summary.cells.values_mut().for_each(|money| one_more(&mut money.in_usd.shared));
        storage::pack(&summary).unwrap()
    });
    app.night("2026-11-21").await;
    assert_eq!(differences(&metrics), 1);
}

#[tokio::test]
async fn changed_booking_is_found() {
    let (app, metrics) = booked().await;
    let holds_lines = |item: &Value| {
        let work = storage::unpack::<Work>("work", &base64(item));
        at("K#", "0")(item) && work.is_ok_and(|work| !work.lines.is_empty())
    };
    Damage::of(&app, holds_lines).rewrite(|bytes| {
        let mut work: Work = storage::unpack("work", bytes).unwrap();
        one_more(&mut work.lines[0].sums.fees);
        storage::pack(&work).unwrap()
    });
    app.night("2026-11-21").await;
    assert_eq!(differences(&metrics), 1);
}

/// An account is written by more functions than the list of bindings.
#[tokio::test]
async fn relation_without_listed_binding_is_found() {
    let (app, _) = booked().await;
    assert_eq!(found_in_turn(&app).await, Vec::<u64>::new());
    let list = format!("B#{DAY}#{:02}", Shard::of(&uid("dormant")).number());
    remove(&app, &list, "dormant");
    assert_eq!(found_in_turn(&app).await, [1]);
}

#[tokio::test]
async fn unreadable_record_is_a_difference() {
    let (app, metrics) = booked().await;
    Damage::of(&app, at("L#", "LINES")).flip_a_bit();
    Damage::of(&app, at("L#", "LINES")).make_unreadable();
    app.night("2026-11-21").await;
    assert_eq!(differences(&metrics), 1);
}

/// Returns the numbers of differences that the reconciliations of the affiliate's shard find in 30
/// nights.
async fn found_in_turn(app: &TestApp) -> Vec<u64> {
    app.now("2026-12-24T00:30:00Z");
    let shard = Shard::of(&uid("affiliate")).number();
    let mut found = Vec::new();
    let nights: Vec<Day> = day("2026-11-24").through(day("2026-12-23")).collect();
    assert_eq!(nights.len(), 30);
    for night in nights {
        let step = json!({ "step": "reconcile", "day": night, "shard": shard });
        let done = nightly::handle(&app.context, &step).await.unwrap();
        found.extend(done["differences"].as_u64().filter(|found| *found > 0));
    }
    found
}

#[tokio::test]
async fn history_is_read_in_30_nights() {
    let (app, _) = booked().await;
    assert_eq!(found_in_turn(&app).await, Vec::<u64>::new());
    let totals = Damage::of(&app, at("A#", "TOTALS"));
    totals.rewrite(|bytes| {
        let slots: TwoVersionCell<Totals> = storage::unpack("totals", bytes).unwrap();
        let mut totals = slots.at(1).unwrap().clone();
        totals.by_link.values_mut().for_each(|count| *count += 1);
        storage::pack(&TwoVersionCell::new(1, totals)).unwrap()
    });
    assert_eq!(found_in_turn(&app).await, [1]);
    totals.repair();
    let invitee = Damage::of(&app, at("A#", "REF#"));
    invitee.rewrite(|bytes| {
        let mut referral: Referral = storage::unpack("referral", bytes).unwrap();
        let mut activity = referral.activity.at(1).unwrap().clone();
        activity.by_asset.values_mut().for_each(|money| one_more(&mut money.in_asset.commission));
        referral.activity = TwoVersionCell::new(1, activity);
        storage::pack(&referral).unwrap()
    });
    assert_eq!(found_in_turn(&app).await, [1]);
}

#[tokio::test]
async fn changed_rebate_of_a_day_is_found_in_turn() {
    let (app, _) = booked().await;
    Damage::of(&app, at("A#", "REF#")).rewrite(|bytes| {
        let mut referral: Referral = storage::unpack("referral", bytes).unwrap();
        let one = Amount::from_minor(1);
        referral.shared_by_day = referral.shared_by_day.next(1, day(DAY), one).unwrap();
        storage::pack(&referral).unwrap()
    });
    assert_eq!(found_in_turn(&app).await, [1]);
}

/// The runbook finds the part in the log.
#[tokio::test]
async fn unreadable_run_is_a_difference() {
    let (app, _) = booked().await;
    let step = json!({ "step": "reconcile", "day": DAY, "shard": 7 });
    for (pk, sk) in [("N#", "0"), ("R#", "S#00")] {
        let record = Damage::of(&app, at(pk, sk));
        record.make_unreadable();
        let log = Log::default();
        let listening = log.listen(Level::ERROR);
        let found = nightly::handle(&app.context, &step).await.unwrap();
        drop(listening);
        assert_eq!(found["differences"], 1, "{pk}");
        assert!(log.text().contains("shard=7 "), "{}", log.text());
        record.repair();
    }
}

#[tokio::test]
async fn changed_line_is_found_in_turn() {
    let (app, _) = booked().await;
    Damage::of(&app, at("L#", "LINES")).rewrite(|bytes| {
        let mut chunk: LineChunk = storage::unpack("lines", bytes).unwrap();
        one_more(&mut chunk.lines[0].sums.commission);
        storage::pack(&chunk).unwrap()
    });
    assert_eq!(found_in_turn(&app).await, [1]);
}

#[tokio::test]
async fn each_affiliate_has_its_turn() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    for buckets in [0..30, 500..530, 1000..1024] {
        let names = (0..).map(|number| format!("affiliate-{number}"));
        let in_buckets = |name: &String| buckets.contains(&storage::bucket(&uid(name)));
        let name = names.into_iter().find(in_buckets).unwrap();
        app.affiliate(&name).await;
        let (shard, mut compared) = (Shard::of(&uid(&name)).number(), 0);
        for night in day("2026-11-24").through(day("2026-12-23")) {
            let step = json!({ "step": "reconcile", "day": night, "shard": shard });
            let done = nightly::handle(&app.context, &step).await.unwrap();
            compared += done["affiliates"].as_u64().unwrap();
        }
        assert_eq!(compared, 1, "{name}");
    }
}

#[tokio::test]
async fn equal_figures_are_not_logged() {
    let (app, _) = booked().await;
    let log = Log::default();
    let listening = log.listen(Level::ERROR);
    app.night("2026-11-21").await;
    drop(listening);
    assert_eq!(log.text(), "");
}

//! Affiliates whose part of a run cannot be published are parked, and all others are published.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dynamodb_embedded::{Fault, Faults};
use nightly::{NoArchive, Rebuilding, handle, rebuild_head, repair, verify_day, withdraw};
use serde_json::{Value, json};
use storage::{Shard, Table};
use tracing::Level;

use crate::lost_work::{committed, published, traded};
use crate::poison::{corrupt, earned, items, put, remove};
use crate::privacy::Log;
use crate::story::three_newcomers_trade;
use crate::test_app::{TestApp, day, fee, uid};

const DAYS: [&str; 4] = ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"];
/// The commission of one trade, in the smallest unit.
const EACH: i64 = 20_000;
const PARKED: &str = "affiliate-1";
const OTHER: &str = "affiliate-2";

/// Two affiliates with an invitee each, after the nightly run of the first day.
async fn two_affiliates() -> TestApp {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    for (affiliate, invitee) in [(PARKED, "dormant-1"), (OTHER, "dormant-2")] {
        let code = app.affiliate(affiliate).await;
        app.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(app.bind(invitee, &code).await.status, 201);
    }
    trades(&app, DAYS[0]).await;
    app.night(DAYS[0]).await;
    app
}

async fn trades(app: &TestApp, on: &str) {
    for invitee in ["dormant-1", "dormant-2"] {
        trade(app, invitee, on).await;
    }
}

async fn trade(app: &TestApp, invitee: &str, on: &str) {
    app.now(&format!("{on}T20:00:00Z"));
    let fee = fee(&format!("{on}-{invitee}"), invitee, &format!("{on}T10:00:00Z"));
    app.charged(fee).await;
}

/// The days after the first one, with a late fee of the second day in the third nightly run.
async fn later_days(app: &TestApp) {
    for day in &DAYS[1..] {
        trades(app, day).await;
        if *day == DAYS[2] {
            for invitee in ["dormant-1", "dormant-2"] {
                let late = fee(&format!("late-{invitee}"), invitee, "2026-11-21T12:00:00Z");
                app.charged(late).await;
            }
        }
        app.night(day).await;
    }
}

/// Returns all that an affiliate and the invitee can read.
async fn read(app: &TestApp, affiliate: &str, invitee: &str) -> Vec<Value> {
    let range = format!("from={}&to={}", DAYS[0], DAYS[3]);
    let mut read = app.lines(affiliate, DAYS[0], DAYS[3]).await;
    read.push(app.get(affiliate, &format!("/v1/dashboard?{range}")).await.json());
    read.push(app.get(affiliate, "/v1/dashboard/referrals").await.json());
    read.push(app.get(invitee, "/v1/binding").await.json());
    read
}

/// The invitee's item, as the inviter reads it.
fn referral(app: &TestApp, affiliate: &str) -> Value {
    let mut items = items(app, &format!("A#{affiliate}"));
    items.retain(|item| item["sk"]["S"].as_str().unwrap().starts_with("REF#"));
    items.remove(0)
}

fn corrupt_item(app: &TestApp, item: &Value) {
    corrupt(app, item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap());
}

async fn parked(app: &TestApp) -> Vec<(String, u64)> {
    let runs = app.context.table.parked().await.unwrap().into_iter();
    runs.map(|run| (run.uid.to_string(), run.seq)).collect()
}

async fn undisturbed() -> TestApp {
    let app = two_affiliates().await;
    later_days(&app).await;
    app
}

/// A programme in which the first affiliate's invitee is unreadable from the second nightly run on;
/// also returns the invitee's item.
async fn disturbed() -> (TestApp, Value) {
    let app = two_affiliates().await;
    let item = referral(&app, PARKED);
    corrupt_item(&app, &item);
    later_days(&app).await;
    (app, item)
}

#[tokio::test]
async fn unreadable_affiliate_is_parked() {
    let (app, _) = disturbed().await;
    let expected = undisturbed().await;
    let head = app.context.table.head().await.unwrap().value;
    assert_eq!((head.visible, head.parked), (5, 1));
    assert_eq!(head.closed_through, Some(day(DAYS[3])));
    assert_eq!(read(&app, OTHER, "dormant-2").await, read(&expected, OTHER, "dormant-2").await);
    let queued: Vec<_> = [2, 3, 4, 5].map(|seq| (PARKED.to_owned(), seq)).into();
    assert_eq!(parked(&app).await, queued);
}

#[tokio::test]
async fn parked_affiliate_reads_older_state() {
    let (app, _) = disturbed().await;
    let dashboard = app.get(PARKED, "/v1/dashboard?from=2026-11-20&to=2026-11-23").await.json();
    assert_eq!(dashboard["dataAsOf"], "2026-11-21T00:00:00.000Z");
    assert_eq!(dashboard["finalThrough"], DAYS[0]);
    assert_eq!(dashboard["counts"]["invitees"], 1);
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[3]).await, EACH);
    let summaries = app.context.table.summaries(&uid(PARKED), day(DAYS[0]), day(DAYS[3]), 1).await;
    let cells = summaries.unwrap().into_iter().flat_map(|it| it.summary.cells.into_values());
    assert_eq!(
        cells.map(|money| money.in_asset.commission.minor()).sum::<i128>(),
        i128::from(EACH)
    );
    let links = app.get(PARKED, "/v1/links").await.json();
    assert_eq!(links["dataAsOf"], dashboard["dataAsOf"]);
}

#[tokio::test]
async fn repaired_affiliate_reads_current_state() {
    let (app, item) = disturbed().await;
    put(&app, item);
    let repaired = repair(&app.context, &uid(PARKED)).await.unwrap();
    assert_eq!(repaired.runs.iter().map(|of| of.run.seq).collect::<Vec<_>>(), [2, 3, 4, 5]);
    let expected = undisturbed().await;
    for (affiliate, invitee) in [(PARKED, "dormant-1"), (OTHER, "dormant-2")] {
        let seen = read(&app, affiliate, invitee).await;
        assert_eq!(seen, read(&expected, affiliate, invitee).await, "{affiliate}");
    }
    assert_eq!(app.context.table.head().await.unwrap().value.parked, 0);
    assert_eq!(parked(&app).await, []);
    trades(&app, "2026-11-24").await;
    app.night("2026-11-24").await;
    assert_eq!(earned(&app, PARKED, DAYS[0], "2026-11-24").await, 6 * EACH);
    for of in DAYS {
        let verified = verify_day(&app.context, &NoArchive, day(of), || ()).await.unwrap();
        assert_eq!(verified.differences, [], "{of}");
    }
}

#[tokio::test]
async fn invitee_of_parked_reads_same_state() {
    let (app, item) = disturbed().await;
    let before = two_affiliates().await;
    let expected = before.get("dormant-1", "/v1/binding").await.json();
    // The item is readable again, but the affiliate still reads the older state.
    put(&app, item);
    assert_eq!(app.get("dormant-1", "/v1/binding").await.json(), expected);
}

#[tokio::test]
async fn failed_repair_is_resumed() {
    let (app, item) = disturbed().await;
    let error = repair(&app.context, &uid(PARKED)).await.unwrap_err();
    assert_eq!((error.name(), parked(&app).await.len()), ("Corrupt", 4));
    put(&app, item);
    let shard = Shard::of(&uid("dormant-1")).number();
    let booked = items(&app, &format!("K#{}#{shard:02}", DAYS[2])).remove(0);
    corrupt_item(&app, &booked);
    let error = repair(&app.context, &uid(PARKED)).await.unwrap_err();
    assert_eq!((error.name(), parked(&app).await.len()), ("Corrupt", 3));
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[3]).await, 2 * EACH);
    put(&app, booked);
    repair(&app.context, &uid(PARKED)).await.unwrap();
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[3]).await, 5 * EACH);
    let error = repair(&app.context, &uid(PARKED)).await.unwrap_err();
    assert_eq!(error.to_string(), "no run waits for this affiliate");
}

#[tokio::test]
async fn unreadable_totals_park_their_affiliate() {
    let app = two_affiliates().await;
    let totals = items(&app, &format!("A#{PARKED}"));
    let totals = totals.into_iter().find(|item| item["sk"]["S"] == "TOTALS").unwrap();
    let mut broken = totals.clone();
    broken["b"] = json!({ "B": "//8=" });
    put(&app, broken);
    later_days(&app).await;
    assert_eq!(earned(&app, OTHER, DAYS[0], DAYS[3]).await, 5 * EACH);
    let mark = |name: &str| {
        let items = items(&app, &format!("A#{PARKED}"));
        items.into_iter().find(|item| item["sk"]["S"] == "TOTALS").unwrap()[name].clone()
    };
    let mut mended = totals;
    for name in ["parkedFrom", "parkedDay", "rev"] {
        mended[name] = mark(name);
    }
    assert_eq!(mended["parkedFrom"], json!({ "N": "2" }));
    put(&app, mended);
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[3]).await, EACH);
    repair(&app.context, &uid(PARKED)).await.unwrap();
    let expected = undisturbed().await;
    assert_eq!(read(&app, PARKED, "dormant-1").await, read(&expected, PARKED, "dormant-1").await);
}

#[tokio::test]
async fn first_run_can_be_parked() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate(PARKED).await;
    app.registered("dormant-1", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant-1", &code).await.status, 201);
    trade(&app, "dormant-1", DAYS[0]).await;
    let bound_at = "2026-11-20T09:00:00Z".parse::<types::Timestamp>().unwrap().millis();
    let (pk, sk) = (format!("A#{PARKED}"), format!("REF#{bound_at:015}#dormant-1"));
    corrupt(&app, &pk, &sk);
    app.night(DAYS[0]).await;
    assert_eq!(parked(&app).await, [(PARKED.to_owned(), 1)]);
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[0]).await, 0);
    let dashboard = app.get(PARKED, "/v1/dashboard").await;
    assert_eq!((dashboard.status, &dashboard.json()["counts"]["invitees"]), (200, &json!(0)));
    remove(&app, &pk, &sk);
    repair(&app.context, &uid(PARKED)).await.unwrap();
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[0]).await, EACH);
}

#[tokio::test]
async fn withdrawn_lines_are_rebooked() {
    let (app, item) = disturbed().await;
    put(&app, item);
    let withdrawn = withdraw(&app.context, &uid(PARKED), "a test").await.unwrap();
    assert_eq!((withdrawn.run.seq, withdrawn.lines, withdrawn.waiting), (2, 1, 3));
    repair(&app.context, &uid(PARKED)).await.unwrap();
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[3]).await, 4 * EACH);
    app.night("2026-11-24").await;
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[3]).await, 5 * EACH);
    let runs: Vec<_> = app.lines(PARKED, DAYS[1], DAYS[1]).await.into_iter().collect();
    assert!(runs.iter().all(|line| line["runId"] != "2026-11-21.2"), "{runs:?}");
    for of in DAYS {
        let verified = verify_day(&app.context, &NoArchive, day(of), || ()).await.unwrap();
        let lines_differ = verified.differences.iter().any(|difference| {
            use nightly::Difference::{Line, Statement};
            matches!(difference, Line { .. } | Statement { .. })
        });
        assert!(!lines_differ, "{of}: {:?}", verified.differences);
    }
    let expected = undisturbed().await;
    let invitees = async |app: &TestApp| {
        app.get(PARKED, "/v1/dashboard/referrals").await.json()["referrals"].clone()
    };
    assert_eq!(invitees(&app).await, invitees(&expected).await);
    let binding =
        async |app: &TestApp| app.get("dormant-1", "/v1/binding").await.json()["shared"].clone();
    assert_eq!(binding(&app).await, binding(&expected).await);
}

#[tokio::test]
async fn withdrawn_run_leaves_the_state_before_it() {
    let app = two_affiliates().await;
    let invitees = async |app: &TestApp| {
        app.get(PARKED, "/v1/dashboard/referrals").await.json()["referrals"].clone()
    };
    let before = invitees(&app).await;
    let is_totals = |item: &Value| item["sk"]["S"] == "TOTALS";
    let totals = || items(&app, &format!("A#{PARKED}")).into_iter().find(is_totals).unwrap();
    let readable = totals();
    let mut unreadable = readable.clone();
    unreadable["b"] = json!({ "B": "//8=" });
    put(&app, unreadable);
    trades(&app, DAYS[1]).await;
    app.night(DAYS[1]).await;
    assert_eq!(parked(&app).await, [(PARKED.to_owned(), 2)]);

    let mut repaired = totals();
    repaired["b"] = readable["b"].clone();
    put(&app, repaired);
    withdraw(&app.context, &uid(PARKED), "a test").await.unwrap();
    assert_eq!(invitees(&app).await, before);
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[1]).await, EACH);
    assert_eq!(app.night(DAYS[1]).await.reconciled.differences, 0);
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[1]).await, 2 * EACH);
}

/// The run is written in part: the invitee is, and the unreadable totals are not.
#[tokio::test]
async fn partial_run_is_withdrawn() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate(PARKED).await;
    app.registered("dormant-1", "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind("dormant-1", &code).await.status, 201);
    trade(&app, "dormant-1", DAYS[0]).await;
    put(
        &app,
        json!({
            "pk": { "S": format!("A#{PARKED}") }, "sk": { "S": "TOTALS" }, "v": { "N": "1" },
            "b": { "B": "//8=" },
        }),
    );
    app.night(DAYS[0]).await;
    assert_eq!(items(&app, &format!("A#{PARKED}")).len(), 3, "links, totals, the invitee");
    withdraw(&app.context, &uid(PARKED), "a test").await.unwrap();
    assert_eq!(items(&app, &format!("A#{PARKED}")).len(), 2, "links, totals");
    assert_eq!(parked(&app).await, []);
    remove(&app, &format!("A#{PARKED}"), "TOTALS");
    trade(&app, "dormant-1", DAYS[1]).await;
    app.night(DAYS[1]).await;
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[1]).await, 2 * EACH);
    let dashboard = app.get(PARKED, "/v1/dashboard").await.json();
    assert_eq!(dashboard["counts"]["invitees"], 1);
    let referrals = app.get(PARKED, "/v1/dashboard/referrals").await.json();
    assert_eq!(referrals["referrals"].as_array().unwrap().len(), 1);
}

/// An affiliate whose totals could not be read in the last night of a quarter, and can again.
async fn parked_at_quarter_end() -> TestApp {
    let app = TestApp::at("2026-09-29T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.night("2026-09-29").await;
    app.now("2026-09-30T09:00:00Z");
    three_newcomers_trade(&app, &code).await;
    let totals = (format!("A#{}", "affiliate"), "TOTALS");
    put(
        &app,
        json!({
            "pk": { "S": totals.0 }, "sk": { "S": totals.1 }, "v": { "N": "1" }, "b": { "B": "//8=" },
        }),
    );
    let night = app.night("2026-09-30").await;
    assert_eq!(night.evaluated.map(|it| (it.affiliates, it.not_evaluated)), Some((0, 1)));
    let mut mended = items(&app, &totals.0);
    mended.retain(|item| item["sk"]["S"] == totals.1);
    mended[0].as_object_mut().unwrap().remove("b");
    put(&app, mended.remove(0));
    app
}

#[tokio::test]
async fn parked_affiliate_is_evaluated_when_repaired() {
    let app = parked_at_quarter_end().await;
    let repaired = repair(&app.context, &uid("affiliate")).await.unwrap();
    assert_eq!(repaired.evaluated, ["2026-Q3".parse().unwrap()]);
    let account = app.context.table.account(&uid("affiliate")).await.unwrap().unwrap().value;
    let tier = account.tiers.at("2026-10-01T00:00:00Z".parse().unwrap());
    assert_eq!(tier.map(|tier| tier.spot), Some(1));
}

#[tokio::test]
async fn withdrawal_evaluates_the_affiliate() {
    let app = parked_at_quarter_end().await;
    let withdrawn = withdraw(&app.context, &uid("affiliate"), "a test").await.unwrap();
    assert_eq!(withdrawn.evaluated, ["2026-Q3".parse().unwrap()]);
}

#[tokio::test]
async fn unreadable_affiliate_is_not_evaluated() {
    let app = TestApp::at("2026-09-29T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.affiliate("other").await;
    app.night("2026-09-29").await;
    app.now("2026-09-30T09:00:00Z");
    three_newcomers_trade(&app, &code).await;
    corrupt(&app, "A#other", "DAY#2026-08-01#000000000001");
    let night = app.night("2026-09-30").await.evaluated.unwrap();
    assert_eq!((night.affiliates, night.promoted, night.not_evaluated), (1, 1, 1));
    let left_out = nightly::not_evaluated(&app.context, "2026-Q3".parse().unwrap()).await;
    assert_eq!(left_out.unwrap()[0].uid, uid("other"));
}

#[tokio::test]
async fn check_counts_parked_affiliates() {
    let (mut app, _) = disturbed().await;
    let (metrics, measured) = lambda::Metrics::kept();
    app.context.metrics = metrics;
    handle(&app.context, &json!({ "step": "check" })).await.unwrap();
    let line: Value = serde_json::from_str(measured.lines().last().unwrap()).unwrap();
    assert_eq!(line["AffiliatesParked"], 1);
}

#[tokio::test]
async fn withdrawal_marks_its_shards() {
    let (app, _) = disturbed().await;
    let withdrawn = withdraw(&app.context, &uid(PARKED), "a test").await.unwrap();
    assert_eq!(withdrawn.shards, [Shard::of(&uid("dormant-1")).number()]);
}

#[tokio::test]
async fn rebuilt_head_counts_parked_affiliates() {
    let (app, _) = disturbed().await;
    corrupt(&app, "HEAD", "HEAD");
    let rebuilt = rebuild_head(&app.context, day(DAYS[0])).await.unwrap();
    let Rebuilding::Rebuilt(rebuilt) = rebuilt else { panic!("{rebuilt:?}") };
    assert_eq!(rebuilt.head.value.parked, 1);
}

/// The lines of the lost entry's run would be missing without notice.
#[tokio::test]
async fn run_behind_a_lost_entry_stays_parked() {
    let (app, item) = disturbed().await;
    put(&app, item);
    remove(&app, "PARKED", &format!("{PARKED}#{:012}", 2));
    assert_eq!(repair(&app.context, &uid(PARKED)).await.unwrap_err().name(), "Unfinished");
    assert_eq!(parked(&app).await.len(), 3);
}

/// Rejects each batch of writes after the first one, which copies the work of the run.
#[derive(Debug, Default)]
struct RejectedLines(AtomicUsize);

impl Faults for RejectedLines {
    fn next(&self, operation: &str) -> Option<Fault> {
        let is_copied = || self.0.fetch_add(1, Ordering::Relaxed) > 0;
        (operation == "BatchWriteItem" && is_copied())
            .then_some(Fault::Refused("ValidationException"))
    }
}

/// The run is written in part: the invitees and the totals are, and the lines are not.
#[tokio::test]
async fn withdrawn_run_leaves_no_counts() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    traded(&app).await;
    let (_, ranges) = committed(&app).await;
    let mut rejecting = app.clone();
    let config = app.engine.faulty_config(Arc::<RejectedLines>::default());
    let table = Table::new(config, app.engine.table_name());
    rejecting.tables.insert("daily-commission", table);
    published(&rejecting, &ranges).await;
    assert_eq!(parked(&app).await, [(PARKED.to_owned(), 1), (OTHER.to_owned(), 1)]);
    withdraw(&app.context, &uid(PARKED), "a test").await.unwrap();
    app.night(DAYS[1]).await;
    assert_eq!(earned(&app, PARKED, DAYS[0], DAYS[1]).await, EACH);
    let dashboard = app.get(PARKED, "/v1/dashboard").await.json();
    assert_eq!(dashboard["counts"]["invitees"], 1);
}

#[tokio::test]
async fn parked_affiliate_is_logged_and_counted() {
    let log = Log::default();
    let listening = log.listen(Level::ERROR);
    let mut app = parked_at_quarter_end().await;
    let (metrics, measured) = lambda::Metrics::kept();
    app.context.metrics = metrics;
    let evaluate = json!({ "step": "evaluate", "quarter": "2026-Q3" });
    handle(&app.context, &evaluate).await.unwrap();
    drop(listening);
    let text = log.text();
    assert!(text.contains(": parked day=2026-09-30 seq=2 error=\"Corrupt\""), "{text}");
    assert!(text.contains(": not evaluated quarter=2026-Q3 error=\"Parked\""), "{text}");
    let lines = measured.lines();
    assert!(lines.iter().any(|line| line.contains("\"AffiliatesNotEvaluated\":1")), "{lines:?}");
}

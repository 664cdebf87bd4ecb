//! Days and shards that cannot be processed are deferred and reported, and all others are booked.

use nightly::{Driver, StepError, handle};
use serde_json::{Value, json};
use storage::{SetAside, Shard};

use crate::story::three_newcomers_trade;
use crate::test_app::{TestApp, day, fee, uid};

/// Replaces the item under a key, if there is one, with an item without content.
pub fn corrupt(app: &TestApp, pk: &str, sk: &str) {
    let broken = json!({ "pk": { "S": pk }, "sk": { "S": sk }, "v": { "N": "1" } });
    app.engine.put("recall", [broken]).unwrap();
}

/// All items of a partition.
pub fn items(app: &TestApp, pk: &str) -> Vec<Value> {
    let mut items = app.engine.items("recall").unwrap();
    items.retain(|item| item["pk"]["S"] == pk);
    items
}

pub fn put(app: &TestApp, item: Value) {
    app.engine.put("recall", [item]).unwrap();
}

pub fn remove(app: &TestApp, pk: &str, sk: &str) {
    let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
    let body = json!({ "TableName": "recall", "Key": key }).to_string();
    let (status, answer) = app.engine.run("DeleteItem", body.as_bytes());
    assert_eq!(status, 200, "{answer}");
}

fn shard_of(invitee: &str) -> u8 {
    Shard::of(&uid(invitee)).number()
}

/// The partition of a day's list of new bindings in the shard of an invitee.
fn bindings(of: &str, invitee: &str) -> String {
    format!("B#{of}#{:02}", shard_of(invitee))
}

async fn head(app: &TestApp) -> storage::Head {
    app.context.table.head().await.unwrap().value
}

async fn set_aside(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let days = head(app).await.set_aside.into_iter();
    days.map(|(day, aside)| (day.to_string(), aside.shards.into_iter().collect())).collect()
}

async fn data_as_of(app: &TestApp, affiliate: &str) -> String {
    let dashboard = app.get(affiliate, "/v1/dashboard").await.json();
    dashboard["dataAsOf"].as_str().unwrap()[..10].to_owned()
}

/// Returns an affiliate's commission in the lines of some days, in the smallest unit.
pub async fn earned(app: &TestApp, affiliate: &str, from: &str, to: &str) -> i64 {
    let lines = app.lines(affiliate, from, to).await;
    let minor = |line: &Value| {
        let text = line["commission"].as_str().unwrap().replace('.', "");
        text.parse::<i64>().unwrap()
    };
    lines.iter().map(minor).sum()
}

/// Two affiliates with an invitee each, in different shards. The invitees trade on three days.
async fn two_affiliates() -> TestApp {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    for (affiliate, invitee) in [("affiliate-1", "dormant-1"), ("affiliate-2", "dormant-2")] {
        let code = app.affiliate(affiliate).await;
        app.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(app.bind(invitee, &code).await.status, 201);
    }
    assert_ne!(shard_of("dormant-1"), shard_of("dormant-2"));
    app.night("2026-11-19").await;
    app
}

/// A trade of 100,000 USD of each invitee.
async fn traded(app: &TestApp, on: &str) {
    app.now(&format!("{on}T20:00:00Z"));
    for invitee in ["dormant-1", "dormant-2"] {
        let fee = fee(&format!("{on}-{invitee}"), invitee, &format!("{on}T10:00:00Z"));
        app.charged(fee).await;
    }
}

const DAYS: [&str; 3] = ["2026-11-20", "2026-11-21", "2026-11-22"];
/// The commission of one trade, in the smallest unit.
const EACH: i64 = 20_000;

#[tokio::test]
async fn unreadable_shard_is_set_aside_alone() {
    let app = two_affiliates().await;
    corrupt(&app, &bindings(DAYS[0], "dormant-1"), "broken");
    for day in DAYS {
        traded(&app, day).await;
        let night = app.night(day).await;
        assert!(night.days.iter().any(|it| it.day.to_string() == day && it.seq().is_some()));
    }
    let aside = vec![(DAYS[0].to_owned(), vec![shard_of("dormant-1")])];
    assert_eq!(set_aside(&app).await, aside);
    assert_eq!(earned(&app, "affiliate-2", DAYS[0], DAYS[2]).await, 3 * EACH);
    assert_eq!(earned(&app, "affiliate-1", DAYS[0], DAYS[2]).await, 2 * EACH);
    assert_eq!(head(&app).await.closed_through, Some(day(DAYS[2])));
    assert_eq!(data_as_of(&app, "affiliate-2").await, DAYS[0]);
    remove(&app, &bindings(DAYS[0], "dormant-1"), "broken");
    app.night("2026-11-23").await;
    assert_eq!(set_aside(&app).await, []);
    assert_eq!(earned(&app, "affiliate-1", DAYS[0], DAYS[2]).await, 3 * EACH);
    assert_eq!(data_as_of(&app, "affiliate-1").await, "2026-11-24");
    assert_eq!(app.context.table.touched_through(day("2026-11-23")).await.unwrap(), []);
}

#[tokio::test]
async fn unreadable_chunk_sets_shard_aside() {
    let app = two_affiliates().await;
    traded(&app, DAYS[0]).await;
    app.night(DAYS[0]).await;
    let booked = items(&app, &format!("K#{}#{:02}", DAYS[0], shard_of("dormant-1"))).remove(0);
    let (pk, sk) = (booked["pk"]["S"].as_str().unwrap(), booked["sk"]["S"].as_str().unwrap());
    corrupt(&app, pk, sk);
    app.now("2026-11-21T12:00:00Z");
    for invitee in ["dormant-1", "dormant-2"] {
        app.charged(fee(&format!("late-{invitee}"), invitee, "2026-11-20T12:00:00Z")).await;
    }
    for day in &DAYS[1..] {
        app.night(day).await;
    }
    assert_eq!(earned(&app, "affiliate-1", DAYS[0], DAYS[0]).await, EACH);
    assert_eq!(earned(&app, "affiliate-2", DAYS[0], DAYS[0]).await, 2 * EACH);
    put(&app, booked.clone());
    app.night("2026-11-23").await;
    assert_eq!(earned(&app, "affiliate-1", DAYS[0], DAYS[0]).await, 2 * EACH);
    assert_eq!(set_aside(&app).await, []);
}

#[tokio::test]
async fn unreadable_marker_blocks_no_shard() {
    let app = two_affiliates().await;
    traded(&app, DAYS[0]).await;
    app.night(DAYS[0]).await;
    traded(&app, DAYS[1]).await;
    app.charged(fee("late", "dormant-2", "2026-11-20T12:00:00Z")).await;
    let shard = shard_of("dormant-1");
    corrupt(&app, &format!("TOUCHED#{:02}", shard % 16), &format!("{}#{shard:02}", DAYS[0]));
    app.night(DAYS[1]).await;
    assert_eq!(earned(&app, "affiliate-2", DAYS[0], DAYS[1]).await, 3 * EACH);
    let aside = vec![(DAYS[0].to_owned(), vec![shard_of("dormant-1")])];
    assert_eq!(set_aside(&app).await, aside);
}

#[tokio::test]
async fn unreadable_day_blocks_no_later_day() {
    let app = two_affiliates().await;
    let pk = format!("DAY#{}", DAYS[0]);
    corrupt(&app, &pk, "DAY");
    for day in DAYS {
        traded(&app, day).await;
        app.night(day).await;
    }
    let aside = set_aside(&app).await;
    assert_eq!((aside.len(), aside[0].1.len()), (1, usize::from(storage::SHARDS)));
    assert_eq!(head(&app).await.closed_through, Some(day(DAYS[2])));
    assert_eq!(data_as_of(&app, "affiliate-1").await, DAYS[0]);
    for affiliate in ["affiliate-1", "affiliate-2"] {
        assert_eq!(earned(&app, affiliate, DAYS[0], DAYS[2]).await, 2 * EACH);
    }
    remove(&app, &pk, "DAY");
    app.night("2026-11-23").await;
    assert_eq!(set_aside(&app).await, []);
    for affiliate in ["affiliate-1", "affiliate-2"] {
        assert_eq!(earned(&app, affiliate, DAYS[0], DAYS[2]).await, 3 * EACH);
    }
}

#[tokio::test]
async fn refused_report_sets_day_aside() {
    let app = two_affiliates().await;
    traded(&app, DAYS[0]).await;
    app.now("2026-11-21T00:30:00Z");
    let step = async |input: Value| handle(&app.context, &input).await;
    let plan = step(json!({ "step": "plan", "day": DAYS[0] })).await.unwrap()["days"][0].clone();
    let (run, shards) = (plan["run"].clone(), plan["shards"].clone());
    for shard in shards.as_array().unwrap() {
        let fold = json!({ "step": "fold", "day": DAYS[0], "run": run, "shard": shard });
        step(fold).await.unwrap();
    }
    corrupt(&app, &format!("R#{}", run.as_str().unwrap()), "S#07");
    let commit = json!({ "step": "commit", "day": DAYS[0], "run": run, "shards": shards });
    let committed = step(commit).await.unwrap();
    assert_eq!(
        (&committed["seq"], committed["ranges"].as_array().unwrap().len()),
        (&json!(null), 0)
    );
    assert!(committed["setAside"].as_str().unwrap().contains("cannot be read"), "{committed}");
    assert_eq!(head(&app).await.closed_through, Some(day(DAYS[0])));
    app.night(DAYS[1]).await;
    assert_eq!(set_aside(&app).await, []);
    assert_eq!(earned(&app, "affiliate-1", DAYS[0], DAYS[0]).await, EACH);
}

#[tokio::test]
async fn crashing_shard_is_set_aside() {
    let app = two_affiliates().await;
    traded(&app, DAYS[0]).await;
    app.now("2026-11-21T00:30:00Z");
    let step = async |input: Value| handle(&app.context, &input).await.unwrap();
    let plan = step(json!({ "step": "plan", "day": DAYS[0] })).await["days"][0].clone();
    let (run, shards) = (plan["run"].clone(), plan["shards"].clone());
    for shard in shards.as_array().unwrap() {
        let ends_workers = shard == shard_of("dormant-1");
        let mut input = json!({ "step": "fold", "day": DAYS[0], "run": run, "shard": shard });
        if ends_workers {
            input["step"] = json!("set-aside");
            input["error"] = json!("Runtime.ExitError");
        }
        step(input).await;
    }
    let commit = json!({ "step": "commit", "day": DAYS[0], "run": run, "shards": shards });
    let committed = step(commit).await;
    let publish =
        json!({ "step": "publish", "seq": committed["seq"], "range": committed["ranges"][0] });
    step(publish).await;
    step(json!({ "step": "finish", "seq": committed["seq"] })).await;
    assert_eq!(earned(&app, "affiliate-1", DAYS[0], DAYS[0]).await, 0);
    assert_eq!(earned(&app, "affiliate-2", DAYS[0], DAYS[0]).await, EACH);
    app.night(DAYS[1]).await;
    assert_eq!(earned(&app, "affiliate-1", DAYS[0], DAYS[0]).await, EACH);
    assert_eq!(set_aside(&app).await, []);
}

/// The last day of the quarter has a shard with two of the three traders that tier 1 needs.
#[tokio::test]
async fn repaired_day_is_reevaluated() {
    let app = TestApp::at("2026-09-29T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.night("2026-09-29").await;
    app.now("2026-09-30T09:00:00Z");
    three_newcomers_trade(&app, &code).await;
    let pk = bindings("2026-09-30", "newcomer-0");
    corrupt(&app, &pk, "broken");
    let night = app.night("2026-09-30").await;
    assert_eq!(night.evaluated.map(|it| it.promoted), Some(0));
    for (number, day) in ["2026-10-01", "2026-10-02"].iter().enumerate() {
        app.now(&format!("{day}T12:00:00Z"));
        let at = format!("{day}T10:00:00Z");
        app.charged(fee(&format!("q4-{number}"), "newcomer-1", &at)).await;
        app.night(day).await;
    }
    assert_eq!(set_aside(&app).await.len(), 1);
    remove(&app, &pk, "broken");
    app.now("2026-10-03T12:00:00Z");
    let night = app.night("2026-10-03").await;
    assert_eq!(night.evaluated.map(|it| it.promoted), Some(1));
    let head = head(&app).await;
    assert_eq!((head.set_aside.len(), head.reevaluate.len()), (0, 0));
    assert_eq!(head.evaluated_through, "2026-Q3".parse().ok());
    app.charged(fee("q4-late", "newcomer-1", "2026-10-04T00:10:00Z")).await;
    app.night("2026-10-04").await;
    let rate = app.lines("affiliate", "2026-10-04", "2026-10-04").await[0]["rate"].clone();
    assert_eq!(rate, "0.3");
}

#[tokio::test]
async fn head_holds_31_days_set_aside() {
    let app = two_affiliates().await;
    let mut full = app.context.table.head().await.unwrap();
    for number in 0..31 {
        let shards = [0].into();
        let aside = SetAside { reason: "x".repeat(160), shards };
        full.value.set_aside.insert(day("2026-09-01").plus(number), aside);
    }
    assert!(app.context.table.save_head(&full).await.unwrap().is_done());
    for number in 0..31 {
        let pk = format!("B#{}#00", day("2026-09-01").plus(number));
        corrupt(&app, &pk, "broken");
    }
    corrupt(&app, &bindings(DAYS[0], "dormant-1"), "broken");
    traded(&app, DAYS[0]).await;
    app.now("2026-11-21T00:30:00Z");
    let refused = Driver::new(&app.context).run_night(day(DAYS[0])).await.unwrap_err();
    assert!(matches!(refused, StepError::TooManySetAside(31)), "{refused}");
    assert_eq!(set_aside(&app).await.len(), 31);
    let head = head(&app).await;
    assert_eq!((head.pending, head.closed_through), (None, Some(day("2026-11-19"))));
    for number in 0..31 {
        remove(&app, &format!("B#{}#00", day("2026-09-01").plus(number)), "broken");
    }
    app.book("2026-09-01").await;
    app.night(DAYS[0]).await;
    assert_eq!(set_aside(&app).await.len(), 1);
    assert_eq!(earned(&app, "affiliate-2", DAYS[0], DAYS[0]).await, EACH);
}

#[tokio::test]
async fn check_counts_days_set_aside() {
    let mut app = two_affiliates().await;
    let (metrics, measured) = lambda::Metrics::kept();
    app.context.metrics = metrics;
    let check = async || {
        handle(&app.context, &json!({ "step": "check" })).await.unwrap();
        let line: Value = serde_json::from_str(measured.lines().last().unwrap()).unwrap();
        line["DaysSetAside"].clone()
    };
    assert_eq!(check().await, 0);
    corrupt(&app, &bindings(DAYS[0], "dormant-1"), "broken");
    app.night(DAYS[0]).await;
    assert_eq!(check().await, 1);
}

#[tokio::test]
async fn partly_booked_day_reports_the_reason() {
    let app = two_affiliates().await;
    corrupt(&app, &bindings(DAYS[0], "dormant-1"), "broken");
    traded(&app, DAYS[0]).await;
    let report = serde_json::to_value(&app.night(DAYS[0]).await.days[0]).unwrap();
    assert!(report["seq"].is_u64() && report["setAside"].is_string(), "{report}");
}

//! Work of a committed run that cannot be read when it is published, and a head that cannot.

use lambda::Metrics;
use nightly::{NoArchive, StepError, handle, repair, verify_day, withdraw};
use serde_json::{Value, json};
use storage::{Shard, bucket};
use tracing::Level;

use crate::poison::{corrupt, earned, items, put, remove};
use crate::privacy::Log;
use crate::test_app::{TestApp, day, fee, uid};

const DAYS: [&str; 3] = ["2026-11-20", "2026-11-21", "2026-11-22"];
const LOST: &str = "affiliate-1";
const OTHER: &str = "affiliate-2";
const NEIGHBOUR: &str = "affiliate-3";
/// The commission of one trade, in the smallest unit.
const EACH: i64 = 20_000;

/// Two affiliates whose invitees, in different shards, trade on the first day.
pub async fn traded(app: &TestApp) {
    for (affiliate, invitee) in [(LOST, "dormant-1"), (OTHER, "dormant-2")] {
        let code = app.affiliate(affiliate).await;
        app.registered(invitee, "2024-01-01T00:00:00Z").await;
        assert_eq!(app.bind(invitee, &code).await.status, 201);
    }
    trade(app, DAYS[0]).await;
}

async fn trade(app: &TestApp, on: &str) {
    app.now(&format!("{on}T20:00:00Z"));
    for invitee in ["dormant-1", "dormant-2"] {
        let fee = fee(&format!("{on}-{invitee}"), invitee, &format!("{on}T10:00:00Z"));
        app.charged(fee).await;
    }
}

async fn step(app: &TestApp, input: Value) -> Value {
    try_step(app, input).await.unwrap()
}

async fn try_step(app: &TestApp, input: Value) -> Result<Value, StepError> {
    handle(&app.context_of("daily-commission"), &input).await
}

/// Commits the first day, and publishes nothing; answers its run's name and publishing ranges.
pub async fn committed(app: &TestApp) -> (String, Vec<Value>) {
    app.now("2026-11-21T00:30:00Z");
    let plan = step(app, json!({ "step": "plan", "day": DAYS[0] })).await;
    let DayPlan { run, shards } = serde_json::from_value(plan["days"][0].clone()).unwrap();
    for shard in &shards {
        let fold = json!({ "step": "fold", "day": DAYS[0], "run": run, "shard": shard });
        step(app, fold).await;
    }
    let commit = json!({ "step": "commit", "day": DAYS[0], "run": run, "shards": shards });
    let committed = step(app, commit).await;
    (run, committed["ranges"].as_array().unwrap().clone())
}

#[derive(serde::Deserialize)]
struct DayPlan {
    run: String,
    shards: Vec<u8>,
}

pub async fn published(app: &TestApp, ranges: &[Value]) {
    for range in ranges {
        step(app, json!({ "step": "publish", "seq": 1, "range": range })).await;
    }
    step(app, json!({ "step": "finish", "seq": 1 })).await;
}

fn lost_shard() -> u8 {
    Shard::of(&uid("dormant-1")).number()
}

/// The one chunk of the lost shard's work.
fn chunk(app: &TestApp, run: &str) -> Value {
    items(app, &format!("R#{run}#{:02}", lost_shard())).remove(0)
}

fn corrupt_item(app: &TestApp, item: &Value) {
    corrupt(app, item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap());
}

/// A day whose work of one shard is lost between commit and publishing; answers the chunk.
pub async fn lose_and_publish(app: &TestApp) -> Value {
    traded(app).await;
    let (run, ranges) = committed(app).await;
    let chunk = chunk(app, &run);
    corrupt_item(app, &chunk);
    published(app, &ranges).await;
    chunk
}

async fn lost() -> (TestApp, Value) {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let chunk = lose_and_publish(&app).await;
    (app, chunk)
}

async fn parked(app: &TestApp) -> Vec<String> {
    app.context.table.parked().await.unwrap().iter().map(|run| run.uid.to_string()).collect()
}

#[tokio::test]
async fn lost_chunk_parks_its_affiliates_alone() {
    let (app, _) = lost().await;
    assert_eq!(parked(&app).await, [LOST]);
    assert_eq!(earned(&app, OTHER, DAYS[0], DAYS[0]).await, EACH);
    assert_eq!(earned(&app, LOST, DAYS[0], DAYS[0]).await, 0);
    for of in &DAYS[1..] {
        trade(&app, of).await;
        app.night(of).await;
    }
    assert_eq!(earned(&app, OTHER, DAYS[0], DAYS[2]).await, 3 * EACH);
    let head = app.context.table.head().await.unwrap().value;
    assert_eq!((head.visible, head.closed_through), (3, Some(day(DAYS[2]))));
}

#[tokio::test]
async fn late_fee_over_a_lost_chunk_waits() {
    let (app, _) = lost().await;
    trade(&app, DAYS[1]).await;
    for invitee in ["dormant-1", "dormant-2"] {
        app.charged(fee(&format!("late-{invitee}"), invitee, "2026-11-20T12:00:00Z")).await;
    }
    app.night(DAYS[1]).await;
    assert_eq!(earned(&app, OTHER, DAYS[0], DAYS[1]).await, 3 * EACH);
    let aside = app.context.table.head().await.unwrap().value.set_aside;
    let shards = aside.into_iter().map(|(day, aside)| (day, aside.shards.into_iter().collect()));
    assert_eq!(shards.collect::<Vec<(_, Vec<u8>)>>(), [(day(DAYS[0]), vec![lost_shard()])]);
}

#[tokio::test]
async fn restored_chunk_is_published_by_repair() {
    let (app, mut chunk) = lost().await;
    trade(&app, DAYS[1]).await;
    app.night(DAYS[1]).await;
    let error = repair(&app.context, &uid(LOST)).await.unwrap_err();
    assert_eq!(error.name(), "Corrupt");
    let place = items(&app, &format!("K#{}#{:02}", DAYS[0], lost_shard())).remove(0);
    for key in ["pk", "sk"] {
        chunk[key] = place[key].clone();
    }
    put(&app, chunk);
    repair(&app.context, &uid(LOST)).await.unwrap();
    assert_eq!(parked(&app).await, [""; 0]);
    assert_eq!(earned(&app, LOST, DAYS[0], DAYS[1]).await, 2 * EACH);
    let verified = verify_day(&app.context, &NoArchive, day(DAYS[0]), || ()).await.unwrap();
    assert_eq!(verified.differences, []);
}

#[tokio::test]
async fn withdrawn_lost_chunk_is_booked_anew() {
    let (app, _) = lost().await;
    trade(&app, DAYS[1]).await;
    app.night(DAYS[1]).await;
    withdraw(&app.context, &uid(LOST), "its work is lost").await.unwrap();
    repair(&app.context, &uid(LOST)).await.unwrap();
    app.night(DAYS[2]).await;
    for affiliate in [LOST, OTHER] {
        assert_eq!(earned(&app, affiliate, DAYS[0], DAYS[2]).await, 2 * EACH, "{affiliate}");
    }
    let invitees = app.get(LOST, "/v1/dashboard").await.json()["counts"]["invitees"].clone();
    assert_eq!(invitees, 1);
}

#[tokio::test]
async fn chunk_lost_after_its_copy_is_published() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    traded(&app).await;
    let (run, ranges) = committed(&app).await;
    let chunk = chunk(&app, &run);
    step(&app, json!({ "step": "publish", "seq": 1, "range": ranges[0] })).await;
    remove(&app, chunk["pk"]["S"].as_str().unwrap(), chunk["sk"]["S"].as_str().unwrap());
    published(&app, &ranges).await;
    assert_eq!(parked(&app).await, [""; 0]);
    assert_eq!(earned(&app, LOST, DAYS[0], DAYS[0]).await, EACH);
}

#[tokio::test]
async fn lost_shard_report_parks_its_affiliates_alone() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    traded(&app).await;
    let (run, ranges) = committed(&app).await;
    corrupt(&app, &format!("R#{run}"), &format!("S#{:02}", lost_shard()));
    published(&app, &ranges).await;
    assert_eq!(parked(&app).await, [LOST]);
    assert_eq!(earned(&app, OTHER, DAYS[0], DAYS[0]).await, EACH);
    trade(&app, DAYS[1]).await;
    app.night(DAYS[1]).await;
    assert_eq!(earned(&app, OTHER, DAYS[0], DAYS[1]).await, 2 * EACH);
    withdraw(&app.context, &uid(LOST), "its report is lost").await.unwrap();
    repair(&app.context, &uid(LOST)).await.unwrap();
    app.night(DAYS[2]).await;
    assert_eq!(earned(&app, LOST, DAYS[0], DAYS[2]).await, 2 * EACH);
}

#[tokio::test]
async fn unreadable_head_is_named() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    traded(&app).await;
    app.night(DAYS[0]).await;
    corrupt(&app, "HEAD", "HEAD");
    for input in [
        json!({ "step": "plan", "day": DAYS[1] }),
        json!({ "day": DAYS[0] }),
        json!({ "step": "check" }),
    ] {
        app.now("2026-11-22T00:30:00Z");
        let error = handle(&app.context, &input).await.unwrap_err();
        assert_eq!(error.name(), "HeadUnreadable", "{input}");
    }
}

/// Publishes an affiliate's part of the run, as one of 64 workers, which does not copy the chunk.
async fn publish_part(app: &TestApp, affiliate: &str) -> Result<Value, StepError> {
    let part = bucket(&uid(affiliate)) / 16;
    assert_ne!(part, u16::from(lost_shard()));
    let range = json!({ "part": part, "of": 64 });
    try_step(app, json!({ "step": "publish", "seq": 1, "range": range })).await
}

/// The name of an invitee whose fees are in the lost shard.
fn neighbour() -> String {
    let names = (1..).map(|number| format!("neighbour-{number}"));
    names.into_iter().find(|name| Shard::of(&uid(name)).number() == lost_shard()).unwrap()
}

/// The worker read the head before the affiliate was parked.
#[tokio::test]
async fn late_worker_publishes_no_parked_affiliate() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    traded(&app).await;
    let (_, ranges) = committed(&app).await;
    put(
        &app,
        json!({
            "pk": { "S": format!("A#{LOST}") }, "sk": { "S": "TOTALS" }, "v": { "N": "1" },
            "rev": { "N": "1" }, "parkedFrom": { "N": "1" }, "parkedDay": { "S": DAYS[0] },
        }),
    );
    let publish = json!({ "step": "publish", "seq": 1, "range": ranges[0] });
    let error = try_step(&app, publish).await.unwrap_err();
    assert_eq!(error.to_string(), "an affiliate was parked meanwhile");
}

#[tokio::test]
async fn unfinished_run_awaits_repair() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    traded(&app).await;
    let (run, ranges) = committed(&app).await;
    corrupt_item(&app, &chunk(&app, &run));
    step(&app, json!({ "step": "publish", "seq": 1, "range": ranges[0] })).await;
    assert_eq!(repair(&app.context, &uid(LOST)).await.unwrap_err().name(), "Unfinished");
    let withdrawn = withdraw(&app.context, &uid(LOST), "its work is lost").await;
    assert_eq!(withdrawn.unwrap_err().name(), "Unfinished");
}

/// Two affiliates with lines in the lost chunk. Booked again, those of the first would count twice.
#[tokio::test]
async fn chunk_that_was_published_is_kept() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let invitee = neighbour();
    let code = app.affiliate(NEIGHBOUR).await;
    app.registered(&invitee, "2024-01-01T00:00:00Z").await;
    assert_eq!(app.bind(&invitee, &code).await.status, 201);
    traded(&app).await;
    app.charged(fee("neighbour", &invitee, "2026-11-20T10:00:00Z")).await;
    let (run, ranges) = committed(&app).await;
    publish_part(&app, LOST).await.unwrap();
    corrupt_item(&app, &chunk(&app, &run));
    published(&app, &ranges).await;
    assert_eq!(parked(&app).await, [LOST, NEIGHBOUR]);
    let refused = withdraw(&app.context, &uid(LOST), "its work is lost").await.unwrap_err();
    assert!(refused.to_string().contains("was published after all"), "{refused}");
    let waits = withdraw(&app.context, &uid(NEIGHBOUR), "its work is lost").await.unwrap_err();
    assert_eq!(waits.name(), "Corrupt");
}

#[tokio::test]
async fn publishing_counts_affiliates_of_its_run() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    traded(&app).await;
    let (_, ranges) = committed(&app).await;
    let publish = async |seq| {
        try_step(&app, json!({ "step": "publish", "seq": seq, "range": ranges[0] })).await
    };
    assert_eq!(publish(2).await.unwrap_err().name(), "BadRequest");
    assert_eq!(publish(1).await.unwrap(), json!({ "affiliates": 2 }));
    published(&app, &ranges).await;
    assert_eq!(publish(1).await.unwrap(), json!({ "affiliates": 0 }));
}

/// An unreadable entry leaves its group, whose other affiliates are published alone.
#[tokio::test]
async fn affiliate_outside_a_group_is_counted() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    traded(&app).await;
    app.night(DAYS[0]).await;
    let entry = items(&app, &format!("A#{LOST}"))
        .into_iter()
        .find(|item| item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("REF#")));
    corrupt_item(&app, &entry.unwrap());
    trade(&app, DAYS[1]).await;
    app.now("2026-11-22T00:30:00Z");
    let plan = step(&app, json!({ "step": "plan", "day": DAYS[1] })).await;
    let DayPlan { run, shards } = serde_json::from_value(plan["days"][0].clone()).unwrap();
    for shard in &shards {
        step(&app, json!({ "step": "fold", "day": DAYS[1], "run": run, "shard": shard })).await;
    }
    let commit = json!({ "step": "commit", "day": DAYS[1], "run": run, "shards": shards });
    let committed = step(&app, commit).await;
    let publish = json!({ "step": "publish", "seq": 2, "range": committed["ranges"][0] });
    assert_eq!(step(&app, publish).await, json!({ "affiliates": 1 }));
}

#[tokio::test]
async fn lost_chunk_is_logged_and_counted() {
    let log = Log::default();
    let mut app = TestApp::at("2026-11-20T09:00:00Z").await;
    let (metrics, measured) = Metrics::kept();
    app.context.metrics = metrics;
    let listening = log.listen(Level::ERROR);
    lose_and_publish(&app).await;
    drop(listening);
    let expected = format!("seq=1 shard={} error=\"Corrupt\"", lost_shard());
    let text = log.text();
    assert!(text.lines().any(|it| it.contains("work is lost") && it.contains(&expected)), "{text}");
    let unreadable = |line: &String| line.contains("\"RecordsUnreadable\":1");
    assert_eq!(measured.lines().iter().filter(|line| unreadable(line)).count(), 1);
}

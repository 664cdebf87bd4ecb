//! `rebuild-head`: a damaged or lost head is made again of the days' records.

use serde_json::{Value, json};

use crate::support::{booked, give, run};
use crate::test_app::{TestApp, fee};

const COMMAND: &str = "rebuild-head --since 2026-11-01";

fn head(app: &TestApp) -> Option<Value> {
    app.engine.items("recall").unwrap().into_iter().find(|item| item["pk"]["S"] == "HEAD")
}

/// Replaces the head by one that no release wrote.
fn damage(app: &TestApp) -> Value {
    let before = head(app).unwrap();
    let mut damaged = before.clone();
    damaged["v"] = json!({ "N": "99" });
    damaged["committed"] = json!({ "S": "?" });
    app.engine.put("recall", [damaged]).unwrap();
    before
}

fn delete(app: &TestApp, pk: &str, sk: &str) {
    let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
    let body = json!({ "TableName": "recall", "Key": key }).to_string();
    assert_eq!(app.engine.run("DeleteItem", body.as_bytes()).0, 200);
}

/// Returns a head without its revision and the quarter that a repeated evaluation sets.
fn content(mut head: Value) -> Value {
    let members = head.as_object_mut().unwrap();
    members.remove("rev");
    members.remove("evaluatedThrough");
    head
}

/// Two booked days, with fees.
async fn two_days() -> TestApp {
    let app = booked().await;
    app.now("2026-11-21T10:00:01Z");
    app.charged(fee("t9", "dormant", "2026-11-21T10:00:00Z")).await;
    app.night("2026-11-21").await;
    app
}

#[tokio::test]
async fn damaged_head_is_rebuilt_as_it_was() {
    let app = two_days().await;
    let before = damage(&app);
    app.now("2026-11-23T00:30:00Z");
    assert_eq!(run(&app, "rollup --night 2026-11-22").await.code, 3);
    let shown = run(&app, COMMAND).await;
    let expected = "run 2 is committed, run 2 visible\ndays are closed through 2026-11-21\n";
    assert_eq!((shown.results.as_str(), shown.code), (expected, 0), "{shown}");
    assert_eq!(content(head(&app).unwrap()), content(before));
    assert_eq!(run(&app, "rollup --night 2026-11-22").await.code, 0);
    assert_eq!(run(&app, "verify 2026-11-20..2026-11-22").await.code, 0);
}

#[tokio::test]
async fn lost_head_is_rebuilt() {
    let app = two_days().await;
    let before = head(&app).unwrap();
    delete(&app, "HEAD", "HEAD");
    assert_eq!(run(&app, COMMAND).await.code, 0);
    assert_eq!(content(head(&app).unwrap()), content(before));
}

#[tokio::test]
async fn unpublished_run_is_pending_again() {
    let app = two_days().await;
    // The run is not listed as finished, as after a stop between its commit and its finish.
    let listed = app
        .engine
        .items("recall")
        .unwrap()
        .into_iter()
        .find(|item| item["pk"]["S"].as_str().unwrap().starts_with("N#2026-11-22"));
    let listed = listed.unwrap();
    delete(&app, listed["pk"]["S"].as_str().unwrap(), listed["sk"]["S"].as_str().unwrap());
    damage(&app);
    let shown = run(&app, COMMAND).await;
    let expected = "run 2 is committed, run 1 visible\ndays are closed through 2026-11-20\n";
    assert_eq!((shown.results.as_str(), shown.code), (expected, 0), "{shown}");
    app.now("2026-11-23T00:30:00Z");
    assert_eq!(run(&app, "rollup --night 2026-11-22").await.code, 0);
    assert_eq!(run(&app, "verify 2026-11-20..2026-11-22").await.code, 0);
    assert_eq!(app.lines("affiliate", "2026-11-21", "2026-11-21").await.len(), 1);
}

#[tokio::test]
async fn day_without_run_is_tried_again() {
    let app = two_days().await;
    app.now("2026-11-23T00:30:00Z");
    assert_eq!(run(&app, "rollup --night 2026-11-22").await.code, 0);
    delete(&app, "DAY#2026-11-21", "DAY");
    damage(&app);
    let shown = run(&app, COMMAND).await;
    assert!(shown.results.contains("2026-11-21  has no run: deferred"), "{shown}");
    app.now("2026-11-24T00:30:00Z");
    assert_eq!(run(&app, "rollup --night 2026-11-23").await.code, 0);
    assert!(head(&app).unwrap().get("setAside").is_none());
}

#[tokio::test]
async fn readable_head_is_left_alone() {
    let app = two_days().await;
    let before = head(&app);
    let shown = run(&app, COMMAND).await;
    assert_eq!(shown.code, 2);
    assert!(shown.questions.ends_with("the ledger's head can be read"), "{shown}");
    damage(&app);
    let damaged = head(&app);
    assert_eq!(give(&app, COMMAND, Some("no\n")).await.code, 2);
    assert_eq!(head(&app), damaged);
    assert_ne!(head(&app), before);
}

#[tokio::test]
async fn ledger_without_runs_is_not_rebuilt() {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let shown = run(&app, COMMAND).await;
    assert_eq!(shown.code, 2);
    assert!(shown.questions.ends_with("no day since 2026-11-01 has a run"), "{shown}");
}

//! `quarantine`: events that could not be ingested are listed, shown and replayed.

use serde_json::json;
use storage::Quarantined;

use crate::support::{booked, give, run, traded};
use crate::test_app::{TestApp, day, event, fee};

/// A payment that comes before the run that it pays, and a text that is no event.
async fn put_aside() -> TestApp {
    let app = traded().await;
    let paid = json!({
        "uid": "affiliate", "day": "2026-11-20", "runId": "2026-11-20.1",
        "paidAt": "2026-11-21T00:10:00Z", "reference": "payout-1",
    });
    app.send_raw(&event("payment", "commission.paid", paid).to_string()).await;
    app.send_raw("{ not json").await;
    app
}

async fn kept(app: &TestApp, of: &str) -> usize {
    app.context.table.quarantined(day(of)).await.unwrap().len()
}

#[tokio::test]
async fn entries_are_listed_with_reason() {
    insta::assert_snapshot!(run(&put_aside().await, "quarantine list").await);
}

#[tokio::test]
async fn entry_is_shown_by_id_prefix() {
    let app = put_aside().await;
    let listed = run(&app, "quarantine list 2026-11-21").await.results;
    let id = listed.lines().find(|line| line.contains("nothing_booked")).unwrap();
    let id = id.split_whitespace().next().unwrap();
    insta::assert_snapshot!(run(&app, &format!("quarantine show {id}")).await);
    for (id, sentence) in [
        ("2026-11-21.ffff", "there is no entry 2026-11-21.ffff"),
        ("2026-11-21", "expected an entry's id as it is listed"),
    ] {
        let shown = run(&app, &format!("quarantine show {id}")).await;
        assert!(shown.questions.contains(sentence), "{}", shown.questions);
    }
}

#[tokio::test]
async fn repaired_entry_is_ingested() {
    let app = put_aside().await;
    run(&app, "rollup 2026-11-20").await;
    insta::assert_snapshot!(run(&app, "quarantine replay --all").await);
    let paid = app.summaries("affiliate", "2026-11-20").await.remove(0).payment;
    assert_eq!(paid.unwrap().reference, "payout-1");
    assert_eq!(kept(&app, "2026-11-21").await, 1);
}

#[tokio::test]
async fn refused_entry_keeps_its_day() {
    let app = put_aside().await;
    app.now("2026-11-25T12:00:00Z");
    let before = app.context.table.quarantined(day("2026-11-21")).await.unwrap();
    let shown = run(&app, "quarantine replay --all").await;
    assert_eq!(shown.results.matches("refused again").count(), 2, "{}", shown.results);
    assert_eq!(app.context.table.quarantined(day("2026-11-21")).await.unwrap(), before);
    assert_eq!((kept(&app, "2026-11-25").await, shown.code), (0, 1));
}

#[tokio::test]
async fn reused_identity_is_kept() {
    let app = booked().await;
    let mut other = fee("t1", "dormant", "2026-11-20T10:00:00Z");
    other["amount"] = json!("0.002");
    app.charged(other).await;
    app.book("2026-11-20").await;
    let shown = run(&app, "quarantine replay --all").await;
    assert!(shown.questions.starts_with("skipped"), "{}", shown.questions);
    assert_eq!((kept(&app, "2026-11-21").await, shown.code), (1, 1));
    let id = run(&app, "quarantine list").await.results;
    let id = id.split_whitespace().next().unwrap();
    let shown = run(&app, &format!("quarantine replay {id}")).await;
    assert!(shown.questions.contains("send a correction"), "{}", shown.questions);
}

#[tokio::test]
async fn unsigned_entry_is_replayed_by_id_only() {
    let app = traded().await;
    let active = json!({ "uid": "dormant", "product": "earn", "at": "2026-11-20T23:30:00Z" });
    let body = event("a1", "activity", active).to_string();
    let entry = Quarantined::new("unsigned", "expected a signature", body, app.clock.now());
    app.context.table.quarantine(&entry).await.unwrap();
    let shown = run(&app, "quarantine replay --all").await;
    assert!(shown.questions.contains("replay by id: 1 entry"), "{}", shown.questions);
    assert_eq!((kept(&app, "2026-11-21").await, shown.code), (1, 1));
    let shown = run(&app, &format!("quarantine replay 2026-11-21.{}", entry.digest())).await;
    assert_eq!((kept(&app, "2026-11-21").await, shown.code), (0, 0), "{}", shown.questions);
}

#[tokio::test]
async fn replay_asks_for_confirmation() {
    let app = put_aside().await;
    let shown = give(&app, "quarantine replay --all 2026-11-21", None).await;
    assert_eq!((shown.code, kept(&app, "2026-11-21").await), (2, 2));
}

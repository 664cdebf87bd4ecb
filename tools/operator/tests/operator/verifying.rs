//! `verify`: a booked day is proved from its fees.

use aws_sdk_dynamodb::types::AttributeValue;
use commission::{Amount, Line};
use serde_json::json;
use storage::{Found, Shard};
use types::Reason;

use crate::support::{booked, corrected, run, traded};
use crate::test_app::{TestApp, day, fee, uid};

/// Changes the booked lines of the day that earn, as only a manual edit can.
pub async fn tamper(app: &TestApp, change: impl Fn(&mut Line)) {
    let (of, shard) = (day("2026-11-20"), Shard::of(&uid("dormant")));
    let mut work = app.context.table.booked(of, shard).await.unwrap().remove(0);
    let earning = |line: &&mut Line| line.key.outcome.reason() != Some(Reason::VipAboveLimit);
    work.lines.iter_mut().filter(earning).take(1).for_each(change);
    let found = Found { shard: shard.number(), chunk: 0, work };
    app.context.table.keep_booked([&found], of, 1).await.unwrap();
}

#[tokio::test]
async fn booked_day_verifies() {
    insta::assert_snapshot!(run(&booked().await, "verify 2026-11-20").await);
}

#[tokio::test]
async fn corrected_day_verifies() {
    let app = booked().await;
    corrected(&app).await;
    app.night("2026-11-21").await;
    let shown = run(&app, "verify 2026-11-20..2026-11-21").await;
    assert_eq!(shown.code, 0);
    let last = shown.results.lines().last().unwrap();
    assert_eq!(last, "2026-11-20 to 2026-11-21 (2 days): 4 lines, every one as booked");
}

#[tokio::test]
async fn changed_booked_line_is_found() {
    let app = booked().await;
    tamper(&app, |line| {
        line.sums.commission = line.sums.commission.plus(Amount::from_minor(1)).unwrap();
    })
    .await;
    insta::assert_snapshot!(run(&app, "verify 2026-11-20").await);
}

#[tokio::test]
async fn amount_moved_between_affiliates_is_found() {
    let app = booked().await;
    let other = app.affiliate("other").await;
    app.registered("second", "2024-01-01T00:00:00Z").await;
    app.now("2026-11-21T12:00:00Z");
    assert_eq!(app.bind("second", &other).await.status, 201);
    app.now("2026-11-21T20:00:00Z");
    for invitee in ["dormant", "second"] {
        app.charged(fee(&format!("{invitee}-21"), invitee, "2026-11-21T13:00:00Z")).await;
    }
    app.night("2026-11-21").await;
    // Both are changed alike, so that no total is wrong.
    for (invitee, change) in [("dormant", 1), ("second", -1)] {
        let (of, shard) = (day("2026-11-21"), Shard::of(&uid(invitee)));
        let mut work = app.context.table.booked(of, shard).await.unwrap().remove(0);
        for line in work.lines.iter_mut().filter(|line| line.key.invitee.as_str() == invitee) {
            line.sums.commission = line.sums.commission.plus(Amount::from_minor(change)).unwrap();
        }
        let found = Found { shard: shard.number(), chunk: 0, work };
        app.context.table.keep_booked([&found], of, 2).await.unwrap();
    }
    let shown = run(&app, "verify 2026-11-21").await;
    assert!(shown.results.contains(&broken(2)), "{}", shown.results);
}

fn broken(seq: u64) -> String {
    format!("the lines of run {seq}, or its place behind the run before, are not as committed")
}

#[tokio::test]
async fn broken_chain_is_found() {
    let app = booked().await;
    let mut head = app.context.table.head().await.unwrap();
    head.value.chain = Some("0".repeat(32));
    assert!(app.context.table.save_head(&head).await.unwrap().is_done());
    let shown = run(&app, "verify 2026-11-20").await;
    assert!(shown.results.contains(&broken(1)), "{}", shown.results);
    assert_eq!(shown.code, 1);
}

#[tokio::test]
async fn lost_booked_line_is_found() {
    let app = booked().await;
    let (of, shard) = (day("2026-11-20"), Shard::of(&uid("dormant")));
    let mut work = app.context.table.booked(of, shard).await.unwrap().remove(0);
    work.lines.pop();
    let found = Found { shard: shard.number(), chunk: 0, work };
    app.context.table.keep_booked([&found], of, 1).await.unwrap();
    insta::assert_snapshot!(run(&app, "verify 2026-11-20").await);
}

#[tokio::test]
async fn wrong_summary_is_found() {
    let app = booked().await;
    let mut read = app.summaries("affiliate", "2026-11-20").await.remove(0);
    let lines = app.context.table.lines(&uid("affiliate"), &[(1, 0)]).await.unwrap().concat();
    for money in read.summary.cells.values_mut().take(1) {
        money.in_asset.shared = Amount::from_minor(7);
    }
    // A summary is never replaced, so it must be deleted first.
    let key = [("pk", "A#affiliate"), ("sk", "DAY#2026-11-20#000000000001")];
    let key = key.map(|(name, text)| (name.to_owned(), AttributeValue::S(text.to_owned())));
    let delete = app.engine.client().delete_item().table_name(app.engine.table_name());
    delete.set_key(Some(key.into())).send().await.unwrap();
    let table = &app.context.table;
    table.publish_day(&uid("affiliate"), read.day, 1, read.summary, &lines).await.unwrap();
    insta::assert_snapshot!(run(&app, "verify 2026-11-20").await);
}

#[tokio::test]
async fn summary_without_lines_is_found() {
    let app = booked().await;
    app.affiliate("idle").await;
    let read = app.summaries("affiliate", "2026-11-20").await.remove(0);
    let mut forged = read.summary;
    forged.chunks = 0;
    let table = &app.context.table;
    table.publish_day(&uid("idle"), read.day, 1, forged, &[]).await.unwrap();
    let shown = run(&app, "verify 2026-11-20").await;
    assert!(shown.results.contains("the view of affiliate idle"), "{}", shown.results);
}

#[tokio::test]
async fn later_fee_is_shown_as_due() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    app.charged(fee("late", "dormant", "2026-11-20T20:00:00Z")).await;
    insta::assert_snapshot!(run(&app, "verify 2026-11-20").await);
}

#[tokio::test]
async fn later_fact_shows_next_change() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    let left = json!({ "uid": "affiliate", "affiliate": false, "at": "2026-11-20T00:00:00Z" });
    app.taken("account.changed", left).await;
    let shown = run(&app, "verify 2026-11-20").await;
    assert!(shown.results.contains("inviter_not_affiliate"), "{}", shown.results);
    assert_eq!(shown.code, 1);
}

#[tokio::test]
async fn unbooked_day_is_reported() {
    let shown = run(&traded().await, "verify 2026-11-20").await;
    let told = "2026-11-20  not booked yet: 4 fees make 3 lines due\n";
    assert_eq!((shown.results.as_str(), shown.code), (told, 1));
}

#[tokio::test]
async fn verification_writes_nothing() {
    let app = booked().await;
    let before = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    corrected(&app).await;
    run(&app, "verify 2026-11-20").await;
    assert_eq!(app.lines("affiliate", "2026-11-20", "2026-11-20").await, before);
    assert_eq!(app.context.table.head().await.unwrap().value.committed, 1);
    assert_eq!(app.context.table.touched_through(day("2026-11-20")).await.unwrap().len(), 1);
}

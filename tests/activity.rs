//! Activity of a user's day: the first one is recorded at once, the last one by the night.

use serde_json::json;
use types::Timestamp;

use crate::damage::{Damage, items};
use crate::test_app::{TestApp, at, fee, uid};

/// A user who was registered long ago, and an affiliate's link.
async fn scene() -> (TestApp, String) {
    let app = TestApp::at("2026-05-02T00:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    app.registered("user", "2024-01-01T00:00:00Z").await;
    (app, code)
}

async fn active(app: &TestApp, user: &str, time: &str) {
    app.taken("activity", json!({ "uid": user, "product": "earn", "at": time })).await;
}

async fn last_activity(app: &TestApp, user: &str) -> Option<Timestamp> {
    let account = app.context.table.account(&uid(user)).await.unwrap().unwrap();
    account.value.facts.last_activity_at
}

/// Returns the number of items of deferred activity and their markers.
fn deferred(app: &TestApp) -> usize {
    let is_of = |pk: &str| pk.starts_with("D#") || pk == "DEFERRED";
    items(app).iter().filter(|item| is_of(item["pk"]["S"].as_str().unwrap())).count()
}

fn markers(app: &TestApp) -> usize {
    items(app).iter().filter(|item| item["pk"]["S"] == "DEFERRED").count()
}

#[tokio::test]
async fn later_activity_waits_for_the_night() {
    let (app, _) = scene().await;
    active(&app, "user", "2026-05-01T10:00:00Z").await;
    assert_eq!(deferred(&app), 0);
    app.charged(fee("t1", "user", "2026-05-01T15:00:00Z")).await;
    active(&app, "user", "2026-05-01T14:00:00Z").await;
    assert_eq!(last_activity(&app, "user").await, Some(at("2026-05-01T10:00:00Z")));
    app.night("2026-05-01").await;
    assert_eq!(last_activity(&app, "user").await, Some(at("2026-05-01T10:00:00Z")));
    app.now("2026-05-03T00:30:00Z");
    app.night("2026-05-02").await;
    assert_eq!(last_activity(&app, "user").await, Some(at("2026-05-01T15:00:00Z")));
}

#[tokio::test]
async fn activity_of_the_next_day_is_recorded() {
    let (app, _) = scene().await;
    for time in ["2026-05-01T10:00:00Z", "2026-05-01T23:59:59.999Z", "2026-05-02T00:00:00Z"] {
        active(&app, "user", time).await;
    }
    assert_eq!(last_activity(&app, "user").await, Some(at("2026-05-02T00:00:00Z")));
    app.now("2026-05-03T00:30:00Z");
    app.night("2026-05-02").await;
    assert_eq!(last_activity(&app, "user").await, Some(at("2026-05-02T00:00:00Z")));
}

#[tokio::test]
async fn late_activity_is_recorded() {
    let (app, _) = scene().await;
    for time in ["2026-04-30T10:00:00Z", "2026-04-30T15:00:00Z"] {
        active(&app, "user", time).await;
        assert_eq!(last_activity(&app, "user").await, Some(at(time)));
    }
}

/// More than 90 days after an activity the user may be bound, to the millisecond.
#[tokio::test]
async fn bind_depends_on_the_last_activity() {
    let (app, code) = scene().await;
    for time in ["2026-05-01T10:00:00Z", "2026-05-01T15:00:00Z"] {
        active(&app, "user", time).await;
    }
    app.now("2026-05-03T00:30:00Z");
    app.night("2026-05-02").await;
    app.now("2026-07-30T15:00:00Z");
    let window = app.get("user", &format!("/v1/bind?ref={code}")).await.json();
    assert_eq!(window["eligibleFrom"], "2026-07-30T15:00:00.001Z", "{window}");
    app.now("2026-07-30T15:00:00.001Z");
    assert_eq!(app.bind("user", &code).await.status, 201);
}

/// The night treats activity as an event that arrives late. The engine keeps the chunks beyond their
/// expiry, as DynamoDB may for some days.
#[tokio::test]
async fn binding_without_nights_is_voided() {
    let (app, code) = scene().await;
    for time in ["2026-05-01T10:00:00Z", "2026-05-01T15:00:00Z"] {
        active(&app, "user", time).await;
    }
    app.now("2026-07-30T12:00:00Z");
    assert_eq!(app.bind("user", &code).await.status, 201);
    app.now("2026-07-31T00:30:00Z");
    app.night("2026-07-30").await;
    let account = app.context.table.account(&uid("user")).await.unwrap().unwrap().value;
    assert_eq!(account.relation.unwrap().voided_at, Some(at("2026-07-31T00:30:00Z")));
}

#[tokio::test]
async fn unreadable_account_waits_for_the_next_night() {
    let (app, _) = scene().await;
    // Both are in one part.
    app.registered("user-8", "2024-01-01T00:00:00Z").await;
    let parts = ["user", "user-8"].map(|user| storage::ActivityPart::of(&uid(user)));
    assert_eq!(parts[0], parts[1]);
    for user in ["user", "user-8"] {
        for time in ["2026-05-01T10:00:00Z", "2026-05-01T15:00:00Z"] {
            active(&app, user, time).await;
        }
    }
    let broken =
        Damage::of(&app, |item| item["pk"]["S"] == "U#user-8" && item["sk"]["S"] == "ACCOUNT");
    broken.make_unreadable();
    app.now("2026-05-03T00:30:00Z");
    let step = json!({ "step": "apply-activity", "day": "2026-05-02", "part": parts[0].number() });
    let applied = nightly::handle(&app.context, &step).await.unwrap();
    assert_eq!(applied, json!({ "accounts": 2, "unreadable": 1 }));
    assert_eq!(last_activity(&app, "user").await, Some(at("2026-05-01T15:00:00Z")));
    broken.repair();
    app.night("2026-05-03").await;
    assert_eq!(last_activity(&app, "user-8").await, Some(at("2026-05-01T15:00:00Z")));
    assert_eq!(markers(&app), 0);
}

#[tokio::test]
async fn activity_of_unreadable_marker_is_applied() {
    let (app, _) = scene().await;
    for time in ["2026-05-01T10:00:00Z", "2026-05-01T15:00:00Z"] {
        active(&app, "user", time).await;
    }
    let broken = Damage::of(&app, |item| item["pk"]["S"] == "DEFERRED");
    broken.make_unreadable();
    app.now("2026-05-03T00:30:00Z");
    let part = storage::ActivityPart::of(&uid("user")).number();
    let step = json!({ "step": "apply-activity", "day": "2026-05-02", "part": part });
    let applied = nightly::handle(&app.context, &step).await.unwrap();
    assert_eq!(applied, json!({ "accounts": 1, "unreadable": 1 }));
    assert_eq!(last_activity(&app, "user").await, Some(at("2026-05-01T15:00:00Z")));
    assert_eq!(markers(&app), 1);
    broken.repair();
    app.night("2026-05-03").await;
    assert_eq!(markers(&app), 0);
}

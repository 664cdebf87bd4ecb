//! `POST /v1/bind` with an `Idempotency-Key`.

use std::collections::BTreeSet;

use serde_json::json;

use crate::test_app::{Answer, CODE, INVITEE, TestApp, at};

const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";

async fn confirmed() -> (TestApp, String) {
    let app = TestApp::new().await;
    let confirmation = app.window(INVITEE, CODE).await.text("/confirmation");
    (app, confirmation)
}

async fn send(app: &TestApp, key: &str, confirmation: &str) -> Answer {
    let body = json!({ "confirmation": confirmation }).to_string();
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    app.ask_with(Some(INVITEE), "POST", "/v1/bind", &headers, &body).await
}

fn same(one: &Answer, other: &Answer) {
    assert_eq!((one.status(), one.json()), (other.status(), other.json()));
}

#[tokio::test]
async fn repeated_key_gets_same_status_and_body() {
    let (app, confirmation) = confirmed().await;
    let first = send(&app, KEY, &confirmation).await;
    assert_eq!(first.status(), 201);
    same(&send(&app, KEY, &confirmation).await, &first);
    // Without the key a repetition differs from the bind, as before.
    assert_eq!(app.bind(INVITEE, &confirmation).await.status(), 200);
}

#[tokio::test]
async fn answer_outlives_its_confirmation() {
    let (app, confirmation) = confirmed().await;
    let first = send(&app, KEY, &confirmation).await;
    app.clock.stop_at(at("2026-11-23T11:59:59.999Z"));
    same(&send(&app, KEY, &confirmation).await, &first);
    app.clock.stop_at(at("2026-11-23T12:00:00.000Z"));
    let late = send(&app, KEY, &confirmation).await;
    assert_eq!(late.outcome(), "422 confirmation_expired");
}

#[tokio::test]
async fn key_with_another_body_is_refused() {
    let (app, confirmation) = confirmed().await;
    app.add_affiliate("affiliate-36", "OTHERS36").await;
    let other = app.window(INVITEE, "OTHERS36").await.text("/confirmation");
    send(&app, KEY, &confirmation).await;
    let same_link = app.confirmation(INVITEE, CODE);
    for body in [&other, &same_link, "nonsense"] {
        let answer = send(&app, KEY, body).await;
        assert_eq!(answer.outcome(), "422 idempotency_key_reused", "{body}");
        assert_eq!(answer.text("/parameter"), "Idempotency-Key");
    }
}

#[tokio::test]
async fn key_keeps_its_answer_when_voided() {
    let (app, confirmation) = confirmed().await;
    app.bind(INVITEE, &confirmation).await;
    let first = send(&app, KEY, &confirmation).await;
    assert_eq!(first.status(), 200);
    app.change(INVITEE, |account| {
        account.relation.as_mut().unwrap().voided_at = Some(at("2026-11-22T12:00:00Z"));
    })
    .await;
    same(&send(&app, KEY, &confirmation).await, &first);
    assert_eq!(send(&app, "other", &confirmation).await.outcome(), "409 already_bound");
}

#[tokio::test]
async fn refused_bind_may_reuse_its_key() {
    let (app, confirmation) = confirmed().await;
    assert_eq!(send(&app, KEY, "nonsense").await.outcome(), "422 confirmation_invalid");
    assert_eq!(send(&app, KEY, &confirmation).await.status(), 201);
}

#[tokio::test]
async fn malformed_key_binds_no_one() {
    let (app, confirmation) = confirmed().await;
    let answer = send(&app, "a b", &confirmation).await;
    assert_eq!(answer.outcome(), "400 bad_request");
    assert_eq!(answer.text("/parameter"), "Idempotency-Key");
    assert_eq!(app.binding(INVITEE).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn racing_retries_get_one_answer() {
    let (app, confirmation) = confirmed().await;
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let (app, confirmation) = (app.clone(), confirmation.clone());
            tokio::spawn(async move { send(&app, KEY, &confirmation).await })
        })
        .collect();
    let mut answers = BTreeSet::new();
    for call in calls {
        let answer = call.await.unwrap();
        answers.insert((answer.status(), answer.json().to_string()));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers.first().unwrap().0, 201);
}

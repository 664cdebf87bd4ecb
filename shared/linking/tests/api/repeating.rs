//! `POST /v1/links` with an `Idempotency-Key`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dynamodb_embedded::{Fault, Faults};
use lambda::Clock;
use storage::Table;
use types::Timeline;

use crate::test_app::{Answer, TestApp, at, at_once};

const TARGET: &str = "/v1/links";
const KEY: &str = "8e03978e-40d5-43e8-bc93-6894a57f9324";
const AUTUMN: &str = r#"{"label":"autumn"}"#;

async fn send(app: &TestApp, caller: &str, key: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    app.ask(Some(caller), "POST", TARGET, &headers, body).await
}

async fn links(app: &TestApp) -> usize {
    app.get("alice", TARGET).await.json()["links"].as_array().unwrap().len()
}

#[tokio::test]
async fn repeated_key_gets_same_answer() {
    let app = TestApp::new().await;
    let first = send(&app, "alice", KEY, AUTUMN).await;
    let again = send(&app, "alice", KEY, AUTUMN).await;
    assert_eq!((first.status(), again.status()), (201, 201));
    assert_eq!(first.bytes(), again.bytes());
    assert_eq!(again.header("content-type"), first.header("content-type"));
    assert_eq!(links(&app).await, 1);
}

#[tokio::test]
async fn requests_without_key_make_link_each() {
    let app = TestApp::new().await;
    for _ in 0..2 {
        assert_eq!(app.post("alice", TARGET, AUTUMN).await.status(), 201);
    }
    assert_eq!(links(&app).await, 2);
}

#[tokio::test]
async fn key_with_another_body_is_refused() {
    let app = TestApp::new().await;
    send(&app, "alice", KEY, AUTUMN).await;
    insta::assert_snapshot!(send(&app, "alice", KEY, r#"{"label":"winter"}"#).await);
    let malformed = send(&app, "alice", KEY, "{").await;
    assert_eq!(malformed.outcome(), "422 idempotency_key_reused");
    assert_eq!(links(&app).await, 1);
}

#[tokio::test]
async fn key_belongs_to_its_caller() {
    let app = TestApp::new().await;
    app.add_affiliate("bob").await;
    let alices = send(&app, "alice", KEY, AUTUMN).await.text("/code");
    let bobs = send(&app, "bob", KEY, AUTUMN).await;
    assert_eq!(bobs.status(), 201);
    assert_ne!(bobs.text("/code"), alices);
}

#[tokio::test]
async fn malformed_key_makes_no_link() {
    let app = TestApp::new().await;
    for key in ["", "a b", "ключ", &"k".repeat(65)] {
        let answer = send(&app, "alice", key, AUTUMN).await;
        assert_eq!(answer.outcome(), "400 bad_request", "{key:?}");
        assert_eq!(answer.text("/parameter"), "Idempotency-Key");
    }
    assert_eq!(links(&app).await, 0);
    assert_eq!(send(&app, "alice", &"k".repeat(64), AUTUMN).await.status(), 201);
}

#[tokio::test]
async fn answer_is_kept_for_day_and_no_longer() {
    let mut app = TestApp::new().await;
    let first = send(&app, "alice", KEY, AUTUMN).await;
    app.context.clock = Clock::standing_at(at("2026-11-23T11:59:59.999Z"));
    let again = send(&app, "alice", KEY, AUTUMN).await;
    assert_eq!(again.bytes(), first.bytes());
    // The item is still in the table: DynamoDB removes it days later.
    app.context.clock = Clock::standing_at(at("2026-11-23T12:00:00.000Z"));
    let other = send(&app, "alice", KEY, r#"{"label":"winter"}"#).await;
    assert_eq!(other.status(), 201);
    assert_ne!(other.text("/code"), first.text("/code"));
    assert_eq!(send(&app, "alice", KEY, AUTUMN).await.outcome(), "422 idempotency_key_reused");
    assert_eq!(links(&app).await, 2);
}

#[tokio::test]
async fn expired_answer_is_not_replayed() {
    let mut app = TestApp::new().await;
    send(&app, "alice", KEY, AUTUMN).await;
    for _ in 1..20 {
        app.post("alice", TARGET, "{}").await;
    }
    app.context.clock = Clock::standing_at(at("2026-11-23T12:00:00.000Z"));
    assert_eq!(send(&app, "alice", KEY, AUTUMN).await.outcome(), "409 too_many_links");
}

#[tokio::test]
async fn last_link_is_replayed_at_limit() {
    let app = TestApp::new().await;
    for _ in 1..20 {
        app.post("alice", TARGET, "{}").await;
    }
    let last = send(&app, "alice", KEY, AUTUMN).await;
    assert_eq!(last.status(), 201);
    let again = send(&app, "alice", KEY, AUTUMN).await;
    assert_eq!((again.status(), again.bytes()), (201, last.bytes()));
}

#[tokio::test]
async fn answer_is_replayed_to_former_affiliate() {
    let app = TestApp::new().await;
    let first = send(&app, "alice", KEY, AUTUMN).await;
    let alice = "alice".parse().unwrap();
    let mut account = app.context.table.account(&alice).await.unwrap().unwrap();
    account.value.facts.affiliate = Timeline::starting(at("2025-01-01T00:00:00Z"), false);
    assert!(app.context.table.save_account(&account).await.unwrap().is_done());
    let again = send(&app, "alice", KEY, AUTUMN).await;
    assert_eq!((again.status(), again.bytes()), (201, first.bytes()));
    assert_eq!(send(&app, "alice", "other", AUTUMN).await.outcome(), "403 inviter_not_affiliate");
}

#[tokio::test]
async fn refused_request_may_reuse_its_key() {
    let app = TestApp::new().await;
    assert_eq!(send(&app, "alice", KEY, r#"{"label":""}"#).await.outcome(), "400 bad_request");
    assert_eq!(send(&app, "alice", KEY, AUTUMN).await.status(), 201);
}

#[tokio::test]
async fn failing_table_is_not_asked_for_answer() {
    let app = TestApp::new().await.without_table();
    assert!(app.context.table.warm_up(app.context.clock.now()).await.is_err());
    let _ = app.engine.take_calls();
    assert_eq!(send(&app, "alice", KEY, AUTUMN).await.outcome(), "500 internal");
    assert_eq!(app.engine.take_calls().get("GetItem"), None);
}

#[tokio::test]
async fn first_keyed_request_costs_no_call() {
    let app = TestApp::new().await;
    let _ = app.engine.take_calls();
    assert_eq!(send(&app, "alice", KEY, AUTUMN).await.status(), 201);
    let calls = [("BatchGetItem", 1), ("TransactWriteItems", 1)];
    assert_eq!(app.engine.take_calls(), calls.map(|(name, n)| (name.to_owned(), n)).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_retries_make_one_link() {
    let app = TestApp::new().await;
    let answers = at_once(20, || send(&app, "alice", KEY, AUTUMN));
    assert!(answers.iter().all(|answer| answer.status() == 201));
    let bodies: BTreeSet<_> = answers.iter().map(Answer::bytes).collect();
    assert_eq!(bodies.len(), 1);
    assert_eq!(links(&app).await, 1);
}

/// Loses the replies to the first transaction, which is made, and to the client's own retries.
#[derive(Debug, Default)]
struct LostReplies(AtomicUsize);

impl Faults for LostReplies {
    fn next(&self, operation: &str) -> Option<Fault> {
        let attempts = || self.0.fetch_add(1, Ordering::Relaxed);
        (operation == "TransactWriteItems" && attempts() < 3).then_some(Fault::ReplyLost)
    }
}

#[tokio::test]
async fn retry_after_lost_reply_gets_link() {
    let mut app = TestApp::new().await;
    let good = app.context.table.clone();
    let config = app.engine.faulty_config(Arc::<LostReplies>::default());
    app.context.table = Table::new(config, app.engine.table_name());
    assert_eq!(send(&app, "alice", KEY, AUTUMN).await.outcome(), "500 internal");
    // As after a crash: another process answers the retry.
    app.context.table = good;
    let retried = send(&app, "alice", KEY, AUTUMN).await;
    assert_eq!(retried.status(), 201);
    let list = app.get("alice", TARGET).await.json();
    assert_eq!(list["links"].as_array().unwrap().len(), 1);
    assert_eq!(list["links"][0]["code"], retried.json()["code"]);
}

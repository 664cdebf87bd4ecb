//! `GET /v1/link`.

use std::collections::BTreeSet;

use types::Timeline;

use crate::test_app::{TestApp, at, at_once};

#[tokio::test]
async fn first_call_makes_default_link() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.get("alice", "/v1/link").await);
}

#[tokio::test]
async fn link_is_same_ever_after() {
    let app = TestApp::new().await;
    let first = app.get("alice", "/v1/link").await.json();
    for _ in 0..3 {
        assert_eq!(app.get("alice", "/v1/link").await.json(), first);
    }
    assert_eq!(app.get("alice", "/v1/links").await.json()["links"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn showing_link_costs_one_call() {
    let app = TestApp::new().await;
    app.get("alice", "/v1/link").await;
    let _ = app.engine.take_calls();
    app.get("alice", "/v1/link").await;
    assert_eq!(app.engine.take_calls(), [("BatchGetItem".to_owned(), 1)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_first_calls_make_one_link() {
    let app = TestApp::new().await;
    let answers = at_once(50, || app.get("alice", "/v1/link"));
    assert!(answers.iter().all(|answer| answer.status() == 200));
    let bodies: BTreeSet<_> = answers.iter().map(|answer| answer.json().to_string()).collect();
    assert_eq!(bodies.len(), 1);
    assert_eq!(app.get("alice", "/v1/links").await.json()["links"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn code_that_is_taken_is_drawn_again() {
    let app = TestApp::new().await;
    app.add_affiliate("bob").await;
    app.plant("bob", &TestApp::first_code(), true).await;
    let answer = app.get("alice", "/v1/link").await;
    assert_eq!(answer.status(), 200);
    assert_ne!(answer.text("/code"), TestApp::first_code());
    assert_eq!(app.get("bob", "/v1/links").await.text("/links/0/code"), TestApp::first_code());
}

#[tokio::test]
async fn each_affiliate_has_link_of_his_own() {
    let app = TestApp::new().await;
    app.add_affiliate("bob").await;
    let alices = app.get("alice", "/v1/link").await.text("/code");
    assert_ne!(app.get("bob", "/v1/link").await.text("/code"), alices);
}

#[tokio::test]
async fn outsider_has_no_links() {
    let app = TestApp::empty().await;
    app.add("never", Timeline::default()).await;
    insta::assert_snapshot!(app.get("never", "/v1/link").await);
}

#[tokio::test]
async fn unknown_account_has_no_links() {
    let app = TestApp::empty().await;
    insta::assert_snapshot!(app.get("ghost", "/v1/link").await);
}

#[tokio::test]
async fn membership_counts_at_instant_of_call() {
    let app = TestApp::empty().await;
    let mut left = Timeline::starting(at("2025-01-01T00:00:00Z"), true);
    left.set(at("2026-11-22T12:00:00.000Z"), false);
    app.add("left", left).await;
    let mut leaving = Timeline::starting(at("2025-01-01T00:00:00Z"), true);
    leaving.set(at("2026-11-22T12:00:00.001Z"), false);
    app.add("leaving", leaving).await;
    let joining = Timeline::starting(at("2026-11-22T12:00:00.001Z"), true);
    app.add("joining", joining).await;

    assert_eq!(app.get("left", "/v1/link").await.outcome(), "403 inviter_not_affiliate");
    assert_eq!(app.get("joining", "/v1/link").await.outcome(), "403 inviter_not_affiliate");
    assert_eq!(app.get("leaving", "/v1/link").await.status(), 200);
}

#[tokio::test]
async fn every_route_refuses_outsiders() {
    let app = TestApp::empty().await;
    app.add("never", Timeline::default()).await;
    for target in ["/v1/link/qr.svg", "/v1/link/qr.png", "/v1/link/qr.svg?code=ABCDE", "/v1/links"]
    {
        let answer = app.get("never", target).await;
        assert_eq!(answer.outcome(), "403 inviter_not_affiliate", "{target}");
    }
    let made = app.post("never", "/v1/links", "{}").await;
    assert_eq!(made.outcome(), "403 inviter_not_affiliate");
    let changed = app.patch("never", "/v1/links/ABCDE", "{\"default\":true}").await;
    assert_eq!(changed.outcome(), "403 inviter_not_affiliate");
}

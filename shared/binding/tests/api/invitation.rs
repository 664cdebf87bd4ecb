//! `GET /v1/invitation` without a token: a live link, and everything else in one answer.

use serde_json::{Value, json};
use types::Timeline;

use crate::test_app::{Answer, CODE, INVITEE, INVITER, Scene, TestApp, at, located};

async fn invitation(app: &TestApp, code: &str) -> Answer {
    let answer = app.ask(None, "GET", &format!("/v1/invitation?ref={code}"), "").await;
    assert_eq!(answer.outcome(), "200");
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    answer
}

fn not_live() -> Value {
    let programme =
        json!({ "brand": "Welcome Back", "terms": null, "privacy": null, "support": null });
    json!({ "live": false, "inviter": null, "sharedCommission": null, "programme": programme })
}

#[tokio::test]
async fn live_link_shows_inviter_and_share() {
    let app = TestApp::new().await;
    let expected = json!({
        "live": true,
        "inviter": "a***5",
        "sharedCommission": { "spot": "0.1", "futures": "0.05" },
        "programme": { "brand": "Welcome Back", "terms": null, "privacy": null, "support": null },
    });
    assert_eq!(invitation(&app, CODE).await.json(), expected);
    let window = app.window(INVITEE, CODE).await.json();
    for member in ["inviter", "sharedCommission", "programme"] {
        assert_eq!(window[member], expected[member], "{member}");
    }
}

#[tokio::test]
async fn unknown_code_is_not_live() {
    let app = TestApp::new().await;
    assert_eq!(invitation(&app, "NNNNNNNN").await.json(), not_live());
}

#[tokio::test]
async fn link_of_former_affiliate_is_not_live() {
    let app = TestApp::new().await;
    app.change(INVITER, |account| {
        account.facts.record_affiliate(at("2026-11-22T11:00:00Z"), false);
    })
    .await;
    assert_eq!(invitation(&app, CODE).await.json(), not_live());
}

#[tokio::test]
async fn link_of_blocked_region_is_not_live() {
    let mut scene = Scene::default();
    scene.inviter.location = located("DE");
    assert_eq!(invitation(&TestApp::of(&scene).await, CODE).await.json(), not_live());
    scene.inviter.location = Timeline::default();
    assert_eq!(invitation(&TestApp::of(&scene).await, CODE).await.json(), not_live());
}

#[tokio::test]
async fn link_for_new_users_only_is_not_live() {
    let mut scene = Scene::default();
    scene.link.invites_existing = false;
    assert_eq!(invitation(&TestApp::of(&scene).await, CODE).await.json(), not_live());
}

#[tokio::test]
async fn link_before_first_rule_is_not_live() {
    let app = TestApp::new().await;
    app.clock.stop_at(at("2025-07-31T23:59:59.999Z"));
    assert_eq!(invitation(&app, CODE).await.json(), not_live());
    app.clock.stop_at(at("2025-08-01T00:00:00Z"));
    assert_eq!(invitation(&app, CODE).await.json()["live"], true);
}

#[tokio::test]
async fn token_on_public_route_is_not_read() {
    let app = TestApp::new().await;
    let target = format!("/v1/invitation?ref={CODE}");
    let answer = app.ask(Some(INVITEE), "GET", &target, "").await;
    assert_eq!(answer.json(), invitation(&app, CODE).await.json());
}

#[tokio::test]
async fn malformed_code_is_not_cached() {
    let app = TestApp::new().await;
    for target in ["/v1/invitation", "/v1/invitation?ref=abc", "/v1/invitation?code=ABCDEFGH"] {
        let answer = app.ask(None, "GET", target, "").await;
        assert_eq!(answer.outcome(), "400 bad_request");
        assert_eq!(answer.header("cache-control"), "private, no-store");
    }
    let answer = app.ask(None, "POST", "/v1/invitation", "{}").await;
    assert_eq!(answer.outcome(), "405 method_not_allowed");
}

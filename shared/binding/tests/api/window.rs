//! `GET /v1/bind?ref=CODE`.

use crate::test_app::{CODE, INVITEE, INVITER, Scene, TestApp, at};

#[tokio::test]
async fn eligible_user_gets_confirmation() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.window(INVITEE, CODE).await);
}

#[tokio::test]
async fn ineligible_user_sees_reason_and_date() {
    let mut scene = Scene::default();
    scene.invitee.registered_at = at("2026-10-01T08:00:00Z");
    scene.invitee.last_activity_at = Some(at("2026-11-20T09:30:00.500Z"));
    let app = TestApp::of(&scene).await;
    insta::assert_snapshot!(app.window(INVITEE, CODE).await);
}

#[tokio::test]
async fn window_changes_nothing() {
    let app = TestApp::new().await;
    let first = app.window(INVITEE, CODE).await.json();
    assert_eq!(app.window(INVITEE, CODE).await.json(), first);
    assert_eq!(app.binding(INVITEE).await.status(), 404);
}

#[tokio::test]
async fn unknown_code_is_no_link() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.window(INVITEE, "NNNNNNNN").await);
}

#[tokio::test]
async fn malformed_code_is_not_repeated() {
    let app = TestApp::new().await;
    let answer = app.window(INVITEE, "k7m2xw9p").await;
    assert!(!answer.to_string().contains("k7m2xw9p"));
    insta::assert_snapshot!(answer);
    for code in ["", "ABCD", "ABCDEFGHABCDEFGHA", "K7M2%20W9P"] {
        let answer = app.window(INVITEE, code).await;
        assert_eq!((answer.status(), answer.text("/parameter").as_str()), (400, "ref"), "{code}");
    }
}

#[tokio::test]
async fn missing_code_is_missed_by_name() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.ask(Some(INVITEE), "GET", "/v1/bind", "").await);
}

#[tokio::test]
async fn inviter_is_masked() {
    let app = TestApp::new().await;
    let answer = app.window(INVITEE, CODE).await;
    assert_eq!(answer.text("/inviter"), "a***5");
    assert!(!answer.to_string().contains(INVITER));
}

#[tokio::test]
async fn user_who_is_bound_sees_that_he_is() {
    let app = TestApp::new().await;
    let confirmation = app.window(INVITEE, CODE).await.text("/confirmation");
    assert_eq!(app.bind(INVITEE, &confirmation).await.status(), 201);
    let answer = app.window(INVITEE, CODE).await;
    assert_eq!(answer.unmet(), ["already_bound"]);
    assert_eq!(answer.json().get("confirmation"), None);
}

#[tokio::test]
async fn rule_in_force_is_that_of_instant() {
    let mut scene = Scene::default();
    scene.invitee.registered_at = at("2025-11-01T00:00:00Z");
    scene.invitee.last_activity_at = None;
    let app = TestApp::of(&scene).await;
    app.clock.stop_at(at("2026-03-23T23:59:59.999Z"));
    let before = app.window(INVITEE, CODE).await;
    assert_eq!(
        (before.text("/rule").as_str(), before.unmet()),
        ("180-days", vec!["account_too_young".into()])
    );
    assert_eq!(before.text("/eligibleFrom"), "2026-03-24T00:00:00.000Z");
    app.clock.stop_at(at("2026-03-24T00:00:00.000Z"));
    let after = app.window(INVITEE, CODE).await;
    assert_eq!((after.text("/rule").as_str(), after.unmet()), ("90-days", vec![]));
}

#[tokio::test]
async fn missing_link_is_read_again() {
    let app = TestApp::new().await;
    assert_eq!(app.window(INVITEE, "LATER235").await.outcome(), "404 unknown_link");
    app.add_affiliate("affiliate-36", "LATER235").await;
    assert_eq!(app.window(INVITEE, "LATER235").await.status(), 200);
}

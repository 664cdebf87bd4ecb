//! `POST /v1/bind`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_api::Purpose;
use serde_json::json;
use types::Origin;

use crate::test_app::{CODE, INVITEE, INVITER, TestApp, at, facts, uid};

async fn confirmed() -> (TestApp, String) {
    let app = TestApp::new().await;
    let confirmation = app.window(INVITEE, CODE).await.text("/confirmation");
    (app, confirmation)
}

#[tokio::test]
async fn confirmed_bind_takes_effect() {
    let (app, confirmation) = confirmed().await;
    insta::assert_snapshot!(app.bind(INVITEE, &confirmation).await);
}

#[tokio::test]
async fn binding_keeps_its_facts_and_rule() {
    let (app, confirmation) = confirmed().await;
    let account = |name| {
        let app = app.clone();
        async move { app.context.table.account(&uid(name)).await.unwrap().unwrap().value }
    };
    let (invitee, inviter) = (account(INVITEE).await.facts, account(INVITER).await.facts);
    app.bind(INVITEE, &confirmation).await;
    let binding = app.context.table.binding(&uid(INVITEE)).await.unwrap().unwrap();
    assert_eq!((binding.invitee, binding.inviter), (invitee, inviter));
    assert_eq!(binding.rule, "90-days");
    assert_eq!(binding.relation.origin, Origin::Recall);
    let bound = account(INVITEE).await;
    assert_eq!(bound.facts.inviter, Some(uid(INVITER)));
    assert_eq!(bound.relation, Some(binding.relation));
}

#[tokio::test]
async fn bind_costs_one_read_and_transaction() {
    let (app, confirmation) = confirmed().await;
    let elsewhere = app.in_another_process().await;
    let _ = app.engine.take_calls();
    assert_eq!(elsewhere.bind(INVITEE, &confirmation).await.status(), 201);
    let calls = [("BatchGetItem", 1), ("TransactWriteItems", 1)];
    assert_eq!(app.engine.take_calls(), calls.map(|(name, n)| (name.to_owned(), n)).into());
}

#[tokio::test]
async fn confirmation_does_not_tell_who_invites() {
    let (_, confirmation) = confirmed().await;
    let token = URL_SAFE_NO_PAD.decode(&confirmation).unwrap();
    let token = String::from_utf8_lossy(&token);
    assert!(token.contains(CODE) && !token.contains(INVITER), "{token}");
    let hidden = token.split('"').find(|part| part.len() > 100).unwrap();
    let hidden = URL_SAFE_NO_PAD.decode(hidden).unwrap();
    assert!(!hidden.windows(3).any(|part| INVITER.as_bytes().starts_with(part)));
}

/// As the version before handed them out: at a deployment, some are under way.
#[tokio::test]
async fn confirmation_without_inviter_costs_call() {
    let app = TestApp::new().await;
    let confirmation = app.confirmation(INVITEE, CODE);
    let _ = app.engine.take_calls();
    assert_eq!(app.bind(INVITEE, &confirmation).await.status(), 201);
    let calls = [("BatchGetItem", 1), ("GetItem", 1), ("TransactWriteItems", 1)];
    assert_eq!(app.engine.take_calls(), calls.map(|(name, n)| (name.to_owned(), n)).into());
}

#[tokio::test]
async fn repeated_bind_has_same_body() {
    let (app, confirmation) = confirmed().await;
    let first = app.bind(INVITEE, &confirmation).await;
    app.clock.stop_at(at("2026-11-22T12:05:00Z"));
    let again = app.bind(INVITEE, &confirmation).await;
    assert_eq!((first.status(), again.status()), (201, 200));
    assert_eq!(again.json(), first.json());
}

#[tokio::test]
async fn repetition_of_ineligible_user_succeeds() {
    let (app, confirmation) = confirmed().await;
    let first = app.bind(INVITEE, &confirmation).await;
    app.change(INVITEE, |account| {
        account.facts.last_activity_at = Some(at("2026-11-22T12:00:01Z"))
    })
    .await;
    app.change(INVITER, |account| {
        account.facts.affiliate.set(at("2026-11-22T11:00:00Z"), false);
    })
    .await;
    let again = app.bind(INVITEE, &confirmation).await;
    assert_eq!((again.status(), again.json()), (200, first.json()));
}

#[tokio::test]
async fn another_link_is_refused_once_bound() {
    let (app, confirmation) = confirmed().await;
    app.add_affiliate("affiliate-36", "OTHERS36").await;
    let other = app.window(INVITEE, "OTHERS36").await.text("/confirmation");
    app.bind(INVITEE, &confirmation).await;
    insta::assert_snapshot!(app.bind(INVITEE, &other).await);
    assert_eq!(app.binding(INVITEE).await.text("/code"), CODE);
}

#[tokio::test]
async fn second_link_of_inviter_is_refused() {
    let (app, confirmation) = confirmed().await;
    let facts = eligibility::LinkFacts {
        code: "SECOND35".parse().unwrap(),
        owner: uid(INVITER),
        invites_existing: true,
    };
    app.add_link(facts).await;
    let other = app.window(INVITEE, "SECOND35").await.text("/confirmation");
    app.bind(INVITEE, &confirmation).await;
    assert_eq!(app.bind(INVITEE, &other).await.outcome(), "409 already_bound");
}

#[tokio::test]
async fn void_relation_is_for_life_too() {
    let (app, confirmation) = confirmed().await;
    app.bind(INVITEE, &confirmation).await;
    app.change(INVITEE, |account| {
        account.relation.as_mut().unwrap().voided_at = Some(at("2026-11-22T12:00:00Z"));
    })
    .await;
    assert_eq!(app.bind(INVITEE, &confirmation).await.outcome(), "409 already_bound");
}

#[tokio::test]
async fn changed_facts_are_evaluated_again() {
    let (app, confirmation) = confirmed().await;
    app.change(INVITEE, |account| {
        account.facts.last_activity_at = Some(at("2026-11-22T11:59:59.999Z"));
    })
    .await;
    let answer = app.bind(INVITEE, &confirmation).await;
    assert_eq!(answer.outcome(), "422 recently_active");
    assert_eq!(answer.text("/eligibleFrom"), "2027-02-20T12:00:00.000Z");
    assert_eq!(app.binding(INVITEE).await.status(), 404);
}

#[tokio::test]
async fn confirmation_expires_after_ten_minutes() {
    let (app, confirmation) = confirmed().await;
    app.clock.stop_at(at("2026-11-22T12:10:00.000Z"));
    insta::assert_snapshot!(app.bind(INVITEE, &confirmation).await);
    assert_eq!(app.binding(INVITEE).await.status(), 404);
    app.clock.stop_at(at("2026-11-22T12:09:59.999Z"));
    assert_eq!(app.bind(INVITEE, &confirmation).await.status(), 201);
}

#[tokio::test]
async fn anothers_confirmation_is_not_good() {
    let (app, confirmation) = confirmed().await;
    app.add(facts("thief-1")).await;
    insta::assert_snapshot!(app.bind("thief-1", &confirmation).await);
    assert_eq!(app.binding("thief-1").await.status(), 404);
}

#[tokio::test]
async fn altered_confirmation_is_not_good() {
    let (app, confirmation) = confirmed().await;
    for place in (0..confirmation.len()).step_by(7) {
        let other = if confirmation[place..].starts_with('A') { "B" } else { "A" };
        let mut altered = confirmation.clone();
        altered.replace_range(place..=place, other);
        let answer = app.bind(INVITEE, &altered).await;
        assert_eq!(answer.outcome(), "422 confirmation_invalid", "{place}");
    }
    for text in ["", "x", &confirmation[1..], &"A".repeat(5000)] {
        assert_eq!(app.bind(INVITEE, text).await.outcome(), "422 confirmation_invalid");
    }
}

#[tokio::test]
async fn token_of_another_purpose_is_refused() {
    let app = TestApp::new().await;
    let expires_at = at("2026-11-22T13:00:00Z");
    let payload = json!({ "code": CODE });
    let purpose = Purpose::Cursor("");
    let cursor = app.context.signer.seal(purpose, &uid(INVITEE), &payload, expires_at).unwrap();
    assert_eq!(app.bind(INVITEE, &cursor).await.outcome(), "422 confirmation_invalid");
}

#[tokio::test]
async fn typed_code_confirms_nothing() {
    let app = TestApp::new().await;
    assert_eq!(app.bind(INVITEE, CODE).await.outcome(), "422 confirmation_invalid");
}

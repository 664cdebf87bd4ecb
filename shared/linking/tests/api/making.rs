//! `POST /v1/links`.

use std::sync::Arc;

use commission::SharedCommission;
use eligibility::LinkFacts;
use storage::Link;
use types::LinkCode;

use crate::test_app::{TestApp, at, at_once, uid};

const TARGET: &str = "/v1/links";

#[tokio::test]
async fn new_link_has_label_and_share() {
    let app = TestApp::new().await;
    app.get("alice", "/v1/link").await;
    let body = r#"{"label":"autumn","sharedCommission":{"spot":"0.10","futures":"0.05"}}"#;
    insta::assert_snapshot!(app.post("alice", TARGET, body).await);
}

#[tokio::test]
async fn first_link_is_default_unasked() {
    let app = TestApp::new().await;
    let made = app.post("alice", TARGET, "{}").await;
    assert_eq!((made.status(), &made.json()["default"]), (201, &true.into()));
    assert_eq!(app.get("alice", "/v1/link").await.text("/code"), made.text("/code"));
}

#[tokio::test]
async fn new_link_can_become_default() {
    let app = TestApp::new().await;
    let first = app.get("alice", "/v1/link").await.text("/code");
    let other = app.post("alice", TARGET, r#"{"default":false}"#).await;
    assert_eq!(other.json()["default"], false);
    assert_eq!(app.get("alice", "/v1/link").await.text("/code"), first);
    let third = app.post("alice", TARGET, r#"{"default":true}"#).await;
    assert_eq!(app.get("alice", "/v1/link").await.text("/code"), third.text("/code"));
}

#[tokio::test]
async fn twenty_first_link_is_refused() {
    let app = TestApp::new().await;
    for count in 1..=20 {
        assert_eq!(app.post("alice", TARGET, "{}").await.status(), 201, "{count}");
    }
    insta::assert_snapshot!(app.post("alice", TARGET, "{}").await);
    assert_eq!(app.get("alice", TARGET).await.json()["links"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn most_of_largest_links_fit_one_item() {
    let mut app = TestApp::new().await;
    let mut programme = (*app.context.programme).clone();
    programme.links.max_links = 500;
    app.context.programme = Arc::new(programme);
    let owner = "a".repeat(64);
    app.add_affiliate(&owner).await;
    let label = "\u{1F680}".repeat(64);
    let rate = "0.123456".parse().unwrap();
    let mut links = app.context.table.link_owner(&uid(&owner)).await.unwrap().links;
    for number in 0..499 {
        let code: LinkCode = format!("ABCDEFGHJK{number:06}").parse().unwrap();
        let owner = uid(&owner);
        let facts = LinkFacts { code, owner, invites_existing: true };
        let shared = SharedCommission { spot: rate, futures: rate };
        let created_at = at("2026-11-22T12:00:00.001Z");
        let label = Some(label.clone());
        links.value.links.push(Link { facts, label, shared, created_at, archived: true });
    }
    assert!(app.context.table.save_links(&uid(&owner), &links).await.unwrap().is_done());
    let body = format!(r#"{{"label":"{label}"}}"#);
    assert_eq!(app.post(&owner, TARGET, &body).await.status(), 201);
    assert_eq!(app.post(&owner, TARGET, &body).await.outcome(), "409 too_many_links");
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_links_keep_limit() {
    let app = TestApp::new().await;
    let answers = at_once(40, || app.post("alice", TARGET, "{}"));
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status() == 201);
    for answer in refused {
        assert!(["409 too_many_links", "409 conflict"].contains(&answer.outcome().as_str()));
    }
    let mut made: Vec<_> = made.iter().map(|answer| answer.text("/code")).collect();
    let list = app.get("alice", TARGET).await.json();
    let codes = list["links"].as_array().unwrap().iter().map(|link| link["code"].as_str().unwrap());
    let mut listed: Vec<_> = codes.map(str::to_owned).collect();
    made.sort();
    listed.sort();
    assert_eq!(listed, made);
    assert!((1..=20).contains(&made.len()), "{}", made.len());
}

#[tokio::test]
async fn only_choices_of_policy_are_shared() {
    let app = TestApp::new().await;
    for (spot, futures) in [("0", "0"), ("0.05", "0.05"), ("0.1", "0"), ("0.100000", "0.05")] {
        let body = format!(r#"{{"sharedCommission":{{"spot":"{spot}","futures":"{futures}"}}}}"#);
        assert_eq!(app.post("alice", TARGET, &body).await.status(), 201, "{body}");
    }
}

#[tokio::test]
async fn other_share_is_refused_with_choices() {
    let app = TestApp::new().await;
    let body = r#"{"sharedCommission":{"spot":"0.15","futures":"0"}}"#;
    insta::assert_snapshot!("too_much_spot", app.post("alice", TARGET, body).await);
    let body = r#"{"sharedCommission":{"spot":"0.1","futures":"0.01"}}"#;
    insta::assert_snapshot!("futures_between_steps", app.post("alice", TARGET, body).await);
    assert_eq!(app.get("alice", TARGET).await.json()["links"], serde_json::json!([]));
}

#[tokio::test]
async fn bad_body_is_refused_by_field() {
    let app = TestApp::new().await;
    let cases = [
        ("", "body"),
        ("[]", "body"),
        ("null", "body"),
        (r#"{"label":""}"#, "label"),
        (r#"{"label":" x"}"#, "label"),
        (r#"{"label":7}"#, "label"),
        (r#"{"default":"yes"}"#, "default"),
        (r#"{"default":null}"#, "default"),
        (r#"{"code":"MYCODE01"}"#, "code"),
        (r#"{"owner":"bob"}"#, "owner"),
        (r#"{"sharedCommission":{"spot":"0.1"}}"#, "sharedCommission.futures"),
        (r#"{"sharedCommission":{"spot":0.1,"futures":"0"}}"#, "sharedCommission.spot"),
        (r#"{"sharedCommission":{"spot":"10%","futures":"0"}}"#, "sharedCommission.spot"),
        (r#"{"sharedCommission":{"spot":"-0.1","futures":"0"}}"#, "sharedCommission.spot"),
        (
            r#"{"sharedCommission":{"spot":"0","futures":"0","margin":"0"}}"#,
            "sharedCommission.margin",
        ),
    ];
    for (body, parameter) in cases {
        let answer = app.post("alice", TARGET, body).await;
        assert_eq!(answer.outcome(), "400 bad_request", "{body}");
        assert_eq!(answer.text("/parameter"), parameter, "{body}");
    }
    let long = format!(r#"{{"label":"{}"}}"#, "x".repeat(65));
    insta::assert_snapshot!("long_label", app.post("alice", TARGET, &long).await);
    assert_eq!(app.get("alice", TARGET).await.json()["links"], serde_json::json!([]));
}

#[tokio::test]
async fn only_owner_learns_label() {
    let app = TestApp::new().await;
    let made = app.post("alice", TARGET, r#"{"label":"my secret plan"}"#).await;
    let public = app.context.table.link(&made.text("/code").parse().unwrap()).await.unwrap();
    assert_eq!(public.unwrap().label, None);
}

//! `PATCH /v1/links/{code}`.

use lambda::Clock;
use storage::Table;

use crate::test_app::{NOW, TestApp, at};

async fn with_two_links() -> (TestApp, String, String) {
    let app = TestApp::new().await;
    let first = app.get("alice", "/v1/link").await.text("/code");
    let second = app.post("alice", "/v1/links", r#"{"label":"old"}"#).await.text("/code");
    (app, first, second)
}

fn path(code: &str) -> String {
    format!("/v1/links/{code}")
}

#[tokio::test]
async fn label_and_default_are_changed_together() {
    let (app, _, second) = with_two_links().await;
    let body = r#"{"label":"new","default":true}"#;
    insta::assert_snapshot!(app.patch("alice", &path(&second), body).await);
    assert_eq!(app.get("alice", "/v1/link").await.text("/code"), second);
}

#[tokio::test]
async fn absent_field_is_unchanged() {
    let (app, first, second) = with_two_links().await;
    let answer = app.patch("alice", &path(&second), r#"{"default":true}"#).await;
    assert_eq!(answer.text("/label"), "old");
    let answer = app.patch("alice", &path(&first), r#"{"label":"first"}"#).await;
    assert_eq!(
        (answer.text("/label").as_str(), &answer.json()["default"]),
        ("first", &false.into())
    );
}

#[tokio::test]
async fn change_beyond_100_a_day_waits_for_the_next() {
    let (mut app, first, second) = with_two_links().await;
    let label = |number: usize| format!(r#"{{"label":"{number}"}}"#);
    for number in 0..100 {
        assert_eq!(app.patch("alice", &path(&first), &label(number)).await.status(), 200);
    }
    let refused = app.patch("alice", &path(&second), &label(100)).await;
    assert_eq!(refused.outcome(), "429 throttled");
    let left = at("2026-11-23T00:00:00Z").millis_since(at(NOW)) / 1000;
    assert_eq!(refused.header("retry-after"), left.to_string());
    let links = app.get("alice", "/v1/links").await;
    assert_eq!(
        (links.text("/links/0/label"), links.text("/links/1/label")),
        ("99".into(), "old".into())
    );
    assert_eq!(app.post("alice", "/v1/links", "{}").await.status(), 201);
    app.context.clock = Clock::standing_at(at("2026-11-23T00:00:00Z"));
    assert_eq!(app.patch("alice", &path(&second), &label(100)).await.status(), 200);
}

#[tokio::test]
async fn null_removes_label() {
    let (app, _, second) = with_two_links().await;
    let answer = app.patch("alice", &path(&second), r#"{"label":null}"#).await;
    assert_eq!((answer.status(), &answer.json()["label"]), (200, &serde_json::Value::Null));
    let listed = app.get("alice", "/v1/links").await.json();
    assert_eq!(listed["links"][1]["label"], serde_json::Value::Null);
}

#[tokio::test]
async fn archived_link_is_restored() {
    let (app, _, second) = with_two_links().await;
    for archived in [true, false] {
        let body = format!(r#"{{"archived":{archived}}}"#);
        assert_eq!(app.patch("alice", &path(&second), &body).await.json()["archived"], archived);
        let listed = app.get("alice", "/v1/links").await.json();
        assert_eq!(listed["links"][1]["archived"], archived);
        assert_eq!(listed["links"][0]["archived"], false);
    }
}

#[tokio::test]
async fn archived_link_resolves_as_before() {
    let (app, _, second) = with_two_links().await;
    let code = second.parse().unwrap();
    let before = app.context.table.link(&code).await.unwrap();
    app.patch("alice", &path(&second), r#"{"archived":true}"#).await;
    let table = Table::new(app.engine.config(), app.engine.table_name());
    assert_eq!(table.link(&code).await.unwrap(), before);
    let picture = app.get("alice", &format!("/v1/link/qr.svg?code={second}")).await;
    assert_eq!(picture.status(), 200);
}

#[tokio::test]
async fn default_link_is_not_archived() {
    let (app, first, second) = with_two_links().await;
    let refused = app.patch("alice", &path(&first), r#"{"archived":true}"#).await;
    assert_eq!((refused.outcome(), refused.text("/parameter")), bad("archived"));
    let both = app.patch("alice", &path(&second), r#"{"archived":true,"default":true}"#).await;
    assert_eq!((both.outcome(), both.text("/parameter")), bad("archived"));
    assert_eq!(app.patch("alice", &path(&second), r#"{"archived":true}"#).await.status(), 200);
    let default = app.patch("alice", &path(&second), r#"{"default":true}"#).await;
    assert_eq!((default.outcome(), default.text("/parameter")), bad("default"));
    let restored = r#"{"archived":false,"default":true}"#;
    assert_eq!(app.patch("alice", &path(&second), restored).await.status(), 200);
    assert_eq!(app.get("alice", "/v1/link").await.text("/code"), second);
}

fn bad(parameter: &str) -> (String, String) {
    ("400 bad_request".to_owned(), parameter.to_owned())
}

#[tokio::test]
async fn share_never_changes() {
    let (app, _, second) = with_two_links().await;
    let body = r#"{"sharedCommission":{"spot":"0.05","futures":"0"}}"#;
    insta::assert_snapshot!(app.patch("alice", &path(&second), body).await);
}

#[tokio::test]
async fn bad_body_is_refused_by_field() {
    let (app, _, second) = with_two_links().await;
    let cases = [
        ("{}", "body"),
        ("7", "body"),
        (r#"{"label":"\n"}"#, "label"),
        (r#"{"default":false}"#, "default"),
        (r#"{"default":null}"#, "default"),
        (r#"{"archived":null}"#, "archived"),
        (r#"{"archived":"yes"}"#, "archived"),
        (r#"{"createdAt":"2026-01-01T00:00:00Z"}"#, "createdAt"),
        (r#"{"invites":["new","existing"]}"#, "invites"),
    ];
    for (body, parameter) in cases {
        let answer = app.patch("alice", &path(&second), body).await;
        assert_eq!(answer.outcome(), "400 bad_request", "{body}");
        assert_eq!(answer.text("/parameter"), parameter, "{body}");
    }
    let answer = app.patch("alice", &path(&second), r#"{"default":false}"#).await;
    insta::assert_snapshot!("default_cannot_be_taken_away", answer);
}

#[tokio::test]
async fn anothers_link_is_as_unknown_as_nobodys() {
    let (app, first, _) = with_two_links().await;
    app.add_affiliate("bob").await;
    let body = r#"{"label":"mine now"}"#;
    let anothers = app.patch("bob", &path(&first), body).await;
    insta::assert_snapshot!(anothers);
    let nobodys = app.patch("bob", &path("NNNNNNNN"), body).await;
    assert_eq!(nobodys.json(), anothers.json());
    let listed = app.get("alice", "/v1/links").await.json();
    assert_eq!(listed["links"][0]["label"], serde_json::Value::Null);
}

#[tokio::test]
async fn malformed_code_is_refused_by_name() {
    let (app, ..) = with_two_links().await;
    for code in ["abc", "abcdefgh", "ABCDEFGH1ABCDEFGH", "AB%20CDE"] {
        let answer = app.patch("alice", &path(code), r#"{"default":true}"#).await;
        assert_eq!(answer.outcome(), "400 bad_request", "{code}");
        assert_eq!(answer.text("/parameter"), "code", "{code}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_at_once_do_not_undo_each_other() {
    let (app, first, second) = with_two_links().await;
    let change = |code: String, body: &'static str| {
        let app = app.clone();
        tokio::spawn(async move { app.patch("alice", &path(&code), body).await.status() })
    };
    let calls = [
        change(first.clone(), r#"{"label":"one"}"#),
        change(second.clone(), r#"{"label":"two"}"#),
        change(second.clone(), r#"{"default":true}"#),
    ];
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
    let listed = app.get("alice", "/v1/links").await.json();
    assert_eq!(listed["links"][0]["label"], "one");
    assert_eq!(listed["links"][1]["label"], "two");
    assert_eq!(listed["links"][1]["default"], true);
}

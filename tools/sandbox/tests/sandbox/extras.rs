//! The routes that exist in the sandbox alone.

use serde_json::{Value, json};
use storage::{Switch, SwitchAction, SwitchChange, SwitchOutcome};

use crate::client::{Fixture, NOON, fixture, send};

async fn put_clock(sandbox: &Fixture, body: &str) -> (u16, Value) {
    let answer = sandbox.send("PUT", "/sandbox/clock", "", body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn clock_stays_at_the_set_time() {
    let sandbox = fixture().await;
    assert_eq!(sandbox.get("/sandbox/clock").await.json(), json!({ "now": NOON }));
    let set = put_clock(&sandbox, r#"{"now":"2030-01-01T02:00:00+02:00"}"#).await;
    let then = json!({ "now": "2030-01-01T00:00:00.000Z" });
    assert_eq!(set, (200, then.clone()));
    assert_eq!(sandbox.get("/sandbox/clock").await.json(), then);
    let (status, real) = put_clock(&sandbox, r#"{"now":null}"#).await;
    assert_eq!(status, 200);
    assert_ne!(real, then);
}

#[tokio::test]
async fn malformed_clock_is_refused() {
    let sandbox = fixture().await;
    let cases = [
        ("{}", "now"),
        (r#"{"now":"noon"}"#, "now"),
        (r#"{"now":5}"#, "now"),
        (r#"{"now":null,"then":null}"#, "then"),
        ("", "body"),
    ];
    for (body, parameter) in cases {
        let (status, problem) = put_clock(&sandbox, body).await;
        assert_eq!((status, &problem["parameter"]), (400, &json!(parameter)), "{body}");
        assert_eq!(problem["code"], "bad_request");
    }
    assert_eq!(sandbox.get("/sandbox/clock").await.json(), json!({ "now": NOON }));
}

#[tokio::test]
async fn wrong_method_is_a_problem() {
    let sandbox = fixture().await;
    let answer = sandbox.send("DELETE", "/sandbox/clock", "", "").await;
    assert_eq!((answer.status, &answer.json()["code"]), (405, &json!("method_not_allowed")));
}

#[tokio::test]
async fn token_has_user_issuer_and_hour() {
    let sandbox = fixture().await;
    let answer = sandbox.post("/sandbox/token", &json!({ "uid": "u1" })).await.json();
    assert_eq!(answer["tokenType"], "Bearer");
    assert_eq!(answer["expiresAt"], "2026-11-22T13:00:00.000Z");
    let keys = sandbox.get("/.well-known/jwks.json").await.json();
    let keys: local_auth::Keys = serde_json::from_value(keys).unwrap();
    let (issuer, audience) = (local_auth::ISSUER, local_auth::AUDIENCE);
    let token = answer["token"].as_str().unwrap();
    let now = NOON.parse().unwrap();
    let claims = local_auth::verify(token, &keys, issuer, audience, now).unwrap();
    assert_eq!(claims.subject.as_str(), "u1");
    assert_eq!(claims.texts["scope"], "recall");
    let about = sandbox.get("/.well-known/openid-configuration").await.json();
    assert_eq!(about["issuer"], issuer);
    let keys_at = format!("{}/.well-known/jwks.json", sandbox.running.api_url());
    assert_eq!(about["jwks_uri"], keys_at);
}

#[tokio::test]
async fn token_without_user_is_refused() {
    let sandbox = fixture().await;
    for (body, parameter) in [
        (json!({}), "uid"),
        (json!({ "uid": "no such id" }), "uid"),
        (json!({ "uid": "u1", "sub": "u2" }), "sub"),
        (json!([]), "body"),
    ] {
        let answer = sandbox.post("/sandbox/token", &body).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["parameter"], parameter, "{body}");
    }
}

#[tokio::test]
async fn refused_events_are_listed() {
    let sandbox = fixture().await;
    let event = |id: &str, kind: &str, data: Value| json!({ "specversion": "1.0", "id": id, "source": "test", "type": kind, "data": data });
    let registered = json!({
        "uid": "u1", "registeredAt": "2024-01-01T00:00:00Z", "country": "TR",
    });
    let active = |uid: &str| json!({ "uid": uid, "product": "spot", "at": "2026-11-01T00:00:00Z" });
    let events = json!([
        event("1", "exchange.activity.v1", active("nobody")),
        event("2", "exchange.account.registered.v1", registered),
        event("3", "exchange.unheard.v1", json!({})),
        event("4", "exchange.activity.v1", active("u1")),
    ]);
    let report = sandbox.post("/sandbox/events", &events).await.json();
    assert_eq!(report["accepted"], 2);
    let failed = report["failed"].as_array().unwrap();
    let what = |n: usize| (&failed[n]["index"], &failed[n]["id"], &failed[n]["outcome"]);
    assert_eq!(what(0), (&json!(0), &json!("1"), &json!("retry")));
    assert_eq!(failed[0]["reason"], "unknown_account");
    assert_eq!(what(1), (&json!(2), &json!("3"), &json!("quarantined")));
    assert!(failed[1]["detail"].as_str().unwrap().starts_with("type: expected"), "{report}");
    assert_eq!(failed.len(), 2);
}

/// The operator's tool writes to the sandbox's table from another process, and the sandbox's
/// clock does not advance.
#[tokio::test]
async fn operator_stops_and_starts_the_sandbox() {
    let sandbox = fixture().await;
    let lookup = |name: &str| match name {
        "TABLE_NAME" => Some("recall".to_owned()),
        "AWS_ENDPOINT_URL_DYNAMODB" => Some(sandbox.running.dynamodb_url()),
        _ => None,
    };
    let operator = lambda::App::from_variables(&lookup).unwrap();
    let change = |switch: Switch, action: SwitchAction| {
        let (reason, actor) = ("a drill".to_owned(), "operator".to_owned());
        let change = SwitchChange { switch, action, reason, actor, at: operator.clock.now() };
        let table = operator.table.clone();
        async move { table.change_switch(&change).await.unwrap() }
    };
    let window = "/v1/bind?ref=NNNNNNNN";
    assert_eq!(sandbox.ask("u1", "GET", window, "").await.status, 404);
    for switch in [Switch::Binds, Switch::Payments] {
        assert_eq!(change(switch, SwitchAction::Stop).await, SwitchOutcome::Changed);
    }
    let stopped = sandbox.ask("u1", "GET", window, "").await;
    assert_eq!((stopped.status, &stopped.json()["code"]), (503, &json!("binds_stopped")));
    assert!(stopped.headers.contains("retry-after: 60"), "{}", stopped.headers);
    let night = json!({ "day": "2026-11-21" });
    let held = sandbox.post("/sandbox/rollup", &night).await;
    assert_eq!((held.status, &held.json()["code"]), (409, &json!("conflict")));
    for switch in [Switch::Binds, Switch::Payments] {
        assert_eq!(change(switch, SwitchAction::Start).await, SwitchOutcome::Changed);
    }
    assert_eq!(sandbox.ask("u1", "GET", window, "").await.status, 404);
    assert_eq!(sandbox.post("/sandbox/rollup", &night).await.status, 200);
}

#[tokio::test]
async fn single_event_needs_no_array() {
    let sandbox = fixture().await;
    let registered = json!({
        "specversion": "1.0", "id": "1", "source": "test",
        "type": "exchange.account.registered.v1",
        "data": { "uid": "u1", "registeredAt": "2024-01-01T00:00:00Z", "country": "TR" },
    });
    let report = sandbox.post("/sandbox/events", &registered).await.json();
    assert_eq!(report, json!({ "accepted": 1, "failed": [] }));
    let answer = sandbox.post("/sandbox/events", &json!("event")).await;
    assert_eq!((answer.status, &answer.json()["parameter"]), (400, &json!("body")));
}

#[tokio::test]
async fn rollup_books_a_past_day() {
    let sandbox = fixture().await;
    let answer = sandbox.post("/sandbox/rollup", &json!({ "day": "2026-11-21" })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["days"][0]["day"], "2026-11-21");
}

#[tokio::test]
async fn rollup_of_unfinished_day_is_refused() {
    let sandbox = fixture().await;
    for day in ["2026-11-22", "2026-02-30"] {
        let answer = sandbox.post("/sandbox/rollup", &json!({ "day": day })).await;
        assert_eq!((answer.status, &answer.json()["parameter"]), (400, &json!("day")), "{day}");
    }
}

#[tokio::test]
async fn page_and_api_document_are_served() {
    let sandbox = fixture().await;
    let page = sandbox.get("/").await;
    assert!(page.headers.contains("content-type: text/html"), "{}", page.headers);
    assert!(page.body.contains(sandbox.running.api_url()) && !page.body.contains("{{"));
    assert_eq!(sandbox.get("/v1/openapi.json").await.json()["openapi"], "3.1.0");
}

#[tokio::test]
async fn users_on_the_page_are_in_the_sample() {
    let page = fixture().await.get("/").await.body;
    let personas = sandbox::sample::Sample::generate(1, "2026-11-21".parse().unwrap()).personas;
    let personas = serde_json::to_string(&personas).unwrap();
    let ids: Vec<&str> = page.split("<td><code>").filter_map(|cell| cell.get(..8)).collect();
    let ids: Vec<_> = ids.into_iter().filter(|id| id.parse::<u32>().is_ok()).collect();
    assert_eq!(ids.len(), 7);
    for id in ids {
        assert!(personas.contains(&format!("\"{id}\"")), "{id}");
    }
}

#[tokio::test]
async fn dynamodb_has_a_separate_port() {
    let sandbox = fixture().await;
    let head = "x-amz-target: DynamoDB_20120810.DescribeTable\r\n\
                content-type: application/x-amz-json-1.0\r\n\
                x-amz-date: 20261122T120000Z\r\n\
                authorization: AWS4-HMAC-SHA256 \
                Credential=sandbox/20261122/local/dynamodb/aws4_request, \
                SignedHeaders=host, Signature=0\r\n";
    let url = sandbox.running.dynamodb_url();
    let answer = send(&url, "POST", "/", head, r#"{"TableName":"recall"}"#).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["Table"]["TableName"], "recall");
}

#[tokio::test]
async fn page_configuration_is_sandbox() {
    let config = fixture().await.get("/config.json").await;
    assert_eq!(config.json(), json!({ "signIn": { "kind": "sandbox" } }));
}

#[tokio::test]
async fn empty_sandbox_has_no_users() {
    let nobody = json!({ "affiliates": [], "dormant": [], "invitees": [], "refused": [] });
    assert_eq!(fixture().await.get("/sandbox/users").await.json(), nobody);
}

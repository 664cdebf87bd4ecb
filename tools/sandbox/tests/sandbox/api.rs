//! The gateway in front of the functions: API Gateway's answers, and the functions'.

use serde_json::json;

use crate::client::{Fixture, fixture};

async fn with_token(sandbox: &Fixture, authorization: &str) -> (u16, String, String) {
    let head = format!("authorization: {authorization}\r\n");
    let answer = sandbox.send("GET", "/v1/binding", &head, "").await;
    (answer.status, answer.headers, answer.body)
}

#[tokio::test]
async fn unknown_route_is_not_found() {
    let sandbox = fixture().await;
    for (method, target) in
        [("GET", "/v1"), ("GET", "/v2/link"), ("DELETE", "/v1/link"), ("GET", "/sandbox/x")]
    {
        let answer = sandbox.send(method, target, "", "").await;
        assert_eq!((answer.status, answer.body.as_str()), (404, r#"{"message":"Not Found"}"#));
    }
}

#[tokio::test]
async fn missing_token_is_unauthorized() {
    let sandbox = fixture().await;
    let answer = sandbox.get("/v1/link").await;
    assert_eq!((answer.status, answer.body.as_str()), (401, r#"{"message":"Unauthorized"}"#));
    assert!(answer.headers.contains("www-authenticate: bearer\r\n"), "{}", answer.headers);
}

#[tokio::test]
async fn token_scheme_is_optional() {
    let sandbox = fixture().await;
    let token = sandbox.token("u1").await;
    for authorization in [format!("Bearer {token}"), format!("bearer {token}"), token] {
        let (status, _, body) = with_token(&sandbox, &authorization).await;
        // The function answers that this unknown caller has no binding.
        assert_eq!(status, 404, "{body}");
        assert!(body.contains("urn:problem-type:recall:not_found"), "{body}");
    }
}

#[tokio::test]
async fn invalid_token_is_unauthorized() {
    let sandbox = fixture().await;
    let token = sandbox.token("u1").await;
    let (head, signature) = token.rsplit_once('.').unwrap();
    let unsigned = format!("{head}.");
    let altered = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for token in ["junk", &unsigned, &altered] {
        let (status, headers, body) = with_token(&sandbox, &format!("Bearer {token}")).await;
        assert_eq!((status, body.as_str()), (401, r#"{"message":"Unauthorized"}"#));
        assert!(headers.contains("error=\"invalid_token\""), "{headers}");
    }
}

#[tokio::test]
async fn token_is_valid_for_an_hour() {
    let sandbox = fixture().await;
    let token = format!("Bearer {}", sandbox.token("u1").await);
    sandbox.running.manual_clock().stop_at("2026-11-22T12:59:59Z".parse().unwrap());
    assert_eq!(with_token(&sandbox, &token).await.0, 404);
    sandbox.running.manual_clock().stop_at("2026-11-22T13:01:00Z".parse().unwrap());
    let (status, headers, _) = with_token(&sandbox, &token).await;
    assert_eq!(status, 401);
    assert!(headers.contains("the token has expired"), "{headers}");
}

#[tokio::test]
async fn repeated_request_returns_same_link() {
    let sandbox = fixture().await;
    let registered = event(
        "1",
        "exchange.account.registered.v1",
        &json!({
            "uid": "a1", "registeredAt": "2024-01-01T00:00:00Z", "country": "TR",
        }),
    );
    let joined = event(
        "2",
        "exchange.account.changed.v1",
        &json!({
            "uid": "a1", "affiliate": true, "at": "2024-02-01T00:00:00Z",
        }),
    );
    let taken = sandbox.post("/sandbox/events", &json!([registered, joined])).await;
    assert_eq!(taken.json(), json!({ "accepted": 2, "failed": [] }));
    let first = sandbox.ask("a1", "GET", "/v1/link", "").await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(sandbox.ask("a1", "GET", "/v1/link", "").await.body, first.body);
    let qr = sandbox.ask("a1", "GET", "/v1/link/qr.png", "").await;
    assert!(qr.headers.contains("content-type: image/png"), "{}", qr.headers);
    assert!(qr.body.contains("PNG"));
}

#[tokio::test]
async fn oversized_body_is_refused() {
    let sandbox = fixture().await;
    let body = " ".repeat(10 * 1024 * 1024 + 1);
    let answer = sandbox.ask("u1", "POST", "/v1/bind", &body).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.body, r#"{"message":"Request Entity Too Large"}"#);
}

fn event(id: &str, kind: &str, data: &serde_json::Value) -> serde_json::Value {
    json!({ "specversion": "1.0", "id": id, "source": "test", "type": kind, "data": data })
}

//! Every route that asks for a token, with every token that does not hold.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use sam_template::Template;
use serde_json::Value;

use crate::client::{Fixture, fixture};

/// `{"alg":"none","typ":"JWT"}`
const NO_ALGORITHM: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().unwrap()
}

/// Returns the token's claims under an HMAC whose secret is the public key.
async fn signed_with_the_public_key(sandbox: &Fixture, token: &str) -> String {
    let claims = URL_SAFE_NO_PAD.decode(parts(token)[1]).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let keys = sandbox.get("/.well-known/jwks.json").await.json();
    let key = &keys["keys"][0];
    let kid = key["kid"].as_str().map(str::to_owned);
    let header = Header { kid, ..Header::new(Algorithm::HS256) };
    let secret = EncodingKey::from_secret(key["n"].as_str().unwrap().as_bytes());
    encode(&header, &claims, &secret).unwrap()
}

/// Returns invalid tokens, with their faults.
async fn bad_tokens(sandbox: &Fixture) -> Vec<(&'static str, String)> {
    let (own, other) = (sandbox.token("u1").await, sandbox.token("u2").await);
    let stranger = fixture().await.token("u1").await;
    let ([head, claims, signature], [_, others_claims, _]) = (parts(&own), parts(&other));
    let altered: String = signature.chars().rev().collect();
    vec![
        ("empty", String::new()),
        ("no token", "junk".to_owned()),
        ("without an algorithm", format!("{NO_ALGORITHM}.{claims}.")),
        ("without an algorithm, signed", format!("{NO_ALGORITHM}.{claims}.{signature}")),
        ("without its signature", format!("{head}.{claims}.")),
        ("altered", format!("{head}.{claims}.{altered}")),
        ("with another user's claims", format!("{head}.{others_claims}.{signature}")),
        ("of another issuer's key", stranger),
        ("an HMAC with the public key", signed_with_the_public_key(sandbox, &own).await),
    ]
}

#[tokio::test]
async fn every_route_refuses_invalid_tokens() {
    let sandbox = fixture().await;
    let bad = bad_tokens(&sandbox).await;
    let good = sandbox.token("u1").await;
    let routes = Template::embedded().unwrap().routes;
    let guarded: Vec<_> = routes.iter().filter(|route| route.authorized).collect();
    assert_eq!(guarded.len(), 12, "the routes of the contract");
    for route in &guarded {
        let target = route.path.replace("{code}", "ABCD2345");
        for (what, token) in &bad {
            let head = format!("authorization: Bearer {token}\r\n");
            let answer = sandbox.send(&route.method, &target, &head, "").await;
            assert_eq!(answer.status, 401, "{what} at {} {target}", route.method);
            assert_eq!(answer.body, r#"{"message":"Unauthorized"}"#, "{what}");
        }
        let answer = sandbox.send(&route.method, &target, "", "").await;
        assert_eq!(answer.status, 401, "none at {} {target}", route.method);
    }
    sandbox.running.manual_clock().stop_at("2026-11-22T13:01:00Z".parse().unwrap());
    for route in &guarded {
        let target = route.path.replace("{code}", "ABCD2345");
        let head = format!("authorization: Bearer {good}\r\n");
        let answer = sandbox.send(&route.method, &target, &head, "").await;
        assert_eq!(answer.status, 401, "expired at {} {target}", route.method);
    }
}

#[tokio::test]
async fn public_route_needs_no_token() {
    let sandbox = fixture().await;
    for head in ["", "authorization: Bearer junk\r\n"] {
        let answer = sandbox.send("GET", "/v1/invitation?ref=ABCD2345", head, "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["live"], false);
        assert!(answer.headers.contains("cache-control: public, max-age=60\r\n"));
    }
}

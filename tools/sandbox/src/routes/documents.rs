//! The page, the API's document, and the issuer's metadata.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use local_auth::{ISSUER, Keys};
use serde_json::{Value, json};

use crate::services::Services;

const PAGE: &str = include_str!("../page.html");
const OPENAPI: &str = include_str!("../../../../docs/openapi.json");

pub(super) async fn page(State(services): State<Arc<Services>>, headers: HeaderMap) -> Response {
    match &services.page {
        Some(site) => site.answer("/", &headers),
        None => Html(PAGE.replace("{{origin}}", &services.origin)).into_response(),
    }
}

/// The page's configuration, which differs by stage: in the sandbox users choose their account.
pub(super) async fn config() -> Json<Value> {
    Json(json!({ "signIn": { "kind": "sandbox" } }))
}

/// The address of original links, which invite new users only: the exchange's own sign-up.
pub(super) async fn register() -> &'static str {
    "At the exchange, new users sign up here. In the sandbox they come by events: POST /sandbox/events.\n"
}

pub(super) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

pub(super) async fn keys(State(services): State<Arc<Services>>) -> Json<Keys> {
    Json(services.issuer.keys().clone())
}

/// OpenID Connect Discovery 1.0 section 3, as far as a verifier of access tokens reads it.
pub(super) async fn issuer(State(services): State<Arc<Services>>) -> Json<Value> {
    let origin = &services.origin;
    Json(json!({
        "issuer": ISSUER,
        "jwks_uri": format!("{origin}/.well-known/jwks.json"),
        "token_endpoint": format!("{origin}/sandbox/token"),
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

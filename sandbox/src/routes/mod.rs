//! The routes that exist in the sandbox alone, and the way to the gateway for all others.

mod clock;
mod documents;
mod events;
mod rollup;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::DefaultBodyLimit;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use axum::routing::{get, post};
use http_api::{Code, Problem};
use serde::de::DeserializeOwned;

use crate::gateway;
use crate::services::Services;

/// The largest body that the sandbox's own routes take: some 50,000 events.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Everything that listens on the sandbox's port.
pub(crate) fn router(services: Arc<Services>) -> Router {
    Router::new()
        .route("/", get(documents::page))
        .route("/v1/openapi.json", get(documents::openapi))
        .route("/.well-known/jwks.json", get(documents::keys))
        .route("/.well-known/openid-configuration", get(documents::issuer))
        .route("/sandbox/token", post(token::issue))
        .route("/sandbox/events", post(events::take_in))
        .route("/sandbox/rollup", post(rollup::run))
        .route("/sandbox/clock", get(clock::show).put(clock::set))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(gateway::handle)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(services)
}

async fn method_not_allowed() -> Response {
    answer(Err(Code::MethodNotAllowed.into()))
}

/// A body as it comes, or why there is none.
type Received = Result<Bytes, BytesRejection>;

/// Reads a JSON body; the sandbox's own routes ask for no content type, so that `curl -d` does.
fn read<T: DeserializeOwned>(received: Received) -> Result<T, Problem> {
    let body = received.map_err(|_| {
        Problem::bad("body", format!("The body is longer than {MAX_BODY_BYTES} bytes."))
    })?;
    http_api::parse_json(&body)
}

/// The answer as axum sends it.
fn answer(outcome: Result<http_api::Response, Problem>) -> Response {
    let (parts, body) = outcome.unwrap_or_else(Problem::into_response).into_parts();
    Response::from_parts(parts, Body::from(body.as_ref().to_vec()))
}

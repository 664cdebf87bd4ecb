//! The routes that exist in the sandbox alone, and the way to the gateway for all others.

mod clock;
mod documents;
mod events;
mod rollup;
mod token;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{get, post};
use http_api::{Code, Problem};
use serde::de::DeserializeOwned;

use crate::gateway;
use crate::page::{self, Site};
use crate::services::Services;

/// The largest body that the sandbox's own routes take: some 50,000 events.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Everything that listens on the sandbox's port.
pub(crate) fn router(services: Arc<Services>) -> Router {
    Router::new()
        .route("/", get(documents::page))
        .route("/config.json", get(documents::config))
        .route("/register", get(documents::register))
        .route("/v1/openapi.json", get(documents::openapi))
        .route("/.well-known/jwks.json", get(documents::keys))
        .route("/.well-known/openid-configuration", get(documents::issuer))
        .route("/sandbox/users", get(users::list))
        .route("/sandbox/token", post(token::issue))
        .route("/sandbox/events", post(events::ingest))
        .route("/sandbox/rollup", post(rollup::run))
        .route("/sandbox/clock", get(clock::show).put(clock::set))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(page_or_gateway)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(services)
}

/// Answers all other requests: by the page, or else by the gateway.
async fn page_or_gateway(State(services): State<Arc<Services>>, request: Request) -> Response {
    match &services.page {
        Some(site) if Site::takes(request.method(), request.uri().path()) => {
            if let Some(card) = page::card(request.uri(), request.headers()) {
                return answer_card(services, request, card).await;
            }
            site.answer(request.uri().path(), request.headers())
        }
        _ => gateway::handle(State(services), request).await,
    }
}

/// Answers a messenger by the API, with the headers of the page.
async fn answer_card(services: Arc<Services>, mut request: Request, card: Uri) -> Response {
    *request.uri_mut() = card;
    let mut response = gateway::handle(State(services), request).await;
    page::secure(response.headers_mut());
    response
}

async fn method_not_allowed() -> Response {
    answer(Err(Code::MethodNotAllowed.into()))
}

/// The body of a request, or the reason why there is none.
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

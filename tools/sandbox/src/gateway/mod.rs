//! The API, in place of API Gateway: routes, authorizer, events and answers.
//!
//! The routes are those of `template.yaml`. The functions receive the events that Lambda would
//! pass, and their answers have Lambda's size limit.

mod emulator;
mod event;
mod invoke;

use std::str::FromStr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use http_api::gateway::Claims;
use local_auth::{AUDIENCE, ISSUER, TokenError};
use sam_template::{Route, Template};

use crate::StartError;
use crate::gateway::emulator::Emulator;
use crate::gateway::event::Matched;
use crate::gateway::invoke::{Function, invoke};
use crate::services::Services;

pub use emulator::{FunctionsUrl, FunctionsUrlError};

/// API Gateway's limit for a request's body.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// The API's routes, each with the function that answers it.
pub(crate) struct Gateway {
    routes: Vec<(Route, Function)>,
    /// Invokes the functions if they do not run in this process.
    emulator: Option<Emulator>,
}

impl Gateway {
    /// Returns the gateway with the template's routes. With `functions`, their handlers in this
    /// process are not used.
    pub(crate) fn new(
        template: &Template,
        functions: Option<FunctionsUrl>,
    ) -> Result<Self, StartError> {
        let routes = template.routes.iter().map(|route| {
            let function = Function::from_str(&route.function)
                .map_err(|error| StartError::Build(error.into()))?;
            Ok((route.clone(), function))
        });
        let routes = routes.collect::<Result<_, StartError>>()?;
        Ok(Self { routes, emulator: functions.map(Emulator::new) })
    }

    /// Returns the route of a request: of several that match, the one with the fewest parameters.
    fn find<'a>(&'a self, method: &str, path: &'a str) -> Option<(Matched<'a>, Function)> {
        let fitting = self.routes.iter().filter_map(|(route, function)| {
            let parameters = route.parameters(method, path)?;
            Some((Matched { route, parameters }, *function))
        });
        fitting.min_by_key(|(matched, _)| matched.parameters.len())
    }
}

/// Answers a request as the deployed API would.
pub(crate) async fn handle(State(services): State<Arc<Services>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let found = services.gateway.find(parts.method.as_str(), parts.uri.path());
    let Some((matched, function)) = found else {
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    let claims = match authorize(&services, &matched, &parts.headers) {
        Ok(claims) => claims,
        Err(refusal) => return unauthorized(refusal),
    };
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let now = services.app.clock.now();
    let event = event::of(&parts, &body, &matched, claims.as_ref(), now);
    match &services.gateway.emulator {
        Some(emulator) => emulator.invoke(&matched.route.function, &event).await,
        None => invoke(function, &services.app, event).await,
    }
}

/// Returns the claims of the caller's token, if the route needs one. `Err(None)` means that there
/// is no token.
fn authorize(
    services: &Services,
    matched: &Matched<'_>,
    headers: &HeaderMap,
) -> Result<Option<Claims>, Option<TokenError>> {
    if !matched.route.authorized {
        return Ok(None);
    }
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.map(without_scheme).ok_or(None)?;
    let now = services.app.clock.now();
    let keys = services.issuer.keys();
    local_auth::verify(token, keys, ISSUER, AUDIENCE, now).map(Some).map_err(Some)
}

/// Returns the token. API Gateway accepts it with or without the scheme before it.
fn without_scheme(header: &str) -> &str {
    match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => header,
    }
}

fn unauthorized(refusal: Option<TokenError>) -> Response {
    let mut response = message(StatusCode::UNAUTHORIZED, "Unauthorized");
    let challenge = refusal.map_or_else(
        || "Bearer".to_owned(),
        |error| format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{error}\""),
    );
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Returns an answer of API Gateway itself.
fn message(status: StatusCode, text: &str) -> Response {
    let body = serde_json::json!({ "message": text }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let media = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, media);
    response
}

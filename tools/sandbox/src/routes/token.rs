//! `POST /sandbox/token`: an access token, as the exchange's issuer would give.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http_api::{OrInternal, reply};
use serde::Deserialize;
use types::Uid;

use crate::routes::{Received, answer, read};
use crate::services::Services;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    uid: Uid,
}

pub(super) async fn issue(State(services): State<Arc<Services>>, body: Received) -> Response {
    let token = read(body).and_then(|wanted: Wanted| {
        services.issuer.token(&wanted.uid, services.app.clock.now()).or_internal()
    });
    answer(token.and_then(|token| reply::ok(&token)))
}

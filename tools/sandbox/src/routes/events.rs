//! `POST /sandbox/events`: CloudEvents through `ingest`, as the exchange would queue them.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http_api::{Problem, reply};
use lambda::OrProblem;
use serde_json::Value;

use crate::queue;
use crate::routes::{Received, answer, read};
use crate::services::Services;

pub(super) async fn ingest(State(services): State<Arc<Services>>, body: Received) -> Response {
    answer(deliver(&services, body).await)
}

async fn deliver(services: &Services, body: Received) -> Result<http_api::Response, Problem> {
    let events = match read(body)? {
        Value::Array(events) => events,
        event @ Value::Object(_) => vec![event],
        _ => return Err(Problem::bad("body", "`body`: expected an array of CloudEvents, or one.")),
    };
    reply::ok(&queue::deliver(&services.app, &events).await.or_problem()?)
}

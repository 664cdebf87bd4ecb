//! `POST /sandbox/rollup`: the nightly job of a day, as the state machine runs it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http_api::{Code, Problem, reply};
use nightly::{Driver, StepError};
use serde::Deserialize;
use types::Day;

use crate::routes::{Received, answer, read};
use crate::services::Services;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    day: Day,
}

pub(super) async fn run(State(services): State<Arc<Services>>, body: Received) -> Response {
    answer(night(&services, body).await)
}

async fn night(services: &Services, body: Received) -> Result<http_api::Response, Problem> {
    let Wanted { day } = read(body)?;
    let report = Driver::new(&services.app).run_night(day).await.map_err(problem)?;
    reply::ok(&report)
}

fn problem(error: StepError) -> Problem {
    match error {
        StepError::DayNotOver(_) => Problem::bad("day", format!("`day`: {error}.")),
        StepError::PaymentsStopped(_) => Problem::new(Code::Conflict).detail(format!("{error}.")),
        StepError::Throttled(_) | StepError::Unfinished(_) => Problem::new(Code::Throttled),
        error => Problem::internal(&error),
    }
}

//! `GET` and `PUT /sandbox/clock`: the clock that everything uses, to see days pass.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http_api::reply;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use types::Timestamp;

use crate::routes::{Received, answer, read};
use crate::services::Services;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    /// The new time; `null` for real time. Required.
    #[serde(deserialize_with = "given")]
    now: Option<Timestamp>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Option::deserialize(deserializer)
}

pub(super) async fn show(State(services): State<Arc<Services>>) -> Response {
    answer(reply::ok(&json!({ "now": services.manual_clock.now() })))
}

pub(super) async fn set(State(services): State<Arc<Services>>, body: Received) -> Response {
    let setting: Setting = match read(body) {
        Ok(setting) => setting,
        Err(problem) => return answer(Err(problem)),
    };
    match setting.now {
        Some(now) => services.manual_clock.stop_at(now),
        None => services.manual_clock.real_time(),
    }
    answer(reply::ok(&json!({ "now": services.manual_clock.now() })))
}

//! Invokes the functions' handlers, in place of Lambda.

use std::str::FromStr;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use lambda::ApiApp;
use lambda_http::IntoResponse;
use serde_json::Value;

use crate::gateway::message;

/// Lambda's limit for a response, in bytes of JSON: 6 MB, as its error states it.
pub(super) const MAX_ANSWER_BYTES: usize = 6_291_556;

/// A function behind the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    GetLink,
    Bind,
    Dashboard,
}

impl FromStr for Function {
    type Err = String;
    fn from_str(binary: &str) -> Result<Self, String> {
        match binary {
            "get-link" => Ok(Self::GetLink),
            "bind" => Ok(Self::Bind),
            "dashboard" => Ok(Self::Dashboard),
            other => Err(format!("the template's function {other} is none of this sandbox")),
        }
    }
}

/// Runs the function's handler and returns its answer.
///
/// Runs in a separate task: a panic fails one invocation, as on Lambda.
pub(crate) async fn invoke(function: Function, app: &ApiApp, event: Value) -> Response {
    let app = app.clone();
    let invocation = tokio::spawn(async move {
        let request = lambda_http::request::from_str(&event.to_string())?;
        let response = match function {
            Function::GetLink => linking::handle(&app, request).await,
            Function::Bind => binding::handle(&app, request).await,
            Function::Dashboard => reporting::handle(&app, request).await,
        };
        Ok::<_, serde_json::Error>(response.into_response().await)
    });
    match invocation.await {
        Ok(Ok(response)) => answer(response),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn answer(response: lambda_http::Response<lambda_http::Body>) -> Response {
    let (parts, body) = response.into_parts();
    if size(&body) > MAX_ANSWER_BYTES {
        tracing::error!("the function's answer exceeds Lambda's 6 MB");
        return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    }
    let body = match body {
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    };
    Response::from_parts(parts, body)
}

/// Returns the size of a body in the answer's JSON, including escapes or base64.
fn size(body: &lambda_http::Body) -> usize {
    match body {
        lambda_http::Body::Text(text) => serde_json::to_string(text).map_or(0, |json| json.len()),
        lambda_http::Body::Binary(bytes) => bytes.len().div_ceil(3) * 4,
        _ => 0,
    }
}

pub(super) fn failed(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "the invocation failed");
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_of(body: lambda_http::Body) -> StatusCode {
        answer(lambda_http::Response::new(body)).status()
    }

    #[test]
    fn answer_is_limited_to_6_mb() {
        // The quotes of the JSON text are two more bytes.
        let text = |length| lambda_http::Body::Text("a".repeat(length));
        assert_eq!(status_of(text(MAX_ANSWER_BYTES - 2)), StatusCode::OK);
        assert_eq!(status_of(text(MAX_ANSWER_BYTES - 1)), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn binary_answer_counts_as_base64() {
        let bytes = |length| lambda_http::Body::Binary(vec![0; length]);
        assert_eq!(status_of(bytes(MAX_ANSWER_BYTES / 4 * 3)), StatusCode::OK);
        let over = bytes(MAX_ANSWER_BYTES / 4 * 3 + 1);
        assert_eq!(status_of(over), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn every_template_function_is_known() {
        for route in sam_template::Template::embedded().unwrap().routes {
            assert!(route.function.parse::<Function>().is_ok(), "{}", route.function);
        }
        assert!("ingest".parse::<Function>().is_err());
    }
}

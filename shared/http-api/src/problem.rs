//! Problems as RFC 9457 describes them: `application/problem+json`.

use std::borrow::Cow;
use std::error::Error;

use lambda_http::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use types::{Reason, error_chain};

use crate::reply::{self, Response};
use crate::{Body, Code};

/// Begins the `type` of every problem; the code follows.
const TYPE_PREFIX: &str = "urn:problem-type:recall:";

/// Seconds after which a request that a kill switch refused may be repeated: those within which a
/// command of the operator takes effect.
const RETRY_AFTER_STOP: &str = "60";

/// Why a request is not answered as hoped: a stable code, and words for a person.
#[derive(Debug)]
#[must_use]
pub struct Problem(Box<Members>);

/// Boxed, because nearly every function returns it in its `Err`.
#[derive(Debug)]
struct Members {
    code: Code,
    /// The code's own, unless [`Problem::unprocessable`] says otherwise.
    status: StatusCode,
    detail: Option<Cow<'static, str>>,
    parameter: Option<String>,
    extensions: Map<String, Value>,
    /// The methods that the path has, for the `Allow` header.
    allow: Option<String>,
    /// Seconds for the `Retry-After` header of a problem that has one.
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem that says no more than its code's own sentence.
    pub fn new(code: impl Into<Code>) -> Self {
        let code = code.into();
        Self(Box::new(Members {
            status: code.status(),
            code,
            detail: None,
            parameter: None,
            extensions: Map::new(),
            allow: None,
            retry_after: None,
        }))
    }

    /// `bad_request` for one parameter, field or header, with its expected form.
    ///
    /// The detail must not repeat the value.
    pub fn bad(parameter: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest).parameter(parameter).detail(detail)
    }

    /// `internal`: logs the error with all its causes, once, and reveals nothing of it to the
    /// caller.
    pub fn internal(error: &dyn Error) -> Self {
        tracing::error!(error = error_chain(error), "a request failed");
        Self::new(Code::Internal)
    }

    /// Answers 422 in place of the code's status: the request was understood and its content was
    /// evaluated, as by a bind that lists its checks.
    pub fn unprocessable(mut self) -> Self {
        self.0.status = StatusCode::UNPROCESSABLE_ENTITY;
        self
    }

    /// Replaces the sentence for a person; without one it is the code's own.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Names the parameter, field or header that is wrong.
    pub fn parameter(mut self, name: impl Into<String>) -> Self {
        self.0.parameter = Some(name.into());
        self
    }

    /// Adds an extension member, as `checks`. The standard members cannot be replaced by one.
    pub fn with(mut self, name: &str, value: &impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => {
                self.0.extensions.insert(name.to_owned(), value);
                self
            }
            Err(error) => Self::internal(&error),
        }
    }

    /// Replaces the seconds after which a `throttled` request may be repeated; without them it is
    /// 1.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// `method_not_allowed`, with the methods that the path has.
    pub(crate) fn method_not_allowed(allow: String) -> Self {
        let mut problem = Self::new(Code::MethodNotAllowed);
        problem.0.allow = Some(allow);
        problem
    }

    /// The code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.0.code
    }

    /// The document, its standard members first.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let code = self.0.code.as_str();
        let mut members = Map::new();
        members.insert("type".into(), format!("{TYPE_PREFIX}{code}").into());
        members.insert("title".into(), self.0.code.sentence().into());
        members.insert("status".into(), self.0.status.as_u16().into());
        let detail = self.0.detail.as_deref().unwrap_or(self.0.code.sentence());
        members.insert("detail".into(), detail.into());
        members.insert("code".into(), code.into());
        if let Some(parameter) = &self.0.parameter {
            members.insert("parameter".into(), parameter.as_str().into());
        }
        for (name, value) in &self.0.extensions {
            members.entry(name).or_insert_with(|| value.clone());
        }
        Value::Object(members)
    }

    /// The whole answer.
    #[must_use]
    pub fn into_response(self) -> Response {
        let mut response = reply::private(self.0.status, Body::from(self.to_json().to_string()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.0.code {
            Code::Unauthenticated => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Code::Throttled => {
                let seconds = self.0.retry_after.unwrap_or(1);
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            code if code.is_stop() => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_STOP));
            }
            _ => {}
        }
        if let Some(allow) = self.0.allow.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(ALLOW, allow);
        }
        response
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

/// Turns an unexpected error into the `internal` problem.
///
/// It is asked for by name, and not done by `?` alone, so that no refusal of bad input becomes a
/// fault of ours unseen.
pub trait OrInternal<T> {
    /// The value, or [`Problem::internal`].
    fn or_internal(self) -> Result<T, Problem>;
}

impl<T, E: Error> OrInternal<T> for Result<T, E> {
    fn or_internal(self) -> Result<T, Problem> {
        self.map_err(|error| Problem::internal(&error))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the table did not answer")]
    struct Outer(#[source] std::io::Error);

    fn failure() -> Outer {
        Outer(std::io::Error::other("secret-host refused"))
    }

    #[test]
    fn problem_has_standard_and_own_members() {
        let problem = Problem::new(Reason::AccountTooYoung)
            .detail("The account is 12 days old.")
            .with("checks", &json!([{ "met": false }]))
            .with("eligibleFrom", &"2026-12-01T00:00:00.001Z");
        let expected = json!({
            "type": "urn:problem-type:recall:account_too_young",
            "title": "The account is not old enough yet.",
            "status": 422,
            "detail": "The account is 12 days old.",
            "code": "account_too_young",
            "checks": [{ "met": false }],
            "eligibleFrom": "2026-12-01T00:00:00.001Z",
        });
        assert_eq!(problem.to_json(), expected);
        let response = problem.into_response();
        assert_eq!(response.status(), 422);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()["cache-control"], "private, no-store");
    }

    #[test]
    fn extension_replaces_no_standard_member() {
        let problem = Problem::new(Code::Conflict).with("status", &200).with("code", &"fine");
        assert_eq!(problem.to_json()["status"], 409);
        assert_eq!(problem.to_json()["code"], "conflict");
    }

    #[test]
    fn parameter_is_named() {
        let problem = Problem::bad("from", "expected a day");
        assert_eq!(problem.to_json()["parameter"], "from");
        assert_eq!(problem.to_json()["status"], 400);
    }

    #[test]
    fn internal_problem_hides_its_cause() {
        let problem = Err::<(), _>(failure()).or_internal().unwrap_err();
        let text = format!("{problem:?}{}", problem.to_json());
        assert!(!text.contains("table") && !text.contains("secret"), "{text}");
        assert_eq!(problem.into_response().status(), 500);
    }

    #[test]
    fn log_gets_every_cause() {
        assert_eq!(error_chain(&failure()), "the table did not answer: secret-host refused");
    }

    #[test]
    fn headers_that_status_asks_for_are_there() {
        let unauthenticated = Problem::new(Code::Unauthenticated).into_response();
        assert_eq!(unauthenticated.headers()[WWW_AUTHENTICATE], "Bearer");
        assert_eq!(Problem::new(Code::Throttled).into_response().headers()[RETRY_AFTER], "1");
        let stopped = Problem::new(Code::BindsStopped).into_response();
        assert_eq!(
            (stopped.status().as_u16(), &stopped.headers()[RETRY_AFTER]),
            (503, &HeaderValue::from_static("60"))
        );
        let method = Problem::method_not_allowed("GET, POST".into()).into_response();
        assert_eq!(method.headers()[ALLOW], "GET, POST");
    }

    #[test]
    fn only_temporary_refusals_say_when_to_retry() {
        for code in Code::all() {
            let headers = Problem::new(code).into_response().headers().clone();
            let is_temporary = code == Code::Throttled || code.is_stop();
            assert_eq!(headers.contains_key(RETRY_AFTER), is_temporary, "{}", code.as_str());
        }
    }
}

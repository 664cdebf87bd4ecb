//! Shared by the tests of this crate.

use lambda_http::{Request, RequestExt};
use serde_json::Value;
use types::Timestamp;

use crate::gateway::{Claims, Incoming};
use crate::{Call, Query};

pub(crate) fn now() -> Timestamp {
    "2026-11-22T12:00:00.000Z".parse().unwrap()
}

fn incoming<'a>(
    method: &'a str,
    target: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a str,
) -> Incoming<'a> {
    Incoming { method, target, headers, body: body.as_bytes(), at: now() }
}

/// A request without a caller.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
    incoming(method, target, headers, body).request(None).unwrap()
}

/// A request of a user.
pub(crate) fn request_of(
    uid: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request {
    let claims = Claims::of(uid.parse().unwrap());
    incoming(method, target, headers, body).request(Some(&claims)).unwrap()
}

/// A request with this authorizer block.
pub(crate) fn request_with(
    authorizer: Option<Value>,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Request {
    let mut event = incoming(method, target, headers, "").event(None);
    match authorizer {
        Some(block) => event["requestContext"]["authorizer"] = block,
        None => {
            event["requestContext"].as_object_mut().unwrap().remove("authorizer");
        }
    }
    lambda_http::request::from_str(&event.to_string()).unwrap()
}

/// A call of `u1` whose pattern is its path and which knows every parameter that it is given.
pub(crate) fn call(method: &str, target: &str, headers: &[(&str, &str)]) -> Call<()> {
    let request = request_of("u1", method, target, headers, "");
    let given = request.query_string_parameters();
    let names: Vec<&str> = given.iter().map(|(name, _)| name).collect();
    let query = Query::read(&given, &names).unwrap();
    let pattern = String::leak(request.uri().path().to_owned());
    let caller = "u1".parse().unwrap();
    Call { route: (), caller, now: now(), query, pattern, path: Vec::new(), request }
}

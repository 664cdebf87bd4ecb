//! The event of a request, in API Gateway's payload format 2.0, with all additions of the gateway.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::HeaderMap;
use axum::http::header::{HOST, USER_AGENT};
use axum::http::request::Parts;
use chrono::DateTime;
use http_api::gateway::Claims;
use http_api::gateway::Incoming;
use percent_encoding::percent_decode_str;
use sam_template::Route;
use serde_json::{Map, Value, json};
use types::Timestamp;

/// A route and the values of its path parameters, still encoded.
pub(crate) struct Matched<'a> {
    pub(crate) route: &'a Route,
    pub(crate) parameters: Vec<(&'a str, &'a str)>,
}

/// Returns the event for the function of the route.
pub(crate) fn of(
    parts: &Parts,
    body: &[u8],
    matched: &Matched<'_>,
    claims: Option<&Claims>,
    at: Timestamp,
) -> Value {
    let headers = texts(&parts.headers);
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let method = parts.method.as_str();
    let mut event = Incoming { method, target, headers: &headers, body, at }.event(claims);
    merge(&mut event, added(parts, matched, at));
    event
}

/// Returns the members that the gateway adds to the request.
fn added(parts: &Parts, matched: &Matched<'_>, at: Timestamp) -> Value {
    let key = matched.route.key();
    let query = parts.uri.query().filter(|query| !query.is_empty());
    json!({
        "routeKey": key,
        "queryStringParameters": query.map(joined_query),
        "pathParameters": decoded(&matched.parameters),
        "requestContext": {
            "routeKey": key,
            "accountId": "000000000000",
            "apiId": "sandbox",
            "domainName": header(&parts.headers, &HOST),
            "domainPrefix": "sandbox",
            "requestId": request_id(),
            "time": common_log_time(at),
            "http": {
                "sourceIp": "127.0.0.1",
                "userAgent": header(&parts.headers, &USER_AGENT),
            },
        },
    })
}

/// Merges the members of `additions`, down to the innermost objects.
fn merge(event: &mut Value, additions: Value) {
    match (event, additions) {
        (Value::Object(event), Value::Object(additions)) => {
            for (name, value) in additions {
                merge(event.entry(name).or_insert(Value::Null), value);
            }
        }
        (event, addition) => *event = addition,
    }
}

/// Returns an id that no other request of this process has.
fn request_id() -> String {
    static REQUESTS: AtomicU64 = AtomicU64::new(0);
    format!("sandbox-{}", REQUESTS.fetch_add(1, Ordering::Relaxed))
}

/// Returns the headers that are text; API Gateway forwards no others.
fn texts(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let texts = headers.iter().map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    texts.flatten().collect()
}

fn header<'a>(headers: &'a HeaderMap, name: &axum::http::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Returns the query parameters by name, the values of a repeated one joined by commas.
fn joined_query(query: &str) -> Value {
    let mut joined: Map<String, Value> = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let text = match joined.get(name.as_ref()).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.into_owned(),
        };
        joined.insert(name.into_owned(), text.into());
    }
    Value::Object(joined)
}

/// Returns the values of the path parameters, or `null` if there are none.
fn decoded(parameters: &[(&str, &str)]) -> Option<Value> {
    let decoded = parameters.iter().map(|(name, value)| {
        let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
        ((*name).to_owned(), Value::from(value))
    });
    (!parameters.is_empty()).then(|| Value::Object(decoded.collect()))
}

/// Formats a time as `22/Nov/2026:12:00:00 +0000`.
fn common_log_time(at: Timestamp) -> String {
    let time = DateTime::from_timestamp_millis(at.millis()).unwrap_or_default();
    time.format("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn at() -> Timestamp {
        "2026-11-22T12:00:00.123Z".parse().unwrap()
    }

    fn route(method: &str, path: &str) -> Route {
        Route {
            function: "get-link".into(),
            method: method.into(),
            path: path.into(),
            authorized: true,
        }
    }

    /// Returns the event without the request's id, which is unique.
    fn event(request: Request<()>, route: &Route, body: &[u8], claims: Option<&Claims>) -> Value {
        let (parts, ()) = request.into_parts();
        let parameters = route.parameters(parts.method.as_str(), parts.uri.path()).unwrap();
        let mut event = of(&parts, body, &Matched { route, parameters }, claims, at());
        let context = event["requestContext"].as_object_mut().unwrap();
        assert!(context.remove("requestId").unwrap().as_str().unwrap().starts_with("sandbox-"));
        event
    }

    #[test]
    fn event_has_payload_format_2_0() {
        let request = Request::patch("/v1/links/AB%20CD?a=1&b=x%26y&a=2")
            .header("Host", "127.0.0.1:8080")
            .header("User-Agent", "curl/8")
            .header("Accept", "application/json")
            .header("Accept", "text/csv");
        let claims = Claims::of("u1".parse().unwrap());
        let route = route("PATCH", "/v1/links/{code}");
        let expected = json!({
            "version": "2.0",
            "routeKey": "PATCH /v1/links/{code}",
            "rawPath": "/v1/links/AB%20CD",
            "rawQueryString": "a=1&b=x%26y&a=2",
            "queryStringParameters": { "a": "1,2", "b": "x&y" },
            "pathParameters": { "code": "AB CD" },
            "headers": {
                "host": "127.0.0.1:8080",
                "user-agent": "curl/8",
                "accept": "application/json,text/csv",
            },
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "sandbox",
                "authorizer": { "jwt": { "claims": { "sub": "u1" } } },
                "domainName": "127.0.0.1:8080",
                "domainPrefix": "sandbox",
                "http": {
                    "method": "PATCH",
                    "path": "/v1/links/AB%20CD",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "curl/8",
                },
                "routeKey": "PATCH /v1/links/{code}",
                "stage": "$default",
                "time": "22/Nov/2026:12:00:00 +0000",
                "timeEpoch": 1_795_348_800_123_i64,
            },
            "body": "{\"label\":\"ü\"}",
            "isBase64Encoded": false,
        });
        let body = "{\"label\":\"ü\"}".as_bytes();
        assert_eq!(event(request.body(()).unwrap(), &route, body, Some(&claims)), expected);
    }

    #[test]
    fn binary_body_is_base64() {
        let request = Request::post("/v1/links").body(()).unwrap();
        let event = event(request, &route("POST", "/v1/links"), &[0xff, 0x00], None);
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
        assert_eq!(event["requestContext"]["authorizer"], Value::Null);
        assert_eq!(event["pathParameters"], Value::Null);
        assert_eq!(event["queryStringParameters"], Value::Null);
    }
}

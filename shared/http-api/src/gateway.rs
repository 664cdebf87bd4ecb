//! Requests as the API passes them to a function: for the sandbox, which replaces the API, and for
//! tests.
//!
//! A request is written as an event of API Gateway's payload format 2.0 and read back by the very
//! code that reads it in AWS, so that nothing behaves here that would not behave there.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use types::{Timestamp, Uid};

use crate::Request;

/// The claims of a verified access token, in the form in which the API's authorizer passes them
/// to a function.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// `sub`: the user.
    pub subject: Uid,
    /// Every claim as a text.
    pub texts: BTreeMap<String, String>,
}

/// A request as a client sent it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The method, as `GET`.
    pub method: &'a str,
    /// Path and query, as `/v1/bind?ref=ABCDEFGH`, still encoded.
    pub target: &'a str,
    /// Header names and values; a name may come twice.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, empty if there is none.
    pub body: &'a [u8],
    /// When it came.
    pub at: Timestamp,
}

impl Incoming<'_> {
    /// The event, with the claims of the token where the API has verified one.
    #[must_use]
    pub fn event(&self, claims: Option<&Claims>) -> Value {
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let authorizer = claims.map(|claims| json!({ "jwt": { "claims": claims.texts } }));
        let text = std::str::from_utf8(self.body).ok();
        let body = text.map_or_else(|| STANDARD.encode(self.body), str::to_owned);
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": self.joined_headers(),
            "requestContext": {
                "authorizer": authorizer,
                "http": { "method": self.method, "path": path, "protocol": "HTTP/1.1" },
                "routeKey": "$default",
                "stage": "$default",
                "timeEpoch": self.at.millis(),
            },
            "body": (!body.is_empty()).then_some(body),
            "isBase64Encoded": text.is_none(),
        })
    }

    /// The request that a function's handler is given.
    ///
    /// # Errors
    /// The error of lambda_http if it rejects the event, for example for an invalid method.
    pub fn request(&self, claims: Option<&Claims>) -> Result<Request, serde_json::Error> {
        lambda_http::request::from_str(&self.event(claims).to_string())
    }

    /// Headers as the API gives them: names in lower case, repeated ones joined by commas.
    fn joined_headers(&self) -> Map<String, Value> {
        let mut joined: Map<String, Value> = Map::new();
        for (name, value) in self.headers {
            let name = name.to_ascii_lowercase();
            let text = match joined.get(&name).and_then(Value::as_str) {
                Some(before) => format!("{before},{value}"),
                None => (*value).to_owned(),
            };
            joined.insert(name, text.into());
        }
        joined
    }
}

impl Claims {
    /// Returns claims with only a `sub`, for tests without a token.
    #[must_use]
    pub fn of(subject: Uid) -> Self {
        let texts = [("sub".to_owned(), subject.to_string())].into();
        Self { subject, texts }
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::RequestExt;

    use super::*;
    use crate::{Caller, testing};

    fn incoming() -> Incoming<'static> {
        Incoming {
            method: "POST",
            target: "/v1/links?a=1&a=2",
            headers: &[("Accept", "text/csv"), ("ACCEPT", "*/*"), ("Content-Type", "text/plain")],
            body: b"hello",
            at: testing::now(),
        }
    }

    #[test]
    fn request_arrives_as_it_was_sent() {
        let request = incoming().request(None).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.raw_http_path(), "/v1/links");
        assert_eq!(request.query_string_parameters().all("a"), Some(vec!["1", "2"]));
        assert_eq!(request.headers()["accept"], "text/csv,*/*");
        assert_eq!(request.body().as_ref(), b"hello");
    }

    #[test]
    fn body_that_is_no_text_arrives_too() {
        let bytes = [0xff, 0x00, 0xfe];
        let request = Incoming { body: &bytes, ..incoming() }.request(None).unwrap();
        assert_eq!(request.body().as_ref(), bytes);
    }

    #[test]
    fn caller_is_subject_of_claims() {
        let claims = Claims::of("u1".parse().unwrap());
        let request = incoming().request(Some(&claims)).unwrap();
        assert_eq!(Caller::of(&request).unwrap().0.as_str(), "u1");
        assert!(Caller::of(&incoming().request(None).unwrap()).is_err());
    }
}

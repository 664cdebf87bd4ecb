//! Answers: JSON, images that may be kept, and lists to take away.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Body, Call, Media, OrInternal, Problem};

/// The answer of a function.
pub type Response = lambda_http::Response<Body>;

/// Marks a body as text for lambda_http, which would otherwise send it as base64, a third longer.
const TEXT_HINT: HeaderName = HeaderName::from_static("x-lambda-http-content-encoding");

/// 200 with JSON, for the caller alone and never kept.
///
/// # Errors
/// `internal` if the value cannot be written as JSON.
pub fn ok(value: &impl Serialize) -> Result<Response, Problem> {
    json(StatusCode::OK, value)
}

/// 201 with JSON, for the caller alone and never kept.
///
/// # Errors
/// `internal` if the value cannot be written as JSON.
pub fn created(value: &impl Serialize) -> Result<Response, Problem> {
    json(StatusCode::CREATED, value)
}

/// 200 with JSON that is the same for all callers, and that any cache may keep for a time.
///
/// # Errors
/// `internal` if the value cannot be written as JSON.
pub fn public(value: &impl Serialize, max_age: Duration) -> Result<Response, Problem> {
    let mut response = ok(value)?;
    let lifetime = format!("public, max-age={}", max_age.as_secs());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::try_from(lifetime).or_internal()?);
    Ok(response)
}

/// 200 with an HTML document that is the same for all callers, and that any cache may keep for a
/// time. Nothing in it is loaded or run.
///
/// # Errors
/// `internal` if the lifetime is not valid in a header.
pub fn public_page(html: String, max_age: Duration) -> Result<Response, Problem> {
    let mut response =
        with_media(private(StatusCode::OK, Body::from(html)), "text/html; charset=utf-8");
    let lifetime = format!("public, max-age={}", max_age.as_secs());
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::try_from(lifetime).or_internal()?);
    let policy = "default-src 'none'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(TEXT_HINT, HeaderValue::from_static("text"));
    Ok(response)
}

/// A recorded answer, given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed;

/// The JSON answer that an earlier request with the same `Idempotency-Key` was given. [`Replayed`]
/// is among its extensions.
///
/// # Errors
/// `internal` if there is no such status.
pub fn replayed(status: u16, text: String) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(status).or_internal()?;
    let mut response = with_media(private(status, Body::from(text)), Media::Json.as_str());
    response.extensions_mut().insert(Replayed);
    Ok(response)
}

/// An image that the caller's browser may keep for five minutes, and asks for again by its tag.
///
/// The same path shows another caller another image, hence `Vary`.
pub fn image<R>(call: &Call<R>, media: &'static str, bytes: impl Into<Body>) -> Response {
    let body: Body = bytes.into();
    let tag = tag(body.as_ref());
    let known = call.header(&IF_NONE_MATCH).is_some_and(|given| names(given, &tag));
    let mut response = if known {
        private(StatusCode::NOT_MODIFIED, Body::Empty)
    } else {
        with_media(private(StatusCode::OK, body), media)
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    headers.insert(VARY, HeaderValue::from_static("Authorization"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    response
}

/// 200 with a list as text. The rest follows at `next`, a path as
/// [`Call::next_page`] gives it.
///
/// # Errors
/// `internal` if `next` is not valid in a header.
pub fn export(media: Media, text: String, next: Option<&str>) -> Result<Response, Problem> {
    let mut response = with_media(private(StatusCode::OK, Body::from(text)), media.as_str());
    let headers = response.headers_mut();
    headers.insert(TEXT_HINT, HeaderValue::from_static("text"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    if let Some(next) = next {
        let link = HeaderValue::try_from(format!("<{next}>; rel=\"next\"")).or_internal()?;
        headers.insert(LINK, link);
    }
    Ok(response)
}

fn json(status: StatusCode, value: &impl Serialize) -> Result<Response, Problem> {
    let text = serde_json::to_string(value).or_internal()?;
    Ok(with_media(private(status, Body::from(text)), Media::Json.as_str()))
}

fn with_media(mut response: Response, media: &'static str) -> Response {
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

/// An answer that no cache keeps and no browser takes for something else.
pub(crate) fn private(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Returns a strong entity tag: the same for the same bytes.
fn tag(bytes: &[u8]) -> String {
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
    format!("\"{}\"", digest.get(..22).unwrap_or(&digest))
}

/// Whether an `If-None-Match` names the tag (compared weakly, RFC 9110 section 13.1.2).
fn names(given: &str, tag: &str) -> bool {
    let mut tags = given.split(',').map(str::trim);
    tags.any(|given| given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing;

    fn picture(header: &[(&str, &str)]) -> Response {
        image(&testing::call("GET", "/v1/link/qr.svg", header), "image/svg+xml", "<svg/>")
    }

    #[test]
    fn json_is_private_and_never_kept() {
        let response = created(&json!({ "code": "ABCDEFGH" })).unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()[CACHE_CONTROL], "private, no-store");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(response.body().as_ref(), br#"{"code":"ABCDEFGH"}"#);
        assert_eq!(ok(&json!({})).unwrap().status(), 200);
    }

    #[test]
    fn public_json_may_be_cached() {
        let response = public(&json!({ "live": false }), Duration::from_secs(60)).unwrap();
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=60");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    }

    #[test]
    fn public_page_runs_nothing() {
        let response = public_page("<!doctype html>".into(), Duration::from_secs(60)).unwrap();
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=60");
        assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"));
    }

    #[test]
    fn image_is_confirmed_by_its_tag() {
        let first = picture(&[]);
        assert_eq!(first.status(), 200);
        assert_eq!(first.headers()[CACHE_CONTROL], "private, max-age=300");
        assert_eq!(first.headers()[VARY], "Authorization");
        assert_eq!(first.headers()[CONTENT_TYPE], "image/svg+xml");
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        for given in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
            let again = picture(&[("if-none-match", &given)]);
            assert_eq!(again.status(), 304, "{given}");
            assert!(again.body().is_empty() && !again.headers().contains_key(CONTENT_TYPE));
            assert_eq!(again.headers()[ETAG], tag.as_str());
        }
        assert_eq!(picture(&[("if-none-match", "\"other\"")]).status(), 200);
    }

    #[tokio::test]
    async fn export_is_text_with_next_link() {
        use lambda_http::IntoResponse;
        for media in [Media::Csv, Media::JsonLines] {
            let next = "/v1/dashboard/commissions?cursor=abc";
            let response = export(media, "a,b\n".into(), Some(next)).unwrap();
            let link = format!("<{next}>; rel=\"next\"");
            assert_eq!(response.headers()[LINK], link.as_str());
            assert_eq!(response.headers()[CONTENT_TYPE], media.as_str());
            let sent = response.into_response().await;
            assert!(matches!(sent.body(), Body::Text(text) if text == "a,b\n"), "{media:?}");
        }
        assert!(!export(Media::Csv, String::new(), None).unwrap().headers().contains_key(LINK));
    }
}

//! An admitted request: its route is known, and so is its caller.

use std::str::FromStr;

use lambda_http::Request;
use lambda_http::http::HeaderName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use types::{Malformed, Timestamp, Uid};

use crate::routes::PathValues;
use crate::{Media, OrInternal, Problem, Purpose, Query, Signer, body, idempotency};

/// How long a list may be paged through, in milliseconds: a day.
pub const CURSOR_LIFETIME_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// The argument of a handler.
pub struct Call<R, C = Uid> {
    /// Which route is called.
    pub route: R,
    /// The caller, from the access token and from nowhere else; [`Anyone`](crate::Anyone) on
    /// routes that need no token.
    pub caller: C,
    /// The instant of the request. All checks of the request use this one.
    pub now: Timestamp,
    /// The query parameters, none of them unknown.
    pub query: Query,
    pub(crate) pattern: &'static str,
    pub(crate) path: PathValues,
    pub(crate) request: Request,
}

impl<R, C> Call<R, C> {
    /// A parameter of the path, as `code` in `/v1/links/{code}`.
    ///
    /// # Errors
    /// `bad_request` naming the parameter and its expected form.
    pub fn path<T: FromStr<Err = Malformed>>(&self, name: &str) -> Result<T, Problem> {
        let value = self.path.iter().find(|(known, _)| *known == name);
        let text = value.map_or("", |(_, text)| text);
        text.parse().map_err(|error| Problem::bad(name, format!("`{name}`: {error}.")))
    }

    /// The JSON body. `T` carries `#[serde(deny_unknown_fields)]`.
    ///
    /// # Errors
    /// `bad_request` naming the header or field that is wrong; `body` where it is the whole.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        body::read(&self.request)
    }

    /// The body as it was sent.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.request.body().as_ref()
    }

    /// Method and path pattern, as `POST /v1/links`.
    #[must_use]
    pub fn route_key(&self) -> String {
        format!("{} {}", self.request.method(), self.pattern)
    }

    /// The `Idempotency-Key`, or `None` where the header is absent.
    ///
    /// # Errors
    /// `bad_request` naming the header.
    pub fn idempotency_key(&self) -> Result<Option<&str>, Problem> {
        let Some(value) = self.request.headers().get(idempotency::HEADER) else { return Ok(None) };
        let text = value.to_str().ok().filter(|text| idempotency::is_key(text));
        text.map(Some).ok_or_else(idempotency::malformed)
    }

    /// The form of the answer that `Accept` prefers; JSON where the header is absent.
    ///
    /// # Errors
    /// `bad_request` naming `Accept`. The contract has no code for 406, and the header is as
    /// much part of a request as a parameter.
    pub fn media(&self) -> Result<Media, Problem> {
        Media::accepted(&self.request)
    }

    /// The path and query of the page that a cursor leads to, for a `Link` header.
    #[must_use]
    pub fn next_page(&self, cursor: &str) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(self.query.iter().filter(|(name, _)| *name != "cursor"));
        pairs.append_pair("cursor", cursor);
        format!("{}?{}", self.request.uri().path(), pairs.finish())
    }

    /// A header's value, where it is there and is text.
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }
}

impl<R> Call<R> {
    /// Returns the place at which the list continues, or `None` at its beginning.
    ///
    /// A cursor is good for a day, for this caller, this route and these filters; `limit` and
    /// `Accept` may change from page to page.
    ///
    /// # Errors
    /// `bad_request` naming `cursor`.
    pub fn cursor<T: DeserializeOwned>(&self, signer: &Signer) -> Result<Option<T>, Problem> {
        let Some(token) = self.query.text("cursor") else { return Ok(None) };
        let opened = signer.open(Purpose::Cursor(&self.list()), &self.caller, token, self.now);
        opened.map(Some).map_err(|error| error.of_cursor())
    }

    /// The cursor to a place in this list, as [`Call::cursor`] reads it.
    ///
    /// # Errors
    /// `internal` if the place cannot be written as JSON.
    pub fn cursor_to<T: Serialize>(&self, signer: &Signer, place: &T) -> Result<String, Problem> {
        let expires_at = self.now.plus_millis(CURSOR_LIFETIME_MILLIS);
        signer.seal(Purpose::Cursor(&self.list()), &self.caller, place, expires_at).or_internal()
    }

    /// Names the list that a cursor belongs to: route and filters.
    fn list(&self) -> String {
        format!("{} {}", self.pattern, self.query.filters())
    }
}

#[cfg(test)]
mod tests {
    use types::LinkCode;

    use super::*;
    use crate::testing;

    const PATH: &str = "/v1/dashboard/referrals";

    fn signer() -> Signer {
        Signer::from_keys_text("a key of at least thirty-two bytes").unwrap()
    }

    fn call(target: &str) -> Call<()> {
        testing::call("GET", target, &[])
    }

    fn cursor() -> String {
        call(&format!("{PATH}?origin=recall")).cursor_to(&signer(), &("u7", 3)).unwrap()
    }

    fn resumed(call: &Call<()>) -> Result<Option<(String, u32)>, Problem> {
        call.cursor(&signer())
    }

    fn is_refused(call: &Call<()>) -> bool {
        resumed(call).is_err_and(|problem| problem.to_json()["parameter"] == "cursor")
    }

    #[test]
    fn list_continues_at_its_cursor() {
        assert_eq!(resumed(&call(PATH)).unwrap(), None);
        let next = call(&format!("{PATH}?limit=3&origin=recall&cursor={}", cursor()));
        assert_eq!(resumed(&next).unwrap(), Some(("u7".into(), 3)));
    }

    #[test]
    fn cursor_of_another_list_is_refused() {
        let cursor = cursor();
        assert!(is_refused(&call(&format!("{PATH}?cursor={cursor}"))));
        assert!(is_refused(&call(&format!("{PATH}?origin=signup&cursor={cursor}"))));
        let elsewhere = format!("/v1/dashboard/commissions?origin=recall&cursor={cursor}");
        assert!(is_refused(&call(&elsewhere)));
    }

    #[test]
    fn another_callers_cursor_is_refused() {
        let mut other = call(&format!("{PATH}?origin=recall&cursor={}", cursor()));
        other.caller = "somebody-else".parse().unwrap();
        assert!(is_refused(&other));
    }

    #[test]
    fn cursor_is_good_for_day_and_no_longer() {
        let mut late = call(&format!("{PATH}?origin=recall&cursor={}", cursor()));
        late.now = late.now.plus_millis(CURSOR_LIFETIME_MILLIS - 1);
        assert!(resumed(&late).is_ok());
        late.now = late.now.plus_millis(1);
        assert!(is_refused(&late));
    }

    #[test]
    fn cursor_lifetime_is_24_hours() {
        let day = "2026-11-23T12:00:00Z".parse::<Timestamp>().unwrap();
        assert_eq!(testing::now().plus_millis(CURSOR_LIFETIME_MILLIS), day);
    }

    #[test]
    fn body_and_route_are_those_of_request() {
        let mut call = testing::call("POST", "/v1/links/abc", &[]);
        call.pattern = "/v1/links/{code}";
        call.request = testing::request("POST", "/v1/links/abc", &[], " {} ");
        assert_eq!(call.body(), b" {} ");
        assert_eq!(call.route_key(), "POST /v1/links/{code}");
    }

    #[test]
    fn path_parameters_are_told_apart_by_name() {
        let mut call = call("/v1/links/ABCDE");
        call.path = vec![("other", "FGHJK".into()), ("code", "ABCDE".into())];
        assert_eq!(call.path::<LinkCode>("code").unwrap().as_str(), "ABCDE");
    }

    #[test]
    fn nonsense_is_no_cursor() {
        for text in ["", "x", "%00", "eyJhbGciOiJub25lIn0"] {
            assert!(is_refused(&call(&format!("{PATH}?cursor={text}"))), "{text}");
        }
    }

    #[test]
    fn next_page_replaces_only_cursor() {
        let call = call(&format!("{PATH}?origin=re%20call&cursor=old"));
        assert_eq!(call.next_page("new"), format!("{PATH}?origin=re+call&cursor=new"));
    }

    #[test]
    fn malformed_path_parameter_is_named() {
        let mut call = call("/v1/links/abc");
        call.path = vec![("code", "abc".into())];
        let problem = call.path::<LinkCode>("code").unwrap_err().to_json();
        assert_eq!(problem["parameter"], "code");
        assert!(!problem["detail"].as_str().unwrap().contains("abc"));
    }
}

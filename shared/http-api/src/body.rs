//! JSON bodies, read strictly.
//!
//! A type that is read here carries `#[serde(deny_unknown_fields)]`. An answer never repeats a
//! value of the client: it names the field and the form that was expected.

use lambda_http::Request;
use lambda_http::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use strict_json::Fault;

use crate::Problem;

/// The largest body, in bytes. A link's label and a confirmation need a tenth of it.
pub const MAX_BODY_BYTES: usize = 8 * 1024;

/// Field names longer than this are cut before they are repeated in an answer.
const MAX_NAME_CHARS: usize = 64;

/// Reads the body of a request as JSON.
pub(crate) fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    if !is_json(request) {
        return Err(Problem::bad("Content-Type", "The body must be application/json."));
    }
    let body: &[u8] = request.body().as_ref();
    if body.len() > MAX_BODY_BYTES {
        return Err(refused(format!("The body is longer than {MAX_BODY_BYTES} bytes.")));
    }
    // serde would take an array for an object whose fields are in order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(refused("The body must be a JSON object.".to_owned()));
    }
    parse(body)
}

fn is_json(request: &Request) -> bool {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = value.and_then(|text| text.split(';').next()).unwrap_or_default();
    media.trim().eq_ignore_ascii_case("application/json")
}

/// Reads JSON that is not a function's request: the sandbox has routes that take JSON.
///
/// # Errors
/// `bad_request` naming the field that is wrong; `body` where it is the whole.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    strict_json::parse(body).map_err(|error| match error.fault() {
        fault @ Fault::Syntax { .. } => refused(format!("The body {fault}.")),
        fault => of_field(error.field().unwrap_or("body"), fault),
    })
}

fn refused(detail: String) -> Problem {
    Problem::bad("body", detail)
}

fn of_field(name: &str, fault: &Fault) -> Problem {
    let name: String = name.chars().take(MAX_NAME_CHARS).collect();
    let detail = match name.as_str() {
        "" => format!("A field with an empty name {fault}."),
        name => format!("`{name}`: {fault}."),
    };
    Problem::bad(name, detail)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use types::LinkCode;

    use super::*;
    use crate::testing;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Wanted {
        link_code: LinkCode,
        size: u8,
        shared: Option<Shared>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Shared {
        spot: bool,
    }

    const GOOD: &str = r#"{"linkCode":"ABCDEFGH","size":7,"shared":{"spot":true}}"#;

    fn wrong(body: &str) -> (String, String) {
        let problem = send(Some("application/json"), body).unwrap_err().to_json();
        assert_eq!(problem["code"], "bad_request");
        (problem["parameter"].as_str().unwrap().into(), problem["detail"].as_str().unwrap().into())
    }

    fn send(media: Option<&str>, body: &str) -> Result<Wanted, Problem> {
        let headers: Vec<_> = media.into_iter().map(|media| ("content-type", media)).collect();
        read(&testing::request("POST", "/v1/links", &headers, body))
    }

    #[test]
    fn good_body_is_read() {
        let wanted = send(Some("application/json; charset=utf-8"), GOOD).unwrap();
        assert_eq!((wanted.link_code.as_str(), wanted.size), ("ABCDEFGH", 7));
        assert!(wanted.shared.is_some_and(|shared| shared.spot));
    }

    #[test]
    fn another_or_no_content_type_is_refused() {
        for media in [None, Some("text/plain"), Some("application/jsonp"), Some("")] {
            let problem = send(media, GOOD).unwrap_err().to_json();
            assert_eq!(problem["parameter"], "Content-Type", "{media:?}");
        }
    }

    #[test]
    fn body_of_8192_bytes_is_largest() {
        let padded = |length: usize| format!("{GOOD}{}", " ".repeat(length - GOOD.len()));
        assert!(send(Some("application/json"), &padded(8192)).is_ok());
        let problem = send(Some("application/json"), &padded(8193)).unwrap_err().to_json();
        assert_eq!(problem["detail"], "The body is longer than 8192 bytes.");
    }

    #[test]
    fn invalid_json_is_refused_with_its_place() {
        for body in ["{", "{]", "{nonsense}", &format!("{GOOD} 1"), &format!("{GOOD}}}")] {
            let (name, detail) = wrong(body);
            assert_eq!(name, "body", "{body}");
            assert!(detail.starts_with("The body is not JSON: see line 1, column"), "{detail}");
        }
        assert!(parse::<Wanted>(b"{\"size\":\"\xff\xfe\"}").is_err());
    }

    #[test]
    fn json_other_than_object_is_refused() {
        for body in ["", "null", "[]", "[\"ABCDEFGH\",7,null]", "nonsense", "\u{0}", "7"] {
            let (name, detail) = wrong(body);
            assert_eq!(
                (name.as_str(), detail.as_str()),
                ("body", "The body must be a JSON object.")
            );
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let nested = |open: &str| wrong(&format!("{{\"shared\":{}", open.repeat(1000))).0;
        assert_eq!(nested("{\"spot\":"), "shared.spot");
        assert_eq!(nested("["), "shared[0]");
    }

    #[test]
    fn wrong_fields_are_named() {
        let (name, detail) = wrong(r#"{"linkCode":"ABCDEFGH","size":7,"inviter":"u1"}"#);
        assert_eq!((name.as_str(), detail.as_str()), ("inviter", "`inviter`: is unknown."));
        assert_eq!(wrong(r#"{"size":7}"#).1, "`linkCode`: is missing.");
        assert_eq!(wrong(r#"{"size":7,"size":8}"#).0, "size");
        assert_eq!(wrong(&GOOD.replace("\"spot\"", "\"margin\"")).0, "shared.margin");
        assert_eq!(wrong(&GOOD.replace("\"spot\":true", "")).0, "shared.spot");
    }

    const WHOLE: &str = "`size`: expected a whole number in range.";

    #[test]
    fn wrong_value_is_named_and_not_repeated() {
        let (name, detail) = wrong(&GOOD.replace("ABCDEFGH", "secret"));
        assert_eq!(name, "linkCode");
        let expected = "`linkCode`: expected a link code: 5 to 16 upper-case letters and digits.";
        assert_eq!(detail, expected);
        assert_eq!(wrong(&GOOD.replace('7', "\"seven\"")).1, WHOLE);
        assert_eq!(wrong(&GOOD.replace('7', "256")).1, WHOLE);
        assert_eq!(wrong(&GOOD.replace("true", "1")).1, "`shared.spot`: expected a boolean.");
        let flat = GOOD.replace("{\"spot\":true}", "\"spot\"");
        assert_eq!(wrong(&flat).1, "`shared`: expected an object.");
    }
}

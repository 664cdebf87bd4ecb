//! `Idempotency-Key`: the caller's name for a request that may be sent again.

use lambda_http::http::HeaderName;

use crate::Problem;

/// The header's name.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in characters.
pub const MAX_IDEMPOTENCY_KEY_CHARS: usize = 64;

/// Returns whether a text is a key: 1 to 64 visible ASCII characters.
pub(crate) fn is_key(text: &str) -> bool {
    (1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns the problem to answer for a header that is no key.
pub(crate) fn malformed() -> Problem {
    let expected = format!("expected 1 to {MAX_IDEMPOTENCY_KEY_CHARS} visible ASCII characters");
    Problem::bad("Idempotency-Key", format!("`Idempotency-Key`: {expected}."))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    fn key(value: &str) -> Result<Option<String>, String> {
        let call = testing::call("POST", "/v1/links", &[("Idempotency-Key", value)]);
        let read = call.idempotency_key().map(|key| key.map(str::to_owned));
        read.map_err(|problem| problem.to_json()["parameter"].as_str().unwrap().to_owned())
    }

    #[test]
    fn absent_header_is_no_key() {
        let call = testing::call("POST", "/v1/links", &[]);
        assert_eq!(call.idempotency_key().unwrap(), None);
    }

    #[test]
    fn key_has_1_to_64_visible_characters() {
        for text in ["!", "~", "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"", &"k".repeat(64)] {
            assert_eq!(key(text), Ok(Some(text.to_owned())));
        }
    }

    #[test]
    fn malformed_key_names_header() {
        for text in ["", " ", "a b", "a\tb", "k\u{e9}", &"k".repeat(65)] {
            assert_eq!(key(text), Err("Idempotency-Key".to_owned()), "{text:?}");
        }
    }
}

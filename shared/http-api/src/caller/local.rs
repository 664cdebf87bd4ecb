//! The caller by a token of the sandbox's issuer, for emulators that have no authorizer.
//!
//! Compiled in debug builds only; see the parent module.

use std::path::Path;

use lambda_http::Request;
use lambda_http::http::header::AUTHORIZATION;
use types::{Timestamp, Uid};

use crate::jwt::{self, Keys, SANDBOX_AUDIENCE, SANDBOX_ISSUER};

/// The subject of the request's bearer token, by the keys in the file at `path`.
///
/// The file is read each time: a sandbox that starts anew writes new keys.
pub(super) fn subject(request: &Request, path: &Path, now: Timestamp) -> Option<Uid> {
    let token = bearer(request)?;
    let keys = keys(path)?;
    match jwt::verify(token, &keys, SANDBOX_ISSUER, SANDBOX_AUDIENCE, now) {
        Ok(claims) => Some(claims.subject),
        Err(error) => {
            tracing::warn!(%error, "a sandbox token is refused");
            None
        }
    }
}

fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn keys(path: &Path) -> Option<Keys> {
    let read = std::fs::read(path).map_err(|error| error.to_string());
    let keys = read.and_then(|text| serde_json::from_slice(&text).map_err(|e| e.to_string()));
    keys.inspect_err(|error| {
        tracing::warn!(%error, "SANDBOX_JWKS names no file of keys; does the sandbox run?");
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, issuer};

    fn subject_of(header: Option<&str>, path: &Path) -> Option<String> {
        let headers: Vec<_> = header.into_iter().map(|value| ("authorization", value)).collect();
        let request = testing::request("GET", "/v1/link", &headers, "");
        subject(&request, path, testing::now()).map(|uid| uid.to_string())
    }

    fn keys_file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_token_of_the_sandbox_tells_its_user() {
        let file = keys_file(&serde_json::to_string(&issuer::keys()).unwrap());
        let token = issuer::sign(&issuer::claims());
        for scheme in ["Bearer", "bearer"] {
            let found = subject_of(Some(&format!("{scheme} {token}")), file.path());
            assert_eq!(found.as_deref(), Some("u1"));
        }
    }

    #[test]
    fn without_a_good_token_there_is_no_caller() {
        let file = keys_file(&serde_json::to_string(&issuer::keys()).unwrap());
        let token = issuer::sign(&issuer::claims());
        let bad = [None, Some("Bearer "), Some("Bearer x.y.z"), Some("Basic dTE6cA==")];
        for header in bad.into_iter().chain([Some(token.as_str())]) {
            assert_eq!(subject_of(header, file.path()), None, "{header:?}");
        }
    }

    #[test]
    fn a_missing_or_damaged_file_of_keys_lets_nobody_in() {
        let header = format!("Bearer {}", issuer::sign(&issuer::claims()));
        assert_eq!(subject_of(Some(&header), Path::new("/no/such/file")), None);
        for text in ["", "{}", "{\"keys\":[]}", "{\"keys\":[{}]}"] {
            assert_eq!(subject_of(Some(&header), keys_file(text).path()), None, "{text}");
        }
    }
}

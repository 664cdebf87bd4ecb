//! Who calls.
//!
//! In AWS the API's JWT authorizer has verified the access token before a function is called, and
//! hands its claims over in the request's context. That context is written by API Gateway alone:
//! no header, parameter or body of a client can reach it. The caller is its claim `sub`.
//!
//! # The local fallback, and why it cannot be switched on in a deployed function
//!
//! `cargo lambda watch` emulates no authorizer: its requests have no authorizer block at all. For
//! it, and for it only, a bearer token of the sandbox's issuer is verified here. Three locks keep
//! this path out of a deployed function, and each is enough by itself:
//!
//! 1. it is compiled under `cfg(debug_assertions)` only: the released function, as
//!    `cargo lambda build --release` and `sam build` make it, does not contain it;
//! 2. the environment variable `SANDBOX_JWKS` must name the file of public keys that the sandbox
//!    writes (`.sandbox/jwks.json`); `template.yaml` sets no such variable and ships no such file;
//! 3. where the request has an authorizer block, whatever is in it, the fallback is not asked.

use std::ffi::OsString;

use lambda_http::{Request, RequestExt};
use types::{Timestamp, Uid};

use crate::{Code, Problem};

#[cfg(debug_assertions)]
mod local;

/// The user who calls: the `sub` of a verified access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(pub Uid);

impl Caller {
    /// The caller of a request.
    ///
    /// # Errors
    /// `unauthenticated` where no verified token tells a well-formed user id.
    pub fn of(request: &Request, now: Timestamp) -> Result<Self, Problem> {
        Self::identify(request, now, || std::env::var_os("SANDBOX_JWKS"))
    }

    /// `sandbox_keys` tells the path of the sandbox's public keys, if it is set.
    fn identify(
        request: &Request,
        now: Timestamp,
        sandbox_keys: impl FnOnce() -> Option<OsString>,
    ) -> Result<Self, Problem> {
        let uid = match authorizer_subject(request) {
            Authorizer::Subject(subject) => subject.parse().ok(),
            Authorizer::NoSubject => None,
            Authorizer::Absent => without_authorizer(request, now, sandbox_keys),
        };
        uid.map(Self).ok_or_else(|| Code::Unauthenticated.into())
    }
}

/// What the request's context tells of the authorizer.
enum Authorizer<'a> {
    Subject(&'a str),
    NoSubject,
    Absent,
}

fn authorizer_subject(request: &Request) -> Authorizer<'_> {
    let context = request.request_context_ref();
    let Some(authorizer) = context.and_then(|context| context.authorizer()) else {
        return Authorizer::Absent;
    };
    let subject = authorizer.jwt.as_ref().and_then(|jwt| jwt.claims.get("sub"));
    subject.map_or(Authorizer::NoSubject, |subject| Authorizer::Subject(subject))
}

#[cfg(debug_assertions)]
fn without_authorizer(
    request: &Request,
    now: Timestamp,
    sandbox_keys: impl FnOnce() -> Option<OsString>,
) -> Option<Uid> {
    local::subject(request, sandbox_keys()?.as_ref(), now)
}

#[cfg(not(debug_assertions))]
fn without_authorizer(
    _: &Request,
    _: Timestamp,
    _: impl FnOnce() -> Option<OsString>,
) -> Option<Uid> {
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::{self, issuer};

    fn caller(authorizer: Option<Value>, headers: &[(&str, &str)]) -> Result<Caller, Code> {
        let request = testing::request_with(authorizer, "GET", "/v1/link?uid=u9&sub=u9", headers);
        Caller::of(&request, testing::now()).map_err(|problem| problem.code())
    }

    #[test]
    fn the_caller_is_the_sub_of_the_authorizers_claims() {
        let found = caller(Some(json!({ "jwt": { "claims": { "sub": "u1" } } })), &[]).unwrap();
        assert_eq!(found.0.as_str(), "u1");
    }

    #[test]
    fn nothing_else_tells_a_caller() {
        let headers = [("x-user-id", "u9"), ("authorization", "u9"), ("sub", "u9")];
        let others = [
            None,
            Some(json!({})),
            Some(json!({ "jwt": {} })),
            Some(json!({ "jwt": { "claims": {} } })),
            Some(json!({ "jwt": { "claims": { "uid": "u9", "Sub": "u9" } } })),
            Some(json!({ "jwt": { "claims": { "sub": "" } } })),
            Some(json!({ "jwt": { "claims": { "sub": "not a uid" } } })),
            Some(json!({ "lambda": { "sub": "u9" } })),
            Some(json!({ "iam": { "userId": "u9" } })),
        ];
        for authorizer in others {
            let found = caller(authorizer.clone(), &headers);
            assert_eq!(found, Err(Code::Unauthenticated), "{authorizer:?}");
        }
    }

    #[test]
    fn sub_of_64_characters_is_a_caller_and_of_65_is_not() {
        let with = |sub: String| caller(Some(json!({ "jwt": { "claims": { "sub": sub } } })), &[]);
        assert!(with("u".repeat(64)).is_ok());
        assert_eq!(with("u".repeat(65)), Err(Code::Unauthenticated));
    }

    /// Asks with a good token of the sandbox, and with its keys where the variable names them.
    fn with_sandbox_token(authorizer: Option<Value>, variable: bool) -> Result<Caller, Code> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), serde_json::to_string(&issuer::keys()).unwrap()).unwrap();
        let header = format!("Bearer {}", issuer::sign(&issuer::claims()));
        let headers = [("authorization", header.as_str())];
        let request = testing::request_with(authorizer, "GET", "/v1/link", &headers);
        let keys = || variable.then(|| file.path().as_os_str().to_owned());
        Caller::identify(&request, testing::now(), keys).map_err(|problem| problem.code())
    }

    #[test]
    fn the_sandboxs_token_is_taken_in_debug_builds_only() {
        let found = with_sandbox_token(None, true);
        if cfg!(debug_assertions) {
            assert_eq!(found, Ok(Caller("u1".parse().unwrap())));
        } else {
            assert_eq!(found, Err(Code::Unauthenticated));
        }
    }

    #[test]
    fn the_sandboxs_token_is_not_taken_without_its_variable() {
        assert_eq!(with_sandbox_token(None, false), Err(Code::Unauthenticated));
    }

    #[test]
    fn the_sandboxs_token_is_not_taken_where_there_is_an_authorizer() {
        for block in [json!({}), json!({ "jwt": { "claims": {} } }), json!({ "iam": {} })] {
            let found = with_sandbox_token(Some(block), true);
            assert_eq!(found, Err(Code::Unauthenticated));
        }
    }
}

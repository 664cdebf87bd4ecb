//! The caller of a request.
//!
//! In AWS the API's JWT authorizer verifies the access token before a function is invoked, and
//! passes its claims in the request context. Only API Gateway writes that context: no header,
//! parameter or body of a client can change it. The caller is the claim `sub`.

use lambda_http::{Request, RequestExt};
use types::Uid;

use crate::{Code, Problem};

/// The calling user: the `sub` of a verified access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(pub Uid);

impl Caller {
    /// Returns the caller of a request.
    ///
    /// # Errors
    /// `unauthenticated` if the context has no claim `sub`, or one that is not a user id.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let subject = subject(request).and_then(|subject| subject.parse().ok());
        subject.map(Self).ok_or_else(|| Code::Unauthenticated.into())
    }
}

fn subject(request: &Request) -> Option<&str> {
    let authorizer = request.request_context_ref()?.authorizer()?;
    authorizer.jwt.as_ref()?.claims.get("sub").map(String::as_str)
}

/// The callers that a route admits.
pub trait Admit: Sized {
    /// Returns the caller of a request.
    ///
    /// # Errors
    /// The problem to answer for a request that the route does not admit.
    fn admit(request: &Request) -> Result<Self, Problem>;
}

/// The user of a verified access token.
impl Admit for Uid {
    fn admit(request: &Request) -> Result<Self, Problem> {
        Caller::of(request).map(|caller| caller.0)
    }
}

/// The caller of a route that needs no token. A token that is sent nevertheless is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anyone;

impl Admit for Anyone {
    fn admit(_: &Request) -> Result<Self, Problem> {
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing;

    fn caller(authorizer: Option<Value>, headers: &[(&str, &str)]) -> Result<Caller, Code> {
        let request = testing::request_with(authorizer, "GET", "/v1/link?uid=u9&sub=u9", headers);
        Caller::of(&request).map_err(|problem| problem.code())
    }

    #[test]
    fn caller_is_sub_of_authorizer_claims() {
        let found = caller(Some(json!({ "jwt": { "claims": { "sub": "u1" } } })), &[]).unwrap();
        assert_eq!(found.0.as_str(), "u1");
    }

    #[test]
    fn other_claims_and_headers_are_ignored() {
        let headers = [("x-user-id", "u9"), ("authorization", "Bearer u9"), ("sub", "u9")];
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
    fn sub_has_at_most_64_characters() {
        let with = |sub: String| caller(Some(json!({ "jwt": { "claims": { "sub": sub } } })), &[]);
        assert!(with("u".repeat(64)).is_ok());
        assert_eq!(with("u".repeat(65)), Err(Code::Unauthenticated));
    }
}

//! The closed list of codes that a problem can carry.

use std::fmt;

use lambda_http::http::StatusCode;
use types::Reason;

/// The kind of a problem, as clients match on it. It alone determines the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// A bind is refused for a reason of the programme, or a route for the same reason.
    Reason(Reason),
    /// No access token, or one that does not hold.
    Unauthenticated,
    /// The caller is known and may not do this.
    Forbidden,
    /// The path, or the resource that it names, does not exist for this caller.
    NotFound,
    /// The path exists, with other methods.
    MethodNotAllowed,
    /// A parameter, header or body is not as documented.
    BadRequest,
    /// The confirmation was not given to this user for this purpose.
    ConfirmationInvalid,
    /// The confirmation was good, and its ten minutes are over.
    ConfirmationExpired,
    /// Something else changed the same thing first.
    Conflict,
    /// The caller has as many links as the programme allows.
    TooManyLinks,
    /// Too many requests at once.
    Throttled,
    /// An operator has stopped all binds.
    BindsStopped,
    /// An operator has stopped binds by this link.
    LinkStopped,
    /// An operator has stopped the caller's new links.
    LinksStopped,
    /// An internal fault. Its cause is logged and never answered.
    Internal,
    /// The caller sent another body with the same `Idempotency-Key` less than a day before.
    IdempotencyKeyReused,
}

impl Code {
    /// The codes beside the reasons.
    const OWN: [Self; 15] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::BadRequest,
        Self::ConfirmationInvalid,
        Self::ConfirmationExpired,
        Self::Conflict,
        Self::TooManyLinks,
        Self::Throttled,
        Self::Internal,
        Self::IdempotencyKeyReused,
        Self::BindsStopped,
        Self::LinkStopped,
        Self::LinksStopped,
    ];

    /// Every code that an answer can carry: the reasons that refuse a bind, then the API's own.
    pub fn all() -> impl Iterator<Item = Self> {
        let reasons = Reason::ALL.iter().copied().filter(|reason| reason.refuses_bind());
        reasons.map(Self::Reason).chain(Self::OWN)
    }

    /// The stable text, as `already_bound`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reason(reason) => reason.code(),
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::BadRequest => "bad_request",
            Self::ConfirmationInvalid => "confirmation_invalid",
            Self::ConfirmationExpired => "confirmation_expired",
            Self::Conflict => "conflict",
            Self::TooManyLinks => "too_many_links",
            Self::Throttled => "throttled",
            Self::BindsStopped => "binds_stopped",
            Self::LinkStopped => "link_stopped",
            Self::LinksStopped => "links_stopped",
            Self::Internal => "internal",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
        }
    }

    /// The HTTP status: always a client's or a server's error.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Reason(reason) => reason_status(reason),
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::ConfirmationInvalid | Self::ConfirmationExpired | Self::IdempotencyKeyReused => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::Conflict | Self::TooManyLinks => StatusCode::CONFLICT,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::BindsStopped | Self::LinkStopped | Self::LinksStopped => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns whether a kill switch refused the request: the service works as intended.
    #[must_use]
    pub const fn is_stop(self) -> bool {
        matches!(self, Self::BindsStopped | Self::LinkStopped | Self::LinksStopped)
    }

    /// One sentence for a person, the same for every problem of this code.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Reason(reason) => reason.sentence(),
            Self::Unauthenticated => "A valid access token is needed.",
            Self::Forbidden => "This is not yours to see or to change.",
            Self::NotFound => "There is nothing here.",
            Self::MethodNotAllowed => "This path exists, but not with this method.",
            Self::BadRequest => "The request is not as documented.",
            Self::ConfirmationInvalid => {
                "This confirmation was not given to you for this; open the link again."
            }
            Self::ConfirmationExpired => "The confirmation has expired; open the link again.",
            Self::Conflict => "Something changed at the same moment; look again and retry.",
            Self::TooManyLinks => "You have as many links as the programme allows.",
            Self::Throttled => "Too many requests at once; retry in a moment.",
            Self::BindsStopped => "No invitation can be accepted for now; try again later.",
            Self::LinkStopped => "This link is stopped for now; try again later.",
            Self::LinksStopped => "You can make no new links for now; try again later.",
            Self::Internal => "Something went wrong on our side; retrying is safe.",
            Self::IdempotencyKeyReused => {
                "This idempotency key was used for another request; use a new one."
            }
        }
    }
}

/// Missing is 404, not admitted 403, taken 409; an unmet rule is 422.
const fn reason_status(reason: Reason) -> StatusCode {
    match reason {
        Reason::AlreadyBound => StatusCode::CONFLICT,
        Reason::UnknownLink => StatusCode::NOT_FOUND,
        Reason::UnknownAccount | Reason::InviterNotAffiliate => StatusCode::FORBIDDEN,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Reason> for Code {
    fn from(reason: Reason) -> Self {
        Self::Reason(reason)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_code_is_success() {
        for code in Code::all() {
            let status = code.status();
            assert!(status.is_client_error() || status.is_server_error(), "{code}");
        }
    }

    #[test]
    fn every_code_is_its_own_and_has_sentence() {
        let codes: BTreeSet<_> = Code::all().map(Code::as_str).collect();
        assert_eq!(codes.len(), 13 + 15);
        for code in Code::all() {
            assert!(code.sentence().ends_with('.'), "{code}");
            assert_eq!(code.to_string(), code.as_str());
        }
    }

    #[test]
    fn reason_answers_with_status_of_its_kind() {
        let status = |reason| Code::Reason(reason).status().as_u16();
        assert_eq!(status(Reason::AlreadyBound), 409);
        assert_eq!(status(Reason::UnknownLink), 404);
        assert_eq!(status(Reason::UnknownAccount), 403);
        assert_eq!(status(Reason::InviterNotAffiliate), 403);
        assert_eq!(status(Reason::AccountTooYoung), 422);
        assert_eq!(status(Reason::RegionBlockedInvitee), 422);
    }
}

//! Errors of the table, and the meaning of a failed condition.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};

/// A failure of the table. None of these is an answer to a question about the programme.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// DynamoDB asks us to slow down, or left work undone after our retries. Try again later.
    #[error("the table is throttled: {0}")]
    Throttled(String),
    /// An item was changed between our read and our write, more often than we retry.
    #[error("an item kept changing under the write: {0}")]
    Contended(&'static str),
    /// An item does not decode as the kind that its key names.
    #[error("a stored {what} cannot be read: {why}")]
    Corrupt {
        /// The kind of item.
        what: &'static str,
        /// The decoder's message.
        why: String,
    },
    /// An item was written in a form that this code does not know, as a newer release writes it.
    #[error("a stored {what} has form {form}, and this code reads form {known}")]
    UnknownSchemaVersion {
        /// The kind of item.
        what: &'static str,
        /// The number of its form.
        form: String,
        /// The number of the form that this code reads.
        known: u8,
    },
    /// DynamoDB refuses the request, and refuses it again however often it comes: an item is too
    /// large, or a value is not allowed.
    #[error("DynamoDB refuses the request: {0}")]
    Rejected(String),
    /// Any other failure of the service or the connection.
    #[error("DynamoDB failed: {0}")]
    Service(String),
}

impl TableError {
    /// A stable word for the kind of failure, as error types and metrics spell it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Throttled(_) | Self::Contended(_) => "Throttled",
            Self::Corrupt { .. } => "Corrupt",
            Self::UnknownSchemaVersion { .. } => "UnknownSchemaVersion",
            Self::Rejected(_) => "Rejected",
            Self::Service(_) => "Service",
        }
    }

    /// Whether the failure is of one item and stays however often it is tried.
    #[must_use]
    pub const fn is_of_item(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::UnknownSchemaVersion { .. } | Self::Rejected(_))
    }

    /// Whether an item cannot be read, however often it is tried.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::UnknownSchemaVersion { .. })
    }

    /// Returns the error of an item of the kind `what` that does not decode.
    pub(crate) fn corrupt(what: &'static str, why: impl std::fmt::Display) -> Self {
        Self::Corrupt { what, why: why.to_string() }
    }
}

const THROTTLES: &[&str] = &[
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    // A single write met a transaction: nothing is wrong, and the next try will do.
    "TransactionConflictException",
];

const REJECTIONS: &[&str] = &[
    "ValidationException",
    "ItemCollectionSizeLimitExceededException",
    // As a cancelled transaction's reasons spell them.
    "ValidationError",
    "ItemCollectionSizeLimitExceeded",
];

impl<E> From<SdkError<E>> for TableError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    SdkError<E>: RequestId,
{
    fn from(error: SdkError<E>) -> Self {
        let is_one_of = |codes: &[&str]| error.code().is_some_and(|code| codes.contains(&code));
        let (throttled, rejected) = (is_one_of(THROTTLES), is_one_of(REJECTIONS));
        let text = with_causes(&error, error.request_id());
        match (throttled, rejected) {
            (true, _) => Self::Throttled(text),
            (_, true) => Self::Rejected(text),
            _ => Self::Service(text),
        }
    }
}

/// An error with all its causes. The raw answer is left out: it may hold items, and ids of people.
fn with_causes(error: &dyn std::error::Error, request: Option<&str>) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.dedup();
    let request = request.map_or(String::new(), |id| format!(" (request {id})"));
    texts.join(": ") + &request
}

/// Why a transaction was not made.
pub(crate) enum Refused {
    /// The action at this place had a condition that did not hold; the item as it was, if any.
    Condition { place: usize, item: Option<HashMap<String, AttributeValue>> },
    /// Another transaction was at one of the items; try again.
    Conflict,
    /// Anything else.
    Failed(TableError),
}

/// Interprets a cancelled transaction, whose reasons DynamoDB lists by position.
pub(crate) fn refused(error: SdkError<TransactWriteItemsError>) -> Refused {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        let retry = error.code().is_some_and(|code| code == "TransactionInProgressException");
        return if retry { Refused::Conflict } else { Refused::Failed(error.into()) };
    };
    let reasons = cancelled.cancellation_reasons();
    let code_at = |code: &str| reasons.iter().position(|reason| reason.code() == Some(code));
    if let Some(place) = code_at("ConditionalCheckFailed") {
        let item = reasons.get(place).and_then(CancellationReason::item).cloned();
        return Refused::Condition { place, item };
    }
    if code_at("TransactionConflict").is_some() {
        return Refused::Conflict;
    }
    if reasons.iter().any(|r| r.code().is_some_and(|code| THROTTLES.contains(&code))) {
        return Refused::Failed(TableError::Throttled("in a transaction".to_owned()));
    }
    let rejected = reasons.iter().find(|r| r.code().is_some_and(|code| REJECTIONS.contains(&code)));
    if let Some(reason) = rejected {
        let message = reason.message().unwrap_or("an item of a transaction").to_owned();
        return Refused::Failed(TableError::Rejected(message));
    }
    Refused::Failed(error.into())
}

//! Errors of the table, and the meaning of a failed condition.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::num::{ParseIntError, TryFromIntError};

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};
use commission::TooMany;
use fee_chunks::ChunkError;
use types::Malformed;

/// A failure of the table. None of these is an answer to a question about the programme.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// DynamoDB asks us to slow down, or left work undone after our retries. Try again later.
    #[error("the table is throttled")]
    Throttled(#[source] CallError),
    /// An item was changed between our read and our write, more often than we retry.
    #[error("an item kept changing under the write: {0}")]
    Contended(&'static str),
    /// An item does not decode as the kind that its key names.
    #[error("a stored {what} cannot be read")]
    Corrupt {
        /// The kind of item.
        what: &'static str,
        /// The fault.
        #[source]
        fault: ItemFault,
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
    #[error("DynamoDB refuses the request")]
    Rejected(#[source] CallError),
    /// Any other failure of the service or the connection.
    #[error("DynamoDB failed")]
    Service(#[source] CallError),
}

/// The cause of a failed call.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The call failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The request cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// DynamoDB left a part of the work undone in each of some tries.
    #[error("work was left undone after {0} tries")]
    LeftUndone(u32),
    /// DynamoDB refused an action of a transaction, or of a batch.
    #[error("an action of a transaction or batch: {0}")]
    Action(String),
    /// A batch has another number of outcomes than of writes.
    #[error("{outcomes} outcomes of {writes} writes")]
    Outcomes {
        /// The writes.
        writes: usize,
        /// The outcomes.
        outcomes: usize,
    },
    /// An item to be written has no key.
    #[error("an item has no key")]
    Keyless,
    /// A worker cannot hold the fees of a shard.
    #[error(transparent)]
    TooManyFees(#[from] TooMany),
}

/// An error of the SDK, with its cause. The raw answer is left out, and the cause is not in the
/// debug output: both may hold items, and ids of people.
#[derive(thiserror::Error)]
#[error("{kind}{}", .id.as_ref().map_or(String::new(), |id| format!(" (request {id})")))]
pub struct RequestError {
    kind: String,
    id: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Debug for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestError({})", types::error_chain(self))
    }
}

/// The reason why an item does not decode as the kind that its key names.
#[derive(Debug, thiserror::Error)]
pub enum ItemFault {
    /// Its key, its attributes or its parts are not those of its kind.
    #[error("{0}")]
    Shape(&'static str),
    /// Its attributes do not decode.
    #[error(transparent)]
    Attributes(#[from] serde_dynamo::Error),
    /// Its content does not decode.
    #[error(transparent)]
    Content(#[from] postcard::Error),
    /// Its JSON does not decode.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Its fees do not decode.
    #[error(transparent)]
    Fees(#[from] ChunkError),
    /// A number in it is malformed.
    #[error(transparent)]
    Number(#[from] ParseIntError),
    /// A number in it is too large.
    #[error(transparent)]
    Size(#[from] TryFromIntError),
    /// An id in it is malformed.
    #[error(transparent)]
    Id(#[from] Malformed),
}

impl From<&'static str> for ItemFault {
    fn from(fault: &'static str) -> Self {
        Self::Shape(fault)
    }
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
    pub(crate) fn corrupt(what: &'static str, fault: impl Into<ItemFault>) -> Self {
        Self::Corrupt { what, fault: fault.into() }
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
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    SdkError<E>: RequestId,
{
    fn from(error: SdkError<E>) -> Self {
        let is_one_of = |codes: &[&str]| error.code().is_some_and(|code| codes.contains(&code));
        let (throttled, rejected) = (is_one_of(THROTTLES), is_one_of(REJECTIONS));
        let cause = CallError::Request(error.into());
        match (throttled, rejected) {
            (true, _) => Self::Throttled(cause),
            (_, true) => Self::Rejected(cause),
            _ => Self::Service(cause),
        }
    }
}

impl<E> From<SdkError<E>> for RequestError
where
    E: Error + Send + Sync + 'static,
    SdkError<E>: RequestId,
{
    fn from(error: SdkError<E>) -> Self {
        let (kind, id) = (error.to_string(), error.request_id().map(str::to_owned));
        Self { kind, id, source: error.into_source().ok() }
    }
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
    let cause = |codes: &[&str]| {
        let is_one = |code: &str| codes.contains(&code);
        let reason = reasons.iter().find(|reason| reason.code().is_some_and(is_one))?;
        let text = reason.message().or(reason.code()).unwrap_or_default();
        Some(CallError::Action(text.to_owned()))
    };
    if let Some(cause) = cause(THROTTLES) {
        return Refused::Failed(TableError::Throttled(cause));
    }
    if let Some(cause) = cause(REJECTIONS) {
        return Refused::Failed(TableError::Rejected(cause));
    }
    Refused::Failed(error.into())
}

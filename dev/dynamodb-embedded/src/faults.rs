//! Faults of network and service, which an embedded engine does not have by itself.

use std::fmt;

use aws_smithy_runtime_api::client::result::ConnectorError;
use dynoxide::DynoxideError;
use serde_json::{Map, Value, json};

/// The message of the errors that faults cause.
const MESSAGE: &str = "an injected fault";

/// A fault of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The service answers this error, as `ThrottlingException`, and does nothing.
    Refused(&'static str),
    /// Another transaction is at one of the items: the service cancels this one, or refuses the
    /// single write, and does nothing.
    Conflict,
    /// The service fails with status 500 and does nothing.
    Failed,
    /// The connection breaks before the service has the request.
    RequestLost,
    /// The service processes the request, and the connection breaks before the answer.
    ReplyLost,
    /// The connection breaks, and the request reaches the service all the same, so many calls
    /// later.
    RequestLate(usize),
    /// A batch or a page ends after this number of items. The others are returned as unprocessed;
    /// statements of a batch are answered as throttled.
    EndsAfter(usize),
}

/// Chooses the fault of each call.
pub trait Faults: fmt::Debug + Send + Sync + 'static {
    /// The fault of the next call, if it has one.
    fn next(&self, operation: &str) -> Option<Fault>;
}

impl Fault {
    /// Returns the error that replaces the answer, if the fault causes one.
    pub(crate) fn lost(&self) -> Option<ConnectorError> {
        let said = match self {
            Self::RequestLost => "the connection broke before the request was sent",
            Self::RequestLate(_) => "the connection broke while the request was sent",
            Self::ReplyLost => "the connection broke before the reply came",
            _ => return None,
        };
        Some(ConnectorError::io(said.into()))
    }

    /// The error that the service answers, where it answers one.
    pub(crate) fn refusal(&self, operation: &str) -> Option<(u16, String)> {
        match self {
            Self::Refused(kind) => Some((400, error_body(kind, "ConditionalCheckFailed"))),
            Self::Conflict => {
                let of_transaction = operation == "TransactWriteItems";
                let kind = match of_transaction {
                    true => "TransactionCanceledException",
                    false => "TransactionConflictException",
                };
                Some((400, error_body(kind, "TransactionConflict")))
            }
            Self::Failed => {
                let error = DynoxideError::InternalServerError(MESSAGE.to_owned());
                Some((error.status_code(), error.to_json()))
            }
            _ => None,
        }
    }
}

/// An error; of a transaction, with the reason why its first action cancelled it.
fn error_body(kind: &str, first_reason: &str) -> String {
    json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"),
        "message": MESSAGE,
        "CancellationReasons": [{ "Code": first_reason }, { "Code": "None" }],
    })
    .to_string()
}

/// A request that ends early, and its unprocessed part.
pub(crate) struct Shortened {
    pub(crate) request: Vec<u8>,
    empty: bool,
    left: Left,
}

/// The unprocessed part of a request.
enum Left {
    /// The rest of a page, which the reader asks for.
    Page,
    /// Items, in the member of this name.
    Items(&'static str, Map<String, Value>),
    /// A number of statements, each of which has an error of its own.
    Statements(usize),
}

impl Shortened {
    /// The request with its first `items` items, where it is one that may end early.
    pub(crate) fn of(operation: &str, body: &[u8], items: usize) -> Option<Self> {
        let mut request: Value = serde_json::from_slice(body).ok()?;
        let left = match operation {
            "Query" => {
                let limit = request.get("Limit").and_then(Value::as_u64).unwrap_or(u64::MAX);
                let limit = limit.min(items.max(1) as u64);
                request.as_object_mut()?.insert("Limit".to_owned(), limit.into());
                Left::Page
            }
            "BatchGetItem" => Left::Items("UnprocessedKeys", cut(&mut request, items, true)?),
            "BatchWriteItem" => Left::Items("UnprocessedItems", cut(&mut request, items, false)?),
            "BatchExecuteStatement" => {
                let statements = request.get_mut("Statements")?.as_array_mut()?;
                let rest = statements.split_off(items.min(statements.len()));
                Left::Statements(rest.len())
            }
            _ => return None,
        };
        let empty = !matches!(left, Left::Page) && items == 0;
        Some(Self { request: request.to_string().into_bytes(), empty, left })
    }

    /// Whether nothing at all is done.
    pub(crate) const fn is_empty(&self) -> bool {
        self.empty
    }

    /// Returns the engine's answer with the unprocessed part.
    pub(crate) fn answer(self, answer: String) -> String {
        let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(&answer) else {
            return answer;
        };
        match self.left {
            Left::Page => return answer,
            Left::Items(name, left) => {
                members.insert(name.to_owned(), left.into());
            }
            Left::Statements(left) => {
                let throttled = json!({ "Error": {
                    "Code": "ThrottlingError",
                    "Message": MESSAGE,
                } });
                let responses = members.entry("Responses").or_insert_with(|| json!([]));
                if let Some(responses) = responses.as_array_mut() {
                    responses.extend(vec![throttled; left]);
                }
            }
        }
        Value::from(members).to_string()
    }
}

/// Removes all but the first `items` from a batch of one table; returns the removed ones, or
/// nothing if the batch is not longer.
fn cut(request: &mut Value, items: usize, keys: bool) -> Option<Map<String, Value>> {
    let tables = request.get_mut("RequestItems")?.as_object_mut()?;
    let (name, asked) = tables.iter_mut().next()?;
    let list = if keys { asked.get_mut("Keys")? } else { &mut *asked }.as_array_mut()?;
    let rest = list.split_off(items.min(list.len()));
    if rest.is_empty() {
        return None;
    }
    let mut left = Value::from(rest);
    if keys {
        let mut others = asked.as_object()?.clone();
        others.insert("Keys".to_owned(), left);
        left = others.into();
    }
    Some(Map::from_iter([(name.clone(), left)]))
}

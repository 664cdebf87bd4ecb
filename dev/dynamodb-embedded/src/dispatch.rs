//! From an operation's name and JSON body to the engine's method and back.

use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{AttributeValue, Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Whether a repeated transaction is recognised by its token.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tokens {
    Kept,
    Dropped,
}

/// Runs one operation; answers the HTTP status and the JSON body.
pub(crate) fn dispatch(
    database: &Database,
    operation: &str,
    body: &[u8],
    tokens: Tokens,
) -> (u16, String) {
    match run(database, operation, body, tokens) {
        Ok(json) => (200, json),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

fn run(db: &Database, operation: &str, body: &[u8], tokens: Tokens) -> dynoxide::Result<String> {
    match operation {
        "GetItem" => write(&db.get_item(read(body)?)?),
        "PutItem" => write(&db.put_item(read(body)?)?),
        "UpdateItem" => write(&db.update_item(read(body)?)?),
        "DeleteItem" => write(&db.delete_item(read(body)?)?),
        "Query" => write(&db.query(bounded(read(body)?)?)?),
        "BatchGetItem" => write(&db.batch_get_item(read(body)?)?),
        "BatchWriteItem" => write(&db.batch_write_item(read(body)?)?),
        "BatchExecuteStatement" => write(&db.batch_execute_statement(read(body)?)?),
        "TransactGetItems" => write(&db.transact_get_items(read(body)?)?),
        "TransactWriteItems" => write(&db.transact_write_items(tokens.seen_in(read(body)?))?),
        "CreateTable" => write(&db.create_table(read(body)?)?),
        "DescribeTable" => write(&db.describe_table(read(body)?)?),
        "UpdateTimeToLive" => write(&db.update_time_to_live(read(body)?)?),
        other => Err(DynoxideError::ValidationException(format!(
            "the embedded engine is not asked for {other} by this project"
        ))),
    }
}

impl Tokens {
    fn seen_in(self, request: TransactWriteItemsRequest) -> TransactWriteItemsRequest {
        match self {
            Self::Kept => request,
            Self::Dropped => TransactWriteItemsRequest { client_request_token: None, ..request },
        }
    }
}

/// The engine takes an empty text for a key, of which there can be none; DynamoDB refuses it. All
/// values in this project's queries are compared with keys.
fn bounded(query: QueryRequest) -> dynoxide::Result<QueryRequest> {
    let empty =
        |value: &AttributeValue| matches!(value, AttributeValue::S(text) if text.is_empty());
    if query.expression_attribute_values.iter().flat_map(|values| values.values()).any(empty) {
        return Err(DynoxideError::ValidationException(
            "The AttributeValue for a key attribute cannot contain an empty string value."
                .to_owned(),
        ));
    }
    Ok(query)
}

pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> dynoxide::Result<T> {
    serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

pub(crate) fn write<T: Serialize>(answer: &T) -> dynoxide::Result<String> {
    serde_json::to_string(answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

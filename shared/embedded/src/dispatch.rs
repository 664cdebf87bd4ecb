//! From an operation's name and JSON body to the engine's method and back.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Runs one operation; answers the HTTP status and the JSON body.
pub(crate) fn dispatch(database: &Database, operation: &str, body: &[u8]) -> (u16, String) {
    match run(database, operation, body) {
        Ok(json) => (200, json),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

fn run(db: &Database, operation: &str, body: &[u8]) -> dynoxide::Result<String> {
    match operation {
        "GetItem" => write(&db.get_item(read(body)?)?),
        "PutItem" => write(&db.put_item(read(body)?)?),
        "UpdateItem" => write(&db.update_item(read(body)?)?),
        "DeleteItem" => write(&db.delete_item(read(body)?)?),
        "Query" => write(&db.query(no_empty_key(body).and_then(read)?)?),
        "BatchGetItem" => write(&db.batch_get_item(read(body)?)?),
        "BatchWriteItem" => write(&db.batch_write_item(read(body)?)?),
        "TransactGetItems" => write(&db.transact_get_items(read(body)?)?),
        "TransactWriteItems" => write(&db.transact_write_items(read(body)?)?),
        "CreateTable" => write(&db.create_table(read(body)?)?),
        "DescribeTable" => write(&db.describe_table(read(body)?)?),
        "UpdateTimeToLive" => write(&db.update_time_to_live(read(body)?)?),
        other => Err(DynoxideError::ValidationException(format!(
            "the embedded engine is not asked for {other} by this project"
        ))),
    }
}

/// DynamoDB refuses an empty text for a key also where a range begins or ends; the engine does not.
/// This project's queries compare nothing but keys.
fn no_empty_key(body: &[u8]) -> dynoxide::Result<&[u8]> {
    let query: Value = read(body)?;
    let values = query.get("ExpressionAttributeValues").and_then(Value::as_object);
    let is_empty = |value: &Value| value.get("S").and_then(Value::as_str) == Some("");
    if values.into_iter().flat_map(|values| values.values()).any(is_empty) {
        return Err(DynoxideError::ValidationException(
            "One or more parameter values are not valid. The AttributeValue for a key attribute \
             cannot contain an empty string value."
                .to_owned(),
        ));
    }
    Ok(body)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> dynoxide::Result<T> {
    serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn write<T: Serialize>(answer: &T) -> dynoxide::Result<String> {
    serde_json::to_string(answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

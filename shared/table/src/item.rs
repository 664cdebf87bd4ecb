//! Items as DynamoDB holds them: plain attributes by `serde_dynamo`, big content by `postcard`.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use terms::Timestamp;

use crate::error::TableError;
use crate::keys::{EXPIRES_AT, Key};

/// An item's attributes.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attribute that tells in which form an item was written.
const VERSION: &str = "v";
/// The attribute that counts the changes of an item that is written with [`Condition::Revision`].
pub(crate) const REVISION: &str = "rev";
const CONTENT: &str = "b";

/// The form in which today's code writes all items. A new form gets the next number, and a branch
/// in the reader of the item that changed.
const FORM: u8 = 1;

/// An item under `key` with the attributes of `value`.
pub(crate) fn plain<T: Serialize>(key: &Key, value: &T) -> Result<Item, TableError> {
    let mut item: Item =
        serde_dynamo::to_item(value).map_err(|error| TableError::corrupt("item", error))?;
    item.extend(key.attributes());
    item.insert(VERSION.to_owned(), number(FORM));
    Ok(item)
}

/// Reads what [`plain`] wrote.
pub(crate) fn read_plain<T: DeserializeOwned>(
    what: &'static str,
    item: Item,
) -> Result<T, TableError> {
    check_form(what, &item)?;
    serde_dynamo::from_item(item).map_err(|error| TableError::corrupt(what, error))
}

/// An item under `key` whose content is one compact binary attribute.
pub(crate) fn packed<T: Serialize>(key: &Key, value: &T) -> Result<Item, TableError> {
    Ok(packed_bytes(key, pack(value)?))
}

/// A value as packed items hold it.
///
/// # Errors
/// It does not encode.
pub fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, TableError> {
    postcard::to_stdvec(value).map_err(|error| TableError::corrupt("content", error))
}

/// An item under `key` whose content is these bytes.
pub(crate) fn packed_bytes(key: &Key, bytes: Vec<u8>) -> Item {
    let mut item = key.attributes();
    item.insert(VERSION.to_owned(), number(FORM));
    item.insert(CONTENT.to_owned(), AttributeValue::B(Blob::new(bytes)));
    item
}

/// Reads what [`packed`] wrote.
pub(crate) fn read_packed<T: DeserializeOwned>(
    what: &'static str,
    item: &Item,
) -> Result<T, TableError> {
    unpack(what, content(what, item)?)
}

/// Reads what [`pack`] wrote.
///
/// # Errors
/// The bytes do not decode.
pub fn unpack<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, TableError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(TableError::corrupt(what, "more bytes than it has content")),
        Err(error) => Err(TableError::corrupt(what, error)),
    }
}

/// The bytes that [`packed_bytes`] wrote.
pub(crate) fn content<'a>(what: &'static str, item: &'a Item) -> Result<&'a [u8], TableError> {
    check_form(what, item)?;
    match item.get(CONTENT) {
        Some(AttributeValue::B(bytes)) => Ok(bytes.as_ref()),
        _ => Err(TableError::corrupt(what, "it has no content")),
    }
}

/// The item's revision, 0 if it has none.
pub(crate) fn revision(item: &Item) -> u64 {
    match item.get(REVISION) {
        Some(AttributeValue::N(text)) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

/// Lets DynamoDB remove the item some time after `at`.
pub(crate) fn expire(mut item: Item, at: Timestamp) -> Item {
    item.insert(EXPIRES_AT.to_owned(), number(at.millis() / 1000));
    item
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn check_form(what: &'static str, item: &Item) -> Result<(), TableError> {
    match item.get(VERSION) {
        Some(AttributeValue::N(form)) if *form == FORM.to_string() => Ok(()),
        Some(AttributeValue::N(form)) => {
            Err(TableError::UnknownForm { what, form: form.clone(), known: FORM })
        }
        _ => Err(TableError::corrupt(what, "it has no form number")),
    }
}

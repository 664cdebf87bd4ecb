//! Items as DynamoDB holds them: plain attributes by `serde_dynamo`, big content by `postcard`.
//! Content that is too large for one item is in `parts.rs`.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use types::Timestamp;

use crate::affiliate_view::Totals;
use crate::error::TableError;
use crate::keys::{EXPIRES_AT, Key, short_sha256, sort_key};
use crate::two_version_cell::TwoVersionCell;

/// An item's attributes.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The attribute with the schema version of an item.
const VERSION: &str = "v";
/// The attribute that counts the changes of an item that is written with [`Condition::Revision`].
pub(crate) const REVISION: &str = "rev";
const CONTENT: &str = "b";

/// The form of all items with plain attributes, and of packed ones that never changed.
pub(crate) const FIRST_FORM: u8 = 1;
/// The most bytes of an item's content. DynamoDB takes 400 KB, of which this leaves 16 KB to keys
/// and attributes.
pub const MAX_CONTENT: usize = 384 * 1024;

/// A kind of value that is packed into an item. Each kind has its own schema versions: a new
/// version gets the next number, and [`Packed::read_older`] reads the earlier ones.
pub trait Packed: Serialize + DeserializeOwned {
    /// The form in which the kind is written.
    const FORM: u8 = FIRST_FORM;

    /// Reads a form below [`Packed::FORM`].
    ///
    /// # Errors
    /// The form has no reader, or the bytes do not decode.
    fn read_older(what: &'static str, form: u8, bytes: &[u8]) -> Result<Self, TableError> {
        let _bytes = bytes;
        Err(unknown_form(what, form.to_string(), Self::FORM))
    }
}

impl Packed for TwoVersionCell<Totals> {}

/// An item under `key` with the attributes of `value`.
pub(crate) fn plain<T: Serialize>(key: &Key, value: &T) -> Result<Item, TableError> {
    plain_form(key, value, FIRST_FORM)
}

/// As [`plain`], in another form.
pub(crate) fn plain_form<T: Serialize>(key: &Key, value: &T, form: u8) -> Result<Item, TableError> {
    let mut item: Item =
        serde_dynamo::to_item(value).map_err(|error| TableError::corrupt("item", error))?;
    item.extend(key.attributes());
    item.insert(VERSION.to_owned(), number(form));
    Ok(item)
}

/// Reads an item of [`plain`].
pub(crate) fn read_plain<T: DeserializeOwned>(
    what: &'static str,
    item: Item,
) -> Result<T, TableError> {
    read_plain_forms(what, item, FIRST_FORM)
}

/// As [`read_plain`], of a kind with the forms up to `newest`, which have the same attributes.
pub(crate) fn read_plain_forms<T: DeserializeOwned>(
    what: &'static str,
    item: Item,
    newest: u8,
) -> Result<T, TableError> {
    match form(what, &item)? {
        form if (FIRST_FORM..=newest).contains(&form) => {
            serde_dynamo::from_item(item).map_err(|error| TableError::corrupt(what, error))
        }
        form => Err(unknown_form(what, form.to_string(), newest)),
    }
}

/// An item under `key` without content.
pub(crate) fn stamp(key: &Key) -> Item {
    let mut item = key.attributes();
    item.insert(VERSION.to_owned(), number(FIRST_FORM));
    item
}

/// Whether an item has content.
pub(crate) fn has_content(item: &Item) -> bool {
    item.contains_key(CONTENT)
}

/// Returns an item under `key` whose content is one compact binary attribute.
pub(crate) fn packed<T: Packed>(key: &Key, value: &T) -> Result<Item, TableError> {
    Ok(packed_bytes(key, T::FORM, pack(value)?))
}

/// A value as packed items hold it.
///
/// # Errors
/// It does not encode.
pub fn pack<T: Serialize>(value: &T) -> Result<Vec<u8>, TableError> {
    postcard::to_stdvec(value).map_err(|error| TableError::corrupt("content", error))
}

/// Returns an item under `key` with these bytes of a schema version.
pub(crate) fn packed_bytes(key: &Key, form: u8, bytes: Vec<u8>) -> Item {
    let mut item = key.attributes();
    item.insert(VERSION.to_owned(), number(form));
    item.insert(CONTENT.to_owned(), AttributeValue::B(Blob::new(bytes)));
    item
}

/// Reads an item of [`packed`].
pub(crate) fn read_packed<T: Packed>(what: &'static str, item: &Item) -> Result<T, TableError> {
    unpack_version(what, form(what, item)?, bytes(what, item)?)
}

/// Reads the content of a packed item that was written in some form.
///
/// # Errors
/// The form is not known, or the bytes do not decode.
pub fn unpack_version<T: Packed>(
    what: &'static str,
    form: u8,
    bytes: &[u8],
) -> Result<T, TableError> {
    match form {
        form if form == T::FORM => unpack(what, bytes),
        form if (FIRST_FORM..T::FORM).contains(&form) => T::read_older(what, form, bytes),
        form => Err(unknown_form(what, form.to_string(), T::FORM)),
    }
}

/// Reads bytes of [`pack`].
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

/// The bytes that [`packed_bytes`] wrote in the first form.
pub(crate) fn content<'a>(what: &'static str, item: &'a Item) -> Result<&'a [u8], TableError> {
    check_form(what, form(what, item)?, FIRST_FORM)?;
    bytes(what, item)
}

/// Returns the bytes of an item of [`packed_bytes`], of any schema version.
pub(crate) fn bytes<'a>(what: &'static str, item: &'a Item) -> Result<&'a [u8], TableError> {
    match item.get(CONTENT) {
        Some(AttributeValue::B(bytes)) => Ok(bytes.as_ref()),
        _ => Err(TableError::corrupt(what, "it has no content")),
    }
}

/// Returns content, checked against the name of its item, which is a digest of it. A changed byte is
/// thereby found even if the content still decodes.
pub(crate) fn checked_by_name<'a>(
    what: &'static str,
    item: &Item,
    content: &'a [u8],
) -> Result<&'a [u8], TableError> {
    match short_sha256(content) == sort_key(item) {
        true => Ok(content),
        false => Err(TableError::corrupt(what, "its content is not what its name says")),
    }
}

/// The item's revision, 0 if it has none.
pub(crate) fn revision(item: &Item) -> u64 {
    match item.get(REVISION) {
        Some(AttributeValue::N(text)) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

/// Lets the item expire at the first whole second that is not before `at`. DynamoDB removes it
/// days later, so readers check [`is_expired`].
pub(crate) fn expire(mut item: Item, at: Timestamp) -> Item {
    item.insert(EXPIRES_AT.to_owned(), number(seconds_at(at.plus_millis(999))));
    item
}

/// Returns whether the item has expired at `now`. An item without an expiry never does.
pub(crate) fn is_expired(item: &Item, now: Timestamp) -> bool {
    match item.get(EXPIRES_AT) {
        Some(AttributeValue::N(at)) => at.parse().is_ok_and(|at: i64| at <= seconds_at(now)),
        _ => false,
    }
}

/// Returns the whole seconds from 1970 to an instant, as time-to-live counts them.
pub(crate) const fn seconds_at(instant: Timestamp) -> i64 {
    instant.millis().div_euclid(1000)
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// The number of the form in which an item was written.
pub(crate) fn form(what: &'static str, item: &Item) -> Result<u8, TableError> {
    match item.get(VERSION) {
        // A number that is no form of any release reads as one that is not known.
        Some(AttributeValue::N(form)) => Ok(form.parse().unwrap_or(u8::MAX)),
        _ => Err(TableError::corrupt(what, "it has no form number")),
    }
}

fn check_form(what: &'static str, form: u8, known: u8) -> Result<(), TableError> {
    if form == known { Ok(()) } else { Err(unknown_form(what, form.to_string(), known)) }
}

pub(crate) const fn unknown_form(what: &'static str, form: String, known: u8) -> TableError {
    TableError::UnknownSchemaVersion { what, form, known }
}

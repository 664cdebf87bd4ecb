//! Packed values that may be larger than an item: stored in parts.
//!
//! The item under the value's own key names the number of parts and the digest of the whole. The
//! parts are named by that digest and written first, so that an item never names a part that is
//! missing, and a repeated write writes the same items.

use aws_sdk_dynamodb::types::AttributeValue;
use types::Timestamp;

use crate::access::Table;
use crate::error::TableError;
use crate::item::{
    FIRST_FORM, Item, MAX_CONTENT, Packed, bytes, expire, form, number, pack, packed_bytes, text,
    unpack_version,
};
use crate::keys::{self, Key, short_sha256};

const PARTS: &str = "parts";
const DIGEST: &str = "digest";

/// A packed value as it is stored.
pub(crate) struct Stored {
    /// The item under the value's own key.
    pub(crate) main: Item,
    /// The rest, to be written before it.
    pub(crate) parts: Vec<Item>,
}

/// A value as stored under `key`: in one item, or in parts if it is too large for that.
pub(crate) fn stored<T: Packed>(key: &Key, value: &T) -> Result<Stored, TableError> {
    let content = pack(value)?;
    if content.len() <= MAX_CONTENT {
        let main = packed_bytes(key, T::FORM, content);
        return Ok(Stored { main, parts: Vec::new() });
    }
    let digest = short_sha256(&content);
    let parts: Vec<Item> = (0..)
        .zip(content.chunks(MAX_CONTENT))
        .map(|(part, bytes)| packed_bytes(&keys::part(&digest, part), FIRST_FORM, bytes.to_vec()))
        .collect();
    let mut main = packed_bytes(key, T::FORM, Vec::new());
    main.insert(PARTS.to_owned(), number(parts.len()));
    main.insert(DIGEST.to_owned(), text(digest));
    Ok(Stored { main, parts })
}

impl Stored {
    /// Lets DynamoDB remove all of it some time after `at`.
    pub(crate) fn expiring(self, at: Timestamp) -> Self {
        let parts = self.parts.into_iter().map(|part| expire(part, at)).collect();
        Self { main: expire(self.main, at), parts }
    }
}

/// Where the content of an item is.
enum Whole<'a> {
    Here(&'a [u8]),
    InParts { digest: &'a str, keys: Vec<Key> },
}

impl<'a> Whole<'a> {
    fn of(what: &'static str, item: &'a Item) -> Result<Self, TableError> {
        let (count, digest) = match (item.get(PARTS), item.get(DIGEST)) {
            (None, None) => return Ok(Self::Here(bytes(what, item)?)),
            (Some(AttributeValue::N(count)), Some(AttributeValue::S(digest))) => (count, digest),
            _ => return Err(TableError::corrupt(what, "its parts are not named")),
        };
        let count: u16 = count.parse().map_err(|error| TableError::corrupt(what, error))?;
        let keys = (0..count).map(|part| keys::part(digest, part)).collect();
        Ok(Self::InParts { digest, keys })
    }
}

impl Table {
    /// Reads values whose items were read, with their parts. Cost: nothing, unless a value has
    /// parts; then 1 call a hundred parts, and 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails, a part is missing or a value does not decode.
    pub(crate) async fn read_stored<T: Packed>(
        &self,
        what: &'static str,
        items: &[Item],
    ) -> Result<Vec<T>, TableError> {
        let wholes: Vec<Whole<'_>> =
            items.iter().map(|item| Whole::of(what, item)).collect::<Result<_, _>>()?;
        let wanted: Vec<Key> = wholes
            .iter()
            .flat_map(|whole| match whole {
                Whole::Here(_) => &[][..],
                Whole::InParts { keys, .. } => keys,
            })
            .cloned()
            .collect();
        let parts = if wanted.is_empty() { Vec::new() } else { self.get_many(&wanted).await? };
        items
            .iter()
            .zip(wholes)
            .map(|(item, whole)| {
                let form = form(what, item)?;
                match whole {
                    Whole::Here(content) => unpack_version(what, form, content),
                    Whole::InParts { digest, keys } => {
                        unpack_version(what, form, &joined(what, digest, &keys, &parts)?)
                    }
                }
            })
            .collect()
    }
}

fn joined(
    what: &'static str,
    digest: &str,
    keys: &[Key],
    parts: &[Item],
) -> Result<Vec<u8>, TableError> {
    let mut content = Vec::new();
    for key in keys {
        let part = parts.iter().find(|part| keys::is_at(part, key));
        let part = part.ok_or_else(|| TableError::corrupt(what, "a part is missing"))?;
        content.extend_from_slice(crate::item::content(what, part)?);
    }
    if short_sha256(&content) == digest {
        return Ok(content);
    }
    Err(TableError::corrupt(what, "its parts are not those that it was written with"))
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Text(String);

    impl Packed for Text {}

    #[test]
    fn only_large_content_is_in_parts() {
        let key = Key { pk: "text".to_owned(), sk: String::new() };
        let parts = |bytes: usize| {
            let Stored { main, parts } = stored(&key, &Text("x".repeat(bytes))).unwrap();
            (main.contains_key(PARTS), parts.len())
        };
        // The text has its length before it, in three bytes.
        assert_eq!(parts(MAX_CONTENT - 3), (false, 0));
        assert_eq!(parts(MAX_CONTENT - 2), (true, 2));
    }
}

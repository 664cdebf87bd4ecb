//! Fees in chunks: one write for thousands of fees, and a dirty marker for their shard.

use std::collections::BTreeSet;

use commission::TooMany;
use fee_chunks::{ChunkError, FeeBatch};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use types::{Day, Uid};

use crate::access::Table;
use crate::error::TableError;
use crate::item::{Item, bytes, checked_by_name, form, packed_bytes, plain, unknown_form};
use crate::keys::{self, Shard, short_sha256, sort_key};

const CHUNK: &str = "fee chunk";

/// The dirty marker of a day's shard: no run has included its new fees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirtyShard {
    /// The day.
    pub day: Day,
    /// The shard's number.
    pub shard: u8,
    /// Names the content that was stored before the marker was written.
    pub token: String,
    /// The number of writes of the marker since it was last removed. With the token it shows
    /// whether the marker was renewed meanwhile, even if a redelivered message replaces a newer
    /// token with an old one.
    #[serde(rename = "rev")]
    pub count: u64,
}

/// A day's shard with a dirty marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirtyShardState {
    /// The day.
    pub day: Day,
    /// The shard's number.
    pub shard: u8,
}

/// A dirty marker as it is written; the table counts the rest.
#[derive(Serialize)]
struct Mark<'a> {
    day: Day,
    shard: u8,
    token: &'a str,
}

/// The fees of a day's shard as they are stored.
#[derive(Debug, Default)]
pub struct StoredFees {
    /// All fees and corrections that can be read.
    pub batch: FeeBatch,
    /// The chunks that cannot be read.
    pub unreadable: Vec<UnreadableChunk>,
}

/// A chunk of fees that cannot be read: damaged, or of an unknown schema version.
#[derive(Debug)]
pub struct UnreadableChunk {
    /// The chunk's name, which is its sort key.
    pub name: String,
    /// The reason.
    pub error: TableError,
    /// The accounts that paid the fees of the chunk, as far as they can be read.
    pub payers: Option<Vec<Uid>>,
}

impl StoredFees {
    /// Returns the fees, if every chunk can be read.
    ///
    /// # Errors
    /// The error of a chunk that cannot be read.
    pub fn whole(mut self) -> Result<FeeBatch, TableError> {
        match self.unreadable.pop() {
            None => Ok(self.batch),
            Some(chunk) => Err(chunk.error),
        }
    }

    fn read(&mut self, item: &Item) -> Result<(), TableError> {
        match read_chunk(item, &mut self.batch) {
            Err(error) if error.is_unreadable() => {
                let (name, payers) = (sort_key(item).to_owned(), chunk_of(item).ok());
                let payers = payers.and_then(fee_chunks::payers);
                self.unreadable.push(UnreadableChunk { name, error, payers });
                Ok(())
            }
            read => read,
        }
    }
}

/// Adds the fees of a chunk to a batch, which stays as it is if the chunk does not decode.
pub(crate) fn read_chunk(item: &Item, batch: &mut FeeBatch) -> Result<(), TableError> {
    let bytes = chunk_of(item).and_then(|bytes| checked_by_name(CHUNK, item, bytes))?;
    Ok(batch.read_chunk(bytes)?)
}

/// Returns an item's chunk, which must have the schema version of the item.
fn chunk_of(item: &Item) -> Result<&[u8], TableError> {
    let (form, bytes) = (form(CHUNK, item)?, bytes(CHUNK, item)?);
    match form {
        fee_chunks::ROWS | fee_chunks::COLUMNS if form == fee_chunks::form(bytes) => Ok(bytes),
        fee_chunks::ROWS | fee_chunks::COLUMNS => {
            Err(TableError::corrupt(CHUNK, "it has another form"))
        }
        _ => Err(unknown_form(CHUNK, form.to_string(), fee_chunks::COLUMNS)),
    }
}

impl From<ChunkError> for TableError {
    fn from(error: ChunkError) -> Self {
        match error {
            ChunkError::UnknownVersion { version, known } => {
                Self::UnknownSchemaVersion { what: CHUNK, form: version.to_string(), known }
            }
            damaged => Self::corrupt(CHUNK, damaged),
        }
    }
}

impl From<TooMany> for TableError {
    fn from(error: TooMany) -> Self {
        Self::Service(error.into())
    }
}

impl Table {
    /// Stores fees of one day and shard, and writes the shard's dirty marker. The same batch
    /// produces the same items again. Cost: 1 write unit per KB of packed fees, and 1 for the
    /// marker.
    ///
    /// # Errors
    /// If the table fails; then the batch has to be redelivered.
    pub async fn add_fees(
        &self,
        day: Day,
        shard: Shard,
        batch: &FeeBatch,
    ) -> Result<(), TableError> {
        let mut names = String::new();
        for chunk in batch.to_chunks()? {
            let name = short_sha256(&chunk);
            let key = keys::fee_chunk(day, shard, &name);
            self.put(packed_bytes(&key, fee_chunks::form(&chunk), chunk)).await?;
            names.push_str(&name);
        }
        // The token covers all chunks: two batches that share a chunk must not share a token.
        self.touch(day, shard, &short_sha256(names.as_bytes())).await
    }

    /// Writes the dirty marker of a day's shard, so that the next night's run includes the shard.
    /// Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn touch(&self, day: Day, shard: Shard, token: &str) -> Result<(), TableError> {
        let (key, shard) = (keys::touched(day, shard), shard.number());
        let mark = Mark { day, shard, token };
        self.put_counted(&key, plain(&key, &mark)?).await
    }

    /// Returns all fees of a day's shard. Cost: 1 read unit per 4 KB of packed fees.
    ///
    /// # Errors
    /// If the table fails or a chunk does not decode.
    pub async fn fees(&self, day: Day, shard: Shard) -> Result<FeeBatch, TableError> {
        self.readable_fees(day, shard, &BTreeSet::new()).await?.whole()
    }

    /// Returns the fees of a day's shard that can be read, and the chunks that cannot. Leaves out the
    /// chunks named in `besides`. Cost: 1 read unit per 4 KB of packed fees.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn readable_fees(
        &self,
        day: Day,
        shard: Shard,
        besides: &BTreeSet<String>,
    ) -> Result<StoredFees, TableError> {
        let mut stored = StoredFees::default();
        self.query_each(&keys::fees(day, shard), |item| match besides.contains(sort_key(&item)) {
            true => Ok(()),
            false => stored.read(&item),
        })
        .await?;
        Ok(stored)
    }

    /// Returns the shards with a dirty marker, of days up to and including `day`, in their order.
    /// Does not read the markers' content: one that does not decode must not keep the others from
    /// being planned. Cost: 17 concurrent calls, half a read unit each or 1 per 4 KB of markers.
    ///
    /// # Errors
    /// If the table fails or a marker's key is malformed.
    pub async fn touched_through(&self, day: Day) -> Result<Vec<DirtyShardState>, TableError> {
        let ranges: Vec<_> = keys::touched_through(day).collect();
        let partitions = try_join_all(ranges.iter().map(|range| self.query(range))).await?;
        // A shard may have a marker in its partition and one of 0.1.
        let mut places = BTreeSet::new();
        for item in partitions.iter().flatten() {
            let (day, shard) = keys::touched_place(sort_key(item))
                .ok_or_else(|| TableError::corrupt("dirty marker", "its sort key is malformed"))?;
            places.insert(DirtyShardState { day, shard: shard.number() });
        }
        Ok(places.into_iter().collect())
    }

    /// Removes a dirty marker, unless it was renewed since it was read. Cost: 1 write unit, and 1
    /// more for a marker of 0.1.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn clear(&self, mark: &DirtyShard) -> Result<(), TableError> {
        let Some(shard) = Shard::new(mark.shard) else { return Ok(()) };
        let (day, token, count) = (mark.day, ("token", mark.token.as_str()), Some(mark.count));
        if !self.delete_if(&keys::touched(day, shard), token, count).await? {
            // The marker does not contain its partition. A marker of 0.1 with the same token and
            // count covers the same fees.
            let old = keys::touched_before_partitions(day, shard);
            self.delete_if(&old, token, count).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::primitives::Blob;
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn item(form: &str, bytes: &[u8]) -> Item {
        let form = AttributeValue::N(form.to_owned());
        let bytes = AttributeValue::B(Blob::new(bytes));
        [("v".to_owned(), form), ("b".to_owned(), bytes)].into()
    }

    #[test]
    fn chunk_must_have_the_form_of_its_item() {
        let (rows, columns) = (fee_chunks::ROWS.to_string(), fee_chunks::COLUMNS.to_string());
        assert_eq!(chunk_of(&item(&rows, b"")).unwrap(), b"");
        let other = chunk_of(&item(&columns, b"")).unwrap_err();
        assert!(matches!(other, TableError::Corrupt { .. }), "{other:?}");
        let unknown = chunk_of(&item("99", b"")).unwrap_err();
        assert!(matches!(unknown, TableError::UnknownSchemaVersion { .. }), "{unknown:?}");
    }
}

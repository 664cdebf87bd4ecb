//! Days whose fees are in the archive.

use commission::Relation;
use fee_chunks::FeeBatch;
use serde::{Deserialize, Serialize};
use types::{Day, Timestamp, Uid};

use crate::access::{Action, Table};
use crate::account::Versioned;
use crate::attempt::Attempt;
use crate::binding::Binding;
use crate::error::TableError;
use crate::fees::read_chunk;
use crate::item::{Item, plain, plain_form, read_packed, read_plain, read_plain_forms, revision};
use crate::keys::{self, Key, Shard, sort_key};
use crate::ledger::DayRecord;
use crate::parked::Withdrawal;
use crate::run::Work;

/// The form of an archived day. Code that knows only the first form must refuse it: it would take
/// the missing fees for reversed ones.
const ARCHIVED_FORM: u8 = 2;
/// Chunks read at once, of at most 256 KB each; DynamoDB ends a page at 1 MB.
const CHUNKS_PER_PAGE: i32 = 256;
/// Chunks removed at once: a transaction takes 4 MB, and a chunk has at most 256 KB.
const CHUNKS_PER_DELETION: usize = 14;

/// The archive of a day's fees. While a day has one, no run books its fees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArchivedDay {
    /// When the archive was written.
    pub at: Timestamp,
    /// The SHA-256 of its manifest, in hexadecimal.
    pub manifest: String,
}

/// A stored chunk of fees.
#[derive(Debug)]
pub struct FeeChunk {
    /// Its name: the digest of its content.
    pub name: String,
    /// Its fees and corrections.
    pub batch: FeeBatch,
}

/// Some chunks of a day's shard, in the order of their names.
#[derive(Debug)]
pub struct FeeChunkPage {
    /// The chunks.
    pub chunks: Vec<FeeChunk>,
    /// The name after which the next page begins; absent on the last page.
    pub next: Option<String>,
}

/// A chunk of a booked delta, as its run booked it.
#[derive(Debug)]
pub struct BookedDelta {
    /// The run's number.
    pub seq: u64,
    /// Its part of the delta.
    pub work: Work,
    /// The affiliates whose lines an operator withdrew from the run.
    pub withdrawn: Vec<Uid>,
}

pub(crate) fn day_item(key: &Key, record: &DayRecord) -> Result<Item, TableError> {
    match record.archived {
        Some(_) => plain_form(key, record, ARCHIVED_FORM),
        None => plain(key, record),
    }
}

pub(crate) fn day_record(item: Option<Item>) -> Result<Versioned<DayRecord>, TableError> {
    let Some(item) = item else { return Ok(Versioned::new(DayRecord::default())) };
    let revision = revision(&item);
    Ok(Versioned { value: read_plain_forms("day", item, ARCHIVED_FORM)?, revision })
}

impl Table {
    /// Writes a day's record unless it was changed since it was read: a run of the day that is
    /// planned by the old record is refused at its commit. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn save_day(
        &self,
        day: Day,
        record: &Versioned<DayRecord>,
    ) -> Result<Attempt, TableError> {
        let item = day_item(&keys::day(day), &record.value)?;
        self.put_revision(item, record.revision).await
    }

    /// Returns some of the chunks of a day's fees in a shard. Cost: 1 read unit per 4 KB, 1 call a
    /// page of at most 1 MB.
    ///
    /// # Errors
    /// If the table fails or a chunk does not decode.
    pub async fn fee_chunks(
        &self,
        day: Day,
        shard: Shard,
        after: Option<&str>,
    ) -> Result<FeeChunkPage, TableError> {
        let page = self.page(&keys::fees(day, shard), true, after, CHUNKS_PER_PAGE).await?;
        let mut chunks = Vec::with_capacity(page.items.len());
        for item in &page.items {
            let mut batch = FeeBatch::default();
            read_chunk(item, &mut batch)?;
            chunks.push(FeeChunk { name: sort_key(item).to_owned(), batch });
        }
        let last = chunks.last().map(|chunk| chunk.name.clone());
        Ok(FeeChunkPage { chunks, next: last.filter(|_| page.more) })
    }

    /// Removes chunks of a day's fees by their names, as long as the day's record has this
    /// revision: a removal that was delayed must not touch a day that was restored. A repetition
    /// changes nothing. Cost: 2 write units per KB of the chunks, 1 call for 14.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn delete_fee_chunks(
        &self,
        day: Day,
        shard: Shard,
        names: &[String],
        revision: u64,
    ) -> Result<Attempt, TableError> {
        for names in names.chunks(CHUNKS_PER_DELETION) {
            let chunks = names.iter().map(|name| keys::fee_chunk(day, shard, name));
            let mut actions = vec![Action::Unchanged(keys::day(day), revision)];
            actions.extend(chunks.map(Action::Delete));
            if !self.attempt(actions).await?.is_done() {
                return Ok(Attempt::Conflict);
            }
        }
        Ok(Attempt::Done(()))
    }

    /// Returns the booked deltas of a day's shard as their runs booked them. Cost: 1 read unit per
    /// 4 KB.
    ///
    /// # Errors
    /// If the table fails or a chunk does not decode.
    pub async fn booked_deltas(
        &self,
        day: Day,
        shard: Shard,
    ) -> Result<Vec<BookedDelta>, TableError> {
        let mut deltas: Vec<BookedDelta> = Vec::new();
        for item in self.query(&keys::booked(day, shard)).await? {
            if Withdrawal::is_at(&item) {
                let withdrawal: Withdrawal = read_plain("withdrawal", item)?;
                let of_run = deltas.iter_mut().filter(|delta| delta.seq == withdrawal.seq);
                of_run.for_each(|delta| delta.withdrawn.push(withdrawal.uid.clone()));
                continue;
            }
            let malformed = || TableError::corrupt("booked work", "its sort key is malformed");
            let (seq, _) = keys::booked_place(&item).ok_or_else(malformed)?;
            let work = read_packed("booked work", &item)?;
            deltas.push(BookedDelta { seq, work, withdrawn: Vec::new() });
        }
        Ok(deltas)
    }

    /// Returns the evidence of some relations, as far as they have any, in no order. Cost: 1 call
    /// for a hundred, 1 read unit each.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn bindings<'a>(
        &self,
        relations: impl IntoIterator<Item = &'a Relation>,
    ) -> Result<Vec<Binding>, TableError> {
        let keys = relations.into_iter().map(|relation| keys::binding(&relation.invitee));
        let items = self.get_many(&keys.collect::<Vec<_>>()).await?;
        items.into_iter().map(|item| read_plain("binding", item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::*;
    use crate::run::{Found, Work};
    use crate::testing::table;

    #[tokio::test]
    async fn delta_has_the_withdrawals_of_its_run() {
        let (table, day, shard) = (table().await, Timestamp::EPOCH.day(), Shard::new(3).unwrap());
        let found = Found { shard: 3, chunk: 0, work: Work::default() };
        for seq in [7, 8] {
            table.keep_booked([&found], day, seq).await.unwrap();
        }
        let uid: Uid = "affiliate".parse().unwrap();
        let (reason, at) = ("reason".to_owned(), Timestamp::EPOCH);
        let withdrawal = Withdrawal { uid: uid.clone(), seq: 7, reason, at };
        table.withdraw(day, shard, &withdrawal).await.unwrap();
        let deltas = table.booked_deltas(day, shard).await.unwrap();
        let withdrawn: Vec<_> = deltas.into_iter().map(|it| (it.seq, it.withdrawn)).collect();
        assert_eq!(withdrawn, [(7, vec![uid]), (8, vec![])]);
    }
}

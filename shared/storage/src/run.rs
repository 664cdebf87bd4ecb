//! The shard deltas of a run before its commit: written once, invisible to readers, expiring after
//! some days.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use commission::{Asset, Conservation, Line, Lines, Trades};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use types::{Day, LinkCode, Market, Origin, Timestamp, Uid};

use crate::access::{Condition, Conditional, ITEMS_PER_WRITE, Table};
use crate::account::Versioned;
use crate::affiliate_view::Money;
use crate::archived::day_record;
use crate::chunks::{ChunkFill, chunks};
use crate::error::TableError;
use crate::fees::DirtyShard;
use crate::item::{Item, Packed, expire, pack, packed, plain, read_packed, read_plain};
use crate::keys::{self, Key, Shard, bucket, hexadecimal};
use crate::ledger::{DayRecord, ExcludedCounts, Head, versioned};
use crate::parked::Withdrawal;
use crate::parts::{Stored, stored};

/// The shard delta of one worker: the difference between the accruals of a day and its booked
/// lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// The lines to book.
    #[serde(with = "crate::packed_lines")]
    pub lines: Vec<Line>,
    /// The invitees of the lines or of new bindings, each once.
    pub invitees: Vec<TouchedInvitee>,
}

/// The shard delta of one worker before it is stored, without a list of its lines: they would be
/// most of the worker's memory.
#[derive(Debug, Default)]
pub struct NewWork {
    /// The lines to book.
    pub lines: Lines,
    /// The invitees of the lines or of new bindings, each once.
    pub invitees: Vec<TouchedInvitee>,
}

/// An invitee in a shard delta.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TouchedInvitee {
    /// The inviter.
    pub inviter: Uid,
    /// The invitee.
    pub invitee: Uid,
    /// The link that bound the invitee.
    pub code: LinkCode,
    /// Recall or sign-up.
    pub origin: Origin,
    /// When the invitee was bound.
    pub bound_at: Timestamp,
    /// When the binding was declared void, if it was.
    pub voided_at: Option<Timestamp>,
    /// Whether the run books the binding itself: it is new.
    pub newly_bound: bool,
    /// Whether the invitee traded on this day and no earlier run of the day counted it.
    pub newly_active: bool,
    /// Whether an earlier run of the day counted a trade, and all trades of the day are reversed.
    pub newly_inactive: bool,
    /// First and last trade of the day by market, as of this run. Deltas of 0.1 have none; readers
    /// use its lines instead.
    pub trades: Option<BTreeMap<Market, Trades>>,
}

impl TouchedInvitee {
    /// Returns whether the invitee has traded on the day as of this run. `before` is the result for
    /// the earlier runs.
    #[must_use]
    pub fn is_active_after(&self, before: bool) -> bool {
        match &self.trades {
            Some(trades) => !trades.is_empty(),
            None => before || self.newly_active,
        }
    }
}

/// A worker's report of its finished shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardReport {
    /// The shard's number.
    pub shard: u8,
    /// The prefix of the chunks of the attempt that counts.
    pub attempt: String,
    /// The first and last bucket of inviters in each chunk.
    pub chunks: Vec<(u16, u16)>,
    /// The number of lines to book.
    pub lines: u64,
    /// The digest of these lines, in the order of the chunks; 0.1 stored none.
    pub lines_digest: Option<String>,
    /// The revision of the day's record when the booked lines were read.
    pub day_revision: u64,
    /// The dirty marker before the fees were read.
    pub touched: Option<DirtyShard>,
    /// The conservation proof of all accruals of the shard.
    pub due: Conservation,
    /// The amounts that this run books, by asset.
    pub booked: BTreeMap<Asset, Money>,
    /// The delivered fees without a line.
    pub excluded: ExcludedCounts,
}

/// The state of a shard that a worker needs before it begins.
#[derive(Debug, Default)]
pub struct ShardState {
    /// The report, if another worker has finished the shard.
    pub report: Option<ShardReport>,
    /// The dirty marker, if the shard has one.
    pub touched: Option<DirtyShard>,
    /// The day's committed runs.
    pub day: Versioned<DayRecord>,
    /// The newest visible run.
    pub visible: u64,
}

impl ShardState {
    /// Returns whether all booked lines of the day can be read: the booked delta of a run is
    /// written when the run is published, after its commit.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.day.value.runs.iter().all(|run| run.seq <= self.visible)
    }
}

/// A chunk of a shard delta.
#[derive(Debug)]
pub struct Found {
    /// The worker's shard.
    pub shard: u8,
    /// The chunk's number.
    pub chunk: u32,
    /// Its part of the delta.
    pub work: Work,
}

/// A stored shard delta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptWork {
    /// The first and last bucket of inviters in each chunk.
    pub chunks: Vec<(u16, u16)>,
    /// The digest of the lines, in the order of the chunks.
    pub lines_digest: String,
}

/// Digests consecutive lines.
#[derive(Default)]
struct LinesDigest(Sha256);

impl LinesDigest {
    fn add(&mut self, line: &Line) -> Result<(), TableError> {
        self.0.update(pack(line)?);
        Ok(())
    }

    fn text(self) -> String {
        hexadecimal(&self.0.finalize())
    }
}

/// A published part of a run.
#[derive(Serialize, Deserialize)]
struct PartDone {
    part: u16,
}

impl Packed for PartDone {}

/// A deferred shard of a run.
#[derive(Serialize, Deserialize)]
struct ShardSetAside {
    shard: u8,
    reason: String,
}

/// Retention of a run's shard deltas, in days.
const WORK_DAYS: i64 = 14;

impl Table {
    /// Stores a shard delta under the name of its attempt. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn keep_work(
        &self,
        run: &str,
        shard: Shard,
        attempt: &str,
        work: &NewWork,
        now: Timestamp,
    ) -> Result<KeptWork, TableError> {
        let name = |number| keys::work_chunk(run, shard, attempt, number);
        let mut writer = ChunkWriter::new(self, name, now.plus_days(WORK_DAYS));
        let mut digest = LinesDigest::default();
        let mut lines = work.lines.reader_by(bucket);
        let (mut chunk, mut fill) = (Chunk::default(), ChunkFill::empty());
        while let Some(line) = lines.read() {
            digest.add(line)?;
            let bucket = bucket(&line.key.inviter);
            if fill.ends_before(&(bucket, line))? {
                writer.write(std::mem::take(&mut chunk)).await?;
            }
            chunk.extend_to(bucket).lines.push(line.clone());
        }
        writer.write(chunk).await?;
        let mut invitees: Vec<_> = work.invitees.iter().map(|i| (bucket(&i.inviter), i)).collect();
        invitees.sort_by_key(|(bucket, _)| *bucket);
        for part in chunks(&invitees)? {
            let mut chunk = Chunk::default();
            for (bucket, invitee) in part {
                chunk.extend_to(*bucket).invitees.push((*invitee).clone());
            }
            writer.write(chunk).await?;
        }
        Ok(KeptWork { chunks: writer.end().await?, lines_digest: digest.text() })
    }

    /// Stores a shard's report. An existing report is not replaced but returned, and the later
    /// worker's is dropped. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails or the first report does not decode.
    pub async fn report_shard(
        &self,
        run: &str,
        shard: Shard,
        report: ShardReport,
        now: Timestamp,
    ) -> Result<ShardReport, TableError> {
        let stored = stored(&keys::shard_report(run, shard), &report)?;
        let Stored { main, parts } = stored.expiring(now.plus_days(WORK_DAYS));
        self.put_many(parts).await?;
        match self.put_if(main, Condition::Absent).await? {
            Conditional::Written => Ok(report),
            Conditional::Refused(Some(first)) => {
                let first = self.read_stored("shard report", &[first]).await?.pop();
                first.ok_or(TableError::Contended("a shard's report"))
            }
            Conditional::Refused(None) => Err(TableError::Contended("a shard's report")),
        }
    }

    /// Returns the state of a shard that a worker needs before it begins. Cost: 1 call, about 5
    /// read units.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn shard_state(
        &self,
        day: Day,
        run: &str,
        shard: Shard,
    ) -> Result<ShardState, TableError> {
        let report_key = keys::shard_report(run, shard);
        let mark_key = keys::touched(day, shard);
        let old_mark_key = keys::touched_before_partitions(day, shard);
        let mut state = ShardState::default();
        let mut old_mark = None;
        let wanted = [
            report_key.clone(),
            mark_key.clone(),
            old_mark_key.clone(),
            keys::day(day),
            keys::head(),
        ];
        for item in self.get_many(&wanted).await? {
            if keys::is_at(&item, &keys::head()) {
                state.visible = versioned::<Head>("head", Some(item))?.value.visible;
            } else if keys::is_at(&item, &report_key) {
                state.report = self.read_stored("shard report", &[item]).await?.pop();
            } else if keys::is_at(&item, &mark_key) {
                state.touched = Some(read_plain("dirty marker", item)?);
            } else if keys::is_at(&item, &old_mark_key) {
                old_mark = Some(read_plain("dirty marker", item)?);
            } else {
                state.day = day_record(Some(item))?;
            }
        }
        // Of two markers the other one stays for the next night, which finds nothing to book.
        state.touched = state.touched.or(old_mark);
        Ok(state)
    }

    /// Returns the reports of all finished shards. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or a report does not decode.
    pub async fn shard_reports(&self, run: &str) -> Result<Vec<ShardReport>, TableError> {
        let items = self.query(&keys::shard_reports(run)).await?;
        self.read_stored("shard report", &items).await
    }

    /// Stores the reason that a shard of a run is deferred. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn set_shard_aside(
        &self,
        run: &str,
        shard: Shard,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), TableError> {
        let deferred = ShardSetAside { shard: shard.number(), reason: reason.to_owned() };
        let item = plain(&keys::shard_set_aside(run, shard), &deferred)?;
        self.put(expire(item, now.plus_days(WORK_DAYS))).await
    }

    /// Returns the deferred shards of a run, with their reasons. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn shards_set_aside(&self, run: &str) -> Result<BTreeMap<u8, String>, TableError> {
        let items = self.query(&keys::shards_set_aside(run)).await?;
        let deferred = items.into_iter().map(|item| {
            let shard: ShardSetAside = read_plain("shard that is set aside", item)?;
            Ok((shard.shard, shard.reason))
        });
        deferred.collect()
    }

    /// Returns the shard deltas for the inviters in the requested buckets of each shard. Cost: 1
    /// call per hundred chunks, 1 read unit per 4 KB of the chunks that hold such inviters.
    ///
    /// # Errors
    /// If the table fails, or a chunk is missing or does not decode.
    pub async fn work(
        &self,
        run: &str,
        reports: &[ShardReport],
        wanted: impl Fn(&ShardReport) -> RangeInclusive<u16>,
    ) -> Result<Vec<Found>, TableError> {
        let mut stored = self.readable_work(run, reports, wanted).await?;
        match stored.unreadable.pop() {
            None => Ok(stored.found),
            Some(chunk) => Err(chunk.error),
        }
    }

    /// Records that a part of a run is published. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn part_done(&self, run: &str, part: u16, now: Timestamp) -> Result<(), TableError> {
        let item = packed(&keys::part_done(run, part), &PartDone { part })?;
        self.put(expire(item, now.plus_days(WORK_DAYS))).await
    }

    /// Returns the number of published parts of a run. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn parts_done(&self, run: &str) -> Result<usize, TableError> {
        Ok(self.query(&keys::parts_done(run)).await?.len())
    }

    /// Copies shard deltas to the keys where later runs of the day read booked deltas. Cost: 1 call
    /// per 25 chunks, 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn keep_booked<'a>(
        &self,
        found: impl IntoIterator<Item = &'a Found>,
        day: Day,
        seq: u64,
    ) -> Result<(), TableError> {
        let mut items = Vec::new();
        for Found { shard, chunk, work } in found {
            if let Some(shard) = Shard::new(*shard) {
                items.push(packed(&keys::booked_chunk(day, shard, seq, *chunk), work)?);
            }
        }
        self.put_many(items).await
    }

    /// Returns the booked deltas of a day's shard, without withdrawn parts. Cost: 1 read unit per 4
    /// KB.
    ///
    /// # Errors
    /// If the table fails or a chunk does not decode.
    pub async fn booked(&self, day: Day, shard: Shard) -> Result<Vec<Work>, TableError> {
        let mut booked: Vec<(u64, Work)> = Vec::new();
        for item in self.query(&keys::booked(day, shard)).await? {
            if Withdrawal::is_at(&item) {
                let withdrawn: Withdrawal = read_plain("withdrawal", item)?;
                let chunks = booked.iter_mut().filter(|(seq, _)| *seq == withdrawn.seq);
                chunks.for_each(|(_, work)| withdrawn.apply(work));
            } else {
                let place = keys::booked_place(&item);
                let malformed = || TableError::corrupt("booked work", "its sort key is malformed");
                let (seq, _) = place.ok_or_else(malformed)?;
                booked.push((seq, read_packed("booked work", &item)?));
            }
        }
        Ok(booked.into_iter().map(|(_, work)| work).collect())
    }

    /// Returns the digests of the lines that each committed run booked for a day's shard. For an
    /// unchanged run it is the digest in the shard's report. Only chunks that a run booked itself
    /// are used: their sort key consists of the run's number and theirs. Cost: 1 read unit per 4
    /// KB.
    ///
    /// # Errors
    /// If the table fails or a chunk does not decode.
    pub async fn booked_digests(
        &self,
        day: Day,
        shard: Shard,
    ) -> Result<BTreeMap<u64, String>, TableError> {
        let mut digests: BTreeMap<u64, LinesDigest> = BTreeMap::new();
        self.query_each(&keys::booked(day, shard), |item| {
            let Some((seq, _)) = keys::booked_place(&item) else { return Ok(()) };
            let work: Work = read_packed("booked work", &item)?;
            work.lines.iter().try_for_each(|line| digests.entry(seq).or_default().add(line))
        })
        .await?;
        Ok(digests.into_iter().map(|(seq, digest)| (seq, digest.text())).collect())
    }
}

/// A chunk of a delta. Chunks are in the order of the inviters' buckets. An inviter may span
/// chunks.
#[derive(Default)]
struct Chunk {
    /// The first and last bucket.
    buckets: Option<(u16, u16)>,
    work: Work,
}

impl Chunk {
    /// Returns the delta, to which an entry of an inviter in the bucket is added.
    fn extend_to(&mut self, bucket: u16) -> &mut Work {
        let (first, _) = self.buckets.unwrap_or((bucket, bucket));
        self.buckets = Some((first, bucket));
        &mut self.work
    }
}

/// Stores the chunks of a delta, numbered in their order.
struct ChunkWriter<'a, N> {
    table: &'a Table,
    name: N,
    expires: Timestamp,
    waiting: Vec<Item>,
    buckets: Vec<(u16, u16)>,
    number: u32,
}

impl<'a, N: Fn(u32) -> Key> ChunkWriter<'a, N> {
    const fn new(table: &'a Table, name: N, expires: Timestamp) -> Self {
        Self { table, name, expires, waiting: Vec::new(), buckets: Vec::new(), number: 0 }
    }

    /// Stores a chunk, unless it is empty.
    async fn write(&mut self, chunk: Chunk) -> Result<(), TableError> {
        let Some(buckets) = chunk.buckets else { return Ok(()) };
        let key = (self.name)(self.number);
        self.waiting.push(expire(packed(&key, &chunk.work)?, self.expires));
        self.buckets.push(buckets);
        self.number += 1;
        // Sequential writes bound the memory: a delta can be as large as its shard's fees.
        if self.waiting.len() == ITEMS_PER_WRITE {
            self.table.put_many(std::mem::take(&mut self.waiting)).await?;
        }
        Ok(())
    }

    /// Returns the first and last bucket of each chunk.
    async fn end(self) -> Result<Vec<(u16, u16)>, TableError> {
        self.table.put_many(self.waiting).await?;
        Ok(self.buckets)
    }
}

#[cfg(test)]
mod tests;

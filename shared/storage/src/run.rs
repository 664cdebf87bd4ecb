//! A run's work before it is committed: seen by nobody, written once, gone after some days.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use commission::{Asset, Conservation, Line, Trades};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use types::{Day, LinkCode, Market, Origin, Timestamp, Uid};

use crate::access::{Condition, ITEMS_PER_WRITE, Table};
use crate::account::Versioned;
use crate::affiliate_view::Money;
use crate::chunks::chunks;
use crate::error::TableError;
use crate::fees::DirtyShard;
use crate::item::{Item, Packed, expire, pack, packed, plain, read_packed, read_plain};
use crate::keys::{self, Key, Shard, bucket, hexadecimal};
use crate::ledger::{DayRecord, ExcludedCounts, Head, versioned};
use crate::parked::Withdrawal;
use crate::parts::{Stored, stored};

/// What one worker found for one shard of a day: the difference to what is booked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// The lines to book.
    pub lines: Vec<Line>,
    /// The invitees that the lines or new bindings are about, each once.
    pub invitees: Vec<TouchedInvitee>,
}

/// An invitee in a worker's finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TouchedInvitee {
    /// The inviter.
    pub inviter: Uid,
    /// The invitee.
    pub invitee: Uid,
    /// The link by which he was bound.
    pub code: LinkCode,
    /// How he came.
    pub origin: Origin,
    /// When he was bound.
    pub bound_at: Timestamp,
    /// When the binding was found void, if it was.
    pub voided_at: Option<Timestamp>,
    /// Whether the run books the binding itself: it is new.
    pub newly_bound: bool,
    /// Whether he traded on this day and no earlier run of the day knew.
    pub newly_active: bool,
    /// Whether an earlier run of the day told that he traded, and all of it is taken back.
    pub newly_inactive: bool,
    /// His first and last trade of the day by market, as they hold after the run. Work of 0.1 has
    /// none, and leaves them to its lines.
    pub trades: Option<BTreeMap<Market, Trades>>,
}

impl TouchedInvitee {
    /// Whether the invitee has traded on the day as of this run. `before` says the same of the runs
    /// before it.
    #[must_use]
    pub fn is_active_after(&self, before: bool) -> bool {
        match &self.trades {
            Some(trades) => !trades.is_empty(),
            None => before || self.newly_active,
        }
    }
}

impl Work {
    /// Whether there is nothing to book.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.invitees.is_empty()
    }
}

/// What a worker says of its shard when it is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardReport {
    /// The shard's number.
    pub shard: u8,
    /// Names the chunks of the attempt that counts.
    pub attempt: String,
    /// The first and last bucket of inviters in each chunk.
    pub chunks: Vec<(u16, u16)>,
    /// How many lines are to be booked.
    pub lines: u64,
    /// The digest of these lines, in the order of the chunks; 0.1 made none.
    pub lines_digest: Option<String>,
    /// The revision of the day's record when what is booked was read.
    pub day_revision: u64,
    /// The mark that was there before the fees were read.
    pub touched: Option<DirtyShard>,
    /// The proof that what is due adds up, for the whole of what is due now.
    pub due: Conservation,
    /// What this run books, by asset.
    pub booked: BTreeMap<Asset, Money>,
    /// What was delivered and is in no line.
    pub aside: ExcludedCounts,
}

/// What a worker has to know of its shard before it begins.
#[derive(Debug, Default)]
pub struct ShardState {
    /// The report, if another worker has done the work.
    pub report: Option<ShardReport>,
    /// The mark, if the shard is touched.
    pub touched: Option<DirtyShard>,
    /// The day's committed runs.
    pub day: Versioned<DayRecord>,
    /// The newest run that readers see.
    pub visible: u64,
}

impl ShardState {
    /// Whether all that is booked for the day can be read: a run's part of it is written when the
    /// run is published, after its commit.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.day.value.runs.iter().all(|run| run.seq <= self.visible)
    }
}

/// A chunk of what a worker found.
#[derive(Debug)]
pub struct Found {
    /// The worker's shard.
    pub shard: u8,
    /// The chunk's number.
    pub chunk: u32,
    /// What it holds.
    pub work: Work,
}

/// A worker's finding as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptWork {
    /// The first and last bucket of inviters in each chunk.
    pub chunks: Vec<(u16, u16)>,
    /// The digest of the lines, in the order of the chunks.
    pub lines_digest: String,
}

/// The digest of lines that come one after the other.
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

/// A part of a run's publishing that is done.
#[derive(Serialize, Deserialize)]
struct PartDone {
    part: u16,
}

impl Packed for PartDone {}

/// A shard of a run that is set aside.
#[derive(Serialize, Deserialize)]
struct ShardSetAside {
    shard: u8,
    reason: String,
}

/// How long the work of a run is kept, in days.
const WORK_DAYS: i64 = 14;

impl Table {
    /// Keeps a worker's finding under the name of its attempt. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn keep_work(
        &self,
        run: &str,
        shard: Shard,
        attempt: &str,
        work: &Work,
        now: Timestamp,
    ) -> Result<KeptWork, TableError> {
        let mut buckets = Vec::new();
        let mut items: Vec<Item> = Vec::new();
        let sorted = Sorted::by_bucket(work);
        let mut digest = LinesDigest::default();
        sorted.lines.iter().try_for_each(|(_, line)| digest.add(line))?;
        for (number, chunk) in (0..).zip(sorted.chunks()?) {
            let key = keys::work_chunk(run, shard, attempt, number);
            items.push(expire(packed(&key, &chunk.work)?, now.plus_days(WORK_DAYS)));
            buckets.push((chunk.first, chunk.last));
            // Not all at once: a shard's findings may take as much memory as its fees.
            if items.len() == ITEMS_PER_WRITE {
                self.put_many(std::mem::take(&mut items)).await?;
            }
        }
        self.put_many(items).await?;
        Ok(KeptWork { chunks: buckets, lines_digest: digest.text() })
    }

    /// Closes a shard's work. The first report stands: a second worker's is dropped, and the first
    /// one's is answered. Cost: 1 write unit per KB.
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
            Ok(()) => Ok(report),
            Err(Some(first)) => {
                let first = self.read_stored("shard report", &[first]).await?.pop();
                first.ok_or(TableError::Contended("a shard's report"))
            }
            Err(None) => Err(TableError::Contended("a shard's report")),
        }
    }

    /// What a worker has to know of its shard before it begins. Cost: 1 call, about 4 read units.
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
        let mut state = ShardState::default();
        let wanted = [report_key.clone(), mark_key.clone(), keys::day(day), keys::head()];
        for item in self.get_many(&wanted).await? {
            if keys::is_at(&item, &keys::head()) {
                state.visible = versioned::<Head>("head", Some(item))?.value.visible;
            } else if keys::is_at(&item, &report_key) {
                state.report = self.read_stored("shard report", &[item]).await?.pop();
            } else if keys::is_at(&item, &mark_key) {
                state.touched = Some(read_plain("mark", item)?);
            } else {
                state.day = versioned("day", Some(item))?;
            }
        }
        Ok(state)
    }

    /// The reports of all shards whose work is done. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or a report does not decode.
    pub async fn shard_reports(&self, run: &str) -> Result<Vec<ShardReport>, TableError> {
        let items = self.query(&keys::shard_reports(run)).await?;
        self.read_stored("shard report", &items).await
    }

    /// Notes why a shard of a run is set aside. Cost: 1 write unit.
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
        let aside = ShardSetAside { shard: shard.number(), reason: reason.to_owned() };
        let item = plain(&keys::shard_set_aside(run, shard), &aside)?;
        self.put(expire(item, now.plus_days(WORK_DAYS))).await
    }

    /// The shards of a run that are set aside, with their reasons. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn shards_set_aside(&self, run: &str) -> Result<BTreeMap<u8, String>, TableError> {
        let items = self.query(&keys::shards_set_aside(run)).await?;
        let aside = items.into_iter().map(|item| {
            let aside: ShardSetAside = read_plain("shard that is set aside", item)?;
            Ok((aside.shard, aside.reason))
        });
        aside.collect()
    }

    /// What workers found, of the inviters in the buckets that are wanted of each shard. Cost: 1
    /// call a hundred chunks, 1 read unit per 4 KB of the chunks that hold such inviters.
    ///
    /// # Errors
    /// If the table fails, or a chunk is missing or does not decode.
    pub async fn work(
        &self,
        run: &str,
        reports: &[ShardReport],
        wanted: impl Fn(&ShardReport) -> RangeInclusive<u16>,
    ) -> Result<Vec<Found>, TableError> {
        let mut places: HashMap<Key, (u8, u32)> = HashMap::new();
        for report in reports {
            let Some(shard) = Shard::new(report.shard) else { continue };
            let buckets = wanted(report);
            let numbered = (0u32..).zip(&report.chunks);
            for (chunk, _) in numbered
                .filter(|(_, (first, last))| first <= buckets.end() && buckets.start() <= last)
            {
                let key = keys::work_chunk(run, shard, &report.attempt, chunk);
                places.insert(key, (report.shard, chunk));
            }
        }
        let keys: Vec<Key> = places.keys().cloned().collect();
        let mut found = Vec::with_capacity(keys.len());
        for item in self.get_many(&keys).await? {
            if let Some((shard, chunk)) = keys::key_of(&item).and_then(|key| places.remove(&key)) {
                found.push(Found { shard, chunk, work: read_packed("run's work", &item)? });
            }
        }
        if !places.is_empty() {
            return Err(TableError::corrupt("run's work", "chunks are missing"));
        }
        found.sort_by_key(|found| (found.shard, found.chunk));
        Ok(found)
    }

    /// Remembers that a part of a run's publishing is done. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn part_done(&self, run: &str, part: u16, now: Timestamp) -> Result<(), TableError> {
        let item = packed(&keys::part_done(run, part), &PartDone { part })?;
        self.put(expire(item, now.plus_days(WORK_DAYS))).await
    }

    /// How many parts of a run's publishing are done. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn parts_done(&self, run: &str) -> Result<usize, TableError> {
        Ok(self.query(&keys::parts_done(run)).await?.len())
    }

    /// Copies what workers found to where later runs of the day look for what is booked. Cost: 1
    /// call per 25 chunks, 1 write unit per KB.
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

    /// All that committed runs booked for a day's shard, without what is withdrawn. Cost: 1 read unit per 4 KB.
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

    /// The digests of the lines that each committed run booked for a day's shard: of an unchanged
    /// run, the one in its shard's report. Only chunks that a run booked itself are taken: their
    /// sort key is its number and theirs. Cost: 1 read unit per 4 KB.
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

struct Chunk {
    first: u16,
    last: u16,
    work: Work,
}

/// Work in the order of the inviters' buckets.
struct Sorted<'a> {
    lines: Vec<(u16, &'a Line)>,
    invitees: Vec<(u16, &'a TouchedInvitee)>,
}

impl<'a> Sorted<'a> {
    fn by_bucket(work: &'a Work) -> Self {
        let mut lines: Vec<_> = work.lines.iter().map(|l| (bucket(&l.key.inviter), l)).collect();
        let mut invitees: Vec<_> = work.invitees.iter().map(|i| (bucket(&i.inviter), i)).collect();
        lines.sort_by_key(|(bucket, _)| *bucket);
        invitees.sort_by_key(|(bucket, _)| *bucket);
        Self { lines, invitees }
    }

    /// The work in chunks. An inviter may span chunks.
    fn chunks(&self) -> Result<impl Iterator<Item = Chunk>, TableError> {
        let of_lines = chunks(&self.lines)?.into_iter().map(|part| {
            let lines = part.iter().map(|(_, line)| (*line).clone()).collect();
            chunk(part, Work { lines, ..Work::default() })
        });
        let of_invitees = chunks(&self.invitees)?.into_iter().map(|part| {
            let invitees = part.iter().map(|(_, invitee)| (*invitee).clone()).collect();
            chunk(part, Work { invitees, ..Work::default() })
        });
        Ok(of_lines.chain(of_invitees))
    }
}

fn chunk<T>(part: &[(u16, T)], work: Work) -> Chunk {
    let bucket_of = |entry: Option<&(u16, T)>| entry.map_or(0, |(bucket, _)| *bucket);
    Chunk { first: bucket_of(part.first()), last: bucket_of(part.last()), work }
}

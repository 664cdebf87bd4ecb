//! Shard deltas of a committed run of which some cannot be read, and the placeholders for them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::AttributeValue;
use types::Day;

use crate::access::{Condition, Table};
use crate::error::TableError;
use crate::item::{packed, read_packed, stamp};
use crate::keys::{self, Key, Shard};
use crate::run::{Found, ShardReport, Work};

/// The place of a chunk of a shard delta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkPlace {
    /// The shard.
    pub shard: Shard,
    /// The chunk's number.
    pub chunk: u32,
    /// The buckets of its inviters.
    pub buckets: RangeInclusive<u16>,
}

/// A chunk of a shard delta that cannot be read.
#[derive(Debug)]
pub struct UnreadableWork {
    /// Its place.
    pub place: WorkPlace,
    /// Why it cannot be read.
    pub error: TableError,
}

/// Shard deltas of a run as they are stored.
#[derive(Debug, Default)]
pub struct StoredWork {
    /// The readable chunks, in their order.
    pub found: Vec<Found>,
    /// The chunks that cannot be read.
    pub unreadable: Vec<UnreadableWork>,
}

/// Reports of a run's shards as they are stored.
#[derive(Debug, Default)]
pub struct StoredReports {
    /// The readable reports.
    pub reports: Vec<ShardReport>,
    /// The shards whose report cannot be read, with the reasons.
    pub unreadable: Vec<(Shard, TableError)>,
}

/// The attribute of a placeholder for a chunk that cannot be read.
const LOST: &str = "lost";

impl Table {
    /// Returns the readable reports of a run's shards, and the shards of the others. Cost: 1 read
    /// unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or a sort key is malformed.
    pub async fn readable_shard_reports(&self, run: &str) -> Result<StoredReports, TableError> {
        let mut stored = StoredReports::default();
        for item in self.query(&keys::shard_reports(run)).await? {
            let shard = keys::report_shard(&item)
                .ok_or_else(|| TableError::corrupt("shard report", "its sort key is malformed"))?;
            match self.read_stored("shard report", &[item]).await {
                Ok(report) => stored.reports.extend(report),
                Err(error) if error.is_unreadable() => stored.unreadable.push((shard, error)),
                Err(error) => return Err(error),
            }
        }
        Ok(stored)
    }

    /// Returns the readable shard deltas for the inviters in the requested buckets of each shard,
    /// and the places of the others. Cost: 1 call per hundred chunks, 1 read unit per 4 KB of the
    /// chunks that hold such inviters.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn readable_work(
        &self,
        run: &str,
        reports: &[ShardReport],
        wanted: impl Fn(&ShardReport) -> RangeInclusive<u16>,
    ) -> Result<StoredWork, TableError> {
        let mut places: BTreeMap<Key, WorkPlace> = BTreeMap::new();
        for report in reports {
            let Some(shard) = Shard::new(report.shard) else { continue };
            let buckets = wanted(report);
            let numbered = (0u32..).zip(&report.chunks);
            let overlapping = numbered
                .filter(|(_, (first, last))| first <= buckets.end() && buckets.start() <= last);
            for (chunk, (first, last)) in overlapping {
                let key = keys::work_chunk(run, shard, &report.attempt, chunk);
                places.insert(key, WorkPlace { shard, chunk, buckets: *first..=*last });
            }
        }
        let keys: Vec<Key> = places.keys().cloned().collect();
        let mut stored = StoredWork::default();
        for item in self.get_many(&keys).await? {
            let place = keys::key_of(&item).and_then(|key| places.remove(&key));
            let Some(place) = place else { continue };
            match read_packed("run's work", &item) {
                Ok(work) => {
                    let (shard, chunk) = (place.shard.number(), place.chunk);
                    stored.found.push(Found { shard, chunk, work });
                }
                Err(error) => stored.unreadable.push(UnreadableWork { place, error }),
            }
        }
        let missing = places.into_values().map(|place| {
            let error = TableError::corrupt("run's work", "a chunk is missing");
            UnreadableWork { place, error }
        });
        stored.unreadable.extend(missing);
        stored.found.sort_by_key(|found| (found.shard, found.chunk));
        stored.unreadable.sort_by_key(|it| (it.place.shard, it.place.chunk));
        Ok(stored)
    }

    /// Returns the copy of a chunk in the booked deltas of its run, if there is one that decodes.
    /// Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn booked_copy(
        &self,
        day: Day,
        seq: u64,
        place: &WorkPlace,
    ) -> Result<Option<Work>, TableError> {
        let key = keys::booked_chunk(day, place.shard, seq, place.chunk);
        let item = self.get_many(&[key]).await?.pop();
        // A copy that does not decode is a placeholder, or as unreadable as the original.
        Ok(item.and_then(|item| read_packed("booked work", &item).ok()))
    }

    /// Returns those booked deltas of a day's shard that decode, withdrawn or not. Cost: 1 read
    /// unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn readable_booked(&self, day: Day, shard: Shard) -> Result<Vec<Work>, TableError> {
        let items = self.query(&keys::booked(day, shard)).await?;
        Ok(items.iter().filter_map(|item| read_packed("booked work", item).ok()).collect())
    }

    /// Writes a placeholder where the copy of a chunk belongs, unless something is there. A
    /// placeholder does not decode, so that no later run treats the chunk's lines as not booked.
    /// Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn hold_place(
        &self,
        day: Day,
        seq: u64,
        place: &WorkPlace,
    ) -> Result<(), TableError> {
        let mut item = stamp(&keys::booked_chunk(day, place.shard, seq, place.chunk));
        item.insert(LOST.to_owned(), AttributeValue::Bool(true));
        let _already_there = self.put_if(item, Condition::Absent).await?;
        Ok(())
    }

    /// Replaces the placeholders of a run in a day's shard by empty chunks, so that later runs
    /// treat the lost lines as not booked. Returns whether there was a placeholder. Cost: 1 read
    /// unit per 4 KB, 1 write unit for each placeholder.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn give_up_places(
        &self,
        day: Day,
        shard: Shard,
        seq: u64,
    ) -> Result<bool, TableError> {
        let items = self.query(&keys::booked_by(day, shard, seq)).await?;
        let mut lost = items.iter().filter(|item| item.contains_key(LOST)).peekable();
        let found = lost.peek().is_some();
        for key in lost.filter_map(keys::key_of) {
            self.put(packed(&key, &Work::default())?).await?;
        }
        Ok(found)
    }
}

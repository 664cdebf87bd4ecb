//! The runs that became visible recently, for the comparison with the affiliate view.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use types::{Day, Timestamp};

use crate::access::Table;
use crate::error::TableError;
use crate::item::{expire, plain, read_packed, read_plain};
use crate::keys::{self, Key, Shard};
use crate::run::{ShardReport, Work};

/// A run that became visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishedRun {
    /// Its number.
    pub seq: u64,
    /// The day that it booked.
    pub day: Day,
    /// The name under which its shards' reports are kept.
    pub run: String,
}

/// How long a finished run is listed, in days: as long as its shards' reports are kept.
pub const FINISHED_RUN_DAYS: i32 = 14;

impl Table {
    /// Lists a run under the date of `now`. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn list_finished(&self, run: &FinishedRun, now: Timestamp) -> Result<(), TableError> {
        let item = plain(&keys::finished(now.day(), run.seq), run)?;
        self.put(expire(item, now.plus_days(FINISHED_RUN_DAYS.into()))).await
    }

    /// Returns the runs that became visible on a date. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn finished_runs(&self, date: Day) -> Result<Vec<FinishedRun>, TableError> {
        let items = self.query(&keys::all_finished(date)).await?;
        items.into_iter().map(|item| read_plain("finished run", item)).collect()
    }

    /// Returns the shard deltas of a run for the inviters of some buckets, and of others that share
    /// a chunk with them. Cost: 1 call per hundred chunks, 1 read unit per 4 KB of them.
    ///
    /// # Errors
    /// If the table fails, or a chunk is missing or does not decode.
    pub async fn booked_in_buckets(
        &self,
        run: &FinishedRun,
        reports: &[ShardReport],
        buckets: &RangeInclusive<u16>,
    ) -> Result<Vec<Work>, TableError> {
        let mut places: HashMap<Key, ()> = HashMap::new();
        for report in reports {
            let Some(shard) = Shard::new(report.shard) else { continue };
            let numbered = (0u32..).zip(&report.chunks);
            let wanted = numbered
                .filter(|(_, (first, last))| first <= buckets.end() && buckets.start() <= last);
            for (chunk, _) in wanted {
                places.insert(keys::booked_chunk(run.day, shard, run.seq, chunk), ());
            }
        }
        let wanted: Vec<Key> = places.keys().cloned().collect();
        let items = self.get_many(&wanted).await?;
        if items.len() < wanted.len() {
            return Err(TableError::corrupt("booked work", "chunks are missing"));
        }
        items.iter().map(|item| read_packed("booked work", item)).collect()
    }
}

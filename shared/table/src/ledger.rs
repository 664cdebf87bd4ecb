//! The ledger's order: which runs are committed, and up to which one readers see.

use std::collections::BTreeMap;

use commission::{Asset, Conservation};
use serde::{Deserialize, Serialize};
use terms::{Day, Timestamp};

use crate::access::{Action, Condition, Table};
use crate::account::Versioned;
use crate::error::TableError;
use crate::item::{Item, packed, plain, read_packed, read_plain, revision};
use crate::keys;
use crate::statement::Money;

/// The head of the ledger. Runs are committed one after the other, each with the next number; a
/// run is published before the next one is committed; readers see what is published.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The number of the newest committed run.
    pub committed: u64,
    /// The number of the newest run that readers see.
    pub visible: u64,
    /// The committed run that is being published, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// The last day of an unbroken row of closed days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_through: Option<Day>,
}

impl Head {
    /// The instant up to which the data are complete: the end of the last closed day.
    #[must_use]
    pub fn data_as_of(&self) -> Option<Timestamp> {
        self.closed_through.map(Day::end)
    }
}

/// A run between its commit and its becoming visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// Its number.
    pub seq: u64,
    /// The day that it books.
    pub day: Day,
    /// The name under which its work is kept.
    pub run: String,
    /// Into how many parts its publishing is split.
    pub parts: u16,
}

/// A day's committed runs, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DayRecord {
    /// The runs.
    pub runs: Vec<CommittedRun>,
}

/// A committed run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommittedRun {
    /// Its number in the ledger.
    pub seq: u64,
    /// The name under which its work was kept.
    pub run: String,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// How many lines it booked.
    pub lines: u64,
    /// A digest of its conservation report and its shards' work.
    pub digest: String,
}

/// The proof that a run adds up, kept with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// What is due for the whole day after this run.
    pub due: Conservation,
    /// What this run booked, by asset.
    pub booked: BTreeMap<Asset, Money>,
    /// What was delivered and is in no line.
    pub aside: Aside,
}

/// What was delivered and is in no line, counted by what it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Aside {
    /// Fees that came again and were counted once.
    pub duplicates: u64,
    /// Fees with a known identity and another body, which are quarantined.
    pub conflicts: u64,
    /// Fees of invitees whose binding is void.
    pub void: u64,
    /// Fees of users without a relation.
    pub unrelated: u64,
    /// Fees of another day than the one under which they are kept.
    pub outside_day: u64,
    /// Corrections whose fee has not come.
    pub orphan_corrections: u64,
    /// Corrections with more decimals than their fee's asset has; their fees stand as charged.
    pub inexact_corrections: u64,
}

impl Aside {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            duplicates: self.duplicates + other.duplicates,
            conflicts: self.conflicts + other.conflicts,
            void: self.void + other.void,
            unrelated: self.unrelated + other.unrelated,
            outside_day: self.outside_day + other.outside_day,
            orphan_corrections: self.orphan_corrections + other.orphan_corrections,
            inexact_corrections: self.inexact_corrections + other.inexact_corrections,
        }
    }
}

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// The run is committed under this number.
    Committed(u64),
    /// Another run is being published, or took the number: read the head and try again.
    HeadMoved,
    /// Another run of the same day was committed first: this run's work is worth nothing.
    Superseded,
}

pub(crate) fn versioned<T: serde::de::DeserializeOwned + Default>(
    what: &'static str,
    item: Option<Item>,
) -> Result<Versioned<T>, TableError> {
    let Some(item) = item else { return Ok(Versioned::new(T::default())) };
    let revision = revision(&item);
    Ok(Versioned { value: read_plain(what, item)?, revision })
}

impl Table {
    /// The ledger's head. Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn head(&self) -> Result<Versioned<Head>, TableError> {
        versioned("head", self.get(&keys::head()).await?)
    }

    /// A day's committed runs. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn day(&self, day: Day) -> Result<Versioned<DayRecord>, TableError> {
        versioned("day", self.get(&keys::day(day)).await?)
    }

    /// Commits a run of a day: gives it the next number, and appends it to the day's runs.
    /// `day` is the day's record as it was when the run was planned. Cost: 1 transaction of 3 items.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn commit(
        &self,
        head: &Versioned<Head>,
        day: &Versioned<DayRecord>,
        run: CommittedRun,
        report: &RunReport,
        pending: Pending,
    ) -> Result<CommitOutcome, TableError> {
        if head.value.pending.is_some() {
            return Ok(CommitOutcome::HeadMoved);
        }
        let seq = run.seq;
        let (day_key, report_key) = (keys::day(pending.day), keys::report(pending.day, seq));
        let new_head = Head { committed: seq, pending: Some(pending), ..head.value.clone() };
        let mut new_day = day.value.clone();
        new_day.runs.push(run);
        let actions = vec![
            Action::Put(plain(&day_key, &new_day)?, Condition::Revision(day.revision)),
            Action::Put(plain(&keys::head(), &new_head)?, Condition::Revision(head.revision)),
            Action::Put(packed(&report_key, report)?, Condition::Absent),
        ];
        Ok(match self.transact(actions).await? {
            Ok(()) => CommitOutcome::Committed(seq),
            Err((0, _)) => CommitOutcome::Superseded,
            Err(_) => CommitOutcome::HeadMoved,
        })
    }

    /// The conservation report of a committed run. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn run_report(&self, day: Day, seq: u64) -> Result<Option<RunReport>, TableError> {
        let item = self.get(&keys::report(day, seq)).await?;
        item.map(|item| read_packed("run report", &item)).transpose()
    }

    /// Writes the head unless it was changed since it was read. Cost: 1 write unit.
    /// Answers `false` where it was changed.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn save_head(&self, head: &Versioned<Head>) -> Result<bool, TableError> {
        let item = plain(&keys::head(), &head.value)?;
        Ok(self.put_if(item, Condition::Revision(head.revision)).await?.is_ok())
    }
}

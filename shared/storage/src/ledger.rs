//! The order of the ledger: the committed runs, and the newest one that is visible.

use std::collections::{BTreeMap, BTreeSet};

use commission::{Asset, Conservation, Overflow};
use serde::{Deserialize, Serialize};
use types::{Day, Quarter, Timestamp, error_chain};

use crate::access::{Action, Condition, Table, Transaction};
use crate::account::Versioned;
use crate::affiliate_view::Money;
use crate::archived::{ArchivedDay, day_item, day_record};
use crate::attempt::Attempt;
use crate::error::TableError;
use crate::item::{Item, plain, read_plain, revision};
use crate::keys::{self, short_sha256};
use crate::parts::{Stored, stored};

/// The head of the ledger. Runs are committed one after the other, each with the next number. A run
/// is published before the next one is committed; readers see published runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The number of the newest committed run.
    pub committed: u64,
    /// The number of the newest visible run.
    pub visible: u64,
    /// The committed run that is being published, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// The last day of an unbroken sequence of closed days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_through: Option<Day>,
    /// The chain's digest after the newest run that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// The last quarter whose tiers are set. Absent in heads of 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated_through: Option<Quarter>,
    /// Quarters to evaluate again, because a deferred day was booked; each with the newest run that
    /// was visible by then.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reevaluate: BTreeMap<Quarter, u64>,
    /// Deferred days: they cannot be booked, or not completely. They count as closed, and each
    /// night retries them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set_aside: BTreeMap<Day, SetAside>,
    /// The number of parked affiliates.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub parked: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The reason that a day is not booked completely.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetAside {
    /// The newest reason.
    pub reason: String,
    /// The shards that are not booked.
    pub shards: BTreeSet<u8>,
}

impl Head {
    /// Returns the last day of an unbroken sequence of closed days, none of which is deferred.
    #[must_use]
    pub fn complete_through(&self) -> Option<Day> {
        let closed = self.closed_through?;
        Some(self.set_aside.keys().next().map_or(closed, |day| closed.min(day.previous())))
    }

    /// Returns the instant up to which the data are complete.
    #[must_use]
    pub fn data_as_of(&self) -> Option<Timestamp> {
        self.complete_through().map(Day::end)
    }
}

/// A run that is committed and not visible yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pending {
    /// Its number.
    pub seq: u64,
    /// The day that it books.
    pub day: Day,
    /// The prefix of its shard deltas.
    pub run: String,
    /// The number of parts of its publishing.
    pub parts: u16,
    /// When it was committed; 0.1 did not store it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<Timestamp>,
}

/// A day's committed runs, in order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DayRecord {
    /// The runs.
    pub runs: Vec<CommittedRun>,
    /// The archive of the day's fees, which may no longer be in the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<ArchivedDay>,
}

/// A committed run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommittedRun {
    /// Its number in the ledger.
    pub seq: u64,
    /// The prefix of its shard deltas.
    pub run: String,
    /// When it was committed.
    pub committed_at: Timestamp,
    /// The number of its lines.
    pub lines: u64,
    /// A digest of its conservation report.
    pub digest: String,
    /// Its link in the chain of runs; 0.1 stored none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<ChainLink>,
}

/// A run's link in the chain of runs. The chain covers every line of every run: changing a line, or
/// moving it to another run or affiliate, breaks the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainLink {
    /// The digest after the previous run, if that run has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The digest after this run.
    pub digest: String,
}

impl ChainLink {
    /// Returns the link of a run, made of the previous digest, the digest of its conservation
    /// report, and the digests of the lines of each shard that has any.
    #[must_use]
    pub fn of(
        previous: Option<&str>,
        (day, seq): (Day, u64),
        report: &str,
        lines: &BTreeMap<u8, String>,
    ) -> Self {
        let mut content = format!("{}\n{day} {seq}\n{report}\n", previous.unwrap_or_default());
        for (shard, digest) in lines {
            content.push_str(&format!("{shard} {digest}\n"));
        }
        let previous = previous.map(ToOwned::to_owned);
        Self { previous, digest: short_sha256(content.as_bytes()) }
    }
}

/// Returns the runs whose link does not follow the previous run's, among links by their runs'
/// numbers. Where the previous run has no link here, nothing is compared.
#[must_use]
pub fn chain_breaks(links: &BTreeMap<u64, ChainLink>) -> Vec<u64> {
    let follows = |seq: u64, link: &ChainLink| {
        let before = seq.checked_sub(1).and_then(|before| links.get(&before));
        before.is_none_or(|before| link.previous.as_ref() == Some(&before.digest))
    };
    let broken = links.iter().filter(|(seq, link)| !follows(**seq, link));
    broken.map(|(seq, _)| *seq).collect()
}

/// The conservation proof of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The accruals of the whole day after this run.
    pub due: Conservation,
    /// The amounts that this run booked, by asset.
    pub booked: BTreeMap<Asset, Money>,
    /// The delivered fees without a line.
    pub excluded: ExcludedCounts,
}

/// The delivered fees without a line, counted by cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExcludedCounts {
    /// Redelivered fees, which were counted once.
    pub duplicates: u64,
    /// Fees with a known identity and another body, which are quarantined.
    pub conflicts: u64,
    /// Fees of invitees whose binding is void.
    pub void: u64,
    /// Fees of users without a relation.
    pub unrelated: u64,
    /// Fees of another day than the one of their key.
    pub outside_day: u64,
    /// Corrections whose fee has not arrived.
    pub orphan_corrections: u64,
    /// Corrections with more decimals than their fee's asset has; their fees keep the charged
    /// amount.
    pub inexact_corrections: u64,
    /// Fees of accounts that cannot be read.
    pub unreadable_fees: u64,
    /// Chunks of fees that cannot be read.
    pub unreadable_chunks: u64,
}

impl ExcludedCounts {
    /// Returns the sum of both.
    ///
    /// # Errors
    /// [`Overflow`] if a count does not fit.
    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        let sum = |a: u64, b: u64| a.checked_add(b).ok_or(Overflow);
        Ok(Self {
            duplicates: sum(self.duplicates, other.duplicates)?,
            conflicts: sum(self.conflicts, other.conflicts)?,
            void: sum(self.void, other.void)?,
            unrelated: sum(self.unrelated, other.unrelated)?,
            outside_day: sum(self.outside_day, other.outside_day)?,
            orphan_corrections: sum(self.orphan_corrections, other.orphan_corrections)?,
            inexact_corrections: sum(self.inexact_corrections, other.inexact_corrections)?,
            unreadable_fees: sum(self.unreadable_fees, other.unreadable_fees)?,
            unreadable_chunks: sum(self.unreadable_chunks, other.unreadable_chunks)?,
        })
    }
}

/// The outcome of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// The run is committed under this number.
    Committed(u64),
    /// Another run is being published, or took the number: read the head and try again.
    HeadMoved,
    /// Another run of the same day was committed first: this run is superseded.
    Superseded,
}

/// Whether the ledger's head can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadState {
    /// It can be read.
    Readable,
    /// There is no head: before the first night, or because it was lost.
    Missing,
    /// It cannot be read.
    Unreadable {
        /// Its revision; 0 if it has none.
        revision: u64,
        /// The cause.
        reason: String,
    },
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
    /// Returns the ledger's head. Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn head(&self) -> Result<Versioned<Head>, TableError> {
        versioned("head", self.get(&keys::head()).await?)
    }

    /// Returns whether the ledger's head can be read. Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn head_state(&self) -> Result<HeadState, TableError> {
        let Some(item) = self.get(&keys::head()).await? else { return Ok(HeadState::Missing) };
        let revision = revision(&item);
        Ok(match read_plain::<Head>("head", item) {
            Ok(_) => HeadState::Readable,
            Err(error) => HeadState::Unreadable { revision, reason: error_chain(&error) },
        })
    }

    /// Returns a day's committed runs. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn day(&self, day: Day) -> Result<Versioned<DayRecord>, TableError> {
        day_record(self.get(&keys::day(day)).await?)
    }

    /// Commits a run of a day: gives it the next number, and appends it to the day's runs. `day` is
    /// the day's record as it was when the run was planned. Cost: 1 transaction of 3 items, and
    /// before it 1 call for a report that is stored in parts.
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
        let link = run.chain.as_ref().map(|link| link.digest.clone());
        let chain = link.or_else(|| head.value.chain.clone());
        let new_head = Head { committed: seq, pending: Some(pending), chain, ..head.value.clone() };
        let Stored { main: report, parts } = stored(&report_key, report)?;
        self.put_many(parts).await?;
        let mut new_day = day.value.clone();
        new_day.runs.push(run);
        let actions = vec![
            Action::Put(day_item(&day_key, &new_day)?, Condition::Revision(day.revision)),
            Action::Put(plain(&keys::head(), &new_head)?, Condition::Revision(head.revision)),
            Action::Put(report, Condition::Absent),
        ];
        Ok(match self.transact(actions).await? {
            Transaction::Made => CommitOutcome::Committed(seq),
            Transaction::Refused { place: 0, .. } => CommitOutcome::Superseded,
            Transaction::Refused { .. } => CommitOutcome::HeadMoved,
        })
    }

    /// Returns the conservation report of a committed run. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn run_report(&self, day: Day, seq: u64) -> Result<Option<RunReport>, TableError> {
        let item = self.get(&keys::report(day, seq)).await?;
        Ok(self.read_stored("run report", item.as_slice()).await?.pop())
    }

    /// Writes the head unless it was changed since it was read. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn save_head(&self, head: &Versioned<Head>) -> Result<Attempt, TableError> {
        let item = plain(&keys::head(), &head.value)?;
        self.put_revision(item, head.revision).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(previous: Option<&str>, seq: u64) -> ChainLink {
        let of = ("2026-11-21".parse().unwrap(), seq);
        ChainLink::of(previous, of, "report", &[(5, "lines".to_owned())].into())
    }

    #[test]
    fn link_covers_all_that_it_is_made_of() {
        let of = |previous, day: &str, seq, report, shard, lines: &str| {
            let lines = [(shard, lines.to_owned())].into();
            ChainLink::of(previous, (day.parse().unwrap(), seq), report, &lines).digest
        };
        let day = "2026-11-21";
        let all = of(Some("before"), day, 7, "report", 5, "lines");
        for other in [
            of(None, day, 7, "report", 5, "lines"),
            of(Some("other"), day, 7, "report", 5, "lines"),
            of(Some("before"), "2026-11-22", 7, "report", 5, "lines"),
            of(Some("before"), day, 8, "report", 5, "lines"),
            of(Some("before"), day, 7, "other", 5, "lines"),
            of(Some("before"), day, 7, "report", 6, "lines"),
            of(Some("before"), day, 7, "report", 5, "other"),
        ] {
            assert_ne!(other, all);
        }
        assert_eq!(of(Some("before"), day, 7, "report", 5, "lines"), all);
    }

    #[test]
    fn link_that_does_not_follow_is_found() {
        let first = link(None, 1);
        let second = link(Some(&first.digest), 2);
        let after_a_gap = link(Some("unknown"), 4);
        let links = [(1, first.clone()), (2, second), (4, after_a_gap)];
        assert!(chain_breaks(&links.clone().into()).is_empty());
        let changed = [(1, link(Some("x"), 1)), (4, first.clone()), (5, first)];
        let changed = links.into_iter().chain(changed);
        assert_eq!(chain_breaks(&changed.collect()), [2, 5]);
    }

    #[test]
    fn head_without_parked_has_no_count() {
        let json = |parked| serde_json::to_value(Head { parked, ..Head::default() }).unwrap();
        assert_eq!(json(0).get("parked"), None);
        assert_eq!(json(1)["parked"], 1);
    }

    #[test]
    fn excluded_counts_are_added_each() {
        let counts = |by: u64| ExcludedCounts {
            duplicates: by,
            conflicts: 2 * by,
            void: 3 * by,
            unrelated: 4 * by,
            outside_day: 5 * by,
            orphan_corrections: 6 * by,
            inexact_corrections: 7 * by,
            unreadable_fees: 8 * by,
            unreadable_chunks: 9 * by,
        };
        assert_eq!(counts(1).plus(counts(10)), Ok(counts(11)));
        assert!(counts(1).plus(ExcludedCounts { void: u64::MAX, ..counts(1) }).is_err());
    }
}

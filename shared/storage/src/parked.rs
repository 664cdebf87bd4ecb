//! Parked affiliates: their part of a run cannot be published, while all others continue.
//!
//! A parked affiliate reads the ledger as it was before the first waiting run. Later runs queue
//! behind it, and are published in order once the cause is repaired.

use commission::Line;
use serde::{Deserialize, Serialize};
use types::{Day, Quarter, Timestamp, Uid};

use crate::access::{Action, Condition, Table, Transaction};
use crate::account::Versioned;
use crate::attempt::{Attempt, MAX_ATTEMPTS, retry_on_conflict};
use crate::error::TableError;
use crate::item::{Item, REVISION, plain, read_packed, read_plain, revision, stamp};
use crate::keys::{self, Key, Shard, sort_key};
use crate::ledger::Head;
use crate::run::{TouchedInvitee, Work};

/// Attributes of an affiliate's totals, which every dashboard answer reads.
const PARKED_FROM: &str = "parkedFrom";
const PARKED_DAY: &str = "parkedDay";

/// A run that is waiting to be published for an affiliate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParkedRun {
    /// The affiliate.
    pub uid: Uid,
    /// The run's number.
    pub seq: u64,
    /// The day that it booked.
    pub day: Day,
    /// When it was committed, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<Timestamp>,
    /// Why it is not published.
    pub reason: String,
    /// Since when it is waiting.
    pub at: Timestamp,
    /// The last quarter that was evaluated by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated_through: Option<Quarter>,
    /// The reason of the withdrawal, if the run is being withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
}

/// The runs that an affiliate may not see yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParkedMark {
    /// The first waiting run.
    pub from: u64,
    /// The earliest day of the waiting runs.
    pub day: Day,
}

/// The outcome of parking a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParkOutcome {
    /// The run is waiting.
    Parked,
    /// No earlier run of the affiliate is waiting any more: this one can be published.
    NotBehind,
}

/// The withdrawal of an affiliate's part of a run in a shard, with its reason. It is stored with
/// the run's chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawal {
    /// The affiliate.
    pub uid: Uid,
    /// The run's number.
    pub seq: u64,
    /// The reason.
    pub reason: String,
    /// The instant.
    pub at: Timestamp,
}

impl Withdrawal {
    /// Returns whether a chunk's key belongs to a withdrawal.
    pub(crate) fn is_at(item: &Item) -> bool {
        sort_key(item).split_once('#').is_some_and(|(_, rest)| rest.starts_with('W'))
    }

    fn is_of_line(&self, line: &Line) -> bool {
        line.key.inviter == self.uid
    }

    fn is_of_invitee(&self, invitee: &TouchedInvitee) -> bool {
        invitee.inviter == self.uid
    }

    /// Removes the withdrawn part from a chunk of the run.
    pub(crate) fn apply(&self, work: &mut Work) {
        work.lines.retain(|line| !self.is_of_line(line));
        work.invitees.retain(|invitee| !self.is_of_invitee(invitee));
    }
}

impl Head {
    /// Returns the head as an affiliate sees it: a parked affiliate sees no run from the first
    /// waiting one on.
    #[must_use]
    pub fn seen_with(mut self, mark: Option<ParkedMark>) -> Self {
        if let Some(mark) = mark {
            self.visible = self.visible.min(mark.from.saturating_sub(1));
            self.closed_through = self.closed_through.map(|day| day.min(mark.day.previous()));
        }
        self
    }
}

/// The parked mark on an affiliate's totals.
pub(crate) fn parked_mark(totals: &Item) -> Result<Option<ParkedMark>, TableError> {
    let malformed = || TableError::corrupt("totals", "its mark is malformed");
    let (from, day) = match (totals.get(PARKED_FROM), totals.get(PARKED_DAY)) {
        (None, None) => return Ok(None),
        (Some(from), Some(day)) => (from.as_n(), day.as_s()),
        _ => return Err(malformed()),
    };
    let from = from.ok().and_then(|from| from.parse().ok()).ok_or_else(malformed)?;
    let day = day.ok().and_then(|day| day.parse().ok()).ok_or_else(malformed)?;
    Ok(Some(ParkedMark { from, day }))
}

/// Writes the parked mark of an affiliate's totals, or removes it.
pub(crate) fn set_mark(totals: &mut Item, mark: Option<ParkedMark>) {
    totals.remove(PARKED_FROM);
    totals.remove(PARKED_DAY);
    if let Some(ParkedMark { from, day }) = mark {
        totals.insert(PARKED_FROM.to_owned(), crate::item::number(from));
        totals.insert(PARKED_DAY.to_owned(), crate::item::text(day.to_string()));
    }
}

impl Table {
    /// Returns the head as an affiliate sees it. Cost: nothing while no affiliate is parked; else 1
    /// read unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn seen_by(&self, affiliate: &Uid, head: Head) -> Result<Head, TableError> {
        if head.parked == 0 {
            return Ok(head);
        }
        let totals = self.get(&keys::totals(affiliate)).await?;
        let mark = totals.map(|totals| parked_mark(&totals)).transpose()?.flatten();
        Ok(head.seen_with(mark))
    }

    /// Returns the waiting runs of all affiliates, by affiliate and number. Cost: 1 read unit per 4
    /// KB.
    ///
    /// # Errors
    /// If the table fails or an entry does not decode.
    pub async fn parked(&self) -> Result<Vec<ParkedRun>, TableError> {
        let items = self.query(&keys::parked()).await?;
        items.into_iter().map(|item| read_plain("parked run", item)).collect()
    }

    /// Returns the waiting runs of one affiliate, by number. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an entry does not decode.
    pub async fn parked_runs(&self, affiliate: &Uid) -> Result<Vec<ParkedRun>, TableError> {
        let items = self.query(&keys::parked_runs(affiliate)).await?;
        items.into_iter().map(|item| read_plain("parked run", item)).collect()
    }

    /// Parks a run: its affiliate sees neither it nor later runs. With `behind`, only if an earlier
    /// run is waiting. Repetition changes nothing. The totals are not decoded, because undecodable
    /// totals may be the cause. Cost: 2 reads, 1 transaction of at most 3 items.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn park(&self, run: &ParkedRun, behind: bool) -> Result<ParkOutcome, TableError> {
        let (totals_key, entry_key) = (keys::totals(&run.uid), keys::parked_run(&run.uid, run.seq));
        retry_on_conflict(MAX_ATTEMPTS, contended, || async {
            let mut totals = self.get(&totals_key).await?.unwrap_or_else(|| stamp(&totals_key));
            let before = parked_mark(&totals)?;
            if behind && before.is_none() {
                return Ok(Attempt::Done(ParkOutcome::NotBehind));
            }
            let head = self.head().await?;
            let mark = before.map_or(ParkedMark { from: run.seq, day: run.day }, |mark| {
                ParkedMark { from: mark.from.min(run.seq), day: mark.day.min(run.day) }
            });
            let condition = of_revision(&totals);
            set_mark(&mut totals, Some(mark));
            let evaluated_through = head.value.evaluated_through;
            let entry = ParkedRun { evaluated_through, ..run.clone() };
            let mut actions = vec![
                Action::Put(totals, condition),
                Action::Put(plain(&entry_key, &entry)?, Condition::Absent),
            ];
            if before.is_none() {
                actions.push(counted(&head, head.value.parked.saturating_add(1))?);
            }
            Ok(match self.transact(actions).await? {
                Transaction::Made | Transaction::Refused { place: 1, .. } => {
                    Attempt::Done(ParkOutcome::Parked)
                }
                Transaction::Refused { .. } => Attempt::Conflict,
            })
        })
        .await
    }

    /// Removes a run from the waiting ones: its affiliate sees all runs before the next waiting
    /// one. Cost: 3 reads, 1 transaction of at most 3 items.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn unpark(&self, affiliate: &Uid, seq: u64) -> Result<(), TableError> {
        let totals_key = keys::totals(affiliate);
        retry_on_conflict(MAX_ATTEMPTS, contended, || async {
            let Some(mut totals) = self.get(&totals_key).await? else {
                return Ok(Attempt::Done(()));
            };
            let was_parked = parked_mark(&totals)?.is_some();
            let mut waiting = self.parked_runs(affiliate).await?;
            waiting.retain(|run| run.seq != seq);
            let days = waiting.iter().map(|run| run.day).min();
            let mark =
                waiting.first().zip(days).map(|(run, day)| ParkedMark { from: run.seq, day });
            let head = self.head().await?;
            let condition = of_revision(&totals);
            set_mark(&mut totals, mark);
            let mut actions = vec![
                Action::Put(totals, condition),
                Action::Delete(keys::parked_run(affiliate, seq)),
            ];
            if mark.is_none() && was_parked {
                actions.push(counted(&head, head.value.parked.saturating_sub(1))?);
            }
            self.attempt(actions).await
        })
        .await
    }

    /// Records that a waiting run is being withdrawn, so that it is not published any more. Cost: 1
    /// write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn begin_withdrawal(&self, run: &ParkedRun, why: &str) -> Result<(), TableError> {
        let run = ParkedRun { withdrawn: Some(why.to_owned()), ..run.clone() };
        self.put(plain(&keys::parked_run(&run.uid, run.seq), &run)?).await
    }

    /// Withdraws the lines of a run for an affiliate and shard: later runs treat them as not
    /// booked. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn withdraw(
        &self,
        day: Day,
        shard: Shard,
        withdrawal: &Withdrawal,
    ) -> Result<(), TableError> {
        let key = keys::withdrawal(day, shard, withdrawal.seq, &withdrawal.uid);
        self.put(plain(&key, withdrawal)?).await
    }

    /// Returns whether a run was withdrawn for an affiliate. Cost: 1 call, 1 read unit per shard.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn is_withdrawn(
        &self,
        affiliate: &Uid,
        day: Day,
        seq: u64,
    ) -> Result<bool, TableError> {
        let key = |shard| keys::withdrawal(day, shard, seq, affiliate);
        let keys: Vec<Key> = Shard::all().map(key).collect();
        Ok(!self.get_many(&keys).await?.is_empty())
    }

    /// Returns the booked deltas of one run for a day's shard, withdrawn or not. Cost: 1 read unit
    /// per 4 KB.
    ///
    /// # Errors
    /// If the table fails or a chunk does not decode.
    pub async fn booked_by(
        &self,
        day: Day,
        shard: Shard,
        seq: u64,
    ) -> Result<Vec<Work>, TableError> {
        let items = self.query(&keys::booked_by(day, shard, seq)).await?;
        let chunks = items.iter().filter(|item| !Withdrawal::is_at(item));
        chunks.map(|item| read_packed("booked work", item)).collect()
    }

    /// Removes an item of an affiliate that a withdrawn run created, unless it was changed since it
    /// was read. Cost: 1 write unit.
    pub(crate) async fn remove_unchanged(
        &self,
        key: Key,
        revision: u64,
    ) -> Result<Attempt, TableError> {
        self.attempt(vec![Action::DeleteRevision(key, revision)]).await
    }
}

fn contended() -> TableError {
    TableError::Contended("an affiliate's totals")
}

fn of_revision(item: &Item) -> Condition {
    match item.contains_key(REVISION) {
        true => Condition::Revision(revision(item)),
        false => Condition::Unrevised,
    }
}

/// Returns the head with another number of parked affiliates.
fn counted(head: &Versioned<Head>, parked: u32) -> Result<Action, TableError> {
    let item = plain(&keys::head(), &Head { parked, ..head.value.clone() })?;
    Ok(Action::Put(item, Condition::Revision(head.revision)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{line, touched};

    #[test]
    fn withdrawal_removes_only_its_affiliate() {
        let (withdrawn, other) = ("withdrawn", "other");
        let mut work = Work {
            lines: [withdrawn, other].map(|inviter| line(inviter, "invitee")).into(),
            invitees: [withdrawn, other].map(|inviter| touched(inviter, "invitee")).into(),
        };
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        let uid = withdrawn.parse().unwrap();
        Withdrawal { uid, seq: 1, reason: "a test".to_owned(), at }.apply(&mut work);
        let left =
            Work { lines: vec![line(other, "invitee")], invitees: vec![touched(other, "invitee")] };
        assert_eq!(work, left);
    }

    #[test]
    fn mark_of_totals_is_read_and_removed() {
        let mut totals = Item::new();
        assert_eq!(parked_mark(&totals).unwrap(), None);
        let mark = ParkedMark { from: 7, day: "2026-11-20".parse().unwrap() };
        set_mark(&mut totals, Some(mark));
        assert_eq!(parked_mark(&totals).unwrap(), Some(mark));
        set_mark(&mut totals, None);
        assert_eq!(parked_mark(&totals).unwrap(), None);
    }

    #[tokio::test]
    async fn head_counts_affiliates_with_waiting_runs() {
        let table = crate::testing::table().await;
        let [first, second]: [Uid; 2] = ["first", "second"].map(|uid| uid.parse().unwrap());
        let run = |uid: &Uid, seq| ParkedRun {
            uid: uid.clone(),
            seq,
            day: "2026-11-20".parse().unwrap(),
            committed_at: None,
            reason: "reason".to_owned(),
            at: Timestamp::EPOCH,
            evaluated_through: None,
            withdrawn: None,
        };
        for (uid, seq) in [(&first, 1), (&first, 2), (&second, 2)] {
            table.park(&run(uid, seq), false).await.unwrap();
        }
        let mut counts = Vec::new();
        for seq in [1, 2, 2] {
            table.unpark(&first, seq).await.unwrap();
            counts.push(table.head().await.unwrap().value.parked);
        }
        assert_eq!(counts, [2, 1, 1]);
        table.begin_withdrawal(&run(&second, 2), "why").await.unwrap();
        let waiting = table.parked_runs(&second).await.unwrap();
        assert_eq!(waiting[0].withdrawn.as_deref(), Some("why"));
    }
}

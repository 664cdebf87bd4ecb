//! Defers days and shards that cannot be processed. Each is stored with its reason, everything else
//! continues, and each night retries the deferred ones.

use std::collections::BTreeMap;

use lambda::App;
use storage::{Attempt, Head, MAX_ATTEMPTS, Shard, ShardReport, retry_on_conflict};
use types::{Day, error_chain};

use crate::closing::next_closed;
use crate::committed::Committed;
use crate::fold::Folded;
use crate::reversal::Mode;
use crate::{StepError, telemetry};

/// The most days that are deferred at a time. They are stored in the head, which every reader
/// reads. If more days fail, the cause is not limited to one of them.
const MAX_DAYS: usize = 31;
/// The most characters of a reason in the head; the log has the whole reason.
const REASON_CHARS: usize = 160;

/// Folds one shard of a day, or defers it if the fold fails with a final error.
pub(crate) async fn fold(
    app: &App,
    day: Day,
    run: &str,
    shard: Shard,
    mode: Option<Mode>,
) -> Result<Folded, StepError> {
    match crate::fold::fold(app, day, run, shard, mode).await {
        Err(error) if error.is_final() => {
            telemetry::set_aside(app, day, Some(shard), &error);
            note(app, run, shard, &error_chain(&error)).await
        }
        done => done,
    }
}

/// Defers a shard whose fold crashes each of its workers, by time or by memory.
pub(crate) async fn after_crashes(
    app: &App,
    day: Day,
    run: &str,
    shard: Shard,
    error: &str,
) -> Result<Folded, StepError> {
    let reason = format!("each worker on it ended with {error}");
    telemetry::set_aside(app, day, Some(shard), &StepError::internal(reason.clone()));
    note(app, run, shard, &reason).await
}

async fn note(app: &App, run: &str, shard: Shard, reason: &str) -> Result<Folded, StepError> {
    let reason: String = reason.chars().take(REASON_CHARS).collect();
    app.table.set_shard_aside(run, shard, &reason, app.clock.now()).await?;
    Ok(Folded { shard: shard.number(), lines: 0, set_aside: Some(reason) })
}

/// Defers the shards of a day that a run was to book, and closes the day.
pub(crate) async fn set_day_aside(
    app: &App,
    day: Day,
    shards: &[Shard],
    reason: &str,
) -> Result<Committed, StepError> {
    let reason: String = reason.chars().take(REASON_CHARS).collect();
    let deferred = shards.iter().map(|shard| (shard.number(), reason.clone())).collect();
    let work = FoldedShards { reports: Vec::new(), deferred };
    let exhausted =
        || StepError::Unfinished("the ledger kept moving while a day was set aside".to_owned());
    retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
        let head = app.table.head().await?;
        let mut next = head.clone();
        next.value.closed_through = next_closed(&head.value, day);
        work.check_room(&head.value, day)?;
        work.note_in(&mut next.value, day);
        if next.value != head.value && !app.table.save_head(&next).await?.is_done() {
            return Ok(Attempt::Conflict);
        }
        if next.value.closed_through != head.value.closed_through {
            telemetry::closed(app);
        }
        Ok(Attempt::Done(()))
    })
    .await?;
    Ok(Committed { seq: None, ranges: Vec::new(), set_aside: Some(reason) })
}

/// The outcome of the shards of a run.
pub(crate) struct FoldedShards {
    /// The reports of the folded shards.
    pub(crate) reports: Vec<ShardReport>,
    /// The reasons of the deferred shards.
    deferred: BTreeMap<u8, String>,
}

impl FoldedShards {
    /// Reads the outcomes of a run's shards so far.
    pub(crate) async fn read(app: &App, run: &str) -> Result<Self, StepError> {
        let reports = app.table.shard_reports(run).await?;
        Self::with(app, run, reports).await
    }

    async fn with(app: &App, run: &str, reports: Vec<ShardReport>) -> Result<Self, StepError> {
        let mut deferred = app.table.shards_set_aside(run).await?;
        for report in &reports {
            deferred.remove(&report.shard);
        }
        Ok(Self { reports, deferred })
    }

    /// Reads the outcomes of the shards of a committed run, as far as they can be read. A shard
    /// whose report cannot be read keeps its dirty marker, and the next night folds it again.
    pub(crate) async fn of_committed(app: &App, run: &str) -> Result<Self, StepError> {
        let reports = app.table.readable_shard_reports(run).await?.reports;
        Self::with(app, run, reports).await
    }

    /// Reads the outcomes of exactly the shards that were to be folded.
    pub(crate) async fn of_run(app: &App, run: &str, shards: &[Shard]) -> Result<Self, StepError> {
        let Self { mut reports, mut deferred } = Self::read(app, run).await?;
        let is_wanted = |number: u8| shards.iter().any(|shard| shard.number() == number);
        reports.retain(|report| is_wanted(report.shard));
        deferred.retain(|shard, _| is_wanted(*shard));
        let done = reports.len() + deferred.len();
        if done != shards.len() {
            let missing = shards.len().saturating_sub(done);
            return Err(StepError::Unfinished(format!("{missing} shards are not folded yet")));
        }
        Ok(Self { reports, deferred })
    }

    /// Returns the reason if a shard is deferred.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.deferred.values().next().map(String::as_str)
    }

    /// Records the deferred shards of the day in the head, and removes those that are folded. If a
    /// deferred day of an evaluated quarter is booked, the quarter is evaluated again.
    pub(crate) fn note_in(&self, head: &mut Head, day: Day) {
        let mut entry = head.set_aside.remove(&day).unwrap_or_default();
        let before = entry.shards.len();
        for report in &self.reports {
            entry.shards.remove(&report.shard);
        }
        if entry.shards.len() < before && head.evaluated_through >= Some(day.quarter()) {
            head.reevaluate.insert(day.quarter(), head.visible);
        }
        entry.shards.extend(self.deferred.keys());
        if let Some(reason) = self.reason() {
            reason.clone_into(&mut entry.reason);
        }
        if !entry.shards.is_empty() {
            head.set_aside.insert(day, entry);
        }
    }

    /// Refuses to defer a day if the head has no room for it. The check precedes the commit, since
    /// a committed run has to be finished.
    ///
    /// # Errors
    /// [`StepError::TooManySetAside`].
    pub(crate) fn check_room(&self, head: &Head, day: Day) -> Result<(), StepError> {
        let others = head.set_aside.keys().filter(|other| **other != day).count();
        match self.deferred.is_empty() || others < MAX_DAYS {
            true => Ok(()),
            false => Err(StepError::TooManySetAside(others)),
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::SetAside;
    use types::Quarter;

    use super::*;
    use crate::commit::tests::report;

    fn day() -> Day {
        "2026-11-20".parse().unwrap()
    }

    fn folded(reports: &[u8], deferred: &[u8]) -> FoldedShards {
        FoldedShards {
            reports: reports.iter().map(|shard| report(*shard, 1)).collect(),
            deferred: deferred.iter().map(|shard| (*shard, format!("reason {shard}"))).collect(),
        }
    }

    /// A head in which shards 3 and 4 of the day are deferred.
    fn head(evaluated: &str) -> Head {
        let aside = SetAside { shards: [3, 4].into(), reason: "old".to_owned() };
        Head {
            visible: 7,
            evaluated_through: Some(evaluated.parse().unwrap()),
            set_aside: [(day(), aside)].into(),
            ..Head::default()
        }
    }

    #[test]
    fn folded_shards_leave_the_deferred_ones() {
        let noted = |work: FoldedShards, evaluated| {
            let mut head = head(evaluated);
            work.note_in(&mut head, day());
            let aside = head.set_aside.remove(&day()).unwrap_or_default();
            let again: Vec<(Quarter, u64)> = head.reevaluate.into_iter().collect();
            (aside.shards.into_iter().collect::<Vec<_>>(), aside.reason, again)
        };
        let old = || "old".to_owned();
        let again = vec![("2026-Q4".parse().unwrap(), 7)];
        assert_eq!(noted(folded(&[3], &[]), "2026-Q4"), (vec![4], old(), again.clone()));
        assert_eq!(noted(folded(&[3], &[]), "2026-Q3"), (vec![4], old(), vec![]));
        assert_eq!(noted(folded(&[9], &[]), "2026-Q4"), (vec![3, 4], old(), vec![]));
        assert_eq!(noted(folded(&[3, 4], &[]), "2026-Q4"), (vec![], String::new(), again));
        let deferred = folded(&[], &[5]);
        assert_eq!(deferred.reason(), Some("reason 5"));
        assert_eq!(noted(deferred, "2026-Q4"), (vec![3, 4, 5], "reason 5".to_owned(), vec![]));
    }

    #[test]
    fn day_is_refused_beyond_31_deferred() {
        let with = |days: i32| {
            let others = (1..=days).map(|n| (day().plus(-n), SetAside::default()));
            Head { set_aside: others.collect(), ..Head::default() }
        };
        assert!(folded(&[], &[5]).check_room(&with(30), day()).is_ok());
        assert!(folded(&[], &[5]).check_room(&with(31), day()).is_err());
        assert!(folded(&[], &[5]).check_room(&with(31), day().previous()).is_ok());
        assert!(folded(&[5], &[]).check_room(&with(31), day()).is_ok());
    }
}

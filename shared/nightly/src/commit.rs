//! The commit: proves the shard deltas of a run and assigns the run its number in the ledger, or
//! commits nothing.

use std::collections::BTreeMap;

use commission::Overflow;
use lambda::{App, Deadline};
use storage::{
    Attempt, ChainLink, CommitOutcome, CommittedRun, DayRecord, Head, MAX_ATTEMPTS, Pending,
    RunReport, Shard, ShardReport, Versioned, retry_on_conflict, short_sha256,
};
use tokio::sync::OnceCell;
use types::Day;

use crate::closing::{clear_marks, next_closed};
use crate::committed::{Committed, Part};
use crate::finish::complete;
use crate::set_aside::{FoldedShards, set_day_aside};
use crate::switches::hold;
use crate::{StepError, kept_lines, telemetry};

/// Lines for one publishing worker.
const LINES_PER_PART: u64 = 20_000;
/// The most parts in which a run is published.
const MAX_PARTS: u64 = 64;

/// Commits a run whose shards are all folded or deferred. If the run fails with a final error, all
/// its shards of the day are deferred, and the night continues.
pub(crate) async fn commit(
    app: &App,
    day: Day,
    run: &str,
    shards: &[Shard],
    deadline: Deadline,
) -> Result<Committed, StepError> {
    match commit_once(app, day, run, shards, deadline).await {
        Err(error) if error.is_final() => {
            hold(app, day).await?;
            telemetry::set_aside(app, day, None, &error);
            set_day_aside(app, day, shards, &types::error_chain(&error)).await
        }
        done => done,
    }
}

async fn commit_once(
    app: &App,
    day: Day,
    run: &str,
    shards: &[Shard],
    deadline: Deadline,
) -> Result<Committed, StepError> {
    let work = FoldedShards::of_run(app, run, shards).await?;
    let reports = &work.reports;
    if let (true, Some(reason)) = (reports.is_empty(), work.reason()) {
        hold(app, day).await?;
        return set_day_aside(app, day, shards, reason).await;
    }
    let proved = OnceCell::new();
    let exhausted = || {
        StepError::Unfinished("other runs were committed in between, again and again".to_owned())
    };
    retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
        let record = app.table.day(day).await?;
        let head = app.table.head().await?;
        if let Some(done) = record.value.runs.iter().find(|done| done.run == run) {
            return Ok(Attempt::Done(committed_before(done, &head.value, &work)));
        }
        hold(app, day).await?;
        if reports.iter().any(|report| report.day_revision != record.revision) {
            return Err(StepError::Superseded(day));
        }
        work.check_room(&head.value, day)?;
        if nothing_to_book(reports) && !record.value.runs.is_empty() {
            return nothing_due(app, day, &head, &work).await.map(Attempt::Done);
        }
        if let Some(pending) = &head.value.pending {
            complete(app, pending, head.value.parked, deadline).await?;
            return Ok(Attempt::Conflict);
        }
        proved.get_or_try_init(|| kept_lines::prove(app, day, run, reports, deadline)).await?;
        let committed = try_commit(app, day, run, reports, &head, &record).await?;
        let set_aside = work.reason().map(str::to_owned);
        Ok(committed.map(|committed| Committed { set_aside, ..committed }))
    })
    .await
}

fn nothing_to_book(reports: &[ShardReport]) -> bool {
    reports.iter().all(|report| report.chunks.is_empty())
}

fn committed_before(done: &CommittedRun, head: &Head, work: &FoldedShards) -> Committed {
    let pending = head.pending.as_ref().filter(|pending| pending.seq == done.seq);
    let ranges = pending.map_or_else(Vec::new, |pending| Part::all(pending.parts));
    Committed { seq: Some(done.seq), ranges, set_aside: work.reason().map(str::to_owned) }
}

async fn try_commit(
    app: &App,
    day: Day,
    run: &str,
    reports: &[ShardReport],
    head: &Versioned<Head>,
    record: &Versioned<DayRecord>,
) -> Result<Attempt<Committed>, StepError> {
    let report = prove(day, reports)?;
    let lines = lines_of(reports).map_err(StepError::overflow(day))?;
    let seq = head.value.committed.checked_add(1).ok_or(Overflow);
    let seq = seq.map_err(StepError::overflow(day))?;
    let parts = parts_of(lines);
    let committed_at = app.clock.now();
    let digest = digest(&report)?;
    let chain = lines_digests(reports)
        .map(|lines| ChainLink::of(head.value.chain.as_deref(), (day, seq), &digest, &lines));
    let run = run.to_owned();
    let committed = CommittedRun { seq, run: run.clone(), committed_at, lines, digest, chain };
    let pending = Pending { seq, day, run, parts, committed_at: Some(committed_at) };
    match app.table.commit(head, record, committed, &report, pending).await? {
        CommitOutcome::Committed(seq) => {
            telemetry::committed(app, &report, lines, !record.value.runs.is_empty());
            let committed = Committed { seq: Some(seq), ranges: Part::all(parts), set_aside: None };
            Ok(Attempt::Done(committed))
        }
        CommitOutcome::HeadMoved | CommitOutcome::Superseded => Ok(Attempt::Conflict),
    }
}

/// Returns the number of parts in which a run of so many lines is published.
pub(crate) fn parts_of(lines: u64) -> u16 {
    (lines / LINES_PER_PART + 1).min(MAX_PARTS) as u16
}

/// Proves the conservation of the accrual over all shards; returns the report of the run.
fn prove(day: Day, reports: &[ShardReport]) -> Result<RunReport, StepError> {
    let overflow = StepError::overflow(day);
    let mut report = RunReport::default();
    for shard in reports {
        report.due.merge(&shard.due).map_err(&overflow)?;
        for (asset, money) in &shard.booked {
            let total = report.booked.entry(*asset).or_default();
            *total = total.plus(money).map_err(&overflow)?;
        }
        report.excluded = report.excluded.plus(shard.excluded).map_err(&overflow)?;
    }
    report.due.check().map_err(StepError::refused(day))?;
    Ok(report)
}

fn lines_of(reports: &[ShardReport]) -> Result<u64, Overflow> {
    let mut lines = reports.iter().map(|report| report.lines);
    lines.try_fold(0_u64, u64::checked_add).ok_or(Overflow)
}

/// Returns the digests of the shards' lines, by shard, where there are lines. Returns `None` if a
/// shard was folded by 0.1, which stored no digests: such a run has no link in the chain.
fn lines_digests(reports: &[ShardReport]) -> Option<BTreeMap<u8, String>> {
    let with_lines = reports.iter().filter(|report| report.lines > 0);
    with_lines.map(|report| Some((report.shard, report.lines_digest.clone()?))).collect()
}

fn digest(report: &RunReport) -> Result<String, StepError> {
    let bytes = report.due.canonical_bytes().map_err(StepError::internal)?;
    Ok(short_sha256(&bytes))
}

/// Ends a run that has nothing to add to the booked lines. Assigns no number: only records the
/// closed day and the deferred shards in the head, and clears the dirty markers.
async fn nothing_due(
    app: &App,
    day: Day,
    head: &Versioned<Head>,
    work: &FoldedShards,
) -> Result<Committed, StepError> {
    let mut next = head.clone();
    next.value.closed_through = next_closed(&head.value, day);
    work.note_in(&mut next.value, day);
    if next.value != head.value {
        if !app.table.save_head(&next).await?.is_done() {
            return Err(StepError::Unfinished(
                "the ledger moved while a day was closed".to_owned(),
            ));
        }
        if next.value.closed_through != head.value.closed_through {
            telemetry::closed(app);
        }
    }
    clear_marks(app, &work.reports).await?;
    let set_aside = work.reason().map(str::to_owned);
    Ok(Committed { seq: None, ranges: Vec::new(), set_aside })
}

#[cfg(test)]
pub(crate) mod tests {
    use commission::Conservation;
    use storage::ExcludedCounts;

    use super::*;

    pub(crate) fn report(shard: u8, lines: u64) -> ShardReport {
        ShardReport {
            shard,
            attempt: "attempt".to_owned(),
            chunks: (0..lines.min(1)).map(|_| (0, 9)).collect(),
            lines,
            lines_digest: Some(format!("digest-{shard}")),
            day_revision: 0,
            touched: None,
            due: Conservation::default(),
            booked: BTreeMap::new(),
            excluded: ExcludedCounts::default(),
        }
    }

    #[test]
    fn parts_follow_the_number_of_lines() {
        let lines = [0, 19_999, 20_000, 40_000, 1_259_999, 1_260_000, u64::MAX];
        assert_eq!(lines.map(parts_of), [1, 1, 2, 3, 63, 64, 64]);
    }

    #[test]
    fn lines_of_all_shards_are_added() {
        assert_eq!(lines_of(&[report(3, 5), report(4, 0), report(5, 7)]), Ok(12));
        assert!(lines_of(&[report(3, u64::MAX), report(5, 1)]).is_err());
    }

    #[test]
    fn digests_are_of_shards_with_lines() {
        let with_lines = [report(3, 5), report(4, 0)];
        let expected = BTreeMap::from([(3, "digest-3".to_owned())]);
        assert_eq!(lines_digests(&with_lines), Some(expected));
        assert_eq!(lines_digests(&[ShardReport { lines_digest: None, ..report(3, 5) }]), None);
    }

    #[test]
    fn run_without_chunks_books_nothing() {
        assert!(nothing_to_book(&[report(3, 0), report(4, 0)]));
        assert!(!nothing_to_book(&[report(3, 0), report(4, 1)]));
    }
}

//! Affiliates whose part of a run cannot be published. They are parked with the reason, all others
//! continue, and an operator repairs the affiliate or withdraws the run.

use std::collections::BTreeSet;

use lambda::{App, Deadline};
use storage::{
    Attempt, MAX_ATTEMPTS, ParkedRun, Shard, StoredTotals, TableError, TouchedInvitee, Versioned,
    Withdrawal, Work, retry_on_conflict,
};
use types::{Quarter, Uid};

use crate::evaluate::evaluate_affiliate;
use crate::publish::{Publisher, booked_for};
use crate::{StepError, lost_work};

/// The result of a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The published runs.
    pub runs: Vec<RepairedRun>,
    /// The quarters whose evaluation is repeated.
    pub evaluated: Vec<Quarter>,
}

/// A waiting run that a repair published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairedRun {
    /// The run.
    pub run: ParkedRun,
    /// The number of its lines.
    pub lines: usize,
}

/// The result of a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// The run.
    pub run: ParkedRun,
    /// The number of lines that are taken back.
    pub lines: usize,
    /// The shards that the next night books again.
    pub shards: Vec<u8>,
    /// The number of runs that still wait.
    pub waiting: usize,
    /// The quarters whose evaluation is repeated.
    pub evaluated: Vec<Quarter>,
}

/// Publishes the waiting runs of an affiliate, one after the other; each is visible before the next
/// one begins. Then repeats the evaluations that excluded the affiliate. After a failure a retry
/// resumes at the failed run.
///
/// # Errors
/// [`StepError`] of the publishing; [`StepError::BadRequest`] if no run waits, or the first one is
/// being withdrawn.
pub async fn repair(app: &App, affiliate: &Uid) -> Result<Repaired, StepError> {
    let waiting = waiting(app, affiliate).await?;
    let mut runs = Vec::new();
    for run in &waiting {
        if run.withdrawn.is_some() {
            let sentence = format!("run {} is being withdrawn: finish that first", run.seq);
            return Err(StepError::BadRequest(sentence));
        }
        check_visible(app, run).await?;
        let work = booked_for(app, affiliate, run.day, run.seq).await?;
        let publisher = Publisher {
            app,
            inviter: affiliate,
            day: run.day,
            seq: run.seq,
            committed_at: run.committed_at,
            deadline: Deadline::NONE,
            repairs: true,
        };
        publisher.publish(&work).await?;
        app.table.unpark(affiliate, run.seq).await?;
        runs.push(RepairedRun { run: run.clone(), lines: work.lines.len() });
    }
    let evaluated = make_up_for_evaluations(app, affiliate, &waiting).await?;
    Ok(Repaired { runs, evaluated })
}

/// Withdraws the first waiting run of an affiliate: its lines are never visible, and the next night
/// books the accrual. A failed call can be retried.
///
/// # Errors
/// [`StepError::BadRequest`] if no run waits, or the first one was published after all; or the
/// error of the table.
pub async fn withdraw(app: &App, affiliate: &Uid, why: &str) -> Result<Withdrawn, StepError> {
    let waiting = waiting(app, affiliate).await?;
    let Some(run) = waiting.first() else { return Err(none_waits()) };
    check_visible(app, run).await?;
    let (day, seq) = (run.day, run.seq);
    let published = app.table.summaries(affiliate, day, day, seq).await?;
    if published.iter().any(|summary| summary.seq == seq) {
        let sentence = format!("run {seq} was published after all: repair the affiliate");
        return Err(StepError::BadRequest(sentence));
    }
    app.table.begin_withdrawal(run, why).await?;
    lost_work::give_up(app, day, seq).await?;
    let work = booked_for(app, affiliate, day, seq).await?;
    take_back_totals(app, affiliate, seq).await?;
    for touched in &work.invitees {
        take_back_invitee(app, affiliate, touched, seq).await?;
    }
    let withdrawal =
        Withdrawal { uid: affiliate.clone(), seq, reason: why.to_owned(), at: app.clock.now() };
    let shards = shards_of(&work);
    for shard in &shards {
        app.table.withdraw(day, *shard, &withdrawal).await?;
        app.table.touch(day, *shard, &format!("withdrawn-{seq}")).await?;
    }
    app.table.unpark(affiliate, seq).await?;
    let left = waiting.len() - 1;
    let evaluated = match left {
        0 => make_up_for_evaluations(app, affiliate, &waiting).await?,
        _ => Vec::new(),
    };
    let shards = shards.into_iter().map(Shard::number).collect();
    Ok(Withdrawn { run: run.clone(), lines: work.lines.len(), shards, waiting: left, evaluated })
}

async fn waiting(app: &App, affiliate: &Uid) -> Result<Vec<ParkedRun>, StepError> {
    let waiting = app.table.parked_runs(affiliate).await?;
    if waiting.is_empty() { Err(none_waits()) } else { Ok(waiting) }
}

fn none_waits() -> StepError {
    StepError::BadRequest("no run waits for this affiliate".to_owned())
}

/// Checks that the run is visible, since its booked deltas are written when it is published for all
/// others.
async fn check_visible(app: &App, run: &ParkedRun) -> Result<(), StepError> {
    match app.table.head().await?.value.visible < run.seq {
        true => Err(StepError::Unfinished(format!("run {} is not published yet", run.seq))),
        false => Ok(()),
    }
}

fn shards_of(work: &Work) -> BTreeSet<Shard> {
    let lines = work.lines.iter().map(|line| &line.key.invitee);
    lines.chain(work.invitees.iter().map(|touched| &touched.invitee)).map(Shard::of).collect()
}

/// Evaluates the quarters that were closed while the affiliate was parked.
async fn make_up_for_evaluations(
    app: &App,
    affiliate: &Uid,
    waited: &[ParkedRun],
) -> Result<Vec<Quarter>, StepError> {
    let head = app.table.head().await?.value;
    let since = waited.iter().filter_map(|run| run.evaluated_through).min();
    let (Some(since), Some(through)) = (since, head.evaluated_through) else {
        return Ok(Vec::new());
    };
    let mut evaluated = Vec::new();
    let mut quarter = since.next();
    while quarter <= through {
        evaluate_affiliate(app, affiliate, quarter, head.visible).await?;
        evaluated.push(quarter);
        quarter = quarter.next();
    }
    Ok(evaluated)
}

/// Restores the totals to their state before the run. Totals that cannot be read stay unchanged,
/// since their repair covers the whole item.
async fn take_back_totals(app: &App, affiliate: &Uid, seq: u64) -> Result<(), StepError> {
    let exhausted = || StepError::Unfinished("an affiliate's totals kept changing".to_owned());
    retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
        let known = match app.table.totals(affiliate).await {
            Err(TableError::Corrupt { .. }) => return Ok(Attempt::Done(())),
            known => known?,
        };
        let slots = known.value.slots.as_ref().and_then(|slots| slots.without(seq));
        if slots == known.value.slots {
            return Ok(Attempt::Done(()));
        }
        let value = StoredTotals { slots, ..known.value };
        Ok(app.table.save_totals(affiliate, &Versioned { value, ..known }).await?)
    })
    .await
}

/// Restores an invitee entry to its state before the run. An entry that cannot be read stays
/// unchanged.
async fn take_back_invitee(
    app: &App,
    affiliate: &Uid,
    touched: &TouchedInvitee,
    seq: u64,
) -> Result<(), StepError> {
    let place = [(affiliate, touched.bound_at, &touched.invitee)];
    let exhausted = || StepError::Unfinished("an invitee kept changing".to_owned());
    retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
        let mut known = match app.table.referrals_at(&place).await {
            Err(TableError::Corrupt { .. }) => return Ok(Attempt::Done(())),
            known => known?,
        };
        let Some(known) = known.remove(&touched.invitee) else { return Ok(Attempt::Done(())) };
        Ok(match known.value.without(seq) {
            Some(value) if value == known.value => Attempt::Done(()),
            Some(value) => {
                app.table.save_referral(affiliate, &Versioned { value, ..known }).await?
            }
            None => app.table.remove_referral(affiliate, &known).await?,
        })
    })
    .await
}

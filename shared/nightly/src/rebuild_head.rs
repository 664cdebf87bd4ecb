//! Rebuilds the ledger's head from the days' records, after the head was damaged.

use std::collections::{BTreeMap, BTreeSet};

use lambda::App;
use storage::{
    Attempt, CommittedRun, DayRecord, FINISHED_RUN_DAYS, Head, HeadState, Pending, SHARDS,
    SetAside, Versioned,
};
use types::{Day, Timestamp};

use crate::StepError;
use crate::commit::parts_of;

/// Reason of a deferred day without a run, in a rebuilt head.
const NO_RUN: &str = "no run is recorded; the ledger's head was rebuilt";

/// A head that was rebuilt, and the head that it replaces.
#[derive(Debug)]
pub struct RebuiltHead {
    /// The new head, to be written unless the damaged one changes before.
    pub head: Versioned<Head>,
    /// The reason that the present head cannot be read.
    pub reason: String,
}

/// The outcome of [`rebuild_head`].
#[derive(Debug)]
pub enum Rebuilding {
    /// A head was made of the records.
    Rebuilt(Box<RebuiltHead>),
    /// The head can be read: nothing has to be rebuilt.
    Readable,
    /// No day has a run: there is no ledger to rebuild.
    NoRuns,
}

/// Makes a head of the records of all days since `first`, the first day with fees. Writes nothing.
///
/// The head is on the safe side: days without a run between others are deferred, so that the next
/// night tries them; the newest quarter may be evaluated again, which changes nothing. Cost: 1 read
/// a day.
///
/// # Errors
/// If the table fails, or a record does not decode.
pub async fn rebuild_head(app: &App, first: Day) -> Result<Rebuilding, StepError> {
    let (revision, reason) = match app.table.head_state().await? {
        HeadState::Readable => return Ok(Rebuilding::Readable),
        HeadState::Missing => (0, "it is missing".to_owned()),
        HeadState::Unreadable { revision, reason } => (revision, reason),
    };
    let now = app.clock.now();
    let mut days = BTreeMap::new();
    for day in first.through(now.day()) {
        let record = app.table.day(day).await?.value;
        if !record.runs.is_empty() {
            days.insert(day, record);
        }
    }
    let Some((day, newest)) = newest_run(&days) else { return Ok(Rebuilding::NoRuns) };
    let is_visible = is_visible(app, newest, now).await?;
    let parked: BTreeSet<_> = app.table.parked().await?.into_iter().map(|run| run.uid).collect();
    let parked = u32::try_from(parked.len()).unwrap_or(u32::MAX);
    let head = Head { parked, ..head_of(&days, day, newest, is_visible) };
    Ok(Rebuilding::Rebuilt(Box::new(RebuiltHead {
        head: Versioned { value: head, revision },
        reason,
    })))
}

/// Writes a rebuilt head.
///
/// # Errors
/// If the table fails, or the damaged head was changed since.
pub async fn save_rebuilt_head(app: &App, rebuilt: &RebuiltHead) -> Result<(), StepError> {
    match app.table.save_head(&rebuilt.head).await? {
        Attempt::Done(()) => Ok(()),
        Attempt::Conflict => {
            Err(StepError::Unfinished("the head was changed while it was rebuilt".to_owned()))
        }
    }
}

fn newest_run(days: &BTreeMap<Day, DayRecord>) -> Option<(Day, &CommittedRun)> {
    let runs = days.iter().flat_map(|(day, record)| record.runs.iter().map(|run| (*day, run)));
    runs.max_by_key(|(_, run)| run.seq)
}

/// Returns whether a run is listed as finished. The list is kept for some time: an older run that
/// is the newest one was finished since, because each night finishes a pending run first.
async fn is_visible(app: &App, run: &CommittedRun, now: Timestamp) -> Result<bool, StepError> {
    let committed = run.committed_at.day();
    if now.day().days_since(committed) >= FINISHED_RUN_DAYS {
        return Ok(true);
    }
    for date in committed.through(now.day()) {
        if app.table.finished_runs(date).await?.iter().any(|finished| finished.seq == run.seq) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the head after the newest run, `newest` of `day`.
fn head_of(
    days: &BTreeMap<Day, DayRecord>,
    day: Day,
    newest: &CommittedRun,
    is_visible: bool,
) -> Head {
    let seq = newest.seq;
    let pending = (!is_visible).then(|| Pending {
        seq,
        day,
        run: newest.run.clone(),
        parts: parts_of(newest.lines),
        committed_at: Some(newest.committed_at),
    });
    let visible = if is_visible { seq } else { seq - 1 };
    let first_run_is_pending =
        |day: Day| !is_visible && days.get(&day).is_some_and(|d| d.runs.first() == Some(newest));
    // Days are booked in order, so that all days before the last one with a finished run are
    // closed.
    let last = days.keys().next_back().copied().unwrap_or(day);
    let closed = if first_run_is_pending(last) { last.previous() } else { last };
    let first = days.keys().next().copied().unwrap_or(day);
    let without_run = first.through(closed).filter(|day| !days.contains_key(day));
    let deferred = SetAside { reason: NO_RUN.to_owned(), shards: (0..SHARDS).collect() };
    Head {
        committed: seq,
        visible,
        pending,
        closed_through: Some(closed),
        chain: newest.chain.as_ref().map(|link| link.digest.clone()),
        evaluated_through: Some(closed.quarter().previous()),
        reevaluate: BTreeMap::new(),
        set_aside: without_run.map(|day| (day, deferred.clone())).collect(),
        parked: 0,
    }
}

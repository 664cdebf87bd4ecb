//! Plans a night: selects the days to book, and gives each day a separate run.

use std::collections::{BTreeMap, BTreeSet};

use lambda::{App, Deadline};
use serde::{Deserialize, Serialize};
use storage::{Attempt, Head, MAX_ATTEMPTS, SetAside, Shard, retry_on_conflict, short_sha256};
use types::{Day, Quarter, Timestamp};

use crate::StepError;
use crate::finish::complete;
use crate::reversal::{self, Mode};

/// The minimum delay between the end of a day and its booking. By then each bind of the day is
/// answered, even by a clock that is minutes behind. The night starts half an hour after the day,
/// which leaves minutes in case the night's clock is behind.
const SETTLES_MILLIS: i64 = 20 * 60_000;

/// The most days in one plan. The state machine keeps a plan in its state, which holds 256 KB.
const DAYS_PER_PLAN: usize = 31;

/// A part of a night: days of one quarter, and the evaluation that follows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The days, in the order in which they are booked.
    pub days: Vec<DayPlan>,
    /// The quarter to evaluate when the days are booked.
    pub quarter: Option<Quarter>,
    /// The newest visible run when the plan was made.
    pub visible: u64,
    /// The cursor of the night's next plan; absent in the last plan.
    pub more: Option<Cursor>,
}

/// The position in a night at which the next plan continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// Days with dirty shards are planned through this day.
    pub after: Option<Day>,
    /// The first of the days that the night books whole. Dirty shards of days before it are booked
    /// as well.
    pub before: Day,
    /// Reversals of days through this one are planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversed: Option<Day>,
}

/// One day's run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayPlan {
    /// The day.
    pub day: Day,
    /// The run's name, under which its shard deltas are stored.
    pub run: String,
    /// The shards to fold.
    pub shards: Vec<u8>,
    /// The mode, if the run does not book the whole accrual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
}

/// Plans the night after `day`, or the part of it that `cursor` selects. Whole days are `day` and
/// any day that was missed since the last closed day. Of earlier days, the plan has the shards with
/// late fees and corrections, the deferred shards, and the reversals of the booked lines under void
/// bindings.
///
/// A plan ends with a quarter. Days of the next quarter are booked by the tiers that the quarter's
/// evaluation sets, however late either is.
pub(crate) async fn plan(
    app: &App,
    day: Day,
    cursor: Option<Cursor>,
    deadline: Deadline,
) -> Result<Plan, StepError> {
    begin(app, day, deadline).await?;
    let progress = Progress::read(app, day).await?;
    let next = progress.closed.next();
    let first = if cursor.is_none() { next.min(day) } else { next };
    let mut cursor = cursor.unwrap_or(Cursor { after: None, before: first, reversed: None });
    let mut days = Vec::new();
    if progress.may_book(first) {
        for day in first.through(day.min(first.quarter().last_day())).take(DAYS_PER_PLAN) {
            days.push(whole(app, day)?);
        }
    }
    let through = days.last().map_or(progress.closed, |last| last.day.max(progress.closed));
    let mut touched = touched_before(app, cursor, &progress.set_aside).await?.into_iter();
    let mut again = false;
    let mut folded: BTreeMap<Day, BTreeSet<u8>> = BTreeMap::new();
    for (day, shards) in touched.by_ref().take(DAYS_PER_PLAN - days.len()) {
        again |= progress.set_aside.contains_key(&day) && day.quarter() <= progress.evaluated;
        folded.entry(day).or_default().extend(&shards);
        let (run, shards) = (run_name(app, day)?, shards.into_iter().collect());
        days.push(DayPlan { day, run, shards, mode: None });
        cursor.after = Some(day);
    }
    if touched.next().is_some() {
        return Ok(Plan { days, quarter: None, visible: progress.visible, more: Some(cursor) });
    }
    // A deferred shard is folded again; only a fold ends its deferral.
    for (day, deferred) in &progress.set_aside {
        folded.entry(*day).or_default().extend(&deferred.shards);
    }
    if cursor.reversed != Some(cursor.before) {
        let mut reversals = reversal::plan(app, cursor, &folded).await?.into_iter();
        for reversal in reversals.by_ref().take(DAYS_PER_PLAN - days.len()) {
            cursor.reversed = Some(reversal.day);
            days.push(reversal);
        }
        if reversals.next().is_some() {
            return Ok(Plan { days, quarter: None, visible: progress.visible, more: Some(cursor) });
        }
        cursor.reversed = Some(cursor.before);
    }
    // A restarted night evaluates its quarter again.
    let repeated = Some(day.quarter()).filter(|quarter| first == day && quarter.last_day() == day);
    let quarter = progress.due(through).or(repeated);
    let visible = progress.visible;
    // A deferred day of an evaluated quarter may be booked by this plan. The next plan then checks
    // whether the quarter needs another evaluation.
    let ended = through >= day && progress.after(quarter).due(through).is_none() && !again;
    cursor.after = Some(cursor.before);
    Ok(Plan { days, quarter, visible, more: (!ended).then_some(cursor) })
}

/// The progress of the ledger.
#[derive(Debug, Clone)]
struct Progress {
    /// The last closed day.
    closed: Day,
    /// The last evaluated quarter.
    evaluated: Quarter,
    /// Evaluated quarters to evaluate again.
    reevaluate: BTreeSet<Quarter>,
    /// The deferred days, which are retried.
    set_aside: BTreeMap<Day, SetAside>,
    /// The newest run that readers see.
    visible: u64,
}

impl Progress {
    /// Reads the progress before the night after `day`. The first night records the day before
    /// `day` as closed: if that night fails, the next one knows which days are missed.
    async fn read(app: &App, day: Day) -> Result<Self, StepError> {
        let exhausted =
            || StepError::Unfinished("the ledger kept moving while a night was planned".to_owned());
        retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
            let mut head = app.table.head().await?;
            let known = Self::of(&head.value);
            let progress = known.unwrap_or_else(|| {
                let (closed, evaluated) = (day.previous(), day.quarter().previous());
                Self::new(closed, evaluated, &head.value)
            });
            if head.value.evaluated_through == Some(progress.evaluated) {
                return Ok(Attempt::Done(progress));
            }
            head.value.closed_through = Some(progress.closed);
            head.value.evaluated_through = Some(progress.evaluated);
            Ok(app.table.save_head(&head).await?.map(|()| progress))
        })
        .await
    }

    /// Returns the progress by a head; `None` before the first night.
    fn of(head: &Head) -> Option<Self> {
        let closed = head.closed_through?;
        // Version 0.1 did not record evaluations. A quarter whose last day is the last closed day
        // may lack its evaluation. A repeated evaluation changes nothing.
        let evaluated = head.evaluated_through.unwrap_or(closed.quarter().previous());
        Some(Self::new(closed, evaluated, head))
    }

    fn new(closed: Day, evaluated: Quarter, head: &Head) -> Self {
        let reevaluate = head.reevaluate.keys().copied().collect();
        Self {
            closed,
            evaluated,
            reevaluate,
            set_aside: head.set_aside.clone(),
            visible: head.visible,
        }
    }

    /// Returns the quarter to evaluate next, if days are closed through `closed`.
    fn due(&self, closed: Day) -> Option<Quarter> {
        let again = self.reevaluate.first().copied();
        again.or(Some(self.evaluated.next()).filter(|quarter| quarter.last_day() <= closed))
    }

    /// Returns whether a day may be booked before another quarter is evaluated.
    fn may_book(&self, day: Day) -> bool {
        day.quarter() <= self.evaluated.next()
            && self.reevaluate.first().is_none_or(|again| day.quarter() <= *again)
    }

    /// Returns the progress after a quarter's evaluation.
    fn after(mut self, quarter: Option<Quarter>) -> Self {
        if let Some(quarter) = quarter {
            self.evaluated = self.evaluated.max(quarter);
            self.reevaluate.remove(&quarter);
        }
        self
    }
}

/// Plans a run over the whole of one day only. Before that, completes a run that was left between
/// its commit and its end.
///
/// # Errors
/// [`StepError::DayNotOver`], or [`StepError::QuarterNotEvaluated`] if the tiers of the day are not
/// set yet.
pub(crate) async fn plan_day(
    app: &App,
    day: Day,
    deadline: Deadline,
) -> Result<DayPlan, StepError> {
    begin(app, day, deadline).await?;
    match Progress::of(&app.table.head().await?.value) {
        Some(progress) if !progress.may_book(day) => {
            Err(StepError::QuarterNotEvaluated { day, quarter: progress.evaluated.next() })
        }
        _ => whole(app, day),
    }
}

/// Returns the instant from which a day may be booked.
#[must_use]
pub fn booked_from(day: Day) -> Timestamp {
    day.end().plus_millis(SETTLES_MILLIS)
}

/// Checks before any plan that the day is over, and completes a run that is committed but not
/// finished.
async fn begin(app: &App, day: Day, deadline: Deadline) -> Result<(), StepError> {
    check_over(app, day)?;
    let head = app.table.head().await?.value;
    if let Some(pending) = head.pending {
        complete(app, &pending, head.parked, deadline).await?;
    }
    Ok(())
}

/// Returns a run over the whole of a day.
fn whole(app: &App, day: Day) -> Result<DayPlan, StepError> {
    let shards = Shard::all().map(Shard::number).collect();
    Ok(DayPlan { day, run: run_name(app, day)?, shards, mode: None })
}

fn check_over(app: &App, day: Day) -> Result<(), StepError> {
    if app.clock.now() < booked_from(day) { Err(StepError::DayNotOver(day)) } else { Ok(()) }
}

/// Returns the shards of earlier days that are still to be planned: the dirty and the deferred
/// ones.
async fn touched_before(
    app: &App,
    cursor: Cursor,
    set_aside: &BTreeMap<Day, SetAside>,
) -> Result<BTreeMap<Day, BTreeSet<u8>>, StepError> {
    let mut days: BTreeMap<Day, BTreeSet<u8>> = BTreeMap::new();
    for mark in app.table.touched_through(cursor.before.previous()).await? {
        days.entry(mark.day).or_default().insert(mark.shard);
    }
    for (day, deferred) in set_aside.range(..cursor.before) {
        days.entry(*day).or_default().extend(&deferred.shards);
    }
    days.retain(|day, _| cursor.after.is_none_or(|after| after < *day));
    Ok(days)
}

/// Returns a random name for a run. Two plans of one day never share a name, so that their shard
/// deltas do not mix.
pub(crate) fn run_name(app: &App, day: Day) -> Result<String, StepError> {
    let mut drawn = [0; 16];
    app.entropy.fill(&mut drawn).map_err(StepError::internal)?;
    Ok(format!("{day}-{}", short_sha256(&drawn)))
}

//! The plan of a night: which days are booked, each by a run of its own.

use std::collections::{BTreeMap, BTreeSet};

use lambda::{App, Deadline};
use serde::{Deserialize, Serialize};
use storage::{Head, SetAside, Shard, short_sha256};
use types::{Day, Quarter, Timestamp};

use crate::StepError;
use crate::finish::complete;
use crate::reversal::{self, Mode};

/// How often the head of a ledger before its first night is read and written again.
const MAX_ATTEMPTS: usize = 8;
/// The earliest time after its end at which a day is booked. By then each bind of the day is
/// answered, also by a clock that is minutes behind; and to the night, half an hour after the day,
/// minutes are left for a clock that is behind itself.
const SETTLES_MILLIS: i64 = 20 * 60_000;

/// Days in one plan. The state machine keeps a plan in its state, which holds 256 KB.
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
    /// Where the next plan of the night continues; absent in the last one.
    pub more: Option<Cursor>,
}

/// The place in a night where the next plan continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// DirtyShard days through this one are planned.
    pub after: Option<Day>,
    /// The first of the night's own days: touched days before it are booked as well.
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
    /// The run's name, under which its work is kept.
    pub run: String,
    /// The shards to fold.
    pub shards: Vec<u8>,
    /// How, where it is not for the whole of the accrual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
}

/// Plans the night after `day`, or the part of it that `cursor` names: that day and any that was
/// missed since the last closed one, whole; and of earlier days the shards that late fees and
/// corrections have touched, or that are deferred, and the reversals of the booked lines under
/// bindings that were found void.
///
/// A plan ends with a quarter, since days of the next one are booked by the tiers that the
/// quarter's evaluation sets, however late either is.
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
    // A shard that is deferred is folded anew, and only thereby no longer deferred.
    for (day, aside) in &progress.set_aside {
        folded.entry(*day).or_default().extend(&aside.shards);
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
    // A night that is started again evaluates its quarter again.
    let repeated = Some(day.quarter()).filter(|quarter| first == day && quarter.last_day() == day);
    let quarter = progress.due(through).or(repeated);
    let visible = progress.visible;
    // A day that was deferred in an evaluated quarter may be booked now: the next plan tells.
    let ended = through >= day && progress.after(quarter).due(through).is_none() && !again;
    cursor.after = Some(cursor.before);
    Ok(Plan { days, quarter, visible, more: (!ended).then_some(cursor) })
}

/// How far the ledger has come.
#[derive(Debug, Clone)]
struct Progress {
    /// The last closed day.
    closed: Day,
    /// The last evaluated quarter.
    evaluated: Quarter,
    /// Evaluated quarters to evaluate again.
    reevaluate: BTreeSet<Quarter>,
    /// Days that are tried again.
    set_aside: BTreeMap<Day, SetAside>,
    /// The newest run that readers see.
    visible: u64,
}

impl Progress {
    /// Reads the progress before the night after `day`. The first night of all notes the day before
    /// it: if that night fails, the next one knows which days are missed.
    async fn read(app: &App, day: Day) -> Result<Self, StepError> {
        for _ in 0..MAX_ATTEMPTS {
            let mut head = app.table.head().await?;
            let known = Self::of(&head.value);
            let progress = known.unwrap_or_else(|| {
                let (closed, evaluated) = (day.previous(), day.quarter().previous());
                Self::new(closed, evaluated, &head.value)
            });
            if head.value.evaluated_through == Some(progress.evaluated) {
                return Ok(progress);
            }
            head.value.closed_through = Some(progress.closed);
            head.value.evaluated_through = Some(progress.evaluated);
            app.table.save_head(&head).await?;
        }
        Err(StepError::Unfinished("the ledger kept moving while a night was planned".to_owned()))
    }

    /// The progress by a head; none before the first night.
    fn of(head: &Head) -> Option<Self> {
        let closed = head.closed_through?;
        // 0.1 did not note evaluations. A quarter whose last day is the last closed one may lack
        // its own, and an evaluation that is repeated changes nothing.
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

    /// The quarter to evaluate next, if days are closed through `closed`.
    fn due(&self, closed: Day) -> Option<Quarter> {
        let again = self.reevaluate.first().copied();
        again.or(Some(self.evaluated.next()).filter(|quarter| quarter.last_day() <= closed))
    }

    /// Whether a day may be booked before another quarter is evaluated.
    fn may_book(&self, day: Day) -> bool {
        day.quarter() <= self.evaluated.next()
            && self.reevaluate.first().is_none_or(|again| day.quarter() <= *again)
    }

    /// The progress after a quarter's evaluation.
    fn after(mut self, quarter: Option<Quarter>) -> Self {
        if let Some(quarter) = quarter {
            self.evaluated = self.evaluated.max(quarter);
            self.reevaluate.remove(&quarter);
        }
        self
    }
}

/// Plans a run over the whole of one day, and no other.
///
/// # Errors
/// [`StepError::QuarterNotEvaluated`] if the tiers of the day are still to be set.
pub(crate) async fn plan_whole(
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

/// From when on a day may be booked.
#[must_use]
pub fn booked_from(day: Day) -> Timestamp {
    day.end().plus_millis(SETTLES_MILLIS)
}

/// Checks before any plan that the day is over, and completes a run that was committed and not
/// finished.
async fn begin(app: &App, day: Day, deadline: Deadline) -> Result<(), StepError> {
    check_over(app, day)?;
    let head = app.table.head().await?.value;
    if let Some(pending) = head.pending {
        complete(app, &pending, head.parked, deadline).await?;
    }
    Ok(())
}

/// A run over the whole of a day.
fn whole(app: &App, day: Day) -> Result<DayPlan, StepError> {
    let shards = Shard::all().map(Shard::number).collect();
    Ok(DayPlan { day, run: run_name(app, day)?, shards, mode: None })
}

fn check_over(app: &App, day: Day) -> Result<(), StepError> {
    if app.clock.now() < booked_from(day) { Err(StepError::DayNotOver(day)) } else { Ok(()) }
}

/// The shards of earlier days that are still to be planned: those that are touched, and those that
/// are deferred.
async fn touched_before(
    app: &App,
    cursor: Cursor,
    set_aside: &BTreeMap<Day, SetAside>,
) -> Result<BTreeMap<Day, BTreeSet<u8>>, StepError> {
    let mut days: BTreeMap<Day, BTreeSet<u8>> = BTreeMap::new();
    for mark in app.table.touched_through(cursor.before.previous()).await? {
        days.entry(mark.day).or_default().insert(mark.shard);
    }
    for (day, aside) in set_aside.range(..cursor.before) {
        days.entry(*day).or_default().extend(&aside.shards);
    }
    days.retain(|day, _| cursor.after.is_none_or(|after| after < *day));
    Ok(days)
}

/// Two plans of one day never share a name: their work must not mix.
pub(crate) fn run_name(app: &App, day: Day) -> Result<String, StepError> {
    let mut drawn = [0; 16];
    app.entropy.fill(&mut drawn).map_err(|error| StepError::Internal(error.to_string()))?;
    Ok(format!("{day}-{}", short_sha256(&drawn)))
}

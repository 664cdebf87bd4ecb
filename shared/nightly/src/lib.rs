//! The nightly rollup: turns a day's fees into booked lines that readers see.
//!
//! A night is a chain of steps. Each step may run twice, run concurrently with itself, or stop at
//! any point:
//!
//! 1. **plan** lists the days to book, and gives each day a separate run;
//! 2. **fold**, one per shard of invitees, computes the accrual minus the booked lines, and stores
//!    the result under the run's name, where no reader sees it;
//! 3. **commit** proves the sums of the run, and gives the run its number in the ledger with one
//!    conditional transaction;
//! 4. **publish**, in parts, writes the affiliate view under that number;
//! 5. **finish** makes the number visible, so that readers see the whole run atomically;
//! 6. **evaluate**, after a quarter's last day is closed, sets the tiers for the next quarter.
//!    **close-quarter** records the evaluation. No day of the next quarter is booked before,
//!    however late both are;
//! 7. **reconcile** compares the affiliate view with the booked lines;
//! 8. **apply-activity** writes the last activity of users' days to their accounts.
//!
//! The state machine calls the steps one by one. [`Driver`] runs days and nights in one process,
//! with the same steps: a small programme's day in one invocation, the operator's tool, the sandbox
//! and the tests. Apart from the night, **check** reports the age of the data.

mod archived;
mod check;
mod closing;
mod commit;
mod committed;
mod driver;
mod error;
mod evaluate;
mod explain;
mod finish;
mod fold;
mod input;
mod kept_lines;
mod lost_work;
mod parked;
mod parking;
mod plan;
mod publish;
mod publish_groups;
mod quarantine;
mod rebuild_head;
mod reconcile;
mod reversal;
mod set_aside;
mod summary;
mod switches;
mod telemetry;
mod verify;

pub use archived::{ArchiveFailure, ArchivedBatch, FeeArchive, NoArchive};
pub use check::Checked;
pub use committed::{Committed, Part};
pub use driver::{DayOutcome, DayReport, Driver, NightReport, Observer, Retry};
pub use error::StepError;
pub use evaluate::{Evaluated, NotEvaluated, QuarterClosed, not_evaluated};
pub use explain::{ExplainedFee, InviteeDay, explain_day};
pub use finish::Finished;
pub use fold::Folded;
pub use input::Step;
pub use parked::{Repaired, RepairedRun, Withdrawn, repair, withdraw};
pub use plan::{Cursor, DayPlan, Plan, booked_from};
pub use publish::Published;
pub use rebuild_head::{Rebuilding, RebuiltHead, rebuild_head, save_rebuilt_head};
pub use reconcile::Reconciled;
pub use reversal::Mode;
pub use verify::{Cell, Difference, UnreadableRecord, Verified, verify_day};

use ingestion::AppliedActivity;
use lambda::{App, Deadline, Stopwatch};
use serde_json::Value;
use storage::ActivityPart;
use types::Day;

/// Runs one step with its JSON input; returns its JSON output.
///
/// # Errors
/// [`StepError`], by whose name the state machine retries or catches.
pub async fn handle(app: &App, input: &Value) -> Result<Value, StepError> {
    let step = Step::read(input)?;
    make(app, &step, Deadline::NONE).await.map(|done| done.output)
}

/// Runs one step as the Lambda function does: as [`handle`], but a step that cannot complete before
/// `deadline` stops where another invocation can resume it. Each step writes one log line and its
/// metrics.
///
/// # Errors
/// [`StepError`], by whose name the state machine retries or catches.
pub async fn handle_until(
    app: &App,
    input: &Value,
    deadline: Deadline,
) -> Result<Value, StepError> {
    let step = Step::read(input)?;
    let watch = Stopwatch::start(app);
    let outcome = make(app, &step, deadline).await;
    telemetry::step(app, &step, &outcome, &watch.effort());
    outcome.map(|done| done.output)
}

/// A step that completed.
pub(crate) struct Done {
    output: Value,
    /// The step's count for the log: days, lines, parts or affiliates; for `check`, the age of the
    /// data in seconds.
    count: u64,
}

impl Done {
    fn of<T: serde::Serialize>(count: u64, output: &T) -> Result<Self, StepError> {
        let output = serde_json::to_value(output);
        let output = output.map_err(StepError::internal)?;
        Ok(Self { output, count })
    }
}

/// Stops a step whose time is nearly over. Its results are stored, and the next invocation resumes
/// there.
pub(crate) fn check_time(app: &App, deadline: Deadline) -> Result<(), StepError> {
    if deadline.has_passed(&app.clock) { Err(StepError::HandedOver) } else { Ok(()) }
}

/// Applies the activity of a part of the accounts that ingestion deferred through a day.
async fn apply_activity(
    app: &App,
    day: Day,
    part: ActivityPart,
    deadline: Deadline,
) -> Result<AppliedActivity, StepError> {
    let applied = ingestion::apply_deferred(app, day, part, deadline).await?;
    if applied.stopped { Err(StepError::HandedOver) } else { Ok(applied) }
}

async fn make(app: &App, step: &Step, deadline: Deadline) -> Result<Done, StepError> {
    match step {
        Step::WholeDay { day, run } => {
            let mut driver = Driver::new(app).until(deadline);
            let report = driver.resume_day(*day, run.clone()).await?;
            Done::of(report.lines, &report)
        }
        Step::Plan { day, more } => {
            let plan = plan::plan(app, *day, *more, deadline).await?;
            Done::of(plan.days.len() as u64, &plan)
        }
        Step::Fold { day, run, shard, mode } => {
            let folded = set_aside::fold(app, *day, run, *shard, *mode).await?;
            Done::of(folded.lines, &folded)
        }
        Step::SetAside { day, run, shard, error } => {
            let deferred = set_aside::after_crashes(app, *day, run, *shard, error).await?;
            Done::of(1, &deferred)
        }
        Step::Commit { day, run, shards } => {
            let committed = commit::commit(app, *day, run, shards, deadline).await?;
            Done::of(committed.ranges.len() as u64, &committed)
        }
        Step::Publish { seq, part } => {
            let published = publish::publish(app, *seq, *part, deadline).await?;
            Done::of(published.affiliates as u64, &published)
        }
        Step::Finish { seq } => Done::of(1, &finish::finish(app, *seq).await?),
        Step::Evaluate { quarter, shard } => {
            let evaluated = match shard {
                Some(shard) => evaluate::evaluate(app, *quarter, &[*shard]).await?,
                None => Driver::new(app).evaluate(*quarter).await?,
            };
            Done::of(evaluated.affiliates as u64, &evaluated)
        }
        Step::CloseQuarter { quarter, visible } => {
            Done::of(1, &evaluate::close_quarter(app, *quarter, *visible).await?)
        }
        Step::Reconcile { day, shard } => {
            let reconciled = reconcile::reconcile(app, *day, *shard).await?;
            Done::of(reconciled.affiliates, &reconciled)
        }
        Step::ApplyActivity { day, part } => {
            let applied = apply_activity(app, *day, *part, deadline).await?;
            Done::of(applied.accounts, &applied)
        }
        Step::Check => {
            let checked = check::check(app).await?;
            Done::of(checked.data_age_seconds, &checked)
        }
    }
}

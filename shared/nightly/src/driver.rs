//! Runs days and nights in one process: the steps of the state machine, one after the other.

use std::time::Duration;

use lambda::{App, Deadline};
use serde::Serialize;
use storage::{ActivityPart, Shard, take_bounded};
use types::{Day, Quarter};

use crate::commit::commit;
use crate::committed::{Committed, Part};
use crate::evaluate::{Evaluated, close_quarter, evaluate};
use crate::finish::{Finished, finish};
use crate::fold::Folded;
use crate::plan::{Cursor, DayPlan, Plan, plan, plan_day};
use crate::publish::{Published, publish};
use crate::reconcile::{Reconciled, reconcile_all};
use crate::set_aside::fold;
use crate::{StepError, apply_activity, check_time};

/// Shards that are folded concurrently; each waits for the table most of the time.
const SHARDS_AT_ONCE: usize = 8;

/// The outcome of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "DayReportJson")]
pub struct DayReport {
    /// The day.
    pub day: Day,
    /// The number of lines to book.
    pub lines: u64,
    /// The outcome.
    pub outcome: DayOutcome,
}

/// The outcome of a day's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayOutcome {
    /// The run is booked and visible.
    Booked {
        /// The run's number.
        seq: u64,
        /// The reason if a part of the day is deferred.
        deferred: Option<String>,
    },
    /// Nothing is booked, since the whole day is deferred for this reason.
    Deferred(String),
    /// Nothing was left to book.
    NothingDue,
    /// Another run of the day was committed first.
    Superseded,
}

impl DayReport {
    /// Returns the run's number, if a run was booked.
    #[must_use]
    pub const fn seq(&self) -> Option<u64> {
        match self.outcome {
            DayOutcome::Booked { seq, .. } => Some(seq),
            DayOutcome::Deferred(_) | DayOutcome::NothingDue | DayOutcome::Superseded => None,
        }
    }
}

/// The JSON form of a [`DayReport`].
#[derive(Serialize)]
struct DayReportJson {
    day: Day,
    seq: Option<u64>,
    lines: u64,
    #[serde(rename = "setAside", skip_serializing_if = "Option::is_none")]
    set_aside: Option<String>,
}

impl From<DayReport> for DayReportJson {
    fn from(report: DayReport) -> Self {
        let seq = report.seq();
        let DayReport { day, lines, outcome } = report;
        let set_aside = match outcome {
            DayOutcome::Booked { deferred, .. } => deferred,
            DayOutcome::Deferred(reason) => Some(reason),
            DayOutcome::NothingDue | DayOutcome::Superseded => None,
        };
        Self { day, seq, lines, set_aside }
    }
}

/// The outcome of a night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NightReport {
    /// The days that the night processed.
    pub days: Vec<DayReport>,
    /// The evaluation of the last quarter that the night closed, if it closed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluated: Option<Evaluated>,
    /// The reconciliation.
    pub reconciled: Reconciled,
}

/// Receives the progress of a [`Driver`]. Every method does nothing by default; `()` is the
/// observer that ignores everything.
pub trait Observer {
    /// The error of a run: that of a step, or the observer's.
    type Error: From<StepError>;

    /// Receives the days of a night's plan that are about to be booked.
    fn planned(&mut self, _days: &[DayPlan]) {}

    /// Receives a day whose shards are about to be folded.
    fn day_started(&mut self, _day: Day) {}

    /// Is called for each folded shard.
    fn shard_folded(&mut self) {}

    /// Receives the report of a day.
    ///
    /// # Errors
    /// An error of the observer, which ends the run.
    fn day_ended(&mut self, _report: &DayReport) -> impl Future<Output = Result<(), Self::Error>> {
        async { Ok(()) }
    }

    /// Receives the evaluation of a quarter.
    fn quarter_evaluated(&mut self, _quarter: Quarter, _evaluated: &Evaluated) {}

    /// Receives the reconciliation of the night after a day.
    fn reconciled(&mut self, _day: Day, _reconciled: Reconciled) {}
}

impl Observer for () {
    type Error = StepError;
}

/// How long a step is repeated after a transient error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The step fails at the first error.
    Never,
    /// The step is repeated after pauses, each twice as long as the one before.
    Backoff {
        /// The first pause.
        first: Duration,
        /// The longest pause, after which the step fails.
        last: Duration,
    },
}

impl Retry {
    /// Runs a step, and repeats it after transient errors: every step may be repeated.
    async fn run<T, F>(self, step: impl Fn() -> F) -> Result<T, StepError>
    where
        F: Future<Output = Result<T, StepError>>,
    {
        let Self::Backoff { first, last } = self else { return step().await };
        let mut pause = first;
        loop {
            match step().await {
                Err(StepError::Throttled(_) | StepError::Unfinished(_)) if pause <= last => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                done => return done,
            }
        }
    }
}

/// Runs days and nights with the steps of the state machine.
pub struct Driver<'a, O = ()> {
    steps: Steps<'a>,
    observer: O,
}

impl<'a> Driver<'a> {
    /// Returns a driver without deadline, retries and observer.
    #[must_use]
    pub const fn new(app: &'a App) -> Self {
        let steps = Steps { app, deadline: Deadline::NONE, retry: Retry::Never, in_tasks: false };
        Self { steps, observer: () }
    }
}

impl<'a, O: Observer> Driver<'a, O> {
    /// Sets the time after which a step stops where another invocation can resume it.
    #[must_use]
    pub fn until(mut self, deadline: Deadline) -> Self {
        self.steps.deadline = deadline;
        self
    }

    /// Sets the repetition of steps.
    #[must_use]
    pub fn retrying(mut self, retry: Retry) -> Self {
        self.steps.retry = retry;
        self
    }

    /// Folds each shard in a separate task of the Tokio runtime, so that all its threads fold.
    #[must_use]
    pub fn in_tasks(mut self) -> Self {
        self.steps.in_tasks = true;
        self
    }

    /// Sets the observer.
    #[must_use]
    pub fn observed_by<P: Observer>(self, observer: P) -> Driver<'a, P> {
        Driver { steps: self.steps, observer }
    }

    /// Books the whole of a day.
    ///
    /// # Errors
    /// [`StepError`], as the state machine receives it, or the observer's error.
    pub async fn run_day(&mut self, day: Day) -> Result<DayReport, O::Error> {
        self.resume_day(day, None).await
    }

    /// Books the whole of a day; resumes the named run that an earlier invocation began.
    pub(crate) async fn resume_day(
        &mut self,
        day: Day,
        begun: Option<String>,
    ) -> Result<DayReport, O::Error> {
        let plan = self.plan_day(day).await?;
        self.book(&DayPlan { run: begun.unwrap_or(plan.run), ..plan }).await
    }

    /// Plans a run over the whole of a day. Before that, completes a run that was left between its
    /// commit and its end.
    ///
    /// # Errors
    /// [`StepError`], as the state machine receives it.
    pub async fn plan_day(&self, day: Day) -> Result<DayPlan, StepError> {
        let steps = self.steps;
        steps.retry.run(|| plan_day(steps.app, day, steps.deadline)).await
    }

    /// Runs the whole night after `day`: books its days, plan after plan, evaluates the quarters
    /// that end, reconciles, and applies deferred activity.
    ///
    /// # Errors
    /// [`StepError`], as the state machine receives it, or the observer's error.
    pub async fn run_night(&mut self, day: Day) -> Result<NightReport, O::Error> {
        let (mut days, mut last_evaluated) = (Vec::new(), None);
        let mut more = None;
        loop {
            let plan = self.steps.plan(day, more).await?;
            self.observer.planned(&plan.days);
            for day in &plan.days {
                days.push(self.book(day).await?);
            }
            if let Some(quarter) = plan.quarter {
                let evaluated = self.steps.evaluate(quarter, plan.visible).await?;
                self.observer.quarter_evaluated(quarter, &evaluated);
                last_evaluated = Some(evaluated);
            }
            more = plan.more;
            if more.is_none() {
                break;
            }
        }
        let reconciled = self.steps.reconcile(day).await?;
        self.observer.reconciled(day, reconciled);
        self.steps.apply_activity(day).await?;
        Ok(NightReport { days, evaluated: last_evaluated, reconciled })
    }

    /// Sets the tiers that a quarter earned by the runs that are visible now, and closes it.
    ///
    /// # Errors
    /// [`StepError`], as the state machine receives it.
    pub async fn evaluate(&self, quarter: Quarter) -> Result<Evaluated, StepError> {
        let Steps { app, retry, .. } = self.steps;
        let head = retry.run(|| async { Ok(app.table.head().await?) }).await?;
        self.steps.evaluate(quarter, head.value.visible).await
    }

    /// Books a planned day: folds its shards, commits, publishes and finishes the run.
    ///
    /// # Errors
    /// [`StepError`], as the state machine receives it, or the observer's error.
    pub async fn book(&mut self, plan: &DayPlan) -> Result<DayReport, O::Error> {
        let report = self.run(plan).await.map_err(|error| match error {
            StepError::HandedOver => {
                StepError::DayHandedOver { day: plan.day, run: plan.run.clone() }
            }
            error => error,
        })?;
        self.observer.day_ended(&report).await?;
        Ok(report)
    }

    async fn run(&mut self, plan: &DayPlan) -> Result<DayReport, StepError> {
        let day = plan.day;
        let lines = self.fold(plan).await?;
        let Committed { seq, ranges, set_aside } = match self.steps.commit(plan).await {
            Err(StepError::Superseded(day)) => {
                return Ok(DayReport { day, lines: 0, outcome: DayOutcome::Superseded });
            }
            committed => committed?,
        };
        let outcome = match (seq, set_aside) {
            (Some(seq), deferred) => {
                for part in ranges {
                    self.steps.publish(seq, part).await?;
                }
                self.steps.finish(seq).await?;
                DayOutcome::Booked { seq, deferred }
            }
            (None, Some(reason)) => DayOutcome::Deferred(reason),
            (None, None) => DayOutcome::NothingDue,
        };
        Ok(DayReport { day, lines, outcome })
    }

    /// Folds the shards of a day; returns the number of lines to book.
    async fn fold(&mut self, plan: &DayPlan) -> Result<u64, StepError> {
        self.observer.day_started(plan.day);
        let (steps, observer) = (self.steps, &mut self.observer);
        let mut lines = 0;
        let folds = known_shards(plan).into_iter().map(|shard| steps.fold(plan, shard));
        take_bounded(SHARDS_AT_ONCE, folds, |folded| {
            lines += folded.lines;
            observer.shard_folded();
            Ok(())
        })
        .await?;
        Ok(lines)
    }
}

/// The steps of the state machine, each repeated after transient errors as `retry` says.
#[derive(Clone, Copy)]
struct Steps<'a> {
    app: &'a App,
    deadline: Deadline,
    retry: Retry,
    in_tasks: bool,
}

impl Steps<'_> {
    async fn plan(self, day: Day, more: Option<Cursor>) -> Result<Plan, StepError> {
        self.retry.run(|| plan(self.app, day, more, self.deadline)).await
    }

    async fn fold(self, plan: &DayPlan, shard: Shard) -> Result<Folded, StepError> {
        check_time(self.app, self.deadline)?;
        let DayPlan { day, mode, ref run, .. } = *plan;
        if !self.in_tasks {
            return self.retry.run(|| fold(self.app, day, run, shard, mode)).await;
        }
        let (app, run, retry) = (self.app.clone(), run.clone(), self.retry);
        let folding = async move { retry.run(|| fold(&app, day, &run, shard, mode)).await };
        let folded = tokio::spawn(folding).await;
        folded.map_err(StepError::internal)?
    }

    async fn commit(self, plan: &DayPlan) -> Result<Committed, StepError> {
        let shards = known_shards(plan);
        self.retry.run(|| commit(self.app, plan.day, &plan.run, &shards, self.deadline)).await
    }

    async fn publish(self, seq: u64, part: Part) -> Result<Published, StepError> {
        self.retry.run(|| publish(self.app, seq, part, self.deadline)).await
    }

    async fn finish(self, seq: u64) -> Result<Finished, StepError> {
        self.retry.run(|| finish(self.app, seq)).await
    }

    /// Evaluates a quarter by the runs up to `visible`, and closes it.
    async fn evaluate(self, quarter: Quarter, visible: u64) -> Result<Evaluated, StepError> {
        let all: Vec<Shard> = Shard::all().collect();
        let evaluated = self.retry.run(|| evaluate(self.app, quarter, &all)).await?;
        self.retry.run(|| close_quarter(self.app, quarter, visible)).await?;
        Ok(evaluated)
    }

    async fn reconcile(self, day: Day) -> Result<Reconciled, StepError> {
        let all: Vec<Shard> = Shard::all().collect();
        self.retry.run(|| reconcile_all(self.app, day, &all)).await
    }

    async fn apply_activity(self, day: Day) -> Result<(), StepError> {
        for part in ActivityPart::all() {
            self.retry.run(|| apply_activity(self.app, day, part, self.deadline)).await?;
        }
        Ok(())
    }
}

fn known_shards(plan: &DayPlan) -> Vec<Shard> {
    plan.shards.iter().copied().filter_map(Shard::new).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const BACKOFF: Retry =
        Retry::Backoff { first: Duration::from_millis(1), last: Duration::from_millis(4) };

    /// Runs a step that fails this often, and returns the number of calls and the outcome.
    async fn calls(retry: Retry, failures: u32, error: fn() -> StepError) -> (u32, bool) {
        let calls = Cell::new(0);
        let step = || {
            calls.set(calls.get() + 1);
            let outcome = if calls.get() <= failures { Err(error()) } else { Ok(()) };
            async { outcome }
        };
        let done = retry.run(step).await.is_ok();
        (calls.get(), done)
    }

    fn unfinished() -> StepError {
        StepError::Unfinished("an earlier step is not complete".to_owned())
    }

    #[tokio::test]
    async fn transient_error_is_retried() {
        assert_eq!(calls(BACKOFF, 2, unfinished).await, (3, true));
    }

    #[tokio::test]
    async fn retries_end_after_the_longest_pause() {
        assert_eq!(calls(BACKOFF, 9, unfinished).await, (4, false));
    }

    #[tokio::test]
    async fn permanent_error_is_not_retried() {
        assert_eq!(calls(BACKOFF, 1, || StepError::HandedOver).await, (1, false));
        assert_eq!(calls(Retry::Never, 1, unfinished).await, (1, false));
    }
}

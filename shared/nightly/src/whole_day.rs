//! A day or a night in one invocation: runs the steps of the state machine one after the other.

use lambda::{App, Deadline};
use serde::Serialize;
use storage::Shard;
use types::Day;

use crate::bounded_concurrency::bounded_concurrency;
use crate::commit::commit;
use crate::evaluate::{Evaluated, close_quarter, evaluate};
use crate::finish::finish;
use crate::plan::{DayPlan, plan, plan_whole};
use crate::publish::publish;
use crate::reconcile::{Reconciled, reconcile_all};
use crate::reversal::Mode;
use crate::set_aside::fold;
use crate::{StepError, check_time};

/// The outcome of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayReport {
    /// The day.
    pub day: Day,
    /// The number of the run; `None` if nothing was booked.
    pub seq: Option<u64>,
    /// The number of lines to book.
    pub lines: u64,
    /// The reason if the day or a part of it is deferred.
    #[serde(rename = "setAside", skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
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

/// Books the whole of a day.
///
/// # Errors
/// [`StepError`], as the state machine receives it.
pub async fn run_day(app: &App, day: Day) -> Result<DayReport, StepError> {
    resume(app, day, None, Deadline::NONE).await
}

/// Books the whole of a day; resumes the named run that an earlier invocation began.
pub(crate) async fn resume(
    app: &App,
    day: Day,
    begun: Option<String>,
    deadline: Deadline,
) -> Result<DayReport, StepError> {
    let plan = plan_whole(app, day, deadline).await?;
    let plan = DayPlan { run: begun.unwrap_or(plan.run), ..plan };
    let name = plan.run.clone();
    match run(app, plan, deadline).await {
        Err(StepError::HandedOver) => Err(StepError::DayHandedOver { day, run: name }),
        done => done,
    }
}

/// Runs the whole night after `day` as the state machine does, plan after plan.
///
/// # Errors
/// [`StepError`], as the state machine receives it.
pub async fn run_night(app: &App, day: Day) -> Result<NightReport, StepError> {
    let all: Vec<Shard> = Shard::all().collect();
    let mut report =
        NightReport { days: Vec::new(), evaluated: None, reconciled: Reconciled::default() };
    let mut more = None;
    loop {
        let plan = plan(app, day, more, Deadline::NONE).await?;
        for day in plan.days {
            report.days.push(run(app, day, Deadline::NONE).await?);
        }
        if let Some(quarter) = plan.quarter {
            report.evaluated = Some(evaluate(app, quarter, &all).await?);
            close_quarter(app, quarter, plan.visible).await?;
        }
        more = plan.more;
        if more.is_none() {
            break;
        }
    }
    report.reconciled = reconcile_all(app, day, &all).await?;
    Ok(report)
}

async fn run(app: &App, plan: DayPlan, deadline: Deadline) -> Result<DayReport, StepError> {
    let DayPlan { day, run, shards, mode } = plan;
    let shards: Vec<Shard> = shards.into_iter().filter_map(Shard::new).collect();
    let lines = fold_all(app, day, &run, &shards, mode, deadline).await?;
    let committed = match commit(app, day, &run, &shards, deadline).await {
        Err(StepError::Superseded(day)) => {
            return Ok(DayReport { day, seq: None, lines: 0, set_aside: None });
        }
        committed => committed?,
    };
    if let Some(seq) = committed.seq {
        for part in committed.ranges {
            publish(app, seq, part, deadline).await?;
        }
        finish(app, seq).await?;
    }
    Ok(DayReport { day, seq: committed.seq, lines, set_aside: committed.set_aside })
}

/// Shards that are folded concurrently; each waits for the table most of the time.
const SIDE_BY_SIDE: usize = 8;

/// Folds shards; returns the number of lines to book.
async fn fold_all(
    app: &App,
    day: Day,
    run: &str,
    shards: &[Shard],
    mode: Option<Mode>,
    deadline: Deadline,
) -> Result<u64, StepError> {
    let fold_one = async |shard| {
        check_time(app, deadline)?;
        fold(app, day, run, shard, mode).await
    };
    let folded = bounded_concurrency(SIDE_BY_SIDE, shards.iter().copied().map(fold_one)).await?;
    Ok(folded.iter().map(|folded| folded.lines).sum())
}

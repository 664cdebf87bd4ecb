//! A day, or a night, in one invocation: the steps of the state machine, one after the other.

use std::sync::Arc;

use runtime::App;
use serde::Serialize;
use table::Shard;
use terms::Day;
use tokio::task::JoinSet;

use crate::StepError;
use crate::commit::commit;
use crate::evaluate::{Evaluated, evaluate_all};
use crate::finish::{complete, finish};
use crate::fold::fold;
use crate::plan::{DayPlan, check_over, plan, whole};
use crate::publish::publish;

/// What became of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayReport {
    /// The day.
    pub day: Day,
    /// The number of the run that booked something, if one did.
    pub seq: Option<u64>,
    /// The lines that it booked.
    pub lines: u64,
}

/// What became of a night.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NightReport {
    /// The days that it took up.
    pub days: Vec<DayReport>,
    /// The evaluation, on a quarter's first day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluated: Option<Evaluated>,
}

/// Books the whole of a day.
///
/// # Errors
/// [`StepError`], as the state machine would see it.
pub async fn run_day(app: &App, day: Day) -> Result<DayReport, StepError> {
    check_over(app, day)?;
    if let Some(pending) = app.table.head().await?.value.pending {
        complete(app, &pending).await?;
    }
    run(app, whole(app, day)?).await
}

/// Does what the night after `day` has to do, as the state machine does it.
///
/// # Errors
/// [`StepError`], as the state machine would see it.
pub async fn run_night(app: &App, day: Day) -> Result<NightReport, StepError> {
    let plan = plan(app, day).await?;
    let mut days = Vec::new();
    for day in plan.days {
        days.push(run(app, day).await?);
    }
    let evaluated = match plan.quarter {
        Some(quarter) => Some(evaluate_all(app, quarter).await?),
        None => None,
    };
    Ok(NightReport { days, evaluated })
}

async fn run(app: &App, plan: DayPlan) -> Result<DayReport, StepError> {
    let DayPlan { day, run, shards } = plan;
    let shards: Vec<Shard> = shards.into_iter().filter_map(Shard::new).collect();
    let lines = fold_all(app, day, &run, &shards).await?;
    let committed = match commit(app, day, &run, &shards).await {
        Err(StepError::Superseded(day)) => return Ok(DayReport { day, seq: None, lines: 0 }),
        committed => committed?,
    };
    if let Some(seq) = committed.seq {
        for part in committed.ranges {
            publish(app, seq, part).await?;
        }
        finish(app, seq).await?;
    }
    Ok(DayReport { day, seq: committed.seq, lines })
}

/// Shards that are folded side by side; each waits for the table most of the time.
const SIDE_BY_SIDE: usize = 8;

/// Folds shards; answers how many lines they found to book.
async fn fold_all(app: &App, day: Day, run: &str, shards: &[Shard]) -> Result<u64, StepError> {
    let run: Arc<str> = run.into();
    let mut waiting = shards.iter().copied();
    let mut folding = JoinSet::new();
    let mut lines = 0;
    loop {
        for shard in waiting.by_ref().take(SIDE_BY_SIDE - folding.len()) {
            let (app, run) = (app.clone(), Arc::clone(&run));
            folding.spawn(async move { fold(&app, day, &run, shard).await });
        }
        let Some(folded) = folding.join_next().await else { return Ok(lines) };
        let folded = folded.map_err(|error| StepError::Internal(error.to_string()))?;
        lines += folded?.lines;
    }
}

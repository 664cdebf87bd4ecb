//! The functions' own steps, asked for as the state machine asks.

use std::time::Duration;

use indicatif::ProgressBar;
use lambda::App;
use nightly::{Committed, Cursor, DayPlan, Evaluated, Folded, Plan, StepError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use types::{Day, Quarter};

/// Shards that are folded side by side; each waits for the table most of the time.
const SIDE_BY_SIDE: usize = 8;
/// How long is waited before a step is tried again; each time twice as long, to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(16);

/// The outcome of a day's run.
pub(crate) enum Booked {
    /// It is booked under this number.
    Run(u64),
    /// Booked under this number, without the parts that are set aside for this reason.
    Part(u64, String),
    /// Set aside for this reason.
    ExcludedCounts(String),
    /// Nothing was to be added.
    Nothing,
    /// Another run of the day was first.
    Superseded,
}

/// Plans the night after `day`, from where the plan before it says that it continues.
pub(crate) async fn plan_night(
    app: &App,
    day: Day,
    more: Option<Cursor>,
) -> Result<Plan, StepError> {
    step(app, json!({ "step": "plan", "day": day, "more": more })).await
}

/// Sets the tiers that a quarter earned, and notes it.
pub(crate) async fn evaluate(app: &App, quarter: Quarter) -> Result<Evaluated, StepError> {
    step(app, json!({ "step": "evaluate", "quarter": quarter })).await
}

/// Runs a planned day from its fold to its end; the bar advances with each shard.
pub(crate) async fn book(
    app: &App,
    plan: &DayPlan,
    bar: &ProgressBar,
) -> Result<Booked, StepError> {
    fold(app, plan, bar).await?;
    let DayPlan { day, run, shards, .. } = plan;
    let commit = json!({ "step": "commit", "day": day, "run": run, "shards": shards });
    let committed: Committed = match step(app, commit).await {
        Err(StepError::Superseded(_)) => return Ok(Booked::Superseded),
        committed => committed?,
    };
    let Some(seq) = committed.seq else {
        return Ok(committed.set_aside.map_or(Booked::Nothing, Booked::ExcludedCounts));
    };
    for part in committed.ranges {
        done(app, json!({ "step": "publish", "seq": seq, "range": part })).await?;
    }
    done(app, json!({ "step": "finish", "seq": seq })).await?;
    Ok(match committed.set_aside {
        Some(reason) => Booked::Part(seq, reason),
        None => Booked::Run(seq),
    })
}

async fn fold(app: &App, plan: &DayPlan, bar: &ProgressBar) -> Result<(), StepError> {
    let (day, run) = (plan.day, &plan.run);
    let mut waiting = plan.shards.iter();
    let mut folding = JoinSet::new();
    loop {
        for shard in waiting.by_ref().take(SIDE_BY_SIDE - folding.len()) {
            let app = app.clone();
            let mode = plan.mode;
            let fold =
                json!({ "step": "fold", "day": day, "run": run, "shard": shard, "mode": mode });
            folding.spawn(async move { step::<Folded>(&app, fold).await });
        }
        let Some(folded) = folding.join_next().await else { return Ok(()) };
        folded.map_err(|error| StepError::Internal(error.to_string()))??;
        bar.inc(1);
    }
}

async fn step<T: DeserializeOwned>(app: &App, input: Value) -> Result<T, StepError> {
    let output = persist(app, &input).await?;
    serde_json::from_value(output).map_err(|error| StepError::Internal(error.to_string()))
}

async fn done(app: &App, input: Value) -> Result<(), StepError> {
    persist(app, &input).await.map(drop)
}

/// Runs a step, and repeats it for a while after transient errors: every step may be repeated.
async fn persist(app: &App, input: &Value) -> Result<Value, StepError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match nightly::handle(app, input).await {
            Err(StepError::Throttled(_) | StepError::Unfinished(_)) if pause <= LAST_PAUSE => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            outcome => return outcome,
        }
    }
}

//! The nightly rollup: from a day's fees to booked lines that readers see.
//!
//! A night is a chain of steps, each of which may run twice, at once with itself, or die anywhere:
//!
//! 1. **plan** names the days to book, each with a run of its own;
//! 2. **fold**, one per shard of invitees, works out what is due minus what is booked, and keeps
//!    it under the run's name, where nobody reads it;
//! 3. **commit** proves that everything adds up, and gives the run its number in the ledger with
//!    one conditional transaction;
//! 4. **publish**, in parts, writes what affiliates read, under that number;
//! 5. **finish** makes the number visible: readers now see the whole run at once;
//! 6. **evaluate**, on a quarter's first day, sets the tiers for the quarter that begins.
//!
//! The state machine calls them one by one; a small programme has a whole day done in one
//! invocation, by the very same steps.

mod by_hand;
mod commit;
mod deadline;
mod error;
mod evaluate;
mod explain;
mod finish;
mod fold;
mod input;
mod plan;
mod publish;
mod side_by_side;
mod summary;
mod verify;
mod whole_day;

pub use by_hand::plan_day;
pub use commit::{Committed, Part};
pub use deadline::Deadline;
pub use error::StepError;
pub use evaluate::Evaluated;
pub use explain::{ExplainedFee, InviteeDay, explain_day};
pub use finish::Finished;
pub use fold::Folded;
pub use input::Step;
pub use plan::{DayPlan, Plan};
pub use publish::Published;
pub use verify::{Cell, Difference, Verified, verify_day};
pub use whole_day::{DayReport, NightReport, run_day, run_night};

use runtime::App;
use serde_json::Value;
use table::Shard;

/// A step's input in, its output out.
///
/// # Errors
/// [`StepError`], whose name the state machine retries or catches by.
pub async fn handle(app: &App, input: &Value) -> Result<Value, StepError> {
    handle_until(app, input, Deadline::NONE).await
}

/// The Lambda function: as [`handle`]; a step that would not come to its end before `deadline`
/// stops where another one can go on.
///
/// # Errors
/// [`StepError`], whose name the state machine retries or catches by.
pub async fn handle_until(
    app: &App,
    input: &Value,
    deadline: Deadline,
) -> Result<Value, StepError> {
    let step = Step::read(input)?;
    let started = app.clock.now();
    let output = match &step {
        Step::WholeDay { day, run } => {
            to_json(&whole_day::resume(app, *day, run.clone(), deadline).await?)
        }
        Step::Plan { day } => to_json(&plan::plan(app, *day, deadline).await?),
        Step::Fold { day, run, shard } => to_json(&fold::fold(app, *day, run, *shard).await?),
        Step::Commit { day, run, shards } => {
            to_json(&commit::commit(app, *day, run, shards, deadline).await?)
        }
        Step::Publish { seq, part } => {
            to_json(&publish::publish(app, *seq, *part, deadline).await?)
        }
        Step::Finish { seq } => to_json(&finish::finish(app, *seq).await?),
        Step::Evaluate { quarter, shard } => {
            let shards: Vec<_> = shard.map_or_else(|| Shard::all().collect(), |shard| vec![shard]);
            to_json(&evaluate::evaluate(app, *quarter, &shards).await?)
        }
    }?;
    let millis = app.clock.now().millis_since(started);
    tracing::info!(step = step.name(), millis, "did a step");
    Ok(output)
}

fn to_json<T: serde::Serialize>(output: &T) -> Result<Value, StepError> {
    serde_json::to_value(output).map_err(|error| StepError::Internal(error.to_string()))
}

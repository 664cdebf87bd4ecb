//! What an operator asks for by hand, before the steps of the night do it.

use lambda::{App, Deadline};
use types::Day;

use crate::StepError;
use crate::plan::{DayPlan, plan_whole};

/// Plans a run over the whole of one day, and no other; a run that was left between its commit and
/// its end is ended before.
///
/// # Errors
/// [`StepError::DayNotOver`], or what the table answers.
pub async fn plan_day(app: &App, day: Day) -> Result<DayPlan, StepError> {
    plan_whole(app, day, Deadline::NONE).await
}

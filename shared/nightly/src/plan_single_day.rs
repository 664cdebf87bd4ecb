//! The plan of a single day, as an operator requests it.

use lambda::{App, Deadline};
use types::Day;

use crate::StepError;
use crate::plan::{DayPlan, plan_whole};

/// Plans a run over the whole of one day, and no other; a run that was left between its commit and
/// its end is ended before.
///
/// # Errors
/// [`StepError::DayNotOver`], or if the table fails.
pub async fn plan_day(app: &App, day: Day) -> Result<DayPlan, StepError> {
    plan_whole(app, day, Deadline::NONE).await
}

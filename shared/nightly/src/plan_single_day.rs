//! Plans a single day at an operator's request.

use lambda::{App, Deadline};
use types::Day;

use crate::StepError;
use crate::plan::{DayPlan, plan_whole};

/// Plans a run over the whole of one day only. Before that, completes a run that was left between
/// its commit and its end.
///
/// # Errors
/// [`StepError::DayNotOver`] or [`StepError::QuarterNotEvaluated`], or if the table fails.
pub async fn plan_day(app: &App, day: Day) -> Result<DayPlan, StepError> {
    plan_whole(app, day, Deadline::NONE).await
}

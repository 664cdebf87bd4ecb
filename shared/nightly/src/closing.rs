//! Shared steps at the end of a day's run, whether it is finished, has nothing to book, or is
//! deferred.

use lambda::App;
use storage::{Head, ShardReport};
use types::Day;

use crate::StepError;

/// Returns the last closed day after `day` is booked. Days close one after the other.
pub(crate) fn next_closed(head: &Head, day: Day) -> Option<Day> {
    match head.closed_through {
        None => Some(day),
        Some(closed) if closed.next() == day => Some(day),
        closed => closed,
    }
}

/// Clears the dirty markers that were read before the fees; renewed markers stay.
pub(crate) async fn clear_marks(app: &App, reports: &[ShardReport]) -> Result<(), StepError> {
    for mark in reports.iter().filter_map(|report| report.touched.as_ref()) {
        app.table.clear(mark).await?;
    }
    Ok(())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_close_one_after_the_other() {
        let day = |text: &str| -> Day { text.parse().unwrap() };
        let closes = |closed: Option<&str>, booked| {
            let head = Head { closed_through: closed.map(day), ..Head::default() };
            next_closed(&head, day(booked))
        };
        assert_eq!(closes(None, "2026-11-20"), Some(day("2026-11-20")));
        let closed = Some("2026-11-20");
        assert_eq!(closes(closed, "2026-11-21"), Some(day("2026-11-21")));
        for other in ["2026-11-19", "2026-11-20", "2026-11-22"] {
            assert_eq!(closes(closed, other), Some(day("2026-11-20")), "{other}");
        }
    }
}

//! The finish: makes a published run visible, whole and atomically.

use lambda::{App, Deadline};
use serde::{Deserialize, Serialize};
use storage::{FinishedRun, Head, Pending};
use types::Day;

use crate::closing::{clear_marks, next_closed};
use crate::committed::Part;
use crate::publish::publish_pending;
use crate::set_aside::FoldedShards;
use crate::{StepError, telemetry};

/// The result of a finish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finished {
    /// The newest run that readers see.
    pub visible: u64,
    /// The last day of the unbroken sequence of closed days.
    pub closed_through: Option<Day>,
}

/// Makes a run visible after all its parts are published. A repeated finish changes nothing.
pub(crate) async fn finish(app: &App, seq: u64) -> Result<Finished, StepError> {
    let mut head = app.table.head().await?;
    if head.value.visible >= seq {
        return Ok(finished(&head.value));
    }
    let pending = head.value.pending.take().filter(|pending| pending.seq == seq);
    let Some(pending) = pending else {
        return Err(StepError::BadRequest(format!("run {seq} is not committed")));
    };
    if app.table.parts_done(&pending.run).await? < usize::from(pending.parts) {
        return Err(StepError::Unfinished(format!("run {seq} is not published yet")));
    }
    head.value.visible = seq;
    let closed = next_closed(&head.value, pending.day);
    let closes = closed != head.value.closed_through;
    head.value.closed_through = closed;
    let finished_run = FinishedRun { seq, day: pending.day, run: pending.run.clone() };
    app.table.list_finished(&finished_run, app.clock.now()).await?;
    // Clear dirty markers before moving `visible`: if the process stops in between, the repeated
    // step finds none, whereas the reverse order would leave markers and cause a needless run.
    let work = FoldedShards::of_committed(app, &pending.run).await?;
    work.note_in(&mut head.value, pending.day);
    clear_marks(app, &work.reports).await?;
    if app.table.save_head(&head).await?.is_done() {
        if closes {
            telemetry::closed(app);
        }
        return Ok(finished(&head.value));
    }
    let head = app.table.head().await?.value;
    if head.visible >= seq {
        return Ok(finished(&head));
    }
    Err(StepError::Unfinished(format!("the ledger moved while run {seq} was finished")))
}

/// Publishes and finishes a run that was left between its commit and its end. `parked` is the
/// number of parked affiliates.
pub(crate) async fn complete(
    app: &App,
    pending: &Pending,
    parked: u32,
    deadline: Deadline,
) -> Result<Finished, StepError> {
    let publish_and_finish = async {
        for part in 0..pending.parts {
            let part = Part { part, of: pending.parts };
            publish_pending(app, pending, parked, part, deadline).await?;
        }
        finish(app, pending.seq).await
    };
    // The caller works on another day, which must not be deferred for an error of this run.
    publish_and_finish.await.map_err(|error| match error.is_final() {
        true => StepError::Unpublished { seq: pending.seq, error: Box::new(error) },
        false => error,
    })
}

fn finished(head: &Head) -> Finished {
    Finished { visible: head.visible, closed_through: head.closed_through }
}

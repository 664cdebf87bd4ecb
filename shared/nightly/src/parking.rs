//! Parks affiliates whose part of a run cannot be published, so that all others continue.

use std::collections::BTreeSet;

use lambda::App;
use storage::{ParkOutcome, ParkedRun, Pending};
use types::Uid;

use crate::{StepError, telemetry};

/// The most characters of a reason.
const REASON_CHARS: usize = 300;

/// Returns the parked affiliates. Reads nothing if the head counts none.
pub(crate) async fn affiliates(app: &App, count: u32) -> Result<BTreeSet<Uid>, StepError> {
    if count == 0 {
        return Ok(BTreeSet::new());
    }
    Ok(app.table.parked().await?.into_iter().map(|run| run.uid).collect())
}

/// Parks an affiliate whose part of a run cannot be published.
pub(crate) async fn park(
    app: &App,
    affiliate: &Uid,
    pending: &Pending,
    error: &StepError,
) -> Result<(), StepError> {
    telemetry::parked(pending.day, pending.seq, error);
    let run = parked_run(app, affiliate, pending, &types::error_chain(error));
    app.table.park(&run, false).await?;
    Ok(())
}

/// Queues a run behind an earlier waiting run, if one still waits.
pub(crate) async fn queue(
    app: &App,
    affiliate: &Uid,
    pending: &Pending,
) -> Result<ParkOutcome, StepError> {
    let run = parked_run(app, affiliate, pending, "an earlier run waits");
    Ok(app.table.park(&run, true).await?)
}

fn parked_run(app: &App, affiliate: &Uid, pending: &Pending, reason: &str) -> ParkedRun {
    ParkedRun {
        uid: affiliate.clone(),
        seq: pending.seq,
        day: pending.day,
        committed_at: pending.committed_at,
        reason: reason.chars().take(REASON_CHARS).collect(),
        at: app.clock.now(),
        evaluated_through: None,
        withdrawn: None,
    }
}

//! The proof before a commit that the stored lines of the shards match their reports.

use commission::ConservationError;
use lambda::{App, Deadline};
use storage::{ShardReport, bounded_concurrency};
use types::Day;

use crate::fold::totals;
use crate::{StepError, check_time};

/// Shards whose lines are read concurrently.
const SHARDS_AT_ONCE: usize = 4;

/// Proves that the lines to be committed have, asset by asset, the sums that their shards reported.
/// The totals of the run are the sums of these reports. Cost: 1 read unit per 4 KB of lines.
pub(crate) async fn prove(
    app: &App,
    day: Day,
    run: &str,
    reports: &[ShardReport],
    deadline: Deadline,
) -> Result<(), StepError> {
    let prove_one = async |report| {
        check_time(app, deadline)?;
        prove_shard(app, day, run, report).await
    };
    bounded_concurrency(SHARDS_AT_ONCE, reports.iter().map(prove_one)).await.map(drop)
}

async fn prove_shard(
    app: &App,
    day: Day,
    run: &str,
    report: &ShardReport,
) -> Result<(), StepError> {
    let found = app.table.work(run, std::slice::from_ref(report), |_| 0..=u16::MAX).await?;
    let lines = found.iter().flat_map(|found| &found.work.lines);
    let kept = totals(lines).map_err(StepError::overflow(day))?;
    let assets = kept.keys().chain(report.booked.keys());
    match assets.into_iter().find(|asset| kept.get(asset) != report.booked.get(asset)) {
        None => Ok(()),
        Some(asset) => Err(StepError::refused(day)(ConservationError::Totals { asset: *asset })),
    }
}

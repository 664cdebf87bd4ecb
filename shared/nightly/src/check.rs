//! The check: measures the age of the data that readers see. It runs every few minutes, so that a
//! ledger that does not advance is detected for any cause.

use lambda::{App, Metric, MetricSet};
use serde::{Deserialize, Serialize};
use types::{Day, Timestamp};

use crate::StepError;
use crate::switches::switches;

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// The last day of the unbroken sequence of closed days.
    pub closed_through: Option<Day>,
    /// The time since that day ended; 0 before the first night, when nothing is late yet.
    pub data_age_seconds: u64,
}

/// Records the age of the data, the deferred days, the parked affiliates and the kill switches that
/// are on as metrics.
pub(crate) async fn check(app: &App) -> Result<Checked, StepError> {
    let head = app.table.head().await?.value;
    let closed_through = head.closed_through;
    let now = app.clock.now();
    let switches = switches(app).await?;
    let data_age_seconds = closed_through.map_or(0, |day| age(day, now));
    app.metrics.record(
        now,
        &MetricSet::of([
            (Metric::DataAge, data_age_seconds),
            (Metric::DaysSetAside, head.set_aside.len() as u64),
            (Metric::AffiliatesParked, u64::from(head.parked)),
            (Metric::SwitchesOn, switches.count() as u64),
        ]),
    );
    Ok(Checked { closed_through, data_age_seconds })
}

fn age(closed_through: Day, now: Timestamp) -> u64 {
    u64::try_from(now.millis_since(closed_through.end()) / 1000).unwrap_or_default()
}

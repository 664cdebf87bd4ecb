//! The plan of a night: which days are booked, each by a run of its own.

use std::collections::{BTreeMap, BTreeSet};

use runtime::App;
use serde::{Deserialize, Serialize};
use table::{Shard, fingerprint};
use terms::{Day, Quarter, Timestamp};

use crate::finish::complete;
use crate::{Deadline, StepError};

/// How often the head of a ledger without closed days is read and written again.
const TRIES: usize = 8;
/// How long after its end a day is booked at the earliest. By then whoever was bound on it is answered,
/// also by a clock that is minutes behind; and to the night, half an hour after the day, minutes are
/// left for a clock that is behind itself.
const SETTLES_MILLIS: i64 = 20 * 60_000;

/// What a night has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The days, in the order in which they are booked.
    pub days: Vec<DayPlan>,
    /// The quarter that the night ended, if it did.
    pub quarter: Option<Quarter>,
}

/// One day's run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayPlan {
    /// The day.
    pub day: Day,
    /// The run's name, under which its work is kept.
    pub run: String,
    /// The shards to fold.
    pub shards: Vec<u8>,
}

/// Plans the night after `day`: that day and any that was missed since the last closed one, whole;
/// and of earlier days the shards that late fees and corrections have touched.
pub(crate) async fn plan(app: &App, day: Day, deadline: Deadline) -> Result<Plan, StepError> {
    begin(app, day, deadline).await?;
    let first = closed_through(app, day).await?.next().min(day);
    let mut days = Vec::new();
    for day in first.through(day) {
        days.push(whole(app, day)?);
    }
    for (day, shards) in touched_before(app, first).await? {
        days.push(DayPlan { day, run: run_name(app, day)?, shards: shards.into_iter().collect() });
    }
    let quarter = day.quarter();
    Ok(Plan { days, quarter: (quarter.last_day() == day).then_some(quarter) })
}

/// The last closed day. The first night of all notes the day before it: should that night fail, the
/// next one knows what it missed.
async fn closed_through(app: &App, day: Day) -> Result<Day, StepError> {
    for _ in 0..TRIES {
        let mut head = app.table.head().await?;
        if let Some(closed) = head.value.closed_through {
            return Ok(closed);
        }
        head.value.closed_through = Some(day.previous());
        app.table.save_head(&head).await?;
    }
    Err(StepError::Unfinished(
        "the ledger kept moving while its first night was planned".to_owned(),
    ))
}

/// Plans a run over the whole of one day, and no other.
pub(crate) async fn plan_whole(
    app: &App,
    day: Day,
    deadline: Deadline,
) -> Result<DayPlan, StepError> {
    begin(app, day, deadline).await?;
    whole(app, day)
}

/// From when on a day may be booked.
#[must_use]
pub fn booked_from(day: Day) -> Timestamp {
    day.end().plus_millis(SETTLES_MILLIS)
}

/// What comes before any plan: the day is over, and a run that was left between its commit and its
/// end is ended.
async fn begin(app: &App, day: Day, deadline: Deadline) -> Result<(), StepError> {
    check_over(app, day)?;
    if let Some(pending) = app.table.head().await?.value.pending {
        complete(app, &pending, deadline).await?;
    }
    Ok(())
}

/// A run over the whole of a day.
fn whole(app: &App, day: Day) -> Result<DayPlan, StepError> {
    let shards = Shard::all().map(Shard::number).collect();
    Ok(DayPlan { day, run: run_name(app, day)?, shards })
}

fn check_over(app: &App, day: Day) -> Result<(), StepError> {
    if app.clock.now() < booked_from(day) { Err(StepError::DayNotOver(day)) } else { Ok(()) }
}

async fn touched_before(app: &App, first: Day) -> Result<BTreeMap<Day, BTreeSet<u8>>, StepError> {
    let mut days: BTreeMap<Day, BTreeSet<u8>> = BTreeMap::new();
    for mark in app.table.touched_through(first.previous()).await? {
        days.entry(mark.day).or_default().insert(mark.shard);
    }
    Ok(days)
}

/// Two plans of one day never share a name: their work must not mix.
fn run_name(app: &App, day: Day) -> Result<String, StepError> {
    let mut drawn = [0; 16];
    app.entropy.fill(&mut drawn).map_err(|error| StepError::Internal(error.to_string()))?;
    Ok(format!("{day}-{}", fingerprint(&drawn)))
}

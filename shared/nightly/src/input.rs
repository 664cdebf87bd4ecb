//! The input of the function: one step.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use storage::{ActivityPart, Shard};
use types::{Day, Quarter, Timestamp};

use crate::StepError;
use crate::committed::Part;
use crate::plan::Cursor;
use crate::reversal::Mode;

/// A step, with its input checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Runs all steps of one day in one invocation.
    WholeDay {
        /// The day.
        day: Day,
        /// The run that an earlier invocation began and handed over.
        run: Option<String>,
    },
    /// Plans the days of a night.
    Plan {
        /// The day that ended.
        day: Day,
        /// The cursor that the previous plan of the night returned.
        more: Option<Cursor>,
    },
    /// Folds one shard of a day.
    Fold {
        /// The day.
        day: Day,
        /// The run.
        run: String,
        /// The shard.
        shard: Shard,
        /// The mode, if the run does not book the whole accrual.
        mode: Option<Mode>,
    },
    /// Defers a shard of a day whose fold crashes each of its workers.
    SetAside {
        /// The day.
        day: Day,
        /// The run.
        run: String,
        /// The shard.
        shard: Shard,
        /// The error's name as Lambda reports it.
        error: String,
    },
    /// Commits a run.
    Commit {
        /// The day.
        day: Day,
        /// The run.
        run: String,
        /// The shards that were folded.
        shards: Vec<Shard>,
    },
    /// Publishes one part of a run.
    Publish {
        /// The run's number.
        seq: u64,
        /// The part.
        part: Part,
    },
    /// Makes a run visible.
    Finish {
        /// The run's number.
        seq: u64,
    },
    /// Sets the tiers that a quarter earned.
    Evaluate {
        /// The quarter that ended.
        quarter: Quarter,
        /// The shard of affiliates to evaluate; `None` for all.
        shard: Option<Shard>,
    },
    /// Notes that a quarter is evaluated.
    CloseQuarter {
        /// The quarter.
        quarter: Quarter,
        /// The newest visible run when the evaluation was planned.
        visible: u64,
    },
    /// Compares the affiliate view with the booked lines.
    Reconcile {
        /// The day that ended.
        day: Day,
        /// The part of the affiliates.
        shard: Shard,
    },
    /// Applies deferred activity to its accounts.
    ApplyActivity {
        /// The day that ended, through which activity is applied.
        day: Day,
        /// The part of the accounts.
        part: ActivityPart,
    },
    /// Reports the age of the data.
    Check,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WholeDay {
    day: Day,
    run: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    tag = "step",
    rename_all = "lowercase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
enum Raw {
    Plan {
        day: Option<Day>,
        scheduled_time: Option<Timestamp>,
        more: Option<Cursor>,
    },
    Fold {
        day: Day,
        run: String,
        shard: u8,
        mode: Option<Mode>,
    },
    #[serde(rename = "set-aside")]
    SetAside {
        day: Day,
        run: String,
        shard: u8,
        error: String,
    },
    Commit {
        day: Day,
        run: String,
        shards: Vec<u8>,
    },
    Publish {
        seq: u64,
        range: Part,
    },
    Finish {
        seq: u64,
    },
    Evaluate {
        quarter: Quarter,
        shard: Option<u8>,
    },
    #[serde(rename = "close-quarter")]
    CloseQuarter {
        quarter: Quarter,
        visible: u64,
    },
    Reconcile {
        day: Day,
        shard: u8,
    },
    #[serde(rename = "apply-activity")]
    ApplyActivity {
        day: Day,
        part: u8,
    },
    Check {},
}

impl Step {
    /// Parses the function's input.
    ///
    /// # Errors
    /// [`StepError::BadRequest`] with the expected value.
    pub fn read(input: &Value) -> Result<Self, StepError> {
        if input.get("step").is_none() {
            let WholeDay { day, run } = read(input, "{\"day\":\"2026-11-21\"}, or a step")?;
            return Ok(Self::WholeDay { day, run: run.map(|run| run_of(day, run)).transpose()? });
        }
        Ok(match read(input, "a step of the nightly job")? {
            Raw::Plan { day, scheduled_time, more } => {
                Self::Plan { day: planned(day, scheduled_time)?, more }
            }
            Raw::Fold { day, run, shard, mode } => {
                Self::Fold { day, run, shard: known(shard)?, mode }
            }
            Raw::SetAside { day, run, shard, error } => {
                Self::SetAside { day, run, shard: known(shard)?, error }
            }
            Raw::Commit { day, run, shards } => {
                let shards = shards.into_iter().map(known).collect::<Result<_, _>>()?;
                Self::Commit { day, run, shards }
            }
            Raw::Publish { seq, range } => Self::Publish { seq, part: range.checked()? },
            Raw::Finish { seq } => Self::Finish { seq },
            Raw::Evaluate { quarter, shard } => {
                Self::Evaluate { quarter, shard: shard.map(known).transpose()? }
            }
            Raw::CloseQuarter { quarter, visible } => Self::CloseQuarter { quarter, visible },
            Raw::Reconcile { day, shard } => Self::Reconcile { day, shard: known(shard)? },
            Raw::ApplyActivity { day, part } => {
                Self::ApplyActivity { day, part: known_part(part)? }
            }
            Raw::Check {} => Self::Check,
        })
    }

    /// Returns the step's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::WholeDay { .. } => "whole-day",
            Self::Plan { .. } => "plan",
            Self::Fold { .. } => "fold",
            Self::SetAside { .. } => "set-aside",
            Self::Commit { .. } => "commit",
            Self::Publish { .. } => "publish",
            Self::Finish { .. } => "finish",
            Self::Evaluate { .. } => "evaluate",
            Self::CloseQuarter { .. } => "close-quarter",
            Self::Reconcile { .. } => "reconcile",
            Self::ApplyActivity { .. } => "apply-activity",
            Self::Check => "check",
        }
    }

    /// The names of all steps.
    pub const NAMES: &'static [&'static str] = &[
        "whole-day",
        "plan",
        "fold",
        "set-aside",
        "commit",
        "publish",
        "finish",
        "evaluate",
        "close-quarter",
        "reconcile",
        "apply-activity",
        "check",
    ];

    /// Returns the day of the step, if it has one.
    pub(crate) const fn day(&self) -> Option<Day> {
        match self {
            Self::WholeDay { day, .. }
            | Self::Plan { day, .. }
            | Self::Fold { day, .. }
            | Self::SetAside { day, .. }
            | Self::Reconcile { day, .. }
            | Self::ApplyActivity { day, .. }
            | Self::Commit { day, .. } => Some(*day),
            _ => None,
        }
    }

    /// Returns the shard that the step works on, if it works on one.
    pub(crate) fn shard(&self) -> Option<u8> {
        match self {
            Self::Fold { shard, .. }
            | Self::SetAside { shard, .. }
            | Self::Reconcile { shard, .. } => Some(shard.number()),
            Self::Evaluate { shard, .. } => shard.map(Shard::number),
            _ => None,
        }
    }

    /// Returns the number of the step's run, if it has one.
    pub(crate) const fn seq(&self) -> Option<u64> {
        match self {
            Self::Publish { seq, .. } | Self::Finish { seq } => Some(*seq),
            _ => None,
        }
    }
}

fn read<T: DeserializeOwned>(input: &Value, what: &str) -> Result<T, StepError> {
    // Without the received value, because the message is written to the log.
    strict_json::from_value(input, "")
        .map_err(|error| StepError::BadRequest(format!("expected {what}: {error}")))
}

/// Returns the day to plan. The time of a schedule selects the day before it, whether the
/// invocation is late or early.
fn planned(day: Option<Day>, scheduled: Option<Timestamp>) -> Result<Day, StepError> {
    match (day, scheduled) {
        (Some(day), None) => Ok(day),
        (None, Some(time)) => Ok(time.day().previous()),
        _ => Err(StepError::BadRequest("expected either day or scheduledTime".to_owned())),
    }
}

/// Checks that the name of a run begins with its day.
fn run_of(day: Day, run: String) -> Result<String, StepError> {
    if run.starts_with(&format!("{day}-")) {
        return Ok(run);
    }
    Err(StepError::BadRequest(format!("run: expected a run of {day}")))
}

fn known_part(part: u8) -> Result<ActivityPart, StepError> {
    let most = ActivityPart::COUNT;
    let wrong = || StepError::BadRequest(format!("expected a part below {most}"));
    ActivityPart::new(part).ok_or_else(wrong)
}

fn known(shard: u8) -> Result<Shard, StepError> {
    let wrong = || StepError::BadRequest(format!("expected a shard below {}", storage::SHARDS));
    Shard::new(shard).ok_or_else(wrong)
}

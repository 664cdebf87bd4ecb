//! Fees and corrections that a fold cannot book: quarantined, and counted.

use std::collections::BTreeSet;

use commission::{Arrival, Fee, FeeCorrection, Fold};
use lambda::App;
use serde::Serialize;
use storage::Quarantined;
use types::{Day, Timestamp};

use crate::StepError;
use crate::bounded_concurrency::bounded_concurrency;

/// How long after a correction its fee may still come, in days. The queue redelivers for hours,
/// and an exchange sends a correction after its fee: two nights are enough to see both.
const WAITS_DAYS: i64 = 2;
/// Entries that are written concurrently.
const SIDE_BY_SIDE: usize = 8;

/// A correction as the quarantine keeps it.
#[derive(Serialize)]
struct Correction<'a> {
    day: Day,
    correction: &'a FeeCorrection,
}

/// Records what a fold quarantined. Each entry is dated by its own event, so that another fold
/// writes the same item again. A correction that an earlier fold of the day quarantined and this
/// one applied leaves the quarantine.
pub(crate) async fn record(
    app: &App,
    day: Day,
    fold: &Fold,
    corrections: &[FeeCorrection],
) -> Result<(), StepError> {
    let mut entries = Vec::new();
    for (arrival, fee) in &fold.conflicts {
        entries.push(conflict(*arrival, fee)?);
    }
    for correction in &fold.orphan_corrections {
        entries.push(unmatched(day, correction)?);
    }
    for correction in &fold.inexact_corrections {
        entries.push(inexact(day, correction)?);
    }
    let write = entries.iter().map(async |entry| Ok(app.table.quarantine(entry).await?));
    bounded_concurrency(SIDE_BY_SIDE, write).await?;
    Ok(app.table.release_all(&applied(day, fold, corrections)?).await?)
}

/// Whether the fee of a correction may still come, so that the next night has to look again.
pub(crate) fn waits_for_fees(fold: &Fold, now: Timestamp) -> bool {
    fold.orphan_corrections.iter().any(|correction| now < correction.at.plus_days(WAITS_DAYS))
}

/// The entries that earlier folds of the day may have made of corrections that are applied now.
fn applied(
    day: Day,
    fold: &Fold,
    corrections: &[FeeCorrection],
) -> Result<Vec<Quarantined>, StepError> {
    let identity = |c: &FeeCorrection| (c.uid.clone(), c.trade_id.clone());
    let aside = fold.orphan_corrections.iter().chain(&fold.inexact_corrections);
    let aside: BTreeSet<_> = aside.map(identity).collect();
    let applied: BTreeSet<&FeeCorrection> =
        corrections.iter().filter(|c| !aside.contains(&identity(c))).collect();
    applied.into_iter().map(|correction| unmatched(day, correction)).collect()
}

/// A fee that came with the identity of another, which came first and stands.
fn conflict(arrival: Arrival, fee: &Fee) -> Result<Quarantined, StepError> {
    let arrived = i64::try_from(arrival.0).ok().and_then(Timestamp::from_millis);
    Ok(Quarantined {
        reason: "identity_conflict".to_owned(),
        detail: "the trade id came before with another body, which stands".to_owned(),
        body: json(fee)?,
        at: arrived.unwrap_or(fee.at),
    })
}

fn unmatched(day: Day, correction: &FeeCorrection) -> Result<Quarantined, StepError> {
    Ok(Quarantined {
        reason: "correction_without_fee".to_owned(),
        detail: format!("{day} has no fee with this uid and tradeId"),
        body: json(&Correction { day, correction })?,
        at: correction.at,
    })
}

fn inexact(day: Day, correction: &FeeCorrection) -> Result<Quarantined, StepError> {
    Ok(Quarantined {
        reason: "inexact_correction".to_owned(),
        detail: "amount has more decimals than the fee's asset; the fee stands as charged"
            .to_owned(),
        body: json(&Correction { day, correction })?,
        at: correction.at,
    })
}

fn json<T: Serialize>(value: &T) -> Result<String, StepError> {
    serde_json::to_string(value).map_err(|error| StepError::Internal(error.to_string()))
}

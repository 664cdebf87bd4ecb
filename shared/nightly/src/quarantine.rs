//! Quarantines and counts the fees and corrections that a fold cannot book.

use std::collections::BTreeSet;

use commission::{Arrival, Fee, FeeCorrection, Fold};
use lambda::App;
use serde::Serialize;
use storage::{Quarantined, bounded_concurrency};
use types::{Day, Timestamp};

use crate::StepError;

/// The time after a correction within which its fee may still arrive, in days. The queue redelivers
/// for hours, and an exchange sends a correction after its fee: two nights are enough to see both.
const WAITS_DAYS: i64 = 2;
/// Entries that are written concurrently.
const ENTRIES_AT_ONCE: usize = 8;

/// A correction as stored in the quarantine.
#[derive(Serialize)]
struct Correction<'a> {
    day: Day,
    correction: &'a FeeCorrection,
}

/// Records the entries that a fold quarantined. Each entry is dated by its event, so that another
/// fold writes the same item again. Releases a correction that an earlier fold of the day
/// quarantined and whose fee this fold found.
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
    let write = entries.iter().map(|entry| app.table.quarantine(entry));
    bounded_concurrency(ENTRIES_AT_ONCE, write).await?;
    Ok(app.table.release_all(&matched(day, fold, corrections)?).await?)
}

/// Returns whether the fee of a correction may still arrive, so that the next night must fold
/// again.
pub(crate) fn waits_for_fees(fold: &Fold, now: Timestamp) -> bool {
    fold.orphan_corrections.iter().any(|correction| now < correction.at.plus_days(WAITS_DAYS))
}

/// Returns the entries that earlier folds of the day may have written for corrections whose fee is
/// found now. An inexact correction of the same fee does not keep them.
fn matched(
    day: Day,
    fold: &Fold,
    corrections: &[FeeCorrection],
) -> Result<Vec<Quarantined>, StepError> {
    let identity = |c: &FeeCorrection| (c.uid.clone(), c.trade_id.clone());
    let orphans: BTreeSet<_> = fold.orphan_corrections.iter().map(identity).collect();
    let matched: BTreeSet<&FeeCorrection> =
        corrections.iter().filter(|c| !orphans.contains(&identity(c))).collect();
    matched.into_iter().map(|correction| unmatched(day, correction)).collect()
}

/// Returns the entry of a fee whose identity an earlier fee with another body has.
fn conflict(arrival: Arrival, fee: &Fee) -> Result<Quarantined, StepError> {
    let arrived = i64::try_from(arrival.0).ok().and_then(Timestamp::from_millis);
    Ok(Quarantined {
        reason: "identity_conflict".to_owned(),
        detail: "the trade id came before with another body, which stands".to_owned(),
        body: json(fee)?,
        at: arrived.unwrap_or(fee.charge.at),
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
    serde_json::to_string(value).map_err(StepError::internal)
}

#[cfg(test)]
mod tests {
    use commission::Amount;

    use super::*;

    #[test]
    fn correction_waits_for_two_days() {
        let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let correction = FeeCorrection {
            trade_id: "t1".parse().unwrap(),
            uid: "payer".parse().unwrap(),
            at,
            amount: Amount::ZERO,
            amount_usd: Amount::ZERO,
            volume_usd: Amount::ZERO,
            why: String::new(),
        };
        let fold = Fold { orphan_corrections: vec![correction], ..Fold::default() };
        let ends = at.plus_days(2);
        assert!(waits_for_fees(&fold, ends.plus_millis(-1)) && !waits_for_fees(&fold, ends));
        assert!(!waits_for_fees(&Fold::default(), at));
    }
}

//! The quarterly evaluation: sets the tiers that a quarter earned, in force for the next quarter.

use std::collections::BTreeMap;

use commission::{Amount, MarketRules, TierInForce};
use lambda::App;
use serde::{Deserialize, Serialize};
use storage::{Attempt, MAX_ATTEMPTS, Shard, bounded_concurrency, retry_on_conflict};
use types::{Market, Origin, Quarter, Uid};

use crate::{StepError, parking, telemetry};

/// The result of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
    /// The evaluated affiliates.
    pub affiliates: usize,
    /// The evaluated affiliates with a tier above 0 in some market.
    pub promoted: usize,
    /// Affiliates that are excluded, as they are parked or their items cannot be read. They keep
    /// their tiers.
    #[serde(default, rename = "notEvaluated", skip_serializing_if = "is_none")]
    pub not_evaluated: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

/// An affiliate that an evaluation excludes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotEvaluated {
    /// The affiliate.
    pub uid: Uid,
    /// The reason.
    pub reason: String,
}

/// Invitees per read call: with some 300 bytes each, a page is well below the limit of 1 MB.
const INVITEES_PER_PAGE: u16 = 1000;
/// Affiliates that are evaluated concurrently: each has a separate partition.
const AFFILIATES_AT_ONCE: usize = 8;

/// Evaluates the affiliates of some shards over a quarter. A repeated evaluation of the quarter has
/// the same result, unless the quarter's days were corrected since.
pub(crate) async fn evaluate(
    app: &App,
    quarter: Quarter,
    shards: &[Shard],
) -> Result<Evaluated, StepError> {
    let mut evaluated = Evaluated { affiliates: 0, promoted: 0, not_evaluated: 0 };
    for (_, outcome) in evaluate_each(app, quarter, shards).await? {
        match outcome {
            Ok(tiers) => {
                evaluated.affiliates += 1;
                evaluated.promoted += usize::from(tiers != TierInForce::default());
            }
            Err(error) => {
                evaluated.not_evaluated += 1;
                telemetry::not_evaluated(quarter, &error);
            }
        }
    }
    telemetry::all_evaluated(app, evaluated.not_evaluated);
    Ok(evaluated)
}

/// Evaluates a quarter; returns the affiliates that are excluded.
///
/// # Errors
/// [`StepError`] for an error that is not limited to one affiliate.
pub async fn not_evaluated(app: &App, quarter: Quarter) -> Result<Vec<NotEvaluated>, StepError> {
    let all: Vec<Shard> = Shard::all().collect();
    let outcomes = evaluate_each(app, quarter, &all).await?.into_iter();
    let left_out = outcomes.filter_map(|(uid, outcome)| Some((uid, outcome.err()?)));
    Ok(left_out
        .map(|(uid, error)| NotEvaluated { uid, reason: types::error_chain(&error) })
        .collect())
}

/// Evaluates the affiliates of some shards; returns the tiers of each, or the reason for its
/// exclusion.
async fn evaluate_each(
    app: &App,
    quarter: Quarter,
    shards: &[Shard],
) -> Result<Vec<(Uid, Result<TierInForce, StepError>)>, StepError> {
    let head = app.table.head().await?.value;
    let parked = parking::affiliates(app, head.parked).await?;
    let mut outcomes = Vec::new();
    for shard in shards {
        let affiliates = app.table.affiliates(*shard).await?;
        let evaluate_one = async |affiliate: Uid| {
            let outcome = match parked.contains(&affiliate) {
                true => Err(StepError::Parked),
                false => evaluate_affiliate(app, &affiliate, quarter, head.visible).await,
            };
            match outcome {
                Err(error) if !error.is_final() && !matches!(error, StepError::Parked) => {
                    Err(error)
                }
                outcome => Ok((affiliate, outcome)),
            }
        };
        let work = affiliates.into_iter().map(evaluate_one);
        outcomes.extend(bounded_concurrency(AFFILIATES_AT_ONCE, work).await?);
    }
    Ok(outcomes)
}

/// Sets one affiliate's tiers by the results of a quarter.
pub(crate) async fn evaluate_affiliate(
    app: &App,
    affiliate: &Uid,
    quarter: Quarter,
    visible: u64,
) -> Result<TierInForce, StepError> {
    let tiers = tiers(app, affiliate, quarter, visible).await?;
    set(app, affiliate, quarter, tiers).await.map(|()| tiers)
}

/// The result of closing a quarter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuarterClosed {
    /// The last quarter whose tiers are set.
    pub evaluated_through: Option<Quarter>,
}

/// Records that a quarter is evaluated by all runs up to `visible`, so that days of the next
/// quarter may be booked. Does not advance over a quarter whose last day is not closed, or whose
/// predecessor is not evaluated.
pub(crate) async fn close_quarter(
    app: &App,
    quarter: Quarter,
    visible: u64,
) -> Result<QuarterClosed, StepError> {
    let exhausted =
        || StepError::Unfinished("the ledger kept moving while a quarter was closed".to_owned());
    retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
        let head = app.table.head().await?;
        let mut next = head.clone();
        next.value.reevaluate.retain(|again, since| *again != quarter || *since > visible);
        let follows = head.value.evaluated_through == Some(quarter.previous());
        let is_over = head.value.closed_through.is_some_and(|day| quarter.last_day() <= day);
        if follows && is_over {
            next.value.evaluated_through = Some(quarter);
        }
        let saved = match next.value == head.value {
            true => Attempt::Done(()),
            false => app.table.save_head(&next).await?,
        };
        Ok(saved.map(|()| QuarterClosed { evaluated_through: next.value.evaluated_through }))
    })
    .await
}

async fn tiers(
    app: &App,
    affiliate: &Uid,
    quarter: Quarter,
    visible: u64,
) -> Result<TierInForce, StepError> {
    let start = quarter.next().first_day().start();
    let rules = |market| app.programme.commission.market(market).at(start);
    let volumes = volumes(app, affiliate, quarter, visible).await?;
    let wanted = Market::ALL.iter().filter_map(|market| rules(*market));
    let most = wanted.flat_map(MarketRules::tiers).map(|tier| tier.new_traders).max();
    let traders = new_traders(app, affiliate, quarter, visible, most.unwrap_or(0)).await?;
    let tier = |market| {
        let volume = volumes.get(&market).copied().unwrap_or_default();
        let traders = traders.get(&market).copied().unwrap_or_default();
        rules(market).map_or(0, |rules| commission::evaluate_tier(volume, traders, rules))
    };
    Ok(TierInForce { spot: tier(Market::Spot), futures: tier(Market::Futures) })
}

/// Returns the volume that counts for the tiers, from the summaries of the quarter's days.
async fn volumes(
    app: &App,
    affiliate: &Uid,
    quarter: Quarter,
    visible: u64,
) -> Result<BTreeMap<Market, Amount>, StepError> {
    let (from, to) = (quarter.first_day(), quarter.last_day());
    let days = app.table.summaries(affiliate, from, to, visible).await?;
    let mut volumes: BTreeMap<Market, Amount> = BTreeMap::new();
    for (market, volume) in days.iter().flat_map(|day| &day.summary.counted_volume_usd) {
        let total = volumes.entry(*market).or_default();
        *total = total.plus(*volume).map_err(StepError::overflow(to))?;
    }
    Ok(volumes)
}

/// Returns the number of new traders by market: sign-ups whose first trade falls in the quarter.
/// Stops after the page at which every market has `enough`, since no tier requires more. Counts the
/// invitees themselves and not the day summaries, since a first trade that is reported late may
/// move from one quarter into the one before.
async fn new_traders(
    app: &App,
    affiliate: &Uid,
    quarter: Quarter,
    visible: u64,
    enough: u32,
) -> Result<BTreeMap<Market, u32>, StepError> {
    let mut traders: BTreeMap<Market, u32> = BTreeMap::new();
    let mut after: Option<String> = None;
    while Market::ALL.iter().any(|market| traders.get(market).copied().unwrap_or(0) < enough) {
        let page =
            app.table.referrals(affiliate, false, after.as_deref(), INVITEES_PER_PAGE).await?;
        let registrants = page.referrals.iter().filter(|of| of.origin == Origin::Signup);
        let firsts = registrants.filter_map(|referral| referral.activity.at(visible));
        for activity in firsts {
            for market in Market::ALL {
                let first = activity.first_trade_at(*market);
                let is_new = first.is_some_and(|first| first.day().quarter() == quarter);
                *traders.entry(*market).or_default() += u32::from(is_new);
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(traders)
}

async fn set(
    app: &App,
    affiliate: &Uid,
    quarter: Quarter,
    tiers: TierInForce,
) -> Result<(), StepError> {
    let start = quarter.next().first_day().start();
    let exhausted = || StepError::Unfinished("an affiliate's account kept changing".to_owned());
    retry_on_conflict(MAX_ATTEMPTS, exhausted, || async {
        let Some(mut account) = app.table.account(affiliate).await? else {
            return Ok(Attempt::Done(()));
        };
        if account.value.tiers.entry_at(start) == Some((start, &tiers)) {
            return Ok(Attempt::Done(()));
        }
        account.value.replace_tiers(start, tiers);
        Ok(app.table.save_account(&account).await?)
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn excluded_affiliates_are_reported() {
        let json = |not_evaluated| {
            let evaluated = Evaluated { affiliates: 2, promoted: 1, not_evaluated };
            serde_json::to_value(evaluated).unwrap()
        };
        assert_eq!(json(0), json!({ "affiliates": 2, "promoted": 1 }));
        assert_eq!(json(3), json!({ "affiliates": 2, "promoted": 1, "notEvaluated": 3 }));
    }
}

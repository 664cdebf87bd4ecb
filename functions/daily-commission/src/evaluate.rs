//! The quarterly evaluation: the tiers that a quarter earned, in force for the next one.

use commission::{Amount, TierInForce};
use runtime::App;
use serde::{Deserialize, Serialize};
use table::Shard;
use terms::{Market, Quarter, Uid};

use crate::StepError;
use crate::side_by_side::side_by_side;

/// How often an account that others keep changing is read and written again.
const TRIES: usize = 8;

/// What an evaluation says when it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
    /// The affiliates who were looked at.
    pub affiliates: usize,
    /// Those of them whose tier in some market is above 0.
    pub promoted: usize,
}

/// Affiliates that are evaluated side by side: each has a partition of his own.
const SIDE_BY_SIDE: usize = 8;

/// Evaluates the affiliates of some shards over a quarter. Again for the same quarter it comes to
/// the same, unless the quarter's days were corrected since.
pub(crate) async fn evaluate(
    app: &App,
    quarter: Quarter,
    shards: &[Shard],
) -> Result<Evaluated, StepError> {
    let visible = app.table.head().await?.value.visible;
    let mut evaluated = Evaluated { affiliates: 0, promoted: 0 };
    for shard in shards {
        let affiliates = app.table.affiliates(*shard).await?;
        let evaluate_one = async |affiliate| {
            let tiers = tiers(app, affiliate, quarter, visible).await?;
            set(app, affiliate, quarter, tiers).await.map(|()| tiers)
        };
        let tiers = side_by_side(SIDE_BY_SIDE, affiliates.iter().map(evaluate_one)).await?;
        evaluated.affiliates += tiers.len();
        evaluated.promoted += tiers.iter().filter(|t| **t != TierInForce::default()).count();
    }
    Ok(evaluated)
}

async fn tiers(
    app: &App,
    affiliate: &Uid,
    quarter: Quarter,
    visible: u64,
) -> Result<TierInForce, StepError> {
    let (from, to) = (quarter.first_day(), quarter.last_day());
    let days = app.table.summaries(affiliate, from, to, visible).await?;
    let start = quarter.next().first_day().start();
    let tier = |market: Market| -> Result<usize, StepError> {
        let rules = match market {
            Market::Spot => app.programme.commission.spot.at(start),
            Market::Futures => app.programme.commission.futures.at(start),
        };
        let mut volume = Amount::ZERO;
        let mut traders = 0u32;
        for day in days.iter().map(|day| &day.summary) {
            let counted = day.counted_volume_usd.get(&market).copied().unwrap_or_default();
            volume = volume.plus(counted).map_err(StepError::overflow(to))?;
            traders += day.new_traders.get(&market).copied().unwrap_or_default();
        }
        Ok(rules.map_or(0, |rules| commission::evaluate(volume, traders, rules)))
    };
    Ok(TierInForce { spot: tier(Market::Spot)?, futures: tier(Market::Futures)? })
}

async fn set(
    app: &App,
    affiliate: &Uid,
    quarter: Quarter,
    tiers: TierInForce,
) -> Result<(), StepError> {
    let start = quarter.next().first_day().start();
    for _ in 0..TRIES {
        let Some(mut account) = app.table.account(affiliate).await? else { return Ok(()) };
        if account.value.tiers.entry_at(start) == Some((start, &tiers)) {
            return Ok(());
        }
        account.value.tiers.replace(start, tiers);
        if app.table.save_account(&account).await? {
            return Ok(());
        }
    }
    Err(StepError::Unfinished("an affiliate's account kept changing".to_owned()))
}

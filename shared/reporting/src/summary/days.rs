//! The daily series, for charts.

use std::collections::BTreeMap;

use commission::{Amount, Asset, Assets, Overflow};
use serde::Serialize;
use storage::DaySummary;
use types::{Day, Product};

use crate::totals::{TotalsBuilder, tally_by};
use crate::view::View;

/// One day, also if nothing was booked on it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DayFigures {
    day: Day,
    /// Whether the day is closed.
    r#final: bool,
    commission_usd: String,
    shared_usd: String,
    volume_usd: String,
    commission_usd_by_product: BTreeMap<Product, String>,
    commission_by_asset: BTreeMap<Asset, String>,
    new_invitees: u64,
    /// Invitees with trades on the day.
    active_invitees: u64,
}

/// Every day of the range up to the last that is final or has lines: a chart has no gaps to fill,
/// and the days add up to the totals.
pub(crate) fn series(
    runs: &[&DaySummary],
    view: &View,
    assets: &Assets,
) -> Result<Vec<DayFigures>, Overflow> {
    let last = view.final_through().max(runs.iter().map(|run| run.day).max());
    let Some(last) = last else { return Ok(Vec::new()) };
    let day_figures = |day: Day| {
        let first = runs.partition_point(|run| run.day < day);
        let of_day = runs.iter().skip(first).take_while(|run| run.day == day);
        figures(day, view.is_final(day), &of_day.copied().collect::<Vec<_>>(), assets)
    };
    view.from.through(last).map(day_figures).collect()
}

fn figures(
    day: Day,
    is_final: bool,
    runs: &[&DaySummary],
    assets: &Assets,
) -> Result<DayFigures, Overflow> {
    let by_product =
        tally_by(runs.iter().copied(), Product::ALL.iter().copied(), |product, _| product)?;
    let TotalsBuilder { by_asset, usd } = over_products(by_product.values())?;
    let show_usd = |amount: Amount| amount.display(assets.usd()).to_string();
    let bound = runs.iter().flat_map(|run| run.summary.bound.values());
    let active: u64 = runs.iter().map(|run| u64::from(run.summary.active)).sum();
    let inactive: u64 = runs.iter().map(|run| u64::from(run.summary.inactive)).sum();
    Ok(DayFigures {
        day,
        r#final: is_final,
        commission_usd: show_usd(usd.in_usd.commission),
        shared_usd: show_usd(usd.in_usd.shared),
        volume_usd: show_usd(usd.volume_usd),
        commission_usd_by_product: by_product
            .iter()
            .map(|(product, tally)| (*product, show_usd(tally.usd.in_usd.commission)))
            .collect(),
        commission_by_asset: by_asset
            .iter()
            .map(|(asset, money)| {
                (*asset, money.in_asset.commission.display(assets.decimals(*asset)).to_string())
            })
            .collect(),
        new_invitees: bound.map(|count| u64::from(*count)).sum(),
        active_invitees: active.saturating_sub(inactive),
    })
}

fn over_products<'a>(
    tallies: impl Iterator<Item = &'a TotalsBuilder>,
) -> Result<TotalsBuilder, Overflow> {
    let mut all = TotalsBuilder::default();
    for (asset, money) in tallies.flat_map(|tally| &tally.by_asset) {
        all.add(*asset, money)?;
    }
    Ok(all)
}

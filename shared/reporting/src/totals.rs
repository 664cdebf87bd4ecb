//! Amounts added up: each asset by itself, and all of them in USD.

use std::collections::BTreeMap;

use commission::{Asset, Assets, Overflow};
use serde::Serialize;
use storage::{DaySummary, Money};
use types::{Origin, Product};

/// Amounts by asset, and over all assets in USD.
#[derive(Debug, Clone, Default)]
pub(crate) struct TotalsBuilder {
    pub(crate) by_asset: BTreeMap<Asset, Money>,
    /// Has amounts in USD only.
    pub(crate) usd: Money,
}

impl TotalsBuilder {
    /// Adds amounts of one asset.
    pub(crate) fn add(&mut self, asset: Asset, money: &Money) -> Result<(), Overflow> {
        let of_asset = self.by_asset.entry(asset).or_default();
        *of_asset = of_asset.plus(money)?;
        self.usd = self.usd.plus(&money.usd_only())?;
        Ok(())
    }

    /// The amounts as answers show them.
    pub(crate) fn figures(&self, assets: &Assets) -> Figures {
        let of_asset = |(asset, money): (&Asset, &Money)| {
            let text = |amount: commission::Amount| amount.display(assets.decimals(*asset));
            let figures = AssetFigures {
                fees: text(money.in_asset.fees).to_string(),
                commission: text(money.in_asset.commission).to_string(),
                shared: text(money.in_asset.shared).to_string(),
            };
            (*asset, figures)
        };
        let by_asset = self.by_asset.iter().map(of_asset).collect();
        Figures { by_asset, usd: UsdFigures::new(&self.usd, assets) }
    }
}

/// Adds up the amounts of runs by product, origin or both. Every group of `all` is present, also
/// without amounts.
pub(crate) fn tally_by<'a, G: Ord>(
    runs: impl IntoIterator<Item = &'a DaySummary>,
    all: impl IntoIterator<Item = G>,
    group: impl Fn(Product, Origin) -> G,
) -> Result<BTreeMap<G, TotalsBuilder>, Overflow> {
    let mut tallies: BTreeMap<G, TotalsBuilder> =
        all.into_iter().map(|group| (group, TotalsBuilder::default())).collect();
    for ((product, asset, origin), money) in runs.into_iter().flat_map(|run| &run.summary.cells) {
        tallies.entry(group(*product, *origin)).or_default().add(*asset, money)?;
    }
    Ok(tallies)
}

/// Amounts as texts with all their decimals.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    by_asset: BTreeMap<Asset, AssetFigures>,
    usd: UsdFigures,
}

#[derive(Debug, Serialize)]
struct AssetFigures {
    fees: String,
    commission: String,
    shared: String,
}

/// The amounts that are known in USD.
#[derive(Debug, Serialize)]
pub(crate) struct UsdFigures {
    fees: String,
    commission: String,
    shared: String,
    volume: String,
}

impl UsdFigures {
    pub(crate) fn new(money: &Money, assets: &Assets) -> Self {
        let text = |amount: commission::Amount| amount.display(assets.usd()).to_string();
        Self {
            fees: text(money.in_usd.fees),
            commission: text(money.in_usd.commission),
            shared: text(money.in_usd.shared),
            volume: text(money.volume_usd),
        }
    }
}

//! Invitees and amounts by link.

use std::collections::BTreeMap;

use commission::{Assets, Overflow};
use serde::Serialize;
use storage::{DaySummary, Money, Totals};
use types::LinkCode;

use crate::totals::UsdFigures;

/// One link. Its label is in `GET /v1/links`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkFigures {
    code: LinkCode,
    /// All invitees of the link.
    invitees: u32,
    /// Those bound in the range.
    new_invitees: u64,
    usd: UsdFigures,
}

/// Returns every link with invitees, in the order of the codes.
pub(crate) fn links(
    runs: &[&DaySummary],
    totals: &Totals,
    assets: &Assets,
) -> Result<Vec<LinkFigures>, Overflow> {
    let mut links: BTreeMap<&LinkCode, (Money, u64)> =
        totals.by_link.keys().map(|code| (code, Default::default())).collect();
    for run in runs {
        for (code, money) in &run.summary.links {
            let (sum, _) = links.entry(code).or_default();
            *sum = sum.plus(&money.usd_only())?;
        }
        for ((_, code), count) in &run.summary.bound {
            links.entry(code).or_default().1 += u64::from(*count);
        }
    }
    let figures = |(code, (money, new_invitees)): (&LinkCode, (Money, u64))| LinkFigures {
        code: code.clone(),
        invitees: totals.by_link.get(code).copied().unwrap_or(0),
        new_invitees,
        usd: UsdFigures::new(&money, assets),
    };
    Ok(links.into_iter().map(figures).collect())
}

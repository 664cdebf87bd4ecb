//! The payment status of amounts.
//!
//! The wallet pays the amounts that a run booked for a day, asset by asset. The status therefore
//! belongs to the run and the asset, and all lines of both share it. It follows that the lines of a
//! status add up to the amount shown for the status, also after corrections.

use std::collections::BTreeMap;
use std::str::FromStr;

use commission::{Amount, Asset, Assets, Overflow};
use serde::Serialize;
use storage::DaySummary;
use types::{Malformed, Timestamp};

use crate::totals::TotalsBuilder;

/// The closed list of statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Booked, and not settled yet.
    Accrued,
    /// Booked, and the settlement delay has passed: the wallet may pay it.
    Settled,
    /// The wallet reported the payment, or for a run that takes back, the deduction.
    Paid,
    /// The run takes back more than it adds, and the wallet has not deducted it yet.
    Reversed,
}

impl Status {
    const ALL: [Self; 4] = [Self::Accrued, Self::Settled, Self::Paid, Self::Reversed];
}

impl FromStr for Status {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "accrued" => Ok(Self::Accrued),
            "settled" => Ok(Self::Settled),
            "paid" => Ok(Self::Paid),
            "reversed" => Ok(Self::Reversed),
            _ => Err(Malformed("expected accrued, settled, paid or reversed".to_owned())),
        }
    }
}

/// The facts that determine the status of a run's amounts.
#[derive(Debug, Clone)]
pub struct RunStatus {
    paid: bool,
    settled: bool,
    booked: TotalsBuilder,
}

impl RunStatus {
    /// Returns the status of a run's amounts at an instant. A line is settled the given number of
    /// days after its run was committed.
    ///
    /// # Errors
    /// [`Overflow`] if a sum does not fit.
    pub fn of(run: &DaySummary, settle_after_days: u32, now: Timestamp) -> Result<Self, Overflow> {
        let mut booked = TotalsBuilder::default();
        for ((_, asset, _), money) in &run.summary.cells {
            booked.add(*asset, money)?;
        }
        let start = run.summary.settlement_start(run.day);
        let settled = start.plus_days(settle_after_days.into()) <= now;
        Ok(Self { paid: run.payment.is_some(), settled, booked })
    }

    /// The status of all lines of the run in an asset.
    #[must_use]
    pub fn in_asset(&self, asset: Asset) -> Status {
        let booked =
            self.booked.by_asset.get(&asset).map_or(Amount::ZERO, |sum| sum.in_asset.commission);
        match (self.paid, self.settled) {
            (true, _) => Status::Paid,
            (false, _) if booked < Amount::ZERO => Status::Reversed,
            (false, true) => Status::Settled,
            (false, false) => Status::Accrued,
        }
    }
}

/// The inviter's commission by status.
#[derive(Debug, Default)]
pub(crate) struct ByStatus(BTreeMap<Status, TotalsBuilder>);

impl ByStatus {
    /// Adds the amounts of a run.
    pub(crate) fn add(&mut self, run: &RunStatus) -> Result<(), Overflow> {
        for (asset, money) in &run.booked.by_asset {
            self.0.entry(run.in_asset(*asset)).or_default().add(*asset, money)?;
        }
        Ok(())
    }

    /// The commission by asset and status, and by status in USD.
    pub(crate) fn shown(&self, assets: &Assets) -> CommissionByStatus {
        let used = self.0.values().flat_map(|tally| tally.by_asset.keys().copied());
        let of_asset = |asset: Asset| {
            let commission = |tally: &TotalsBuilder| {
                tally.by_asset.get(&asset).map_or(Amount::ZERO, |money| money.in_asset.commission)
            };
            let decimals = assets.decimals(asset);
            (asset, self.each(|tally| commission(tally).display(decimals).to_string()))
        };
        CommissionByStatus {
            by_asset: used.map(of_asset).collect(),
            usd: self.each(|tally| tally.usd.in_usd.commission.display(assets.usd()).to_string()),
        }
    }

    fn each(&self, show: impl Fn(&TotalsBuilder) -> String) -> BTreeMap<Status, String> {
        let nothing = TotalsBuilder::default();
        let shown = |status| (status, show(self.0.get(&status).unwrap_or(&nothing)));
        Status::ALL.into_iter().map(shown).collect()
    }
}

/// The inviter's commission by status, as shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommissionByStatus {
    by_asset: BTreeMap<Asset, BTreeMap<Status, String>>,
    usd: BTreeMap<Status, String>,
}

#[cfg(test)]
mod tests {
    use commission::Split;
    use storage::{Money, Payment, Summary};
    use types::{Origin, Product};

    use super::*;

    fn asset() -> Asset {
        "USDT".parse().unwrap()
    }

    fn status(commissions: &[i128], paid: bool, now: &str) -> Status {
        status_of(None, commissions, paid, now)
    }

    fn status_of(booked_at: Option<&str>, commissions: &[i128], paid: bool, now: &str) -> Status {
        let products = Product::ALL.iter().zip(commissions);
        let cells = products.map(|(product, commission)| {
            let commission = Amount::from_minor(*commission);
            let in_asset = Split { commission, ..Split::default() };
            let money = Money { in_asset, ..Money::default() };
            ((*product, asset(), Origin::Recall), money)
        });
        let paid_at = "2026-11-20T00:00:00Z".parse().unwrap();
        let run = DaySummary {
            day: "2026-11-10".parse().unwrap(),
            seq: 1,
            summary: Summary {
                cells: cells.collect(),
                booked_at: booked_at.map(|at| at.parse().unwrap()),
                ..Summary::default()
            },
            payment: paid.then(|| Payment { paid_at, reference: "w1".into(), known_at: None }),
        };
        RunStatus::of(&run, 7, now.parse().unwrap()).unwrap().in_asset(asset())
    }

    #[test]
    fn amount_settles_exactly_after_delay() {
        assert_eq!(status(&[5], false, "2026-11-17T23:59:59.999Z"), Status::Accrued);
        assert_eq!(status(&[5], false, "2026-11-18T00:00:00.000Z"), Status::Settled);
    }

    #[test]
    fn correction_settles_by_its_own_commit() {
        let settles = |booked_at, now| status_of(Some(booked_at), &[5], false, now);
        let late = "2026-12-01T00:25:00Z";
        assert_eq!(settles(late, "2026-12-08T00:24:59.999Z"), Status::Accrued);
        assert_eq!(settles(late, "2026-12-08T00:25:00Z"), Status::Settled);
        let early = "2026-11-10T09:00:00Z";
        assert_eq!(settles(early, "2026-11-17T23:59:59.999Z"), Status::Accrued);
        assert_eq!(settles(early, "2026-11-18T00:00:00Z"), Status::Settled);
    }

    #[test]
    fn payment_precedes_delay() {
        assert_eq!(status(&[5], true, "2026-11-11T00:00:00Z"), Status::Paid);
        assert_eq!(status(&[-5], true, "2026-11-11T00:00:00Z"), Status::Paid);
    }

    #[test]
    fn run_with_negative_sum_is_reversed() {
        assert_eq!(status(&[5, -6], false, "2026-11-11T00:00:00Z"), Status::Reversed);
        assert_eq!(status(&[5, -6], false, "2026-12-11T00:00:00Z"), Status::Reversed);
        assert_eq!(status(&[6, -6], false, "2026-11-11T00:00:00Z"), Status::Accrued);
    }
}

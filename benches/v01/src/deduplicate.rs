//! Deduplication of delivered fees: each identity is accepted once, as last corrected.

use std::collections::BTreeMap;

use commission::{Amount, Assets, Charge, Decimals, FeeCorrection, Overflow};
use types::Day;

use crate::fees::{FeeRef, Fees, Place};

/// An accepted fee, with its amounts after corrections.
pub(crate) struct AcceptedFee<'a> {
    pub fee: FeeRef<'a>,
    pub charge: Charge,
    pub correction: Option<&'a FeeCorrection>,
}

/// The accepted fees of one invitee and day, and the excluded records.
#[derive(Default)]
pub(crate) struct DeduplicatedFees<'a> {
    /// Unordered.
    pub fees: Vec<AcceptedFee<'a>>,
    /// Other bodies of accepted identities; each once, at its first arrival, in order.
    pub conflicts: Vec<FeeRef<'a>>,
    pub duplicates: u64,
    /// Corrections whose fee is not among the fees.
    pub orphan_corrections: Vec<&'a FeeCorrection>,
    /// Corrections with more decimals than their fee's asset.
    pub inexact_corrections: Vec<&'a FeeCorrection>,
    pub outside_day: u64,
}

/// Deduplicates one invitee's deliveries, in any order and with repetitions.
///
/// # Errors
/// [`Overflow`] if a count does not fit.
pub(crate) fn deduplicate<'a>(
    fees: &'a Fees,
    delivered: &mut [Place],
    corrections: &[&'a FeeCorrection],
    day: Day,
    assets: &Assets,
) -> Result<DeduplicatedFees<'a>, Overflow> {
    let mut settled = DeduplicatedFees::default();
    settled.keep_first_arrived(fees, delivered)?;
    settled.correct(latest_first(corrections), assets);
    let standing = settled.fees.len();
    settled.fees.retain(|kept| kept.charge.at.day() == day);
    settled.outside_day = standing.abs_diff(settled.fees.len()) as u64;
    Ok(settled)
}

impl<'a> DeduplicatedFees<'a> {
    /// Keeps the first body of each identity; of two with the same arrival, the lesser.
    fn keep_first_arrived(
        &mut self,
        fees: &'a Fees,
        delivered: &mut [Place],
    ) -> Result<(), Overflow> {
        delivered.sort_unstable();
        let mut standing = Vec::with_capacity(delivered.len());
        for alike in delivered.chunk_by(|a, b| a.digest() == b.digest()) {
            match alike {
                [only] => standing.push(fees.at(*only)),
                _ => self.tell_apart(alike.iter().map(|place| fees.at(*place)), &mut standing)?,
            }
        }
        self.keep_distinct_conflicts()?;
        // A separate pass: the fees are scattered in memory, and their reads overlap.
        let kept = |fee: FeeRef<'a>| AcceptedFee { fee, charge: fee.charge(), correction: None };
        self.fees = standing.into_iter().map(kept).collect();
        Ok(())
    }

    /// Processes fees with equal digests: deliveries of one identity or, rarely, of several.
    fn tell_apart(
        &mut self,
        alike: impl Iterator<Item = FeeRef<'a>>,
        standing: &mut Vec<FeeRef<'a>>,
    ) -> Result<(), Overflow> {
        let mut alike: Vec<_> = alike.collect();
        alike.sort_unstable_by_key(|fee| (fee.trade_id(), fee.arrival(), fee.charge()));
        for of_one in alike.chunk_by(|a, b| a.trade_id() == b.trade_id()) {
            let Some((first, others)) = of_one.split_first() else { continue };
            standing.push(*first);
            let same = |other: &&FeeRef<'a>| other.charge() == first.charge();
            self.count_duplicates(others.iter().filter(same).count())?;
            self.conflicts.extend(others.iter().filter(|other| !same(other)));
        }
        Ok(())
    }

    fn keep_distinct_conflicts(&mut self) -> Result<(), Overflow> {
        let delivered = self.conflicts.len();
        self.conflicts.sort_unstable_by_key(|fee| (fee.trade_id(), fee.charge(), fee.arrival()));
        self.conflicts.dedup_by_key(|fee| (fee.trade_id(), fee.charge()));
        self.count_duplicates(delivered.abs_diff(self.conflicts.len()))
    }

    fn count_duplicates(&mut self, more: usize) -> Result<(), Overflow> {
        self.duplicates = self.duplicates.checked_add(more as u64).ok_or(Overflow)?;
        Ok(())
    }

    /// Corrects each fee by the latest correction that is exact in its asset, and excludes those
    /// that are not exact.
    fn correct(&mut self, mut corrections: ByTrade<'a>, assets: &Assets) {
        if corrections.is_empty() {
            return;
        }
        for kept in &mut self.fees {
            let Some(latest_first) = corrections.remove(kept.fee.trade_id()) else { continue };
            let decimals = assets.decimals(kept.charge.asset);
            let exact = |correction: &FeeCorrection| {
                correction.amount.coarsened(Decimals::FINEST, decimals)
            };
            let latest = latest_first.iter().find_map(|of| Some((*of, exact(of)?)));
            if let Some((correction, amount)) = latest {
                kept.correct(correction, amount);
            }
            let inexact = latest_first.into_iter().filter(|correction| exact(correction).is_none());
            self.inexact_corrections.extend(inexact);
        }
        let orphans = corrections.into_values().filter_map(|of| of.first().copied());
        self.orphan_corrections = orphans.collect();
    }
}

impl<'a> AcceptedFee<'a> {
    fn correct(&mut self, correction: &'a FeeCorrection, amount: Amount) {
        let FeeCorrection { amount_usd, volume_usd, .. } = *correction;
        self.charge = Charge { amount, amount_usd, volume_usd, ..self.charge };
        self.correction = Some(correction);
    }
}

/// Returns the distinct corrections of each trade, the latest first; of two with the same arrival,
/// the greater.
type ByTrade<'a> = BTreeMap<&'a str, Vec<&'a FeeCorrection>>;

fn latest_first<'a>(corrections: &[&'a FeeCorrection]) -> ByTrade<'a> {
    let mut by_trade = ByTrade::new();
    for correction in corrections {
        by_trade.entry(correction.trade_id.as_str()).or_default().push(*correction);
    }
    for of_one in by_trade.values_mut() {
        of_one.sort_unstable_by(|a, b| (b.at, *b).cmp(&(a.at, *a)));
        of_one.dedup();
    }
    by_trade
}

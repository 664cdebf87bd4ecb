//! Which fees stand, among all that was delivered: each identity once, as last corrected.

use std::collections::BTreeMap;

use types::Day;

use crate::fees::{FeeRef, Place};
use crate::{Amount, Assets, Charge, Decimals, FeeCorrection, Fees, Overflow};

/// A fee that stands, with the amounts that hold.
pub(crate) struct AcceptedFee<'a> {
    pub fee: FeeRef<'a>,
    pub charge: Charge,
    pub correction: Option<&'a FeeCorrection>,
}

/// The fees of one invitee and day that stand, and what was left aside.
#[derive(Default)]
pub(crate) struct DeduplicatedFees<'a> {
    /// In no order.
    pub fees: Vec<AcceptedFee<'a>>,
    /// Other bodies of identities that stand; each once, as it first arrived, in order.
    pub conflicts: Vec<FeeRef<'a>>,
    pub duplicates: u64,
    /// Corrections whose fee is not among the fees.
    pub orphan_corrections: Vec<&'a FeeCorrection>,
    /// Corrections with more decimals than their fee's asset.
    pub inexact_corrections: Vec<&'a FeeCorrection>,
    pub outside_day: u64,
}

/// Settles what was delivered of one invitee, in any order and with repetitions.
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
    /// Keeps of each identity the body that arrived first; of two at once, the lesser.
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
        // A pass of its own: the fees are spread over all of memory, and fetched side by side.
        let kept = |fee: FeeRef<'a>| AcceptedFee { fee, charge: fee.charge(), correction: None };
        self.fees = standing.into_iter().map(kept).collect();
        Ok(())
    }

    /// Fees whose digests are equal: deliveries of one identity, or by a rare chance of several.
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

    /// Corrects each fee by the latest correction that is exact in its asset; the others that are
    /// not exact are left aside.
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

/// The distinct corrections of each trade, the latest first; of two at once, the greater.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, correction, day, read, spot, units};
    use crate::{Arrival, Fee};

    fn arrived<'a>(fees: impl IntoIterator<Item = (u64, &'a Fee)>) -> Fees {
        let mut arrived = Fees::default();
        for (arrival, fee) in fees {
            arrived.push(Arrival(arrival), fee).unwrap();
        }
        arrived
    }

    fn settled<'a>(fees: &'a Fees, corrections: &'a [FeeCorrection]) -> DeduplicatedFees<'a> {
        let corrections: Vec<_> = corrections.iter().collect();
        let mut delivered = fees.of(&read("invitee-1"));
        let assets = crate::testing::rules().assets;
        deduplicate(fees, &mut delivered, &corrections, day(), &assets).unwrap()
    }

    fn amounts(settled: &DeduplicatedFees<'_>) -> Vec<Amount> {
        settled.fees.iter().map(|kept| kept.charge.amount).collect()
    }

    fn conflicts(settled: &DeduplicatedFees<'_>) -> Vec<Fee> {
        settled.conflicts.iter().map(|fee| fee.fee()).collect()
    }

    #[test]
    fn a_fee_delivered_again_is_dropped() {
        let fee = spot("t1", "1");
        let fees = arrived([(5, &fee), (3, &fee), (3, &fee)]);
        let settled = settled(&fees, &[]);
        assert_eq!((amounts(&settled).len(), settled.duplicates), (1, 2));
        assert!(settled.conflicts.is_empty());
    }

    #[test]
    fn of_two_bodies_the_one_that_arrived_first_stays() {
        let (first, second) = (spot("t1", "7"), spot("t1", "1"));
        let fees = arrived([(9, &second), (2, &first), (8, &second), (10, &first)]);
        let settled = settled(&fees, &[]);
        assert_eq!(amounts(&settled), [units("7")]);
        assert_eq!((conflicts(&settled), settled.duplicates), (vec![second], 2));
    }

    #[test]
    fn another_body_is_reported_once_however_often_and_between_what_it_comes() {
        let [first, second, third] = ["1", "3", "2"].map(|amount| spot("t1", amount));
        let fees = arrived((0..).zip([&first, &second, &third, &second]));
        let settled = settled(&fees, &[]);
        assert_eq!((conflicts(&settled), settled.duplicates), (vec![third, second], 1));
    }

    #[test]
    fn conflict_delivered_twice_keeps_its_first_arrival() {
        let (first, second) = (spot("t1", "7"), spot("t1", "1"));
        let fees = arrived([(9, &second), (2, &first), (5, &second)]);
        let settled = settled(&fees, &[]);
        assert_eq!(settled.conflicts[0].arrival(), Arrival(5));
    }

    #[test]
    fn of_two_bodies_at_once_the_lesser_stays() {
        let (lesser, greater) = (spot("t1", "1"), spot("t1", "2"));
        let fees = arrived([(1, &greater), (1, &lesser)]);
        let settled = settled(&fees, &[]);
        assert_eq!((amounts(&settled), conflicts(&settled)), (vec![units("1")], vec![greater]));
    }

    #[test]
    fn two_identities_are_told_apart_even_if_their_digests_are_equal() {
        let (first, second) = (spot("t1", "1"), spot("t2", "2"));
        let fees = arrived([(1, &first), (2, &second), (3, &first)]);
        let mut delivered = fees.of(&read("invitee-1"));
        delivered.iter_mut().for_each(|place| *place = place.with_digest(7));
        let assets = crate::testing::rules().assets;
        let settled = deduplicate(&fees, &mut delivered, &[], day(), &assets).unwrap();
        assert_eq!(amounts(&settled), [units("1"), units("2")]);
        assert_eq!((settled.conflicts.len(), settled.duplicates), (0, 1));
    }

    #[test]
    fn the_latest_correction_holds_and_of_two_at_once_the_greater() {
        let fees = arrived([(1, &spot("t1", "1"))]);
        let early = correction("t1", "9", "typed wrong");
        let mut late = correction("t1", "2", "typed wrong again");
        late.at = late.at.plus_millis(1);
        let mut same_time = correction("t1", "3", "once more");
        same_time.at = late.at;
        for corrections in [[&early, &late, &same_time], [&same_time, &late, &early]] {
            let corrections = corrections.map(Clone::clone);
            assert_eq!(amounts(&settled(&fees, &corrections)), [units("3")]);
        }
    }

    #[test]
    fn a_correction_replaces_amount_value_and_volume_and_nothing_else() {
        let original = spot("t1", "1");
        let fees = arrived([(1, &original)]);
        let corrections = [correction("t1", "2", "typed wrong")];
        let corrected = settled(&fees, &corrections).fees[0].charge;
        let [amount, amount_usd, volume_usd] = ["2", "20", "2000"].map(units);
        assert_eq!(corrected, Charge { amount, amount_usd, volume_usd, ..original.charge() });
    }

    #[test]
    fn a_correction_without_its_fee_is_counted_once_however_often_it_comes() {
        let orphan = correction("t2", "0", "busted");
        let corrections = [orphan.clone(), orphan.clone()];
        assert_eq!(settled(&Fees::default(), &corrections).orphan_corrections, [&orphan]);
    }

    #[test]
    fn a_fee_of_another_day_is_left_aside_with_its_correction() {
        let midnight = at("2026-11-23T00:00:00Z");
        let inside = Fee { at: midnight.plus_millis(-1), ..spot("t1", "1") };
        let outside = Fee { at: midnight, ..spot("t2", "1") };
        let fees = arrived([(1, &inside), (2, &outside), (3, &outside)]);
        let corrections = [correction("t2", "0", "busted")];
        let settled = settled(&fees, &corrections);
        assert_eq!((settled.fees.len(), settled.outside_day), (1, 1));
        assert!(settled.orphan_corrections.is_empty());
    }

    #[test]
    fn a_correction_that_is_not_exact_in_the_asset_is_left_aside() {
        let fees = arrived([(1, &spot("t1", "5"))]);
        let mut inexact = correction("t1", "2", "typed wrong");
        inexact.amount = Amount::from_minor(inexact.amount.minor() + 1);
        let corrections = [inexact];
        let settled = settled(&fees, &corrections);
        assert_eq!(settled.inexact_corrections, [&corrections[0]]);
        assert_eq!(amounts(&settled), [units("5")]);
    }
}

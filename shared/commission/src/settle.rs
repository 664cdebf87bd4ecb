//! Which fees stand, among all that was delivered: each identity once, as last corrected.

use std::collections::BTreeMap;

use terms::Day;

use crate::fees::{FeeRef, Place};
use crate::{Amount, Assets, Charge, Decimals, FeeCorrection, Fees};

/// A fee that stands, with the amounts that hold.
pub(crate) struct Kept<'a> {
    pub fee: FeeRef<'a>,
    pub charge: Charge,
    pub correction: Option<&'a FeeCorrection>,
}

/// The fees of one invitee and day that stand, and what was left aside.
#[derive(Default)]
pub(crate) struct Settled<'a> {
    /// In no order.
    pub fees: Vec<Kept<'a>>,
    /// Other bodies of identities that stand; each once, in order.
    pub conflicts: Vec<FeeRef<'a>>,
    pub duplicates: u64,
    pub orphan_corrections: u64,
    pub inexact_corrections: u64,
    pub outside_day: u64,
}

/// Settles what was delivered of one invitee, in any order and with repetitions.
pub(crate) fn settle<'a>(
    fees: &'a Fees,
    delivered: &mut [Place],
    corrections: &[&'a FeeCorrection],
    day: Day,
    assets: &Assets,
) -> Settled<'a> {
    let mut settled = Settled::default();
    settled.keep_first_arrived(fees, delivered);
    settled.correct(latest(corrections), assets);
    let standing = settled.fees.len();
    settled.fees.retain(|kept| kept.charge.at.day() == day);
    settled.outside_day = (standing - settled.fees.len()) as u64;
    settled
}

impl<'a> Settled<'a> {
    /// Keeps of each identity the body that arrived first; of two at once, the lesser.
    fn keep_first_arrived(&mut self, fees: &'a Fees, delivered: &mut [Place]) {
        delivered.sort_unstable();
        let mut standing = Vec::with_capacity(delivered.len());
        for alike in delivered.chunk_by(|a, b| a.digest() == b.digest()) {
            match alike {
                [only] => standing.push(fees.at(*only)),
                _ => self.tell_apart(alike.iter().map(|place| fees.at(*place)), &mut standing),
            }
        }
        self.keep_distinct_conflicts();
        // A pass of its own: the fees are spread over all of memory, and fetched side by side.
        let kept = |fee: FeeRef<'a>| Kept { fee, charge: fee.charge(), correction: None };
        self.fees = standing.into_iter().map(kept).collect();
    }

    /// Fees whose digests are equal: deliveries of one identity, or by a rare chance of several.
    fn tell_apart(
        &mut self,
        alike: impl Iterator<Item = FeeRef<'a>>,
        standing: &mut Vec<FeeRef<'a>>,
    ) {
        let mut alike: Vec<_> = alike.collect();
        alike.sort_unstable_by_key(|fee| (fee.trade_id(), fee.arrival(), fee.charge()));
        for of_one in alike.chunk_by(|a, b| a.trade_id() == b.trade_id()) {
            let Some((first, others)) = of_one.split_first() else { continue };
            standing.push(*first);
            let same = |other: &&FeeRef<'a>| other.charge() == first.charge();
            self.duplicates += others.iter().filter(same).count() as u64;
            self.conflicts.extend(others.iter().filter(|other| !same(other)));
        }
    }

    fn keep_distinct_conflicts(&mut self) {
        let delivered = self.conflicts.len();
        self.conflicts.sort_unstable_by_key(|fee| (fee.trade_id(), fee.charge()));
        self.conflicts.dedup_by_key(|fee| (fee.trade_id(), fee.charge()));
        self.duplicates += (delivered - self.conflicts.len()) as u64;
    }

    /// Corrects the fees; a correction that is not exact in its fee's asset is left aside.
    fn correct(&mut self, mut corrections: BTreeMap<&str, &'a FeeCorrection>, assets: &Assets) {
        if corrections.is_empty() {
            return;
        }
        for kept in &mut self.fees {
            let Some(correction) = corrections.remove(kept.fee.trade_id()) else { continue };
            let decimals = assets.decimals(kept.charge.asset);
            match correction.amount.coarsened(Decimals::FINEST, decimals) {
                Some(amount) => kept.correct(correction, amount),
                None => self.inexact_corrections += 1,
            }
        }
        self.orphan_corrections = corrections.len() as u64;
    }
}

impl<'a> Kept<'a> {
    fn correct(&mut self, correction: &'a FeeCorrection, amount: Amount) {
        let FeeCorrection { amount_usd, volume_usd, .. } = *correction;
        self.charge = Charge { amount, amount_usd, volume_usd, ..self.charge };
        self.correction = Some(correction);
    }
}

/// Of each identity the latest correction; of two at once, the greater.
fn latest<'a>(corrections: &[&'a FeeCorrection]) -> BTreeMap<&'a str, &'a FeeCorrection> {
    let mut latest: BTreeMap<&str, &FeeCorrection> = BTreeMap::new();
    for correction in corrections {
        let holder = latest.entry(correction.trade_id.as_str()).or_insert(correction);
        if (holder.at, *holder) < (correction.at, *correction) {
            *holder = correction;
        }
    }
    latest
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

    fn settled<'a>(fees: &'a Fees, corrections: &'a [FeeCorrection]) -> Settled<'a> {
        let corrections: Vec<_> = corrections.iter().collect();
        let mut delivered = fees.of(&read("invitee-1"));
        settle(fees, &mut delivered, &corrections, day(), &crate::testing::rules().assets)
    }

    fn amounts(settled: &Settled<'_>) -> Vec<Amount> {
        settled.fees.iter().map(|kept| kept.charge.amount).collect()
    }

    fn conflicts(settled: &Settled<'_>) -> Vec<Fee> {
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
        let settled = settle(&fees, &mut delivered, &[], day(), &crate::testing::rules().assets);
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
        let corrections = [orphan.clone(), orphan];
        assert_eq!(settled(&Fees::default(), &corrections).orphan_corrections, 1);
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
        assert_eq!(settled.orphan_corrections, 0);
    }

    #[test]
    fn a_correction_that_is_not_exact_in_the_asset_is_left_aside() {
        let fees = arrived([(1, &spot("t1", "5"))]);
        let mut inexact = correction("t1", "2", "typed wrong");
        inexact.amount = Amount::from_minor(inexact.amount.minor() + 1);
        let corrections = [inexact];
        let settled = settled(&fees, &corrections);
        assert_eq!(settled.inexact_corrections, 1);
        assert_eq!(amounts(&settled), [units("5")]);
    }
}

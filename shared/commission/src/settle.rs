//! Which fees stand, among all that was delivered: each identity once, as last corrected.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use terms::{Day, TradeId, Uid};

use crate::{Arrived, Assets, Decimals, Fee, FeeCorrection};

/// All that was delivered of one invitee, in any order and with repetitions.
#[derive(Debug, Default)]
pub(crate) struct Received<'a> {
    pub fees: Vec<&'a Arrived>,
    pub corrections: Vec<&'a FeeCorrection>,
}

/// Brings what was delivered together by invitee, in the order of their ids.
pub(crate) fn by_invitee<'a>(
    fees: &'a [Arrived],
    corrections: &'a [FeeCorrection],
) -> Vec<(&'a Uid, Received<'a>)> {
    let mut groups: HashMap<&Uid, Received<'_>> = HashMap::new();
    for arrived in fees {
        groups.entry(&arrived.fee.uid).or_default().fees.push(arrived);
    }
    for correction in corrections {
        groups.entry(&correction.uid).or_default().corrections.push(correction);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_unstable_by_key(|(invitee, _)| *invitee);
    groups
}

/// A fee that stands, with the amounts that hold.
#[derive(Debug)]
pub(crate) struct Kept<'a> {
    pub fee: Cow<'a, Fee>,
    pub correction: Option<&'a FeeCorrection>,
}

/// The fees of one invitee and day that stand, and what was left aside.
#[derive(Debug, Default)]
pub(crate) struct Settled<'a> {
    /// In the order of their trade ids.
    pub fees: Vec<Kept<'a>>,
    /// Other bodies of identities that stand; each once, in order.
    pub conflicts: Vec<&'a Fee>,
    pub duplicates: u64,
    pub orphan_corrections: u64,
    pub inexact_corrections: u64,
    pub outside_day: u64,
}

/// Settles what was delivered of one invitee.
pub(crate) fn settle<'a>(received: Received<'a>, day: Day, assets: &Assets) -> Settled<'a> {
    let mut corrections = latest(&received.corrections);
    let mut settled = Settled::default();
    for fee in first_arrived(received.fees, &mut settled) {
        let correction = corrections.remove(&fee.trade_id);
        if fee.at.day() == day {
            settled.keep(fee, correction, assets);
        } else {
            settled.outside_day += 1;
        }
    }
    settled.orphan_corrections = corrections.len() as u64;
    settled
}

/// Of each identity the body that arrived first; of two at once, the lesser.
fn first_arrived<'a>(mut fees: Vec<&'a Arrived>, settled: &mut Settled<'a>) -> Vec<&'a Fee> {
    // Deliveries are nearly in order, which this sort is quick on.
    fees.sort_by(|a, b| {
        let identity = a.fee.trade_id.cmp(&b.fee.trade_id);
        identity.then_with(|| (a.arrival, &a.fee).cmp(&(b.arrival, &b.fee)))
    });
    let mut standing: Vec<&Fee> = Vec::with_capacity(fees.len());
    for Arrived { fee, .. } in fees {
        match standing.last() {
            Some(first) if *first == fee => settled.duplicates += 1,
            Some(first) if first.trade_id == fee.trade_id => settled.conflicts.push(fee),
            _ => standing.push(fee),
        }
    }
    keep_distinct(settled);
    standing
}

fn keep_distinct(settled: &mut Settled<'_>) {
    let delivered = settled.conflicts.len();
    settled.conflicts.sort_unstable();
    settled.conflicts.dedup();
    settled.duplicates += (delivered - settled.conflicts.len()) as u64;
}

/// Of each identity the latest correction; of two at once, the greater.
fn latest<'a>(corrections: &[&'a FeeCorrection]) -> BTreeMap<&'a TradeId, &'a FeeCorrection> {
    let mut latest: BTreeMap<&TradeId, &FeeCorrection> = BTreeMap::new();
    for correction in corrections {
        let holder = latest.entry(&correction.trade_id).or_insert(correction);
        if (holder.at, *holder) < (correction.at, *correction) {
            *holder = correction;
        }
    }
    latest
}

impl<'a> Settled<'a> {
    /// Keeps a fee as corrected; a correction that is not exact in the fee's asset is left aside.
    fn keep(&mut self, fee: &'a Fee, correction: Option<&'a FeeCorrection>, assets: &Assets) {
        let usable = correction.and_then(|correction| {
            let decimals = assets.decimals(fee.asset);
            let amount = correction.amount.coarsened(Decimals::FINEST, decimals)?;
            Some((correction, amount))
        });
        self.inexact_corrections += u64::from(correction.is_some() && usable.is_none());
        let kept = match usable {
            None => Cow::Borrowed(fee),
            Some((correction, amount)) => Cow::Owned(Fee {
                amount,
                amount_usd: correction.amount_usd,
                volume_usd: correction.volume_usd,
                ..fee.clone()
            }),
        };
        self.fees.push(Kept { fee: kept, correction: usable.map(|(correction, _)| correction) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, correction, day, spot, units};
    use crate::{Amount, Arrival};

    fn arrived(arrival: u64, fee: &Fee) -> Arrived {
        Arrived { arrival: Arrival(arrival), fee: fee.clone() }
    }

    fn settled<'a>(fees: &'a [Arrived], corrections: &'a [FeeCorrection]) -> Settled<'a> {
        let (fees, corrections) = (fees.iter().collect(), corrections.iter().collect());
        settle(Received { fees, corrections }, day(), &crate::testing::rules().assets)
    }

    fn amounts(settled: &Settled<'_>) -> Vec<Amount> {
        settled.fees.iter().map(|kept| kept.fee.amount).collect()
    }

    #[test]
    fn a_fee_delivered_again_is_dropped() {
        let fees = [5, 3, 3].map(|arrival| arrived(arrival, &spot("t1", "1")));
        let settled = settled(&fees, &[]);
        assert_eq!((amounts(&settled).len(), settled.duplicates), (1, 2));
        assert!(settled.conflicts.is_empty());
    }

    #[test]
    fn of_two_bodies_the_one_that_arrived_first_stays() {
        let (first, second) = (spot("t1", "7"), spot("t1", "1"));
        let fees = [(9, &second), (2, &first), (8, &second), (10, &first)];
        let fees = fees.map(|(arrival, fee)| arrived(arrival, fee));
        let settled = settled(&fees, &[]);
        assert_eq!(amounts(&settled), [units("7")]);
        assert_eq!((settled.conflicts, settled.duplicates), (vec![&second], 2));
    }

    #[test]
    fn another_body_is_reported_once_however_often_and_between_what_it_comes() {
        let [first, second, third] = ["1", "3", "2"].map(|amount| spot("t1", amount));
        let fees = [&first, &second, &third, &second];
        let fees: Vec<_> = (0..).zip(fees).map(|(arrival, fee)| arrived(arrival, fee)).collect();
        let settled = settled(&fees, &[]);
        assert_eq!((settled.conflicts, settled.duplicates), (vec![&third, &second], 1));
    }

    #[test]
    fn of_two_bodies_at_once_the_lesser_stays() {
        let (lesser, greater) = (spot("t1", "1"), spot("t1", "2"));
        let fees = [arrived(1, &greater), arrived(1, &lesser)];
        let settled = settled(&fees, &[]);
        assert_eq!((amounts(&settled), settled.conflicts), (vec![units("1")], vec![&greater]));
    }

    #[test]
    fn the_latest_correction_holds_and_of_two_at_once_the_greater() {
        let fees = [arrived(1, &spot("t1", "1"))];
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
        let fees = [arrived(1, &original)];
        let corrections = [correction("t1", "2", "typed wrong")];
        let corrected = settled(&fees, &corrections).fees[0].fee.clone().into_owned();
        let [amount, amount_usd, volume_usd] = ["2", "20", "2000"].map(units);
        assert_eq!(corrected, Fee { amount, amount_usd, volume_usd, ..original });
    }

    #[test]
    fn a_correction_without_its_fee_is_counted_once_however_often_it_comes() {
        let orphan = correction("t2", "0", "busted");
        let corrections = [orphan.clone(), orphan];
        assert_eq!(settled(&[], &corrections).orphan_corrections, 1);
    }

    #[test]
    fn a_fee_of_another_day_is_left_aside_with_its_correction() {
        let midnight = at("2026-11-23T00:00:00Z");
        let inside = Fee { at: midnight.plus_millis(-1), ..spot("t1", "1") };
        let outside = Fee { at: midnight, ..spot("t2", "1") };
        let fees = [arrived(1, &inside), arrived(2, &outside), arrived(3, &outside)];
        let corrections = [correction("t2", "0", "busted")];
        let settled = settled(&fees, &corrections);
        assert_eq!((settled.fees.len(), settled.outside_day), (1, 1));
        assert_eq!(settled.orphan_corrections, 0);
    }

    #[test]
    fn a_correction_that_is_not_exact_in_the_asset_is_left_aside() {
        let fees = [arrived(1, &spot("t1", "5"))];
        let mut inexact = correction("t1", "2", "typed wrong");
        inexact.amount = Amount::from_minor(inexact.amount.minor() + 1);
        let corrections = [inexact];
        let settled = settled(&fees, &corrections);
        assert_eq!(settled.inexact_corrections, 1);
        assert_eq!(settled.fees[0].fee.amount, fees[0].fee.amount);
    }
}

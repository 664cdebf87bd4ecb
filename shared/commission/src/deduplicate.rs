//! Deduplication of delivered fees: each trade id is accepted once, as last corrected.

use std::collections::BTreeMap;

use types::{Day, Timestamp};

use crate::fees::FeeRef;
use crate::record::{Class, Record};
use crate::trade_key::TradeKey;
use crate::{Amount, Assets, Charge, Decimals, FeeCorrection, Fees, Overflow};

/// An accepted fee, with its amounts as last corrected.
#[derive(Clone, Copy)]
pub(crate) struct AcceptedFee<'a> {
    pub fee: FeeRef<'a>,
    pub class: Class,
    pub at: Timestamp,
    /// Amount, its value in USD, and volume in USD.
    pub amounts: [Amount; 3],
    pub correction: Option<&'a FeeCorrection>,
}

impl AcceptedFee<'_> {
    /// Returns the charge, as last corrected.
    pub(crate) fn charge(&self) -> Charge {
        let [amount, amount_usd, volume_usd] = self.amounts;
        Charge { amount, amount_usd, volume_usd, ..self.fee.charge() }
    }
}

/// Deduplicates the fees of one payer after the other. The buffers are reused for all payers.
#[derive(Default)]
pub(crate) struct Deduplication {
    /// Digest of each fee's trade id in the upper bits, index of the fee in the lower bits. Fees
    /// with the same trade id are adjacent after sorting, and most fees need no comparison.
    keys: Vec<u64>,
    /// Indexes of the fees with a unique trade id, and of the first fee of each repeated trade id.
    accepted: Vec<u32>,
}

/// Accepted and excluded fees of one payer and day.
pub(crate) struct DeduplicatedFees<'a> {
    fees: &'a Fees,
    records: &'a [Record],
    accepted: &'a [u32],
    pub corrected: Corrected<'a>,
    /// Different fees with an accepted trade id; each once, with its first arrival, in order.
    pub conflicts: Vec<FeeRef<'a>>,
    pub duplicates: u64,
    pub outside_day: u64,
}

impl Deduplication {
    /// Deduplicates the delivered fees of one payer, in any order and with duplicates.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a count does not fit.
    pub(crate) fn run<'a>(
        &'a mut self,
        fees: &'a Fees,
        records: &'a [Record],
        corrections: &[&'a FeeCorrection],
        day: Day,
        assets: &Assets,
    ) -> Result<DeduplicatedFees<'a>, Overflow> {
        self.run_with(Record::digest, fees, records, corrections, day, assets)
    }

    fn run_with<'a>(
        &'a mut self,
        digest: impl Fn(&Record) -> u32,
        fees: &'a Fees,
        records: &'a [Record],
        corrections: &[&'a FeeCorrection],
        day: Day,
        assets: &Assets,
    ) -> Result<DeduplicatedFees<'a>, Overflow> {
        let Self { keys, accepted } = self;
        keys.clear();
        keys.extend((0_u64..).zip(records).map(|(place, of)| u64::from(digest(of)) << 32 | place));
        keys.sort_unstable();
        accepted.clear();
        let mut repeated = Repeated { fees, records, conflicts: Vec::new(), duplicates: 0 };
        for alike in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
            match alike {
                [only] => accepted.push(place(*only)),
                _ => repeated.tell_apart(alike, accepted)?,
            }
        }
        repeated.keep_distinct_conflicts()?;
        let Repeated { conflicts, duplicates, .. } = repeated;
        let corrected = Corrected::of(fees, records, accepted, latest_first(corrections), assets);
        let (first_arrived, (start, end)) = (accepted.len(), (day.start(), day.end()));
        accepted.retain(|place| {
            let at = records.get(*place as usize).map(|record| fees.fee(record).at());
            at.is_some_and(|at| start <= at && at < end)
        });
        let outside_day = first_arrived.abs_diff(accepted.len()) as u64;
        Ok(DeduplicatedFees {
            fees,
            records,
            accepted,
            corrected,
            conflicts,
            duplicates,
            outside_day,
        })
    }
}

const fn place(key: u64) -> u32 {
    (key & 0xFFFF_FFFF) as u32
}

/// Fees with equal digests.
struct Repeated<'a> {
    fees: &'a Fees,
    records: &'a [Record],
    conflicts: Vec<FeeRef<'a>>,
    duplicates: u64,
}

impl<'a> Repeated<'a> {
    /// Accepts the first fee to arrive for each trade id, or the lesser of two with the same
    /// arrival. In rare cases fees with equal digests have different trade ids.
    fn tell_apart(&mut self, alike: &[u64], accepted: &mut Vec<u32>) -> Result<(), Overflow> {
        let of = |place: u32| Some((self.fees.fee(self.records.get(place as usize)?), place));
        let mut alike: Vec<_> = alike.iter().filter_map(|key| of(place(*key))).collect();
        alike.sort_by_cached_key(|(fee, _)| (fee.trade(), fee.arrival(), fee.charge()));
        for of_one in alike.chunk_by(|(a, _), (b, _)| a.trade() == b.trade()) {
            let Some(((first, place), others)) = of_one.split_first() else { continue };
            accepted.push(*place);
            let (same, other): (Vec<_>, Vec<_>) =
                others.iter().map(|(fee, _)| *fee).partition(|fee| fee.charge() == first.charge());
            self.count_duplicates(same.len())?;
            self.conflicts.extend(other);
        }
        Ok(())
    }

    fn keep_distinct_conflicts(&mut self) -> Result<(), Overflow> {
        let delivered = self.conflicts.len();
        if delivered == 0 {
            return Ok(());
        }
        let order = |fee: &FeeRef<'a>| (fee.trade_id(), fee.charge(), fee.arrival());
        self.conflicts.sort_by_cached_key(order);
        self.conflicts.dedup_by_key(|fee| (fee.trade(), fee.charge()));
        self.count_duplicates(delivered.abs_diff(self.conflicts.len()))
    }

    fn count_duplicates(&mut self, more: usize) -> Result<(), Overflow> {
        self.duplicates = self.duplicates.checked_add(more as u64).ok_or(Overflow)?;
        Ok(())
    }
}

impl<'a> DeduplicatedFees<'a> {
    /// Returns the accepted fees of the day, unordered.
    pub(crate) fn iter(&self) -> impl Iterator<Item = AcceptedFee<'a>> {
        let (fees, records) = (self.fees, self.records);
        let accepted = self.accepted.iter().filter_map(move |place| {
            let fee = fees.fee(records.get(*place as usize)?);
            let (class, at, amounts) = (fee.class(), fee.at(), fee.amounts());
            Some((*place, AcceptedFee { fee, class, at, amounts, correction: None }))
        });
        accepted.map(|(place, fee)| self.corrected.apply(place, fee))
    }
}

/// Effect of corrections on the fees of one payer.
#[derive(Default)]
pub(crate) struct Corrected<'a> {
    /// Applied corrections, by index of their fee.
    by_place: BTreeMap<u32, (&'a FeeCorrection, Amount)>,
    /// Corrections whose fee is missing.
    pub orphans: Vec<&'a FeeCorrection>,
    /// Corrections with more decimals than their fee's asset.
    pub inexact: Vec<&'a FeeCorrection>,
}

impl<'a> Corrected<'a> {
    /// Applies to each fee the latest correction that is exact in its asset. Corrections that are
    /// not exact are excluded.
    fn of(
        fees: &'a Fees,
        records: &'a [Record],
        accepted: &[u32],
        mut corrections: ByTrade<'a>,
        assets: &Assets,
    ) -> Self {
        let mut corrected = Self::default();
        if corrections.is_empty() {
            return corrected;
        }
        for place in accepted {
            let Some(record) = records.get(*place as usize) else { continue };
            let fee = fees.fee(record);
            let Some(latest_first) = corrections.remove(&fee.trade()) else { continue };
            let decimals = assets.decimals(fee.charge().asset);
            let exact = |correction: &FeeCorrection| {
                correction.amount.coarsened(Decimals::FINEST, decimals)
            };
            let latest = latest_first.iter().find_map(|of| Some((*of, exact(of)?)));
            corrected.by_place.extend(latest.map(|latest| (*place, latest)));
            let inexact = latest_first.into_iter().filter(|correction| exact(correction).is_none());
            corrected.inexact.extend(inexact);
        }
        let orphans = corrections.into_values().filter_map(|of| of.first().copied());
        corrected.orphans = orphans.collect();
        corrected
    }

    fn apply(&self, place: u32, fee: AcceptedFee<'a>) -> AcceptedFee<'a> {
        if self.by_place.is_empty() {
            return fee;
        }
        match self.by_place.get(&place) {
            Some((correction, amount)) => {
                let amounts = [*amount, correction.amount_usd, correction.volume_usd];
                AcceptedFee { amounts, correction: Some(correction), ..fee }
            }
            None => fee,
        }
    }
}

/// Distinct corrections of each trade, latest first. Of two at the same time, the greater is
/// first.
type ByTrade<'a> = BTreeMap<TradeKey<'a>, Vec<&'a FeeCorrection>>;

fn latest_first<'a>(corrections: &[&'a FeeCorrection]) -> ByTrade<'a> {
    let mut by_trade = ByTrade::new();
    for correction in corrections {
        let trade = TradeKey::of(correction.trade_id.as_str());
        by_trade.entry(trade).or_default().push(*correction);
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

    /// Result of deduplicating the only payer: amounts, conflicts, and counts.
    #[derive(Debug, Default)]
    struct Found {
        fees: Vec<Charge>,
        conflicts: Vec<(Arrival, Fee)>,
        duplicates: u64,
        orphans: Vec<FeeCorrection>,
        inexact: Vec<FeeCorrection>,
        outside_day: u64,
    }

    fn found(fees: &Fees, corrections: &[FeeCorrection]) -> Found {
        found_with(Record::digest, fees, corrections)
    }

    fn found_with(
        digest: impl Fn(&Record) -> u32,
        fees: &Fees,
        corrections: &[FeeCorrection],
    ) -> Found {
        let corrections: Vec<_> = corrections.iter().collect();
        let records: Vec<_> = fees.records_of(&read("invitee-1")).copied().collect();
        let assets = crate::testing::rules().assets;
        let mut deduplication = Deduplication::default();
        let found =
            deduplication.run_with(digest, fees, &records, &corrections, day(), &assets).unwrap();
        let owned = |of: &[&FeeCorrection]| of.iter().copied().cloned().collect();
        Found {
            fees: found.iter().map(|fee| fee.charge()).collect(),
            conflicts: found.conflicts.iter().map(|fee| (fee.arrival(), fee.fee())).collect(),
            duplicates: found.duplicates,
            orphans: owned(&found.corrected.orphans),
            inexact: owned(&found.corrected.inexact),
            outside_day: found.outside_day,
        }
    }

    fn amounts(found: &Found) -> Vec<Amount> {
        found.fees.iter().map(|charge| charge.amount).collect()
    }

    fn conflicts(found: &Found) -> Vec<Fee> {
        found.conflicts.iter().map(|(_, fee)| fee.clone()).collect()
    }

    #[test]
    fn redelivered_fee_is_dropped() {
        let fee = spot("t1", "1");
        let fees = arrived([(5, &fee), (3, &fee), (3, &fee)]);
        let found = found(&fees, &[]);
        assert_eq!((amounts(&found).len(), found.duplicates), (1, 2));
        assert!(found.conflicts.is_empty());
    }

    #[test]
    fn first_arrival_of_trade_id_is_accepted() {
        let (first, second) = (spot("t1", "7"), spot("t1", "1"));
        let fees = arrived([(9, &second), (2, &first), (8, &second), (10, &first)]);
        let found = found(&fees, &[]);
        assert_eq!(amounts(&found), [units("7")]);
        assert_eq!((conflicts(&found), found.duplicates), (vec![second], 2));
    }

    #[test]
    fn redelivered_conflict_is_reported_once() {
        let [first, second, third] = ["1", "3", "2"].map(|amount| spot("t1", amount));
        let fees = arrived((0..).zip([&first, &second, &third, &second]));
        let found = found(&fees, &[]);
        assert_eq!((conflicts(&found), found.duplicates), (vec![third, second], 1));
    }

    #[test]
    fn conflict_keeps_its_first_arrival() {
        let (first, second) = (spot("t1", "7"), spot("t1", "1"));
        let fees = arrived([(9, &second), (2, &first), (5, &second)]);
        let found = found(&fees, &[]);
        assert_eq!(found.conflicts[0].0, Arrival(5));
    }

    #[test]
    fn equal_arrivals_accept_the_smaller_fee() {
        let (lesser, greater) = (spot("t1", "1"), spot("t1", "2"));
        let fees = arrived([(1, &greater), (1, &lesser)]);
        let found = found(&fees, &[]);
        assert_eq!((amounts(&found), conflicts(&found)), (vec![units("1")], vec![greater]));
    }

    #[test]
    fn equal_digests_keep_trade_ids_separate() {
        let (first, second) = (spot("t1", "1"), spot("t2", "2"));
        let fees = arrived([(1, &first), (2, &second), (3, &first)]);
        let found = found_with(|_| 7, &fees, &[]);
        assert_eq!(amounts(&found), [units("1"), units("2")]);
        assert_eq!((found.conflicts.len(), found.duplicates), (0, 1));
    }

    #[test]
    fn latest_then_greater_correction_applies() {
        let fees = arrived([(1, &spot("t1", "1"))]);
        let early = correction("t1", "9", "typed wrong");
        let mut late = correction("t1", "2", "typed wrong again");
        late.at = late.at.plus_millis(1);
        let mut same_time = correction("t1", "3", "once more");
        same_time.at = late.at;
        for corrections in [[&early, &late, &same_time], [&same_time, &late, &early]] {
            let corrections = corrections.map(Clone::clone);
            assert_eq!(amounts(&found(&fees, &corrections)), [units("3")]);
        }
    }

    #[test]
    fn correction_replaces_only_amounts() {
        let original = spot("t1", "1");
        let fees = arrived([(1, &original)]);
        let corrections = [correction("t1", "2", "typed wrong")];
        let corrected = found(&fees, &corrections).fees[0];
        let [amount, amount_usd, volume_usd] = ["2", "20", "2000"].map(units);
        assert_eq!(corrected, Charge { amount, amount_usd, volume_usd, ..original.charge() });
    }

    #[test]
    fn redelivered_orphan_is_counted_once() {
        let orphan = correction("t2", "0", "busted");
        let corrections = [orphan.clone(), orphan.clone()];
        assert_eq!(found(&Fees::default(), &corrections).orphans, [orphan]);
    }

    #[test]
    fn fee_outside_day_is_excluded() {
        let midnight = at("2026-11-23T00:00:00Z");
        let inside = Fee { at: midnight.plus_millis(-1), ..spot("t1", "1") };
        let outside = Fee { at: midnight, ..spot("t2", "1") };
        let fees = arrived([(1, &inside), (2, &outside), (3, &outside)]);
        let corrections = [correction("t2", "0", "busted")];
        let found = found(&fees, &corrections);
        assert_eq!((found.fees.len(), found.outside_day), (1, 1));
        assert!(found.orphans.is_empty());
    }

    #[test]
    fn inexact_correction_is_excluded() {
        let fees = arrived([(1, &spot("t1", "5"))]);
        let mut inexact = correction("t1", "2", "typed wrong");
        inexact.amount = Amount::from_minor(inexact.amount.minor() + 1);
        let corrections = [inexact];
        let found = found(&fees, &corrections);
        assert_eq!(found.inexact, [corrections[0].clone()]);
        assert_eq!(amounts(&found), [units("5")]);
    }
}

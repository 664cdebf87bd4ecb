//! Deduplication of delivered fees: each trade id is accepted once, as last corrected.

use std::collections::BTreeMap;
use std::ops::Range;

use types::{Day, Timestamp};

use crate::fees::FeeRef;
use crate::record::{Class, Record, TradeForm};
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
    /// Hash table with open addressing: digest of a trade id in the upper bits, and below it the
    /// number of its first fee, counted from 1. Zero marks a free slot.
    slots: Vec<u64>,
    /// Fees with repeated digests: digest in the upper bits, number of the fee in the lower bits.
    repeated: Vec<u64>,
    /// Places of the accepted fees.
    accepted: Vec<u32>,
}

/// Accepted and excluded fees of one payer and day.
pub(crate) struct DeduplicatedFees<'a> {
    pub fees: &'a Fees,
    /// Places of the accepted fees of the day.
    pub accepted: &'a [u32],
    pub corrected: Corrected<'a>,
    /// Different fees with an accepted trade id; each once, with its first arrival, in order.
    pub conflicts: Vec<FeeRef<'a>>,
    pub duplicates: u64,
    pub outside_day: u64,
}

/// Properties of a day that are the same for all payers.
#[derive(Clone)]
pub(crate) struct DayOfFees<'a> {
    day: Day,
    /// The day relative to the origin of the records.
    offsets: Range<i64>,
    assets: &'a Assets,
}

impl<'a> DayOfFees<'a> {
    pub(crate) fn of(day: Day, fees: &Fees, assets: &'a Assets) -> Self {
        let offsets = fees.offset(day.start())..fees.offset(day.end());
        Self { day, offsets, assets }
    }

    /// Returns whether all fees of a span certainly are of the day.
    fn contains_all(&self, span: &Span) -> bool {
        let is_inside = |at: u32| self.offsets.contains(&i64::from(at));
        !span.has_wide && is_inside(span.first) && is_inside(span.last)
    }

    fn contains(&self, fees: &Fees, record: &Record) -> bool {
        if record.class.is_wide() {
            let at = fees.fee(record).at();
            return self.day.start() <= at && at < self.day.end();
        }
        self.offsets.contains(&i64::from(record.at))
    }
}

/// Times of some records, and whether one of them has its time elsewhere.
struct Span {
    first: u32,
    last: u32,
    has_wide: bool,
}

impl Deduplication {
    /// Deduplicates the delivered fees of one payer, in any order and with duplicates.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a count does not fit.
    pub(crate) fn run<'a>(
        &'a mut self,
        fees: &'a Fees,
        places: &[u32],
        corrections: &[&'a FeeCorrection],
        day: &DayOfFees<'_>,
    ) -> Result<DeduplicatedFees<'a>, Overflow> {
        self.run_with(Record::digest, fees, places, corrections, day)
    }

    fn run_with<'a>(
        &'a mut self,
        digest: impl Fn(&Record) -> u32,
        fees: &'a Fees,
        places: &[u32],
        corrections: &[&'a FeeCorrection],
        day: &DayOfFees<'_>,
    ) -> Result<DeduplicatedFees<'a>, Overflow> {
        self.accepted.clear();
        self.accepted.extend_from_slice(places);
        let mut repeated = Repeated { fees, places, conflicts: Vec::new(), duplicates: 0 };
        self.repeated.clear();
        let span = self.compare_neighbours(&digest, fees, places);
        if span.is_none() {
            self.compare_digests(digest, fees, places);
        }
        if !self.repeated.is_empty() {
            repeated.tell_apart(&mut self.repeated, &mut self.accepted)?;
        }
        let Repeated { conflicts, duplicates, .. } = repeated;
        let accepted = &mut self.accepted;
        let corrected = Corrected::of(fees, accepted, latest_first(corrections), day.assets);
        let first_arrived = accepted.len();
        let is_inside =
            |place: &u32| fees.record(*place).is_some_and(|record| day.contains(fees, record));
        if !span.is_some_and(|span| day.contains_all(&span)) {
            accepted.retain(is_inside);
        }
        let outside_day = first_arrived.abs_diff(accepted.len()) as u64;
        Ok(DeduplicatedFees { fees, accepted, corrected, conflicts, duplicates, outside_day })
    }

    /// Finds the fees with repeated trade ids by comparing neighbours, and returns the span of the
    /// fees, if all trade ids are numbers in ascending order. Those of most deliveries are.
    fn compare_neighbours(
        &mut self,
        digest: impl Fn(&Record) -> u32,
        fees: &Fees,
        places: &[u32],
    ) -> Option<Span> {
        let (mut before, mut span) = (None, Span { first: u32::MAX, last: 0, has_wide: false });
        for (number, record) in (1_u64..).zip(places.iter().filter_map(|p| fees.record(*p))) {
            if record.class.trade_form() != TradeForm::Number || before > Some(record.trade) {
                self.repeated.clear();
                return None;
            }
            if before == Some(record.trade) {
                let digest = u64::from(digest(record)) << 32;
                self.repeated.extend([digest | (number - 1), digest | number]);
            }
            before = Some(record.trade);
            (span.first, span.last) = (span.first.min(record.at), span.last.max(record.at));
            span.has_wide |= record.class.is_wide();
        }
        Some(span)
    }

    /// Finds the fees whose digests are not unique. Most fees need no other comparison.
    fn compare_digests(&mut self, digest: impl Fn(&Record) -> u32, fees: &Fees, places: &[u32]) {
        // At least half of the slots stay free.
        let mask = (places.len() * 2).next_power_of_two().max(2) - 1;
        self.slots.clear();
        self.slots.resize(mask + 1, 0);
        for (number, record) in (1_u64..).zip(places.iter().filter_map(|p| fees.record(*p))) {
            let digest = digest(record);
            let mut slot = digest as usize & mask;
            while let Some(entry) = self.slots.get_mut(slot) {
                if *entry == 0 {
                    *entry = u64::from(digest) << 32 | number;
                    break;
                }
                if (*entry >> 32) as u32 == digest {
                    self.repeated.extend([*entry, u64::from(digest) << 32 | number]);
                    break;
                }
                slot = (slot + 1) & mask;
            }
        }
    }
}

/// Fees with repeated digests.
struct Repeated<'a, 'p> {
    fees: &'a Fees,
    /// Places of the fees of the payer, by number.
    places: &'p [u32],
    conflicts: Vec<FeeRef<'a>>,
    duplicates: u64,
}

impl<'a> Repeated<'a, '_> {
    /// Removes the fees that are not the first with their trade id from the accepted fees. In rare
    /// cases fees with equal digests have different trade ids.
    fn tell_apart(
        &mut self,
        repeated: &mut Vec<u64>,
        accepted: &mut Vec<u32>,
    ) -> Result<(), Overflow> {
        repeated.sort_unstable();
        repeated.dedup();
        let mut dropped = Vec::new();
        for alike in repeated.chunk_by(|a, b| a >> 32 == b >> 32) {
            if !self.are_same(alike, &mut dropped)? {
                self.compare(alike, &mut dropped)?;
            }
        }
        dropped.sort_unstable();
        accepted.retain(|place| dropped.binary_search(place).is_err());
        self.keep_distinct_conflicts()
    }

    fn place(&self, entry: u64) -> Option<u32> {
        let number = usize::try_from(entry & 0xFFFF_FFFF).ok()?;
        self.places.get(number.checked_sub(1)?).copied()
    }

    /// Returns whether all of the fees are the same fee, which is the usual case. Only one of them
    /// stays accepted then, and it does not matter which.
    fn are_same(&mut self, alike: &[u64], dropped: &mut Vec<u32>) -> Result<bool, Overflow> {
        let mut places = alike.iter().filter_map(|entry| self.place(*entry));
        let Some(first) = places.next().and_then(|place| self.fees.record(place)) else {
            return Ok(true);
        };
        let others = places.clone();
        let trade = self.fees.fee(first).trade();
        let is_same = |place: u32| {
            self.fees.record(place).is_some_and(|record| {
                record.has_same_charge(first) && self.fees.fee(record).trade() == trade
            })
        };
        if !places.all(is_same) {
            return Ok(false);
        }
        let before = dropped.len();
        dropped.extend(others);
        self.count_duplicates(dropped.len() - before)?;
        Ok(true)
    }

    /// Accepts the first fee to arrive for each trade id, or the lesser of two with the same
    /// arrival.
    fn compare(&mut self, alike: &[u64], dropped: &mut Vec<u32>) -> Result<(), Overflow> {
        let fee = |place: u32| Some((self.fees.fee(self.fees.record(place)?), place));
        let places = alike.iter().filter_map(|entry| self.place(*entry));
        let mut alike: Vec<_> = places.filter_map(fee).collect();
        alike.sort_by_cached_key(|(fee, _)| (fee.trade(), fee.arrival(), fee.charge()));
        for of_one in alike.chunk_by(|(a, _), (b, _)| a.trade() == b.trade()) {
            let Some(((first, _), others)) = of_one.split_first() else { continue };
            dropped.extend(others.iter().map(|(_, place)| *place));
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
        self.accepted.iter().filter_map(|place| Some(self.fee(*place, self.fees.record(*place)?)))
    }

    /// Returns an accepted fee, as last corrected.
    pub(crate) fn fee(&self, place: u32, record: &'a Record) -> AcceptedFee<'a> {
        let fee = self.fees.fee(record);
        let (class, at, amounts) = (fee.class(), fee.at(), fee.amounts());
        let fee = AcceptedFee { fee, class, at, amounts, correction: None };
        self.corrected.apply(place, fee)
    }
}

/// Effect of corrections on the fees of one payer.
#[derive(Default)]
pub(crate) struct Corrected<'a> {
    /// Applied corrections, by place of their fee.
    by_place: BTreeMap<u32, (&'a FeeCorrection, Amount)>,
    /// Corrections whose fee is missing.
    pub orphans: Vec<&'a FeeCorrection>,
    /// Corrections with more decimals than their fee's asset.
    pub inexact: Vec<&'a FeeCorrection>,
}

impl<'a> Corrected<'a> {
    /// Applies to each fee the latest correction that is exact in its asset. Corrections that are
    /// not exact are excluded.
    fn of(fees: &'a Fees, accepted: &[u32], mut corrections: ByTrade<'a>, assets: &Assets) -> Self {
        let mut corrected = Self::default();
        if corrections.is_empty() {
            return corrected;
        }
        for place in accepted {
            let Some(record) = fees.record(*place) else { continue };
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
        corrected.orphans = corrections.into_values().flatten().collect();
        corrected
    }

    /// Returns whether no correction is applied to any fee.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_place.is_empty()
    }

    fn apply(&self, place: u32, fee: AcceptedFee<'a>) -> AcceptedFee<'a> {
        if self.is_empty() {
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
mod tests;

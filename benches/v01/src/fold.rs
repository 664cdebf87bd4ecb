//! The fold: evaluates a day's fees and sums them into accruals.

use std::collections::{BTreeMap, HashMap};

use commission::{
    Arrival, Asset, Fee, FeeContext, FeeCorrection, LineKey, Outcome, Overflow, Rules, Sums,
};
use types::{Day, Product, Uid};

use crate::deduplicate::{AcceptedFee, DeduplicatedFees, deduplicate};
use crate::due::{Accrual, Accruals, Charged, Corrections};
use crate::evaluation_cache::{Judging, RuleChanges, Verdict};
use crate::fees::Fees;
use crate::relation::Relations;
use crate::sums::{add_fee, priced};

/// The result of a fold. Except for `duplicates` it depends only on the fees and facts, not on
/// their order, batches and repetitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fold {
    /// Accruals; each entry has at least one fee.
    pub due: Accruals,
    /// Charged amounts by asset, which the proof compares with the lines.
    pub charged: BTreeMap<Asset, Charged>,
    /// Invitees whose binding is void, with the number of their fees. They accrue nothing.
    pub voided: BTreeMap<Uid, u64>,
    /// Later bodies of an accepted identity, each with its first arrival; to be quarantined.
    pub conflicts: Vec<(Arrival, Fee)>,
    /// Invitees without a relation, with the number of their fees.
    pub unknown_fees: BTreeMap<Uid, u64>,
    /// Corrections whose fee is not among the fees, in order; to be quarantined.
    pub orphan_corrections: Vec<FeeCorrection>,
    /// Corrections with more decimals than their fee's asset has, in order; to be quarantined.
    /// Their fees count as charged.
    pub inexact_corrections: Vec<FeeCorrection>,
    /// Fees of another day than the folded one.
    pub outside_day: u64,
    /// Dropped redeliveries of fees.
    pub duplicates: u64,
}

/// Folds the fees of a day.
///
/// Fees are evaluated invitee by invitee, and an identity is compared with the same invitee's fees
/// only. Therefore any number of shards yields the same result.
///
/// # Errors
/// [`Overflow`] if a sum does not fit into 128 bits.
pub fn fold(
    day: Day,
    fees: &Fees,
    corrections: &[FeeCorrection],
    relations: &Relations,
    rules: &Rules,
) -> Result<Fold, Overflow> {
    let mut fold = Fold::default();
    let rule_changes = RuleChanges::of(day, rules);
    let mut corrections = by_invitee(corrections);
    // The order of the lines: by inviter, then by invitee.
    let inviter = |invitee: &Uid| relations.standing(invitee).map(|known| &known.relation.inviter);
    fees.by_invitee().in_order_of(inviter).try_for_each(|(invitee, delivered)| {
        let corrections = corrections.remove(invitee).unwrap_or_default();
        let settled = deduplicate(fees, delivered, &corrections, day, &rules.assets)?;
        fold.note_aside(&settled)?;
        fold.take(invitee, &settled.fees, relations, &rule_changes)
    })?;
    for corrections in corrections.into_values() {
        fold.note_aside(&deduplicate(fees, &mut [], &corrections, day, &rules.assets)?)?;
    }
    fold.orphan_corrections.sort_unstable();
    fold.inexact_corrections.sort_unstable();
    Ok(fold)
}

fn by_invitee(corrections: &[FeeCorrection]) -> HashMap<&Uid, Vec<&FeeCorrection>> {
    let mut by_invitee: HashMap<&Uid, Vec<&FeeCorrection>> = HashMap::new();
    for correction in corrections {
        by_invitee.entry(&correction.uid).or_default().push(correction);
    }
    by_invitee
}

impl Fold {
    fn note_aside(&mut self, settled: &DeduplicatedFees<'_>) -> Result<(), Overflow> {
        self.conflicts.extend(settled.conflicts.iter().map(|fee| (fee.arrival(), fee.fee())));
        self.orphan_corrections.extend(settled.orphan_corrections.iter().copied().cloned());
        self.inexact_corrections.extend(settled.inexact_corrections.iter().copied().cloned());
        self.outside_day = self.outside_day.checked_add(settled.outside_day).ok_or(Overflow)?;
        self.duplicates = self.duplicates.checked_add(settled.duplicates).ok_or(Overflow)?;
        Ok(())
    }

    fn take(
        &mut self,
        invitee: &Uid,
        fees: &[AcceptedFee<'_>],
        relations: &Relations,
        rule_changes: &RuleChanges<'_>,
    ) -> Result<(), Overflow> {
        let count = fees.len() as u64;
        match relations.standing(invitee) {
            None => {
                self.unknown_fees.insert(invitee.clone(), count);
            }
            Some(standing) if standing.relation.voided_at.is_some() => {
                self.voided.insert(invitee.clone(), count);
            }
            Some(standing) => self.book(fees, &standing, rule_changes)?,
        }
        Ok(())
    }

    fn book(
        &mut self,
        fees: &[AcceptedFee<'_>],
        standing: &FeeContext<'_>,
        rule_changes: &RuleChanges<'_>,
    ) -> Result<(), Overflow> {
        let mut judging = Judging::of(rule_changes, standing);
        let mut slots: SmallMap<LineGroup, LineAccumulator> = SmallMap::default();
        let mut charged: SmallMap<Asset, Charged> = SmallMap::default();
        for kept in fees {
            let charge = &kept.charge;
            charged.entry(charge.asset).add(charge)?;
            let verdict = judging.verdict(charge);
            slots.entry((charge.product, charge.asset, verdict.outcome)).add(kept, verdict)?;
        }
        for (asset, charged) in charged.sorted() {
            let total = self.charged.entry(asset).or_default();
            *total = total.plus(&charged)?;
        }
        for (slot, filling) in slots.sorted() {
            let (key, due) = filling.due(slot, standing)?;
            self.due.push(key, due);
        }
        Ok(())
    }
}

/// A map with so few keys that a linear search is the fastest. The keys are separate from the
/// values because each fee scans them, and the values are large.
struct SmallMap<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self { keys: Vec::with_capacity(8), values: Vec::with_capacity(8) }
    }
}

impl<K: Copy + Ord, V: Default> SmallMap<K, V> {
    fn entry(&mut self, key: K) -> &mut V {
        let place = self.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.values.push(V::default());
            self.keys.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the place was just found or made")]
        &mut self.values[place]
    }

    fn sorted(self) -> Vec<(K, V)> {
        let mut entries: Vec<_> = self.keys.into_iter().zip(self.values).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries
    }
}

/// The part of a [`LineKey`] that differs among the lines of one invitee: small, and without texts.
type LineGroup = (Product, Asset, Outcome);

#[derive(Debug, Default)]
struct LineAccumulator {
    sums: Sums,
    corrections: Corrections,
}

impl LineAccumulator {
    fn add(&mut self, kept: &AcceptedFee<'_>, verdict: Verdict) -> Result<(), Overflow> {
        let Verdict { counts_for_tier, is_trade, .. } = verdict;
        let is_busted = kept.correction.is_some_and(FeeCorrection::busts);
        let (is_corrected, is_trade) = (kept.correction.is_some(), is_trade && !is_busted);
        add_fee(&mut self.sums, &kept.charge, is_corrected, counts_for_tier, is_trade)?;
        if let Some(correction) = kept.correction {
            self.corrections.note(correction);
        }
        Ok(())
    }

    fn due(
        self,
        slot: LineGroup,
        standing: &FeeContext<'_>,
    ) -> Result<(LineKey, Accrual), Overflow> {
        let ((product, asset, outcome), relation) = (slot, standing.relation);
        let key = LineKey {
            inviter: relation.inviter.clone(),
            invitee: relation.invitee.clone(),
            product,
            asset,
            outcome,
        };
        let due = Accrual {
            code: relation.code.clone(),
            origin: relation.origin,
            sums: priced(self.sums, outcome)?,
            corrections: self.corrections,
        };
        Ok((key, due))
    }
}

//! The fold: evaluates the fees of a day and sums them into accruals.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use types::{Day, Timestamp, Uid};

use crate::cases::Cases;
use crate::compact_line::RankedAssets;
use crate::deduplicate::{Corrected, DayOfFees, DeduplicatedFees, Deduplication};
use crate::evaluation_cache::{Evaluation, RuleChanges};
use crate::{
    Accruals, Arrival, Asset, Charged, Fee, FeeContext, FeeCorrection, Fees, Overflow, Relations,
    Rules,
};

/// Result of a fold. All fields except `duplicates` are the same for the same fees and facts,
/// independent of order, batches and duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fold {
    /// Accruals; each has at least one fee. They are shared with the lines of a first run.
    pub due: Arc<Accruals>,
    /// Charged fees by asset, used to prove the lines.
    pub charged: BTreeMap<Asset, Charged>,
    /// Invitees whose binding is void, with the number of their fees. Nothing is due for them.
    pub voided: BTreeMap<Uid, u64>,
    /// Different fees with the trade id of an accepted fee, which arrived later. Each has its first
    /// arrival. They are to be quarantined.
    pub conflicts: Vec<(Arrival, Fee)>,
    /// Invitees without a known relation, with the number of their fees.
    pub unknown_fees: BTreeMap<Uid, u64>,
    /// Corrections whose fee is missing, in order. They are to be quarantined.
    pub orphan_corrections: Vec<FeeCorrection>,
    /// Corrections with more decimals than their fee's asset, in order. They are to be quarantined,
    /// and do not change their fees.
    pub inexact_corrections: Vec<FeeCorrection>,
    /// Number of fees outside the folded day.
    pub outside_day: u64,
    /// Number of redelivered fees, which are dropped.
    pub duplicates: u64,
}

/// Folds the fees of a day, one payer after the other.
///
/// Folding the payers separately, in any number of shards, gives the same result, because trade
/// ids are compared only among the fees of one payer.
///
/// # Errors
/// Returns [`Overflow`] if a sum does not fit into 128 bits.
pub fn fold(
    day: Day,
    fees: &Fees,
    corrections: &[FeeCorrection],
    relations: &Relations,
    rules: &Rules,
) -> Result<Fold, Overflow> {
    let mut corrections = by_payer(corrections);
    let due = Accruals::of_day(day, RankedAssets::of(fees.assets()));
    let mut folding = Folding {
        day,
        fees,
        rule_changes: RuleChanges::of(day, rules),
        fold: Fold::default(),
        due,
        charged: vec![Charged::default(); fees.assets().len()],
        conflicts: Vec::new(),
        cases: Cases::default(),
        changes: Vec::new(),
    };
    let (mut deduplication, day) =
        (Deduplication::default(), DayOfFees::of(day, fees, &rules.assets));
    let mut contexts = Vec::new();
    fees.each_part(|payers| {
        // Reading the facts of many payers together waits less for the memory.
        contexts.clear();
        contexts
            .extend(payers.ids().map(|(payer, number)| relations.context_of_number(payer, number)));
        let ids = payers.ids().map(|(payer, _)| payer);
        for ((payer, context), places) in ids.zip(&contexts).zip(payers.places()) {
            let of_payer = if corrections.is_empty() { None } else { corrections.remove(payer) };
            let found = deduplication.run(fees, places, &of_payer.unwrap_or_default(), &day)?;
            folding.take(payer, context.as_ref(), &found)?;
        }
        Ok(())
    })?;
    for (payer, corrections) in corrections {
        let found = deduplication.run(fees, &[], &corrections, &day)?;
        folding.note_excluded(payer, relations.context_of(payer).as_ref(), &found)?;
    }
    folding.finish()
}

fn by_payer(corrections: &[FeeCorrection]) -> HashMap<&Uid, Vec<&FeeCorrection>> {
    let mut by_payer: HashMap<&Uid, Vec<&FeeCorrection>> = HashMap::new();
    for correction in corrections {
        by_payer.entry(&correction.uid).or_default().push(correction);
    }
    by_payer
}

/// Conflicting fees of one payer.
struct Conflicts {
    inviter: Option<Uid>,
    payer: Uid,
    fees: Vec<(Arrival, Fee)>,
}

/// State of a fold in progress.
struct Folding<'a> {
    day: Day,
    fees: &'a Fees,
    rule_changes: RuleChanges<'a>,
    fold: Fold,
    due: Accruals,
    /// Charged fees by asset number.
    charged: Vec<Charged>,
    conflicts: Vec<Conflicts>,
    cases: Cases,
    /// Buffer of the instants at which a fact of an invitee changes.
    changes: Vec<Timestamp>,
}

impl Folding<'_> {
    fn take(
        &mut self,
        payer: &Uid,
        context: Option<&FeeContext<'_>>,
        found: &DeduplicatedFees<'_>,
    ) -> Result<(), Overflow> {
        self.note_excluded(payer, context, found)?;
        let count = || found.accepted.len() as u64;
        match context {
            None => {
                self.fold.unknown_fees.insert(payer.clone(), count());
            }
            Some(context) if context.relation.voided_at.is_some() => {
                self.fold.voided.insert(payer.clone(), count());
            }
            Some(context) => self.book(found, context)?,
        }
        Ok(())
    }

    fn note_excluded(
        &mut self,
        payer: &Uid,
        context: Option<&FeeContext<'_>>,
        found: &DeduplicatedFees<'_>,
    ) -> Result<(), Overflow> {
        let fold = &mut self.fold;
        let Corrected { orphans, inexact, .. } = &found.corrected;
        fold.orphan_corrections.extend(orphans.iter().copied().cloned());
        fold.inexact_corrections.extend(inexact.iter().copied().cloned());
        fold.outside_day = fold.outside_day.checked_add(found.outside_day).ok_or(Overflow)?;
        fold.duplicates = fold.duplicates.checked_add(found.duplicates).ok_or(Overflow)?;
        if !found.conflicts.is_empty() {
            let inviter = context.map(|of| of.relation.inviter.clone());
            let fees = found.conflicts.iter().map(|fee| (fee.arrival(), fee.fee())).collect();
            self.conflicts.push(Conflicts { inviter, payer: payer.clone(), fees });
        }
        Ok(())
    }

    fn book(
        &mut self,
        found: &DeduplicatedFees<'_>,
        context: &FeeContext<'_>,
    ) -> Result<(), Overflow> {
        let evaluation = Evaluation::of(&self.rule_changes, context, &mut self.changes);
        let (fees, cases, assets) = (self.fees, &mut self.cases, self.due.assets());
        let are_narrow = found.corrected.is_empty();
        cases.clear();
        for place in found.accepted {
            // Places and assets are those of records. An error is better than another sum.
            let record = fees.record(*place).ok_or(Overflow)?;
            let charged = self.charged.get_mut(usize::from(record.class.asset().0));
            let charged = charged.ok_or(Overflow)?;
            if are_narrow && !record.class.is_wide() {
                charged.add_record(record)?;
                let case = evaluation.case_of_record(record, fees);
                let charge = || fees.fee(record).charge();
                if cases.add_record(record, case, &evaluation, assets, charge) {
                    continue;
                }
                cases.add(&found.fee(*place, record), &evaluation, assets)?;
            } else {
                let fee = found.fee(*place, record);
                charged.add(fee.amounts)?;
                cases.add(&fee, &evaluation, assets)?;
            }
        }
        let start = self.day.start();
        let lines = cases.lines(fees.offset(start), start)?;
        self.due.push(context.relation, lines)
    }

    /// Sorts the results of all payers into the order of the lines: by inviter, then by payer.
    fn finish(mut self) -> Result<Fold, Overflow> {
        let charged = self.charged.into_iter().zip(self.fees.assets().iter());
        let charged = charged.filter(|(charged, _)| charged.fee_count > 0);
        self.fold.charged = charged.map(|(charged, asset)| (asset, charged)).collect();
        self.conflicts.sort_by(|a, b| (&a.inviter, &a.payer).cmp(&(&b.inviter, &b.payer)));
        self.fold.conflicts = self.conflicts.into_iter().flat_map(|of| of.fees).collect();
        self.due.sort();
        self.fold.due = Arc::new(self.due);
        self.fold.orphan_corrections.sort_unstable();
        self.fold.inexact_corrections.sort_unstable();
        Ok(self.fold)
    }
}

#[cfg(test)]
mod tests;

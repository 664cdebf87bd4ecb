//! The fold: evaluates the fees of a day and sums them into accruals.

use std::collections::{BTreeMap, HashMap};

use types::{Day, Product, Uid};

use crate::deduplicate::{AcceptedFee, Corrected, DeduplicatedFees, Deduplication};
use crate::evaluation_cache::{Case, Evaluation, RuleChanges, Verdict};
use crate::record::AssetNumber;
use crate::{
    Accruals, Arrival, Asset, Charged, Corrections, Fee, FeeContext, FeeCorrection, Fees, Outcome,
    Overflow, Relations, Rules, Sums,
};

/// Result of a fold. All fields except `duplicates` are the same for the same fees and facts,
/// independent of order, batches and duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fold {
    /// Accruals; each has at least one fee.
    pub due: Accruals,
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
    let mut folding = Folding {
        fees,
        relations,
        rule_changes: RuleChanges::of(day, rules),
        fold: Fold { due: Accruals::of_assets(fees.assets()), ..Fold::default() },
        charged: vec![Charged::default(); fees.assets().len()],
        conflicts: Vec::new(),
        lines: Lines::default(),
    };
    let mut deduplication = Deduplication::default();
    fees.each_payer(|payer, records| {
        let corrections = corrections.remove(payer).unwrap_or_default();
        let found = deduplication.run(fees, records, &corrections, day, &rules.assets)?;
        folding.take(payer, &found)
    })?;
    for (payer, corrections) in corrections {
        let found = deduplication.run(fees, &[], &corrections, day, &rules.assets)?;
        folding.note_excluded(payer, &found)?;
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
    fees: &'a Fees,
    relations: &'a Relations,
    rule_changes: RuleChanges<'a>,
    fold: Fold,
    /// Charged fees by asset number.
    charged: Vec<Charged>,
    conflicts: Vec<Conflicts>,
    lines: Lines,
}

impl Folding<'_> {
    fn take(&mut self, payer: &Uid, found: &DeduplicatedFees<'_>) -> Result<(), Overflow> {
        self.note_excluded(payer, found)?;
        let count = || found.iter().count() as u64;
        match self.relations.standing(payer) {
            None => {
                self.fold.unknown_fees.insert(payer.clone(), count());
            }
            Some(context) if context.relation.voided_at.is_some() => {
                self.fold.voided.insert(payer.clone(), count());
            }
            Some(context) => self.book(found, &context)?,
        }
        Ok(())
    }

    fn note_excluded(&mut self, payer: &Uid, found: &DeduplicatedFees<'_>) -> Result<(), Overflow> {
        let fold = &mut self.fold;
        let Corrected { orphans, inexact, .. } = &found.corrected;
        fold.orphan_corrections.extend(orphans.iter().copied().cloned());
        fold.inexact_corrections.extend(inexact.iter().copied().cloned());
        fold.outside_day = fold.outside_day.checked_add(found.outside_day).ok_or(Overflow)?;
        fold.duplicates = fold.duplicates.checked_add(found.duplicates).ok_or(Overflow)?;
        if !found.conflicts.is_empty() {
            let inviter = self.relations.standing(payer).map(|of| of.relation.inviter.clone());
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
        let evaluation = Evaluation::of(&self.rule_changes, context);
        self.lines.clear();
        let (charged, lines) = (&mut self.charged, &mut self.lines);
        found.iter().try_for_each(|fee| {
            if let Some(charged) = charged.get_mut(usize::from(fee.class.asset().0)) {
                charged.add(fee.amounts)?;
            }
            lines.add(&fee, &evaluation)
        })?;
        self.fold.due.push(context.relation, self.lines.sorted(self.fees))
    }

    /// Sorts the results of all payers into the order of the lines: by inviter, then by payer.
    fn finish(mut self) -> Result<Fold, Overflow> {
        let charged = self.charged.into_iter().zip(self.fees.assets().iter());
        let charged = charged.filter(|(charged, _)| charged.fee_count > 0);
        self.fold.charged = charged.map(|(charged, asset)| (asset, charged)).collect();
        self.conflicts.sort_by(|a, b| (&a.inviter, &a.payer).cmp(&(&b.inviter, &b.payer)));
        self.fold.conflicts = self.conflicts.into_iter().flat_map(|of| of.fees).collect();
        self.fold.due.sort();
        self.fold.orphan_corrections.sort_unstable();
        self.fold.inexact_corrections.sort_unstable();
        Ok(self.fold)
    }
}

/// Key of a line among the lines of one invitee. It is small and `Copy`, whereas a
/// [`LineKey`](crate::LineKey) has texts. The asset is a number.
pub(crate) type LineGroup = (Product, AssetNumber, Outcome);

/// Lines of one invitee while its fees are added. The buffers are reused for all invitees.
///
/// There are so few cases and lines that a linear search is fastest. The keys are separate from
/// the sums, because they are compared for each fee.
#[derive(Default)]
struct Lines {
    cases: Vec<Case>,
    lines_of_cases: Vec<LineOfCase>,
    /// Evaluated verdicts, by case without asset.
    verdicts: Vec<(Case, Verdict)>,
    groups: Vec<LineGroup>,
    sums: Vec<LineAccumulator>,
    /// Index of the previous fee's case, because consecutive fees often share one.
    last: usize,
    order: Vec<usize>,
}

#[derive(Clone, Copy)]
struct LineOfCase {
    line: usize,
    counts_for_tier: bool,
    is_trade: bool,
}

impl Lines {
    fn clear(&mut self) {
        self.cases.clear();
        self.lines_of_cases.clear();
        self.verdicts.clear();
        self.groups.clear();
        self.sums.clear();
        self.last = 0;
    }

    fn add(&mut self, fee: &AcceptedFee<'_>, evaluation: &Evaluation<'_>) -> Result<(), Overflow> {
        let case = evaluation.case(fee);
        if self.cases.get(self.last) != Some(&case) {
            let known = self.cases.iter().position(|known| *known == case);
            self.last = known.unwrap_or_else(|| self.add_case(case, fee, evaluation));
        }
        let Some(of_case) = self.lines_of_cases.get(self.last) else { return Ok(()) };
        match self.sums.get_mut(of_case.line) {
            Some(sums) => sums.add(fee, *of_case),
            None => Ok(()),
        }
    }

    fn add_case(
        &mut self,
        case: Case,
        fee: &AcceptedFee<'_>,
        evaluation: &Evaluation<'_>,
    ) -> usize {
        let Verdict { outcome, counts_for_tier, is_trade } =
            self.verdict(case.without_asset(), fee, evaluation);
        let group = (fee.class.product(), fee.class.asset(), outcome);
        let known = self.groups.iter().position(|known| *known == group);
        let line = known.unwrap_or_else(|| {
            self.groups.push(group);
            self.sums.push(LineAccumulator::default());
            self.groups.len() - 1
        });
        self.cases.push(case);
        self.lines_of_cases.push(LineOfCase { line, counts_for_tier, is_trade });
        self.cases.len() - 1
    }

    fn verdict(
        &mut self,
        case: Case,
        fee: &AcceptedFee<'_>,
        evaluation: &Evaluation<'_>,
    ) -> Verdict {
        if let Some((_, verdict)) = self.verdicts.iter().find(|(known, _)| *known == case) {
            return *verdict;
        }
        let verdict = evaluation.verdict(&fee.charge());
        self.verdicts.push((case, verdict));
        verdict
    }

    /// Removes all lines and returns them sorted by key.
    fn sorted(&mut self, fees: &Fees) -> impl Iterator<Item = (LineGroup, LineAccumulator)> {
        self.order.clear();
        self.order.extend(0..self.groups.len());
        // Indexes are sorted instead of the sums, which are large.
        let groups = &self.groups;
        self.order.sort_unstable_by_key(|place| {
            groups
                .get(*place)
                .map(|(product, asset, outcome)| (*product, fees.assets().asset(*asset), *outcome))
        });
        self.order.iter().filter_map(|place| {
            Some((*self.groups.get(*place)?, std::mem::take(self.sums.get_mut(*place)?)))
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct LineAccumulator {
    pub sums: Sums,
    pub corrections: Corrections,
}

impl LineAccumulator {
    fn add(&mut self, fee: &AcceptedFee<'_>, of_case: LineOfCase) -> Result<(), Overflow> {
        let is_busted = fee.correction.is_some_and(FeeCorrection::busts);
        let LineOfCase { counts_for_tier, is_trade, .. } = of_case;
        let is_trade = is_trade && !is_busted;
        let is_corrected = fee.correction.is_some();
        self.sums.add_fee((fee.at, fee.amounts), is_corrected, counts_for_tier, is_trade)?;
        if let Some(correction) = fee.correction {
            self.corrections.note(correction);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

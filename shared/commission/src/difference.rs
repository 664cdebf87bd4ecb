//! Lines booked by a run: the due sums minus the sums that earlier runs of the day booked.

use std::collections::BTreeMap;

use types::{LinkCode, Origin};

use crate::due::group;
use crate::{Amount, Cause, Corrections, Fold, Line, LineKey, Overflow, Sums};

/// Sums of the lines that earlier runs booked for a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Booked {
    entries: BTreeMap<LineKey, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    code: LinkCode,
    origin: Origin,
    sums: Sums,
}

impl Booked {
    /// Adds a line. Lines must be added in the order of their runs.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a sum does not fit.
    pub fn apply(&mut self, line: &Line) -> Result<(), Overflow> {
        let before = self.entries.remove(&line.key);
        let sums = before.map_or_else(Sums::default, |entry| entry.sums).after(&line.sums)?;
        if !sums.is_same_amount(&Sums::default()) {
            let entry = Entry { code: line.code.clone(), origin: line.origin, sums };
            self.entries.insert(line.key.clone(), entry);
        }
        Ok(())
    }

    /// Returns whether nothing is booked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the booked sums, sorted by key. Entries whose counts and amounts are all zero are
    /// omitted.
    pub fn iter(&self) -> impl Iterator<Item = (&LineKey, &Sums)> {
        self.entries.iter().map(|(key, entry)| (key, &entry.sums))
    }
}

/// Returns the lines that lead from the booked sums to the due sums, sorted by key. The result is
/// empty if nothing changed. `first` states that no earlier run booked anything for the day.
///
/// [`Lines::of`](crate::Lines::of) is the same without the list, where there are many.
///
/// # Errors
/// Returns [`Overflow`] if a difference does not fit.
pub fn difference(fold: &Fold, booked: &Booked, first: bool) -> Result<Vec<Line>, Overflow> {
    let mut lines = changed_lines(fold, booked)?;
    if !first {
        for group in lines.chunk_by_mut(|a, b| group(&a.key) == group(&b.key)) {
            let (cause, why) = cause_of(group, fold)?;
            for line in group {
                (line.cause, line.why) = (cause, why.clone());
            }
        }
    }
    Ok(lines)
}

fn changed_lines(fold: &Fold, booked: &Booked) -> Result<Vec<Line>, Overflow> {
    let mut lines = Vec::with_capacity(fold.due.len());
    fold.due.iter().try_for_each(|due| {
        let key = due.key();
        let link = (due.code.clone(), due.origin);
        let change = match booked.entries.get(&key) {
            None => due.sums,
            Some(before) if due.sums.is_same_amount(&before.sums) => return Ok(()),
            Some(before) => due.sums.since(&before.sums)?,
        };
        // Each accrual has at least one fee, so that this line is never empty.
        lines.push(booked_line(key, link, change));
        Ok(())
    })?;
    let in_order = lines.len();
    for (key, entry) in booked.entries.iter().filter(|(key, _)| fold.due.get(key).is_none()) {
        let change = Sums::default().since(&entry.sums)?;
        lines.push(booked_line(key.clone(), (entry.code.clone(), entry.origin), change));
    }
    if lines.len() > in_order {
        lines.sort_by(|a, b| a.key.cmp(&b.key));
    }
    Ok(lines)
}

fn booked_line(key: LineKey, (code, origin): (LinkCode, Origin), sums: Sums) -> Line {
    Line { key, code, origin, sums, cause: Cause::Booked, why: Vec::new() }
}

/// Returns the cause of the lines of one group, and the reasons, from the sum of their changes.
fn cause_of(lines: &[Line], fold: &Fold) -> Result<(Cause, Vec<String>), Overflow> {
    let Some(first) = lines.first() else { return Ok((Cause::FactsChanged, Vec::new())) };
    if fold.voided.contains_key(&first.key.invitee) {
        return Ok((Cause::BindingVoided, Vec::new()));
    }
    let change = lines.iter().try_fold(Sums::default(), |change, line| change.plus(&line.sums))?;
    let corrections = corrections_in(&first.key, fold);
    let cause = match corrections.filter(|_| is_by_correction(&change)) {
        Some(corrections) => return Ok(by_correction(corrections)),
        None if change.fee_count > 0 => Cause::LateFee,
        None => Cause::FactsChanged,
    };
    Ok((cause, Vec::new()))
}

/// Returns whether the number of corrected fees in a group changed, or the amounts changed while
/// the number of fees did not.
fn is_by_correction(change: &Sums) -> bool {
    let amounts = [change.fees, change.fees_usd, change.volume_usd];
    change.corrected_count != 0 || (change.fee_count == 0 && amounts != [Amount::ZERO; 3])
}

fn by_correction(corrections: Corrections) -> (Cause, Vec<String>) {
    let cause = if corrections.changed { Cause::FeeCorrected } else { Cause::TradeBusted };
    (cause, corrections.why.into_iter().collect())
}

/// Returns the corrections applied in the group of `key`; `None` if there are none.
fn corrections_in(key: &LineKey, fold: &Fold) -> Option<Corrections> {
    let mut corrections = Corrections::default();
    let due = fold.due.in_group(key).filter_map(|due| due.corrections);
    due.for_each(|of_line| corrections.merge(of_line));
    (!corrections.why.is_empty()).then_some(corrections)
}

#[cfg(test)]
mod tests {
    use types::{FeeKind, Reason};

    use super::*;
    use crate::testing::{
        Pair, at, booked, correction, due_sums, earned, futures, location, pair, spot, units,
    };
    use crate::{Fee, FeeCorrection, Outcome};

    const ZERO_FEE: Outcome = Outcome::Zero { reason: Reason::ZeroFee };

    fn lines(fold: &Fold, booked: &Booked, first: bool) -> Vec<Line> {
        difference(fold, booked, first).unwrap()
    }

    fn first_run(pair: &Pair, fees: &[Fee], corrections: &[FeeCorrection]) -> Booked {
        booked(&lines(&pair.fold(fees, corrections), &Booked::default(), true))
    }

    /// Returns the lines of a later run: outcome, cause, change of fees, and reasons.
    fn later_run(fold: &Fold, booked: &Booked) -> Vec<(Outcome, Cause, Amount, String)> {
        lines(fold, booked, false)
            .into_iter()
            .map(|line| (line.key.outcome, line.cause, line.sums.fees, line.why.join("; ")))
            .collect()
    }

    fn said(
        outcome: Outcome,
        cause: Cause,
        fees: &str,
        why: &str,
    ) -> (Outcome, Cause, Amount, String) {
        (outcome, cause, units(fees), why.to_owned())
    }

    #[test]
    fn first_run_books_all_accruals() {
        let fold = pair().fold(&[spot("t1", "1"), futures("t2", "1")], &[]);
        let lines = lines(&fold, &Booked::default(), true);
        assert!(lines.iter().all(|line| line.cause == Cause::Booked && line.why.is_empty()));
        assert!(lines.iter().map(|line| (line.key.clone(), line.sums)).eq(due_sums(&fold)));
    }

    #[test]
    fn second_run_books_nothing() {
        let (pair, fees) = (pair(), [spot("t1", "1"), futures("t2", "1")]);
        let booked = first_run(&pair, &fees, &[]);
        assert_eq!(lines(&pair.fold(&fees, &[]), &booked, false), []);
    }

    #[test]
    fn late_fee_books_only_its_part() {
        let pair = pair();
        let booked = first_run(&pair, &[spot("t1", "1")], &[]);
        let fold = pair.fold(&[spot("t1", "1"), spot("t2", "2"), futures("t3", "3")], &[]);
        let expected = [
            said(earned("0.2", "0"), Cause::LateFee, "2", ""),
            said(earned("0.1", "0"), Cause::LateFee, "3", ""),
        ];
        assert_eq!(later_run(&fold, &booked), expected);
    }

    #[test]
    fn corrected_fee_books_change_with_reason() {
        let (pair, fees) = (pair(), [spot("t1", "1"), spot("t2", "2")]);
        let booked = first_run(&pair, &fees, &[]);
        let fold = pair.fold(&fees, &[correction("t2", "0.5", "typed wrong")]);
        let lines = lines(&fold, &booked, false);
        assert_eq!((lines.len(), lines[0].cause), (1, Cause::FeeCorrected));
        assert_eq!(lines[0].why, ["typed wrong"]);
        assert_eq!((lines[0].sums.fees, lines[0].sums.fee_count), (units("-1.5"), 0));
        assert_eq!(lines[0].sums.commission, units("-0.3"));
    }

    #[test]
    fn busted_trade_is_reversed_to_a_zero_fee() {
        let (pair, fees) = (pair(), [spot("t1", "1"), spot("t2", "2")]);
        let booked = first_run(&pair, &fees, &[]);
        let fold = pair.fold(&fees, &[correction("t2", "0", "error trade")]);
        let expected = [
            said(earned("0.2", "0"), Cause::TradeBusted, "-2", "error trade"),
            said(ZERO_FEE, Cause::TradeBusted, "0", "error trade"),
        ];
        assert_eq!(later_run(&fold, &booked), expected);
        let counts: i64 = lines(&fold, &booked, false).iter().map(|line| line.sums.fee_count).sum();
        assert_eq!(counts, 0);
    }

    #[test]
    fn second_correction_books_the_difference() {
        let (pair, fees) = (pair(), [spot("t1", "1")]);
        let booked = first_run(&pair, &fees, &[correction("t1", "3", "first")]);
        let mut second = correction("t1", "2", "second");
        second.at = second.at.plus_days(1);
        let fold = pair.fold(&fees, &[correction("t1", "3", "first"), second]);
        let expected = [said(earned("0.2", "0"), Cause::FeeCorrected, "-1", "second")];
        assert_eq!(later_run(&fold, &booked), expected);
    }

    #[test]
    fn late_fee_ignores_booked_corrections() {
        let pair = pair();
        let corrections = [correction("t1", "3", "typed wrong")];
        let booked = first_run(&pair, &[spot("t1", "1")], &corrections);
        let fold = pair.fold(&[spot("t1", "1"), spot("t2", "2")], &corrections);
        let expected = [said(earned("0.2", "0"), Cause::LateFee, "2", "")];
        assert_eq!(later_run(&fold, &booked), expected);
    }

    #[test]
    fn corrected_late_fee_has_correction_cause() {
        let pair = pair();
        let booked = first_run(&pair, &[spot("t1", "1")], &[]);
        let corrections = [correction("t2", "3", "typed wrong")];
        let fold = pair.fold(&[spot("t1", "1"), spot("t2", "2")], &corrections);
        let expected = [said(earned("0.2", "0"), Cause::FeeCorrected, "3", "typed wrong")];
        assert_eq!(later_run(&fold, &booked), expected);
    }

    #[test]
    fn line_has_only_reasons_of_its_group() {
        let (pair, fees) = (pair(), [spot("t1", "3"), futures("t2", "3")]);
        let booked = first_run(&pair, &fees, &[]);
        let corrections = [correction("t1", "0", "error trade"), correction("t2", "2", "typo")];
        let expected = [
            said(earned("0.2", "0"), Cause::TradeBusted, "-3", "error trade"),
            said(ZERO_FEE, Cause::TradeBusted, "0", "error trade"),
            said(earned("0.1", "0"), Cause::FeeCorrected, "-1", "typo"),
        ];
        assert_eq!(later_run(&pair.fold(&fees, &corrections), &booked), expected);
    }

    #[test]
    fn correction_changes_only_its_group() {
        let (pair, fees) = (pair(), [spot("t1", "1"), futures("t2", "2")]);
        let booked = first_run(&pair, &fees, &[]);
        let fold = pair.fold(&fees, &[correction("t2", "1", "typed wrong")]);
        let expected = [said(earned("0.1", "0"), Cause::FeeCorrected, "-1", "typed wrong")];
        assert_eq!(later_run(&fold, &booked), expected);
    }

    #[test]
    fn late_fact_moves_fees_between_outcomes() {
        let (mut pair, fees) = (pair(), [futures("t1", "1")]);
        let corrections = [correction("t1", "2", "typed wrong")];
        let booked = first_run(&pair, &fees, &corrections);
        pair.invitee.location.set(at("2026-11-22T00:00:00Z"), location("US"));
        let blocked = Outcome::Zero { reason: Reason::FuturesRegionInvitee };
        let expected = [
            said(earned("0.1", "0"), Cause::FactsChanged, "-2", ""),
            said(blocked, Cause::FactsChanged, "2", ""),
        ];
        assert_eq!(later_run(&pair.fold(&fees, &corrections), &booked), expected);
    }

    #[test]
    fn void_binding_reverses_lines() {
        let (mut pair, fees) = (pair(), [spot("t1", "1"), futures("t2", "2")]);
        let before = first_run(&pair, &fees, &[]);
        pair.relation.voided_at = Some(at("2026-12-01T00:00:00Z"));
        let fold = pair.fold(&fees, &[]);
        let reversal = lines(&fold, &before, false);
        let expected = [
            said(earned("0.2", "0"), Cause::BindingVoided, "-1", ""),
            said(earned("0.1", "0"), Cause::BindingVoided, "-2", ""),
        ];
        assert_eq!(later_run(&fold, &before), expected);
        let mut after = before;
        reversal.iter().for_each(|line| after.apply(line).unwrap());
        assert_eq!(after, Booked::default());
    }

    #[test]
    fn trade_times_alone_are_no_difference() {
        let funding = futures("t1", "1").with(|charge| charge.kind = FeeKind::Funding);
        let fold = pair().fold(&[funding], &[]);
        let mut of_0_1 = lines(&fold, &Booked::default(), true);
        of_0_1[0].sums.first_trade_at = Some(at("2026-11-22T12:00:00Z"));
        of_0_1[0].sums.last_trade_at = Some(at("2026-11-22T12:00:00Z"));
        assert_eq!(lines(&fold, &booked(&of_0_1), false), []);
    }

    #[test]
    fn reversed_line_keeps_its_link() {
        let pair = pair();
        let before = first_run(&pair, &[spot("t1", "1")], &[]);
        let reversal = lines(&Fold::default(), &before, false);
        assert_eq!((reversal.len(), reversal[0].cause), (1, Cause::FactsChanged));
        assert_eq!(
            (&reversal[0].code, reversal[0].origin),
            (&pair.relation.code, pair.relation.origin)
        );
    }
}

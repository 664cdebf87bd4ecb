//! The lines of a run: accruals minus the amounts that earlier runs of the day booked.

use std::collections::BTreeMap;

use commission::{Amount, Cause, Line, LineKey, Overflow, Sums};
use types::{LinkCode, Origin};

use crate::due::{Accrual, Corrections, group};
use crate::fold::Fold;

/// The sum of the lines that earlier runs booked for a day.
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
    /// Adds a line. Lines are added in the order of their runs.
    ///
    /// # Errors
    /// [`Overflow`] if a sum does not fit.
    pub fn apply(&mut self, line: &Line) -> Result<(), Overflow> {
        let before = self.entries.remove(&line.key);
        let sums = before.map_or_else(Sums::default, |entry| entry.sums).after(&line.sums)?;
        if !sums.is_same_amount(&Sums::default()) {
            let entry = Entry { code: line.code.clone(), origin: line.origin, sums };
            self.entries.insert(line.key.clone(), entry);
        }
        Ok(())
    }

    /// Returns the booked sums in the order of their keys, without empty ones.
    pub fn iter(&self) -> impl Iterator<Item = (&LineKey, &Sums)> {
        self.entries.iter().map(|(key, entry)| (key, &entry.sums))
    }
}

/// Returns the differences between accruals and booked sums as lines, in the order of their keys.
/// There are none if nothing changed. `first` means that no earlier run booked a line of the day.
///
/// # Errors
/// [`Overflow`] if a difference does not fit.
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
    for (key, due) in fold.due.iter() {
        lines.extend(changed_line(key, (Some(due), booked.entries.get(key)))?);
    }
    for (key, entry) in booked.entries.iter().filter(|(key, _)| fold.due.get(key).is_none()) {
        lines.extend(changed_line(key, (None, Some(entry)))?);
    }
    lines.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(lines)
}

fn changed_line(
    key: &LineKey,
    (due, entry): (Option<&Accrual>, Option<&Entry>),
) -> Result<Option<Line>, Overflow> {
    let link = due.map(|due| (&due.code, due.origin));
    let Some((code, origin)) = link.or(entry.map(|entry| (&entry.code, entry.origin))) else {
        return Ok(None);
    };
    let target = due.map_or_else(Sums::default, |due| due.sums);
    let booked = entry.map_or_else(Sums::default, |entry| entry.sums);
    if target.is_same_amount(&booked) {
        return Ok(None);
    }
    Ok(Some(Line {
        key: key.clone(),
        code: code.clone(),
        origin,
        sums: target.since(&booked)?,
        cause: Cause::Booked,
        why: Vec::new(),
    }))
}

/// Returns the cause of a group's lines, derived from the changes over all of them.
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

/// Returns whether more fees of a group are corrected than before, or as many fees have other
/// amounts.
fn is_by_correction(change: &Sums) -> bool {
    let amounts = [change.fees, change.fees_usd, change.volume_usd];
    change.corrected_count != 0 || (change.fee_count == 0 && amounts != [Amount::ZERO; 3])
}

fn by_correction(corrections: Corrections) -> (Cause, Vec<String>) {
    let cause = if corrections.changed { Cause::FeeCorrected } else { Cause::TradeBusted };
    (cause, corrections.why.into_iter().collect())
}

/// Returns the corrections in force in the group of `key`, if there are any.
fn corrections_in(key: &LineKey, fold: &Fold) -> Option<Corrections> {
    let mut corrections = Corrections::default();
    fold.due.in_group(key).for_each(|due| corrections.merge(&due.corrections));
    (!corrections.why.is_empty()).then_some(corrections)
}

//! Proof that the lines of a run lead from the booked sums to the due sums.

use std::iter::Peekable;

use crate::{Accrual, Accruals, Booked, ConservationError, Line, LineKey, Lines, Sums};

/// Proves line by line that the booked sums plus the changes in `lines` equal the due sums.
///
/// The proof only adds sums. It does not depend on how the lines were computed. `lines` must be
/// sorted by key, and each key must occur once.
///
/// # Errors
/// Returns [`ConservationError::Line`] for the first line whose sums do not match, and
/// [`ConservationError::Overflow`] if a sum does not fit into 128 bits.
pub fn prove_lines(
    due: &Accruals,
    booked: &Booked,
    lines: &Lines,
) -> Result<(), ConservationError> {
    let mut merged = Merged { due: due.iter().peekable(), booked: booked.iter().peekable() };
    let mut reader = lines.reader();
    while let Some(line) = reader.read() {
        while merged.prove_next(Some(line))? != Step::WithLine {}
    }
    while merged.prove_next(None)? != Step::AtEnd {}
    Ok(())
}

/// Accruals and booked sums that are not yet compared with lines, in the order of their keys.
struct Merged<D: Iterator, B: Iterator> {
    due: Peekable<D>,
    booked: Peekable<B>,
}

#[derive(PartialEq)]
enum Step {
    /// The key was that of the line.
    WithLine,
    WithoutLine,
    /// There were no more keys.
    AtEnd,
}

impl<'a, D, B> Merged<D, B>
where
    D: Iterator<Item = Accrual<'a>>,
    B: Iterator<Item = (&'a LineKey, &'a Sums)>,
{
    /// Proves the sums of the next key. `line` is the next line.
    #[inline]
    fn prove_next(&mut self, line: Option<&Line>) -> Result<Step, ConservationError> {
        let booked = self.booked.peek().map(|(key, _)| *key);
        let next = [booked, line.map(|line| &line.key)].into_iter().flatten().min();
        // Takes the next accrual, unless a booked entry or a line has a smaller key.
        let due_now = self.due.next_if(|due| next.is_none_or(|key| due.cmp_key(key).is_le()));
        let is_now = |key: &LineKey| match &due_now {
            Some(due) => due.cmp_key(key).is_eq(),
            None => next == Some(key),
        };
        let Some((asset, product)) = due_now.as_ref().map_or_else(
            || next.map(|key| (key.asset, key.product)),
            |due| Some((due.asset, due.product)),
        ) else {
            return Ok(Step::AtEnd);
        };
        let line = line.filter(|line| is_now(&line.key));
        let before = self.booked.next_if(|(key, _)| is_now(key)).map(|(_, sums)| *sums);
        let before = before.unwrap_or_default();
        let after = match line {
            Some(line) => before.after(&line.sums)?,
            None => before,
        };
        if after != due_now.map(|due| due.sums).unwrap_or_default() {
            return Err(ConservationError::Line { asset, product });
        }
        Ok(if line.is_some() { Step::WithLine } else { Step::WithoutLine })
    }
}

#[cfg(test)]
mod tests {
    use types::Product;

    use super::*;
    use crate::testing::{booked, correction, futures, pair, read, spot, units};
    use crate::{Amount, Fold, Sums, difference};

    /// Returns a day that is booked in part, with its lines after a late fee and a correction.
    fn late() -> (Fold, Booked, Vec<Line>) {
        let fees = [spot("t1", "1"), futures("t2", "2"), spot("t3", "3")];
        let early = pair().fold(&fees[..2], &[]);
        let booked = booked(&difference(&early, &Booked::default(), true).unwrap());
        let fold = pair().fold(&fees, &[correction("t2", "0.5", "typed wrong")]);
        let lines = difference(&fold, &booked, false).unwrap();
        (fold, booked, lines)
    }

    fn after(tamper: impl Fn(&mut Vec<Line>)) -> Result<(), ConservationError> {
        let (fold, booked, mut lines) = late();
        tamper(&mut lines);
        prove_lines(&fold.due, &booked, &Lines::from(lines))
    }

    fn breach(product: Product) -> Result<(), ConservationError> {
        Err(ConservationError::Line { asset: read("XMR"), product })
    }

    #[test]
    fn first_lines_and_differences_are_proved() {
        let (fold, ..) = late();
        let lines = Lines::of(&fold, &Booked::default(), true).unwrap();
        assert_eq!(prove_lines(&fold.due, &Booked::default(), &lines), Ok(()));
        let listed = Lines::from(difference(&fold, &Booked::default(), true).unwrap());
        assert_eq!(prove_lines(&fold.due, &Booked::default(), &listed), Ok(()));
        assert_eq!(after(|_| {}), Ok(()));
        let nothing = Fold::default();
        assert_eq!(prove_lines(&nothing.due, &Booked::default(), &Lines::default()), Ok(()));
    }

    #[test]
    fn one_unit_in_any_sum_is_found() {
        let amounts: [fn(&mut Sums) -> &mut Amount; 8] = [
            |sums| &mut sums.fees,
            |sums| &mut sums.fees_usd,
            |sums| &mut sums.commission,
            |sums| &mut sums.commission_usd,
            |sums| &mut sums.shared,
            |sums| &mut sums.shared_usd,
            |sums| &mut sums.volume_usd,
            |sums| &mut sums.counted_volume_usd,
        ];
        for amount in amounts {
            let found = after(|lines| {
                let amount = amount(&mut lines[0].sums);
                *amount = amount.plus(units("0.00000001")).unwrap();
            });
            assert_eq!(found, breach(Product::Spot));
        }
        assert_eq!(after(|lines| lines[0].sums.fee_count += 1), breach(Product::Spot));
        assert_eq!(after(|lines| lines[1].sums.corrected_count -= 1), breach(Product::Futures));
        assert_eq!(after(|lines| lines[1].sums.last_trade_at = None), breach(Product::Futures));
    }

    #[test]
    fn invalid_line_sequence_is_found() {
        assert_eq!(after(|lines| drop(lines.pop())), breach(Product::Futures));
        assert_eq!(after(|lines| lines.push(lines[1].clone())), breach(Product::Futures));
        assert_eq!(after(|lines| lines.swap(0, 1)), breach(Product::Spot));
    }

    #[test]
    fn amount_moved_to_another_invitee_is_found() {
        let moved = after(|lines| lines[0].key.invitee = read("invitee-2"));
        assert_eq!(moved, breach(Product::Spot));
    }

    #[test]
    fn line_without_cause_to_change_is_found() {
        let (fold, ..) = late();
        let all = booked(&difference(&fold, &Booked::default(), true).unwrap());
        assert_eq!(prove_lines(&fold.due, &all, &Lines::default()), Ok(()));
        let lines = Lines::from(late().2);
        assert_eq!(prove_lines(&fold.due, &all, &lines), breach(Product::Spot));
        let found = prove_lines(&Fold::default().due, &all, &Lines::default());
        assert_eq!(found, breach(Product::Spot));
    }
}

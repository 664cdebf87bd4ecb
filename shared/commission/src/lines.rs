//! The lines of a run, made one at a time.

use std::sync::Arc;

use types::Uid;

use crate::due::AccrualReader;
use crate::{Accruals, Booked, Fold, Line, Overflow, difference};

/// Lines of a run, sorted by key.
///
/// The first run of a day books each accrual as it is. Its lines are made when they are read,
/// because a list of them would be most of a worker's memory. Later runs have few lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// All accruals of the first run.
    Due(Arc<Accruals>),
    Listed(Vec<Line>),
}

impl Lines {
    /// Returns the lines that lead from the booked sums to the due sums, as [`difference`] does.
    ///
    /// # Errors
    /// Returns [`Overflow`] if a difference does not fit.
    pub fn of(fold: &Fold, booked: &Booked, first: bool) -> Result<Self, Overflow> {
        if first && booked.is_empty() {
            return Ok(Self(Form::Due(Arc::clone(&fold.due))));
        }
        Ok(Self(Form::Listed(difference(fold, booked, first)?)))
    }

    /// Returns the number of lines.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Due(due) => due.len(),
            Form::Listed(lines) => lines.len(),
        }
    }

    /// Returns whether there are no lines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a reader of the lines, sorted by key.
    #[must_use]
    pub fn reader(&self) -> LineReader<'_> {
        self.reader_by(|_| ())
    }

    /// Returns a reader of the lines, sorted by the order that `order` returns for their inviter,
    /// and then by key.
    #[must_use]
    pub fn reader_by<K: Ord>(&self, order: impl Fn(&Uid) -> K) -> LineReader<'_> {
        LineReader(match &self.0 {
            Form::Due(due) => Reading::Due(Box::new(due.reader_by(order))),
            Form::Listed(lines) => {
                let mut lines: Vec<_> = lines.iter().collect();
                lines.sort_by_cached_key(|line| order(&line.key.inviter));
                Reading::Listed(lines.into_iter())
            }
        })
    }

    /// Calls `each` with every line, in order.
    ///
    /// # Errors
    /// Returns the first error of `each`.
    pub fn try_for_each<E>(&self, mut each: impl FnMut(&Line) -> Result<(), E>) -> Result<(), E> {
        let mut reader = self.reader();
        while let Some(line) = reader.read() {
            each(line)?;
        }
        Ok(())
    }
}

impl Default for Lines {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl From<Vec<Line>> for Lines {
    fn from(lines: Vec<Line>) -> Self {
        Self(Form::Listed(lines))
    }
}

/// Reads lines, one after the other.
pub struct LineReader<'a>(Reading<'a>);

enum Reading<'a> {
    Due(Box<AccrualReader<'a>>),
    Listed(std::vec::IntoIter<&'a Line>),
}

impl LineReader<'_> {
    /// Returns the next line, which is valid until the next call.
    pub fn read(&mut self) -> Option<&Line> {
        match &mut self.0 {
            Reading::Due(reader) => reader.read(),
            Reading::Listed(lines) => lines.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{booked, correction, futures, pair, spot};

    fn listed(mut reader: LineReader<'_>) -> Vec<Line> {
        std::iter::from_fn(|| reader.read().cloned()).collect()
    }

    #[test]
    fn first_lines_equal_the_difference() {
        let fees = [spot("t1", "1"), futures("t2", "2"), spot("t3", "0")];
        let fold = pair().fold(&fees, &[correction("t1", "3", "typed wrong")]);
        let list = difference(&fold, &Booked::default(), true).unwrap();
        let lines = Lines::of(&fold, &Booked::default(), true).unwrap();
        assert!(matches!(lines.0, Form::Due(_)));
        assert_eq!((lines.len(), lines.is_empty()), (3, false));
        assert_eq!(listed(lines.reader()), list);
        let from_list = Lines::from(list.clone());
        assert_eq!(listed(from_list.reader()), list);
        assert_eq!(listed(from_list.reader_by(|_| 7)), list);
    }

    #[test]
    fn later_run_has_only_its_changes() {
        let early = pair().fold(&[spot("t1", "1"), futures("t2", "1")], &[]);
        let booked = booked(&difference(&early, &Booked::default(), true).unwrap());
        let fold = pair().fold(&[spot("t1", "1"), futures("t2", "1"), spot("t3", "1")], &[]);
        let lines = Lines::of(&fold, &booked, false).unwrap();
        assert_eq!((lines.len(), listed(lines.reader()).len()), (1, 1));
        assert!(Lines::of(&early, &booked, false).unwrap().is_empty());
    }

    #[test]
    fn later_run_without_booked_lines_names_their_cause() {
        let fold = pair().fold(&[spot("t1", "1")], &[]);
        let lines = listed(Lines::of(&fold, &Booked::default(), false).unwrap().reader());
        assert_eq!(lines, difference(&fold, &Booked::default(), false).unwrap());
        assert_ne!(lines[0].cause, crate::Cause::Booked);
    }
}

//! `[retention]`: how long kinds of records stay in the table.

use crate::section::Section;

/// Retention of kinds of records in the table, in days after the records' day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The correction horizon: until then fees and corrections of a day are booked as they arrive.
    /// Afterwards the day may be archived, and its fees leave the table.
    pub fees_days: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { fees_days: 180 }
    }
}

/// A sign-up that was refused may be booked 90 days later, with its fees since.
const LEAST_FEES_DAYS: i64 = 100;
/// Ten years: more is a slip of the hand.
const MOST_DAYS: i64 = 3660;

/// Reads the section, which may be left out.
pub(crate) fn read(root: &Section<'_>) -> Option<Retention> {
    let Some(value) = root.optional("retention") else { return Some(Retention::default()) };
    let section = value.section()?;
    section.only(&["fees_days", "source", "as_of"]);
    section.sourced();
    Some(Retention { fees_days: section.number("fees_days", LEAST_FEES_DAYS..=MOST_DAYS)? })
}

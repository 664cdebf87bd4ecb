//! Rules that are in force from their own dates.

use types::{Timeline, Timestamp};

use crate::section::Section;

/// When a rule may begin.
#[derive(Clone, Copy)]
pub(crate) enum Begins {
    /// At any instant.
    Anytime,
    /// Only with a UTC day, because its figures are kept by day.
    WithADay,
}

/// Reads entries that have `from` and a source; their dates must rise.
///
/// `None` where any entry is wrong; all of them are read even so.
pub(crate) fn timeline<'a, T: Ord>(
    entries: &[Section<'a>],
    begins: Begins,
    read: impl Fn(&Section<'a>) -> Option<T>,
) -> Option<Timeline<T>> {
    let mut newest = None;
    let mut dated = Vec::new();
    for entry in entries {
        entry.sourced();
        let from = begin(entry, begins, newest);
        newest = newest.max(from);
        dated.push(from.zip(read(entry)));
    }
    let mut timeline = Timeline::default();
    for entry in dated {
        let (from, rule) = entry?;
        timeline.set(from, rule);
    }
    Some(timeline)
}

fn begin(entry: &Section<'_>, begins: Begins, newest: Option<Timestamp>) -> Option<Timestamp> {
    let value = entry.required("from", "the time from which this holds")?;
    let from = match begins {
        Begins::Anytime => value.instant(),
        Begins::WithADay => value.midnight(),
    }?;
    if newest.is_some_and(|newest| from <= newest) {
        value.wrong("is not later than the entry before", "each entry later than the one before");
        return None;
    }
    Some(from)
}

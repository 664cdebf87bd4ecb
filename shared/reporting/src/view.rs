//! The days and the state of the ledger that an answer covers.

use http_api::DayRange;
use serde::{Deserialize, Serialize};
use storage::Head;
use types::{Day, Timestamp};

/// Days of an answer for which no range was asked.
const DEFAULT_DAYS: i32 = 30;

/// Days, and the state of the ledger in which they are shown.
///
/// A list keeps its view in its cursor: a run that becomes visible between two pages does not
/// change the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) from: Day,
    pub(crate) to: Day,
    pub(crate) visible: u64,
    closed_through: Option<Day>,
    /// The instant of all statuses, the same on all pages. Cursors of 0.1 have none.
    #[serde(default)]
    as_of: Option<Timestamp>,
}

/// A view as answers show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Covered {
    data_as_of: Option<Timestamp>,
    from: Day,
    to: Day,
    final_through: Option<Day>,
}

impl View {
    /// The days asked for, or the last thirty that are closed. Before the first day is closed
    /// these end with yesterday.
    pub(crate) fn new(asked: Option<DayRange>, head: &Head, now: Timestamp) -> Self {
        let last = head.closed_through.unwrap_or_else(|| now.day().previous());
        let (from, to) = match asked {
            Some(range) => (range.from(), range.to()),
            None => (last.plus(1 - DEFAULT_DAYS), last),
        };
        let (visible, closed_through) = (head.visible, head.complete_through());
        Self { from, to, visible, closed_through, as_of: Some(now) }
    }

    /// Returns the view of the days right before the range, as many as it has; fewer, and at least
    /// one, where that would be before 1970.
    pub(crate) fn previous(&self) -> Self {
        let days = self.to.days_since(self.from) + 1;
        Self { from: self.from.plus(-days), to: self.from.previous(), ..*self }
    }

    /// Returns the instant of all statuses.
    pub(crate) fn as_of(&self, now: Timestamp) -> Timestamp {
        self.as_of.unwrap_or(now)
    }

    /// Whether the range holds a day.
    pub(crate) fn holds(&self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }

    /// Returns whether a day is closed, and no day up to it is deferred. Lines may still correct
    /// it, but its first booking is complete.
    pub(crate) fn is_final(&self, day: Day) -> bool {
        self.closed_through.is_some_and(|closed| day <= closed)
    }

    /// The last day of the range that is final; `None` if none is.
    pub(crate) fn final_through(&self) -> Option<Day> {
        let closed = self.closed_through.filter(|closed| self.from <= *closed);
        closed.map(|closed| closed.min(self.to))
    }

    /// The instant up to which the data are complete.
    pub(crate) fn data_as_of(&self) -> Option<Timestamp> {
        self.closed_through.map(Day::end)
    }

    /// Returns the view as the answer shows it.
    pub(crate) fn covered(&self) -> Covered {
        Covered {
            data_as_of: self.data_as_of(),
            from: self.from,
            to: self.to,
            final_through: self.final_through(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn view(asked: Option<(&str, &str)>, closed: Option<&str>) -> View {
        let asked = asked.map(|(from, to)| DayRange::new(day(from), day(to)).unwrap());
        let head = Head { closed_through: closed.map(day), ..Head::default() };
        View::new(asked, &head, "2026-11-22T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn default_range_is_thirty_closed_days() {
        let view = view(None, Some("2026-11-20"));
        assert_eq!((view.from, view.to), (day("2026-10-22"), day("2026-11-20")));
        assert_eq!(view.final_through(), Some(day("2026-11-20")));
    }

    #[test]
    fn default_range_before_closing_ends_yesterday() {
        let view = view(None, None);
        assert_eq!((view.from, view.to), (day("2026-10-23"), day("2026-11-21")));
        assert_eq!((view.final_through(), view.data_as_of()), (None, None));
    }

    #[test]
    fn range_holds_its_first_and_last_day() {
        let view = view(Some(("2026-11-01", "2026-11-10")), None);
        let held = ["2026-10-31", "2026-11-01", "2026-11-10", "2026-11-11"];
        assert_eq!(held.map(|text| view.holds(day(text))), [false, true, true, false]);
    }

    #[test]
    fn previous_range_has_same_length() {
        let range = view(Some(("2026-11-01", "2026-11-10")), Some("2026-10-25"));
        let previous = range.previous();
        assert_eq!((previous.from, previous.to), (day("2026-10-22"), day("2026-10-31")));
        assert_eq!(previous.final_through(), Some(day("2026-10-25")));
        let one_day = view(Some(("2026-03-01", "2026-03-01")), None).previous();
        assert_eq!((one_day.from, one_day.to), (day("2026-02-28"), day("2026-02-28")));
    }

    #[test]
    fn range_is_final_through_closed_days() {
        let within = |closed| view(Some(("2026-11-01", "2026-11-10")), Some(closed));
        assert_eq!(within("2026-10-31").final_through(), None);
        assert_eq!(within("2026-11-01").final_through(), Some(day("2026-11-01")));
        assert_eq!(within("2026-11-30").final_through(), Some(day("2026-11-10")));
    }
}

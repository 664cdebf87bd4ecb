//! The rules that a bind is evaluated by, as the policy defines them.

use types::{Timeline, Timestamp};

use crate::Regions;

/// The eligibility rules of a programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Account age and inactivity, by effective date; before the first entry no account is
    /// eligible.
    pub windows: Timeline<Windows>,
    /// Where the programme is not available.
    pub regions: Regions,
}

/// How long an existing user must have been registered, and dormant, to be recalled.
///
/// Both limits are strict: exactly so many days do not qualify, one millisecond more does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Windows {
    /// The rule's name; a binding keeps it.
    pub rule: String,
    /// The account must be older than so many times 24 hours.
    pub account_age_days: u32,
    /// The last trade or use of a product must lie longer back than so many times 24 hours.
    pub inactivity_days: u32,
}

/// The first instant that lies more than `days` times 24 hours after `since`.
///
/// `None` where that is beyond the year 9999.
pub(crate) fn first_instant_after(since: Timestamp, days: u32) -> Option<Timestamp> {
    let exactly = since.millis() + i64::from(days) * types::MILLIS_PER_DAY;
    Timestamp::from_millis(exactly + 1)
}

/// The first instant, at `at` or later, at which the rule then in force is satisfied.
///
/// `opens` returns the instant from which a given rule would be satisfied if it were always in
/// force. A later rule may be milder than today's, so the search goes through all that is already
/// known to come.
pub(crate) fn first_instant_met(
    windows: &Timeline<Windows>,
    at: Timestamp,
    opens: impl Fn(&Windows) -> Option<Timestamp>,
) -> Option<Timestamp> {
    let mut entries = windows.iter().peekable();
    while let Some((from, rule)) = entries.next() {
        let first = opens(rule).map(|opening| opening.max(from).max(at));
        let until = entries.peek().map(|(next, _)| *next);
        let in_force = |first: &Timestamp| until.is_none_or(|until| *first < until);
        if let Some(first) = first.filter(in_force) {
            return Some(first);
        }
    }
    None
}

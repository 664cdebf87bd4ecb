//! Measures of a link's bindings, without I/O.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use commission::Relation;
use types::{Day, LinkCode, Timestamp, Uid};

const MILLIS_PER_HOUR: i64 = 3_600_000;

/// The outcome of a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BindingOutcome {
    /// When it was made.
    pub bound_at: Timestamp,
    /// Whether the invitee has traded since.
    pub traded: bool,
    /// Whether it was found void.
    pub void: bool,
}

impl BindingOutcome {
    fn hour(&self) -> Timestamp {
        let since = self.bound_at.millis() % MILLIS_PER_HOUR;
        self.bound_at.plus_millis(-since)
    }
}

/// A link and how it bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measured {
    /// The link.
    pub code: LinkCode,
    /// Whose it is.
    pub inviter: Uid,
    /// How many it bound.
    pub binds: usize,
    /// The day on which it bound the most, and how many.
    pub busiest_day: (Day, usize),
    /// The same for an hour of the UTC clock.
    pub busiest_hour: (Timestamp, usize),
    /// How many of the invitees have traded.
    pub traded: usize,
    /// How many of the bindings were found void.
    pub void: usize,
    /// How many bindings are void, or of the busiest hour and without a trade.
    pub suspicion: usize,
}

/// All links with their bindings.
#[derive(Debug, Default)]
pub(super) struct Links(BTreeMap<(LinkCode, Uid), Vec<BindingOutcome>>);

impl Links {
    /// Adds a binding.
    pub fn add(&mut self, relation: &Relation, outcome: BindingOutcome) {
        let link = (relation.code.clone(), relation.inviter.clone());
        self.0.entry(link).or_default().push(outcome);
    }

    /// The links, the most suspicious first, among equals those that bound the most.
    pub fn measured(self) -> Vec<Measured> {
        let mut links: Vec<Measured> = self
            .0
            .into_iter()
            .filter_map(|((code, of), fates)| measure(code, of, &fates))
            .collect();
        links.sort_by_key(|link| (Reverse(link.suspicion), Reverse(link.binds), link.code.clone()));
        links
    }
}

/// `None` of no bindings.
fn measure(code: LinkCode, inviter: Uid, fates: &[BindingOutcome]) -> Option<Measured> {
    let count =
        |is: &dyn Fn(&BindingOutcome) -> bool| fates.iter().filter(|outcome| is(outcome)).count();
    let busiest_hour = busiest(fates.iter().map(BindingOutcome::hour))?;
    let idle = |outcome: &BindingOutcome| !outcome.traded && outcome.hour() == busiest_hour.0;
    Some(Measured {
        code,
        inviter,
        binds: fates.len(),
        busiest_day: busiest(fates.iter().map(|outcome| outcome.bound_at.day()))?,
        busiest_hour,
        traded: count(&|outcome| outcome.traded),
        void: count(&|outcome| outcome.void),
        suspicion: count(&|outcome| outcome.void || idle(outcome)),
    })
}

/// Returns the most frequent value, the earliest of equals.
fn busiest<T: Ord + Copy>(times: impl Iterator<Item = T>) -> Option<(T, usize)> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    times.for_each(|time| *counts.entry(time).or_default() += 1);
    counts.into_iter().max_by_key(|(time, count)| (*count, Reverse(*time)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(bound_at: &str, traded: bool, void: bool) -> BindingOutcome {
        BindingOutcome { bound_at: bound_at.parse().unwrap(), traded, void }
    }

    fn of(fates: &[BindingOutcome]) -> Measured {
        measure("ABCD2345".parse().unwrap(), "affiliate".parse().unwrap(), fates).unwrap()
    }

    #[test]
    fn untraded_bindings_of_peak_count() {
        let link = of(&[
            outcome("2026-11-20T14:00:00Z", false, false),
            outcome("2026-11-20T14:59:59.999Z", false, false),
            outcome("2026-11-20T14:30:00Z", true, false),
            outcome("2026-11-20T15:00:00Z", false, false),
        ]);
        let hour = "2026-11-20T14:00:00Z".parse().unwrap();
        assert_eq!((link.busiest_hour, link.suspicion), ((hour, 3), 2));
        assert_eq!((link.binds, link.busiest_day.1, link.traded), (4, 4, 1));
    }

    #[test]
    fn void_binding_counts_once() {
        let link = of(&[
            outcome("2026-11-20T14:00:00Z", false, true),
            outcome("2026-11-20T14:10:00Z", true, false),
            outcome("2026-11-22T09:00:00Z", true, true),
        ]);
        assert_eq!((link.void, link.suspicion), (2, 2));
    }

    #[test]
    fn earlier_equal_hour_is_shown() {
        let link = of(&[
            outcome("2026-11-21T09:00:00Z", true, false),
            outcome("2026-11-20T14:00:00Z", true, false),
        ]);
        assert_eq!(link.busiest_hour.0, "2026-11-20T14:00:00Z".parse().unwrap());
        assert_eq!(link.suspicion, 0);
    }
}

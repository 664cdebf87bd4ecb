//! Applies events to an account: without I/O, and with the same result in any order of arrival.

use eligibility::AccountFacts;
use policy::Programme;
use storage::{Account, MAX_PENDING_FEE_DAYS};
use types::{MILLIS_PER_DAY, Origin, Timeline, Timestamp};

use crate::event::{Changed, Registered};
use crate::sign_up::is_pending;

/// A change of an account by an event.
#[derive(Debug, Clone)]
pub(crate) enum Update {
    /// The exchange reports other facts.
    Changed(Changed),
    /// The account traded or used a product.
    Active(Timestamp),
    /// The account was charged a fee, which is activity too.
    Charged(Timestamp),
}

/// The effect of updates on an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Effect {
    /// Whether the account has to be written.
    pub changed: bool,
    /// Whether these updates voided the binding.
    pub void: bool,
    /// The newest activity, if it is to be deferred.
    pub deferred: Option<Timestamp>,
}

/// Whether an activity may wait for the night, which applies the last one of a user's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deferral {
    /// It may, after the first activity of its day.
    Allowed,
    /// Every newer activity is written at once.
    Never,
}

/// The shortest inactivity, in days, with which activity is deferred: nights may fail for so many
/// days less two before a bind could miss an activity.
const DEFERRING_DAYS: u32 = 30;

impl Deferral {
    /// Returns whether a programme's activity may wait. No bind depends on the time of an activity
    /// within its day until the shortest inactivity has passed.
    pub(crate) fn by(programme: &Programme) -> Self {
        let mut windows = programme.eligibility.windows.iter();
        match windows.all(|(_, windows)| windows.inactivity_days >= DEFERRING_DAYS) {
            true => Self::Allowed,
            false => Self::Never,
        }
    }

    /// Returns whether an activity may wait that is newer than `known`. A late event must not: a
    /// bind may depend on it already.
    fn includes(self, known: Timestamp, at: Timestamp, now: Timestamp) -> bool {
        let is_of_the_known_day = known.day() == at.day();
        self == Self::Allowed && is_of_the_known_day && at.day().next() >= now.day()
    }
}

/// Returns the account of a registration; `digest` is the registration's.
pub(crate) fn registered(event: &Registered, digest: String) -> Account {
    let mut account = Account::new(AccountFacts {
        uid: event.uid.clone(),
        registered_at: event.registered_at,
        main_uid: event.main_uid.clone(),
        top_uid: None,
        person_at: None,
        person: event.person_hash.clone(),
        last_activity_at: None,
        location: Timeline::starting(event.registered_at, event.location()),
        affiliate: Timeline::default(),
        inviter: None,
    });
    account.registration = Some(digest);
    account
}

/// Applies updates to an account. `now` is the instant at which an ineligible binding is voided.
/// Deferred activity is not in the account, unless the account has to be written in any case.
pub(crate) fn apply(
    account: &mut Account,
    updates: &[Update],
    programme: &Programme,
    deferral: Deferral,
    now: Timestamp,
) -> Effect {
    let mut effect = Effect::default();
    let mut newest = None;
    for update in updates {
        match update {
            Update::Changed(changed) => effect.changed |= change(account, changed),
            Update::Active(at) | Update::Charged(at) => {
                let found_void = is_undue(account, *at, programme) && void(account, now);
                effect.void |= found_void;
                effect.changed |= found_void;
                newest = newest.max(Some(*at));
            }
        }
        if let Update::Charged(at) = update {
            effect.changed |= note_fee_day(account, *at, now);
        }
    }
    match newest.filter(|at| is_newest(account, *at)) {
        Some(at) if !effect.changed && is_deferred(account, at, deferral, now) => {
            effect.deferred = Some(at);
        }
        Some(at) => {
            account.facts.last_activity_at = Some(at);
            effect.changed = true;
        }
        None => {}
    }
    if effect.changed {
        account.keep_within_limits();
    }
    effect
}

fn change(account: &mut Account, event: &Changed) -> bool {
    let facts = &mut account.facts;
    let mut changed = false;
    if let Some(location) = event.location() {
        changed |= facts.record_location(event.at, location);
    }
    if let Some(affiliate) = event.affiliate {
        changed |= facts.record_affiliate(event.at, affiliate);
    }
    if let Some(person) = &event.person_hash {
        changed |= facts.record_person(event.at, person.clone());
    }
    if let Some(vip) = event.vip_level {
        changed |= account.record_vip(event.at, vip);
    }
    // An account is opened once, so the earliest report holds.
    let opened =
        event.futures_opened_at.filter(|at| account.futures_opened_at.is_none_or(|o| *at < o));
    if opened.is_some() {
        account.futures_opened_at = opened;
        changed = true;
    }
    changed
}

/// Returns whether an activity is to be recorded. A bound account is never evaluated again, so its
/// trades need no write.
fn is_newest(account: &Account, at: Timestamp) -> bool {
    account.relation.is_none() && account.facts.last_activity_at.is_none_or(|last| last < at)
}

fn is_deferred(account: &Account, at: Timestamp, deferral: Deferral, now: Timestamp) -> bool {
    account.facts.last_activity_at.is_some_and(|known| deferral.includes(known, at, now))
}

/// Records the day of a fee whose payer may still be bound by a refused sign-up. With too many days
/// the refusal is final.
fn note_fee_day(account: &mut Account, at: Timestamp, now: Timestamp) -> bool {
    if !is_pending(account, now) || at < account.facts.registered_at {
        return false;
    }
    let Some(pending) = &mut account.pending_sign_up else { return false };
    let is_new = pending.fee_days.insert(at.day());
    if pending.fee_days.len() > MAX_PENDING_FEE_DAYS {
        account.pending_sign_up = None;
    }
    is_new
}

/// Returns whether an activity makes the binding ineligible: a recall whose invitee was active
/// within the window before it. A trade at the instant of the bind is its first, and earns.
fn is_undue(account: &Account, at: Timestamp, programme: &Programme) -> bool {
    let Some(relation) = &account.relation else { return false };
    if relation.origin != Origin::Recall || at >= relation.bound_at {
        return false;
    }
    let Some(windows) = programme.eligibility.windows.at(relation.bound_at) else { return false };
    let window = i64::from(windows.inactivity_days) * MILLIS_PER_DAY;
    relation.bound_at.millis_since(at) <= window
}

/// Voids the binding. Returns `false` if it was void before.
fn void(account: &mut Account, now: Timestamp) -> bool {
    let Some(relation) = account.relation.as_mut() else { return false };
    let first = relation.voided_at.is_none();
    relation.voided_at = relation.voided_at.or(Some(now));
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn programme(inactivity_days: &str) -> Programme {
        let text = include_str!("../../../programme.toml");
        let text =
            text.replace("inactivity_days = 90", &format!("inactivity_days = {inactivity_days}"));
        Programme::parse(&text).unwrap()
    }

    fn account(last_activity: Option<&str>) -> Account {
        let facts = AccountFacts {
            uid: "user".parse().unwrap(),
            registered_at: at("2024-01-01T00:00:00Z"),
            main_uid: None,
            top_uid: None,
            person_at: None,
            person: None,
            last_activity_at: last_activity.map(at),
            location: Timeline::default(),
            affiliate: Timeline::default(),
            inviter: None,
        };
        Account::new(facts)
    }

    #[test]
    fn short_inactivity_never_defers() {
        for (days, deferral) in [("29", Deferral::Never), ("30", Deferral::Allowed)] {
            assert_eq!(Deferral::by(&programme(days)), deferral, "{days}");
        }
    }

    #[test]
    fn written_account_has_its_newest_activity() {
        let updates = [
            Update::Active(at("2026-11-20T11:00:00Z")),
            Update::Active(at("2026-11-20T12:00:00Z")),
            Update::Active(at("2026-11-20T10:30:00Z")),
        ];
        let now = at("2026-11-21T00:00:00Z");
        let effect = |account: &mut Account, deferral| {
            apply(account, &updates, &programme("90"), deferral, now)
        };
        let newest = Some(at("2026-11-20T12:00:00Z"));
        let mut known = account(Some("2026-11-20T10:00:00Z"));
        let deferred = Effect { deferred: newest, ..Effect::default() };
        assert_eq!(effect(&mut known, Deferral::Allowed), deferred);
        assert_eq!(known.facts.last_activity_at, Some(at("2026-11-20T10:00:00Z")));
        let changed = Effect { changed: true, ..Effect::default() };
        assert_eq!(effect(&mut known, Deferral::Never), changed);
        assert_eq!(known.facts.last_activity_at, newest);
        assert_eq!(effect(&mut known, Deferral::Allowed), Effect::default());
        for mut other in [account(None), account(Some("2026-11-19T23:59:59.999Z"))] {
            assert_eq!(effect(&mut other, Deferral::Allowed), changed);
        }
    }
}

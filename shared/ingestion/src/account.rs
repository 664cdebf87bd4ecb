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
pub(crate) fn apply(
    account: &mut Account,
    updates: &[Update],
    programme: &Programme,
    now: Timestamp,
) -> Effect {
    let mut effect = Effect::default();
    for update in updates {
        match update {
            Update::Changed(changed) => effect.changed |= change(account, changed),
            Update::Active(at) | Update::Charged(at) => {
                let found_void = is_undue(account, *at, programme) && void(account, now);
                effect.void |= found_void;
                effect.changed |= found_void;
                effect.changed |= note_activity(account, *at);
            }
        }
        if let Update::Charged(at) = update {
            effect.changed |= note_fee_day(account, *at, now);
        }
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

/// Records the newest activity. A bound account is never evaluated again, so its trades need no
/// write.
fn note_activity(account: &mut Account, at: Timestamp) -> bool {
    let newer = account.facts.last_activity_at.is_none_or(|last| last < at);
    let note = newer && account.relation.is_none();
    if note {
        account.facts.last_activity_at = Some(at);
    }
    note
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

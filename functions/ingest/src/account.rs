//! What events do to an account: pure, and the same in whatever order they come.

use eligibility::AccountFacts;
use policy::Programme;
use table::Account;
use terms::{MILLIS_PER_DAY, Origin, Timeline, Timestamp};

use crate::event::{Changed, Registered};

/// Something that an event changes in an account.
#[derive(Debug, Clone)]
pub(crate) enum Update {
    /// The exchange reports other facts.
    Changed(Changed),
    /// The account traded or used a product.
    Active(Timestamp),
}

/// What an account is after updates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Effect {
    /// Whether anything changed that has to be written.
    pub changed: bool,
    /// Whether the binding was found void by these updates.
    pub voided: bool,
}

/// The account that a registration tells of.
pub(crate) fn registered(event: &Registered) -> Account {
    Account::new(AccountFacts {
        uid: event.uid.clone(),
        registered_at: event.registered_at,
        main_uid: event.main_uid.clone(),
        person: event.person_hash.clone(),
        last_activity_at: None,
        location: Timeline::starting(event.registered_at, event.location()),
        affiliate: Timeline::default(),
        inviter: None,
    })
}

/// Applies updates. `now` is when a binding that proves undue is found void.
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
            Update::Active(at) => {
                effect.voided |= void_if_undue(account, *at, programme, now);
                effect.changed |= effect.voided | note_activity(account, *at);
            }
        }
    }
    effect
}

fn change(account: &mut Account, event: &Changed) -> bool {
    let facts = &mut account.facts;
    let mut changed = false;
    if let Some(location) = event.location() {
        changed |= facts.location.set(event.at, location);
    }
    if let Some(affiliate) = event.affiliate {
        changed |= facts.affiliate.set(event.at, affiliate);
    }
    if let Some(vip) = event.vip_level {
        changed |= account.vip.set(event.at, vip);
    }
    // The first opening stands: an account is opened once.
    let opened =
        event.futures_opened_at.filter(|at| account.futures_opened_at.is_none_or(|o| *at < o));
    if opened.is_some() {
        account.futures_opened_at = opened;
        changed = true;
    }
    if event.person_hash.is_some() && facts.person != event.person_hash {
        facts.person = event.person_hash.clone();
        changed = true;
    }
    changed
}

/// A bound account is never judged again, so that its activity needs no write for every trade.
fn note_activity(account: &mut Account, at: Timestamp) -> bool {
    let newer = account.facts.last_activity_at.is_none_or(|last| last < at);
    let note = newer && account.relation.is_none();
    if note {
        account.facts.last_activity_at = Some(at);
    }
    note
}

/// A recall whose invitee proves to have been active within the window before it was not due. A
/// trade at the very instant of the bind is its first, and earns.
fn void_if_undue(
    account: &mut Account,
    at: Timestamp,
    programme: &Programme,
    now: Timestamp,
) -> bool {
    let Some(relation) = account.relation.as_mut() else { return false };
    let recalled = relation.origin == Origin::Recall && relation.voided_at.is_none();
    if !recalled || at >= relation.bound_at {
        return false;
    }
    let Some(windows) = programme.eligibility.windows.at(relation.bound_at) else { return false };
    let window = i64::from(windows.inactivity_days) * MILLIS_PER_DAY;
    let undue = relation.bound_at.millis_since(at) <= window;
    if undue {
        relation.voided_at = Some(now);
    }
    undue
}

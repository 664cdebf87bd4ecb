//! Sign-ups through a link: eligible, refused, or refused until a late fact of the inviter arrives.
//!
//! The facts in force at the registration decide. Events arrive in any order, so a fact of the
//! inviter may arrive after the sign-up that it makes eligible. Such a sign-up stays in a list of
//! its inviter, and each change of the inviter that may matter evaluates the list again. An eligible
//! sign-up that a kill switch stops stays there too (`held_sign_up.rs`).

use commission::Relation;
use eligibility::{AccountFacts, Bind, EligibilityReport};
use lambda::{App, Deadline};
use storage::{
    Account, Attempt, Binding, Link, MAX_ATTEMPTS, PENDING_SIGN_UP_DAYS, PendingSignUp, Shard,
    TableError, Versioned, bounded_concurrency, retry_on_conflict, short_sha256,
};
use types::{LinkCode, Origin, Reason, Timestamp, Uid};

use crate::CALLS_AT_ONCE;
use crate::held_sign_up;

/// The outcome of evaluating a sign-up.
pub(crate) enum SignUp {
    /// The account may be bound so.
    Eligible(Box<Binding>),
    /// The account may be bound, once a kill switch is turned off.
    Stopped {
        /// The link's owner.
        inviter: Uid,
        /// The link's code.
        code: LinkCode,
    },
    /// The account may not be bound.
    Refused {
        /// Why not.
        reason: Reason,
        /// The link's owner and code, where a late fact of the owner can still change the outcome.
        owner: Option<(Uid, LinkCode)>,
    },
}

/// Evaluates a sign-up through a link by the facts in force at the registration.
///
/// # Errors
/// If the table fails or an item does not decode.
pub(crate) async fn evaluate(
    app: &App,
    invitee: &AccountFacts,
    code: &str,
) -> Result<SignUp, TableError> {
    let link = match code.parse::<LinkCode>() {
        Ok(code) => app.table.link(&code).await?,
        Err(_) => None,
    };
    let mut inviter = match &link {
        Some(link) => app.table.account(&link.facts.owner).await?.map(|owner| owner.value.facts),
        None => None,
    };
    if let Some(inviter) = inviter.as_mut().filter(|inviter| inviter.main_uid.is_some()) {
        inviter.top_uid = Some(app.table.top_account(inviter).await?);
    }
    let report = eligibility::evaluate(
        &Bind {
            link: link.as_ref().map(|link| &link.facts),
            inviter: inviter.as_ref(),
            invitee: Some(invitee),
            origin: Origin::Signup,
            at: invitee.registered_at,
        },
        &app.programme.eligibility,
    );
    let may_change = may_change(app, &report, invitee.registered_at);
    let is_stopped = match &link {
        Some(link) if report.eligible() => held_sign_up::is_stopped(app, &link.facts.code).await,
        _ => false,
    };
    Ok(match (link, inviter) {
        (Some(link), Some(_)) if is_stopped => {
            SignUp::Stopped { inviter: link.facts.owner, code: link.facts.code }
        }
        (Some(link), Some(inviter)) if report.eligible() => {
            let relation = relation(invitee, link);
            SignUp::Eligible(Box::new(Binding::new(relation, report.rule, invitee, &inviter)))
        }
        (link, _) => SignUp::Refused {
            reason: report.refusal().unwrap_or(Reason::UnknownLink),
            owner: link.filter(|_| may_change).map(|link| (link.facts.owner, link.facts.code)),
        },
    })
}

/// Returns whether a late fact of the inviter can make a refused sign-up eligible: all that is
/// unmet is the inviter's membership or place, of which the history is kept.
///
/// All else is final. A registration never changes, and the newest person of an account says
/// nothing of an earlier one. A code is drawn at random when its link is made, so that an unknown
/// code is that of no link which was made before the sign-up.
fn may_change(app: &App, report: &EligibilityReport, at: Timestamp) -> bool {
    let programme_has_begun = app.programme.eligibility.windows.at(at).is_some();
    let of_inviter = [Reason::InviterNotAffiliate, Reason::RegionBlockedInviter];
    let mut unmet = report.checks.iter().filter(|check| !check.met);
    programme_has_begun && unmet.all(|check| of_inviter.contains(&check.reason))
}

/// A sign-up that waits from now on for facts of a link's owner, or for a switch.
pub(crate) fn pending(app: &App, inviter: Uid, code: LinkCode) -> PendingSignUp {
    let until = app.clock.now().plus_days(PENDING_SIGN_UP_DAYS);
    PendingSignUp { inviter, code, until, fee_days: Default::default() }
}

/// Returns whether an account's sign-up did not bind it, and may still do so at `now`.
pub(crate) fn is_pending(account: &Account, now: Timestamp) -> bool {
    let pending = account.pending_sign_up.as_ref();
    account.relation.is_none() && pending.is_some_and(|pending| now < pending.until)
}

/// Whether all refused sign-ups of an inviter were evaluated again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reevaluation {
    /// All of them.
    Complete,
    /// The time ended before: evaluate the list again. Bound sign-ups are no longer in it.
    Unfinished,
}

/// Evaluates the refused sign-ups of an inviter again, page by page. A sign-up that cannot be read
/// or written stays in the list, and holds up no other.
///
/// # Errors
/// If the table fails.
pub(crate) async fn evaluate_all_again(
    app: &App,
    inviter: &Uid,
    deadline: Deadline,
) -> Result<Reevaluation, TableError> {
    let mut after = None;
    loop {
        if deadline.has_passed(&app.clock) {
            return Ok(Reevaluation::Unfinished);
        }
        let now = app.clock.now();
        let page = app.table.pending_sign_ups(inviter, after.as_ref(), now).await?;
        let accounts = app.table.each_account(&page.invitees).await?;
        let Some(facts) = app.table.account(inviter).await?.map(|account| account.value.facts)
        else {
            return Ok(Reevaluation::Complete);
        };
        let switches = match page.invitees.is_empty() {
            true => Default::default(),
            false => app.switches().await,
        };
        // Most of a long list stays as it is: only the others are worth a read each.
        let stays = |invitee: &&Uid| match accounts.get(*invitee) {
            Some(Ok(account)) => {
                is_pending(&account.value, now)
                    && (!may_invite(app, &facts, account.value.facts.registered_at)
                        || held_sign_up::is_held(&account.value, &switches))
            }
            _ => false,
        };
        let evaluated = page.invitees.iter().filter(|invitee| !stays(invitee));
        let evaluated = evaluated.map(|invitee| evaluate_one_of_many(app, inviter, invitee));
        bounded_concurrency(CALLS_AT_ONCE, evaluated.collect::<Vec<_>>()).await?;
        after = page.more_after;
        if after.is_none() {
            return Ok(Reevaluation::Complete);
        }
    }
}

/// Returns whether an account may invite at an instant by its own facts.
fn may_invite(app: &App, inviter: &AccountFacts, at: Timestamp) -> bool {
    let regions = &app.programme.eligibility.regions;
    let place = inviter.location.place_at(at);
    inviter.affiliate.at(at) == Some(&true)
        && place.is_some_and(|place| !regions.blocks(eligibility::RegionRule::Inviter, place, at))
}

async fn evaluate_one_of_many(app: &App, inviter: &Uid, invitee: &Uid) -> Result<(), TableError> {
    match evaluate_again(app, inviter, invitee).await {
        Err(error) if error.is_of_item() => {
            let error = types::error_chain(&error);
            tracing::error!(error, "a pending sign-up cannot be evaluated again");
            Ok(())
        }
        done => done.map(drop),
    }
}

/// Evaluates a pending sign-up again: binds it where it is eligible now, and removes it from the
/// list of its inviter where it is bound or final. One that a switch stops is held. A repetition
/// resumes wherever an earlier one stopped.
///
/// # Errors
/// If the table fails or an item does not decode.
pub(crate) async fn evaluate_again(
    app: &App,
    inviter: &Uid,
    invitee: &Uid,
) -> Result<Listing, TableError> {
    let contended = || TableError::Contended("an account");
    let listing = retry_on_conflict(MAX_ATTEMPTS, contended, || async {
        let Some(mut account) = app.table.account(invitee).await? else {
            return Ok(Attempt::Done(Listing::Ends));
        };
        let Some(pending) = account.value.pending_sign_up.take() else {
            return Ok(Attempt::Done(Listing::Ends));
        };
        if is_open(app, &account, &pending) {
            match evaluate(app, &account.value.facts, pending.code.as_str()).await? {
                SignUp::Refused { owner: Some(_), .. } => {
                    return Ok(Attempt::Done(Listing::Stays));
                }
                SignUp::Refused { owner: None, .. } => {}
                SignUp::Stopped { .. } => {
                    account.value.pending_sign_up = Some(pending);
                    let held = held_sign_up::hold(app, account).await?;
                    return Ok(held.map(|()| Listing::Stays));
                }
                SignUp::Eligible(binding) => {
                    // The account keeps the days with fees until their shards are marked.
                    account.value.pending_sign_up = Some(pending);
                    account.value.sign_up_refused = None;
                    app.table.bind(&account, &binding).await?;
                    // The next attempt finds the account bound, and marks the days.
                    return Ok(Attempt::Conflict);
                }
            }
        }
        mark_fee_days(app, &account.value, &pending).await?;
        let saved = app.table.save_account(&account).await?;
        Ok(saved.map(|()| Listing::Ends))
    });
    let listing = listing.await?;
    if listing == Listing::Ends {
        app.table.unlist_sign_up(inviter, invitee).await?;
    }
    Ok(listing)
}

/// Whether a pending sign-up stays in the list of its inviter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    Stays,
    Ends,
}

fn is_open(app: &App, account: &Versioned<Account>, pending: &PendingSignUp) -> bool {
    account.value.relation.is_none() && app.clock.now() < pending.until
}

/// Marks the days that a late binding makes due: that of the binding, and those with fees.
async fn mark_fee_days(
    app: &App,
    account: &Account,
    pending: &PendingSignUp,
) -> Result<(), TableError> {
    let Some(relation) = &account.relation else { return Ok(()) };
    if relation.origin != Origin::Signup {
        return Ok(());
    }
    mark(app, relation).await?;
    for day in &pending.fee_days {
        app.table.touch(*day, Shard::of(&relation.invitee), &token(relation)).await?;
    }
    Ok(())
}

/// A late registration binds on a day whose run is over, so that day is marked for the next one.
pub(crate) async fn mark(app: &App, relation: &Relation) -> Result<(), TableError> {
    let shard = Shard::of(&relation.invitee);
    app.table.touch(relation.bound_at.day(), shard, &token(relation)).await
}

fn token(relation: &Relation) -> String {
    short_sha256(format!("{} {}", relation.invitee, relation.bound_at).as_bytes())
}

fn relation(invitee: &AccountFacts, link: Link) -> Relation {
    Relation {
        inviter: link.facts.owner,
        invitee: invitee.uid.clone(),
        code: link.facts.code,
        origin: Origin::Signup,
        bound_at: invitee.registered_at,
        shared: link.shared,
        voided_at: None,
    }
}

#[cfg(test)]
mod tests {
    use types::Timestamp;

    use super::*;

    #[test]
    fn token_is_of_one_binding() {
        let relation = |invitee: &str, bound_at| Relation {
            inviter: "inviter".parse().unwrap(),
            invitee: invitee.parse().unwrap(),
            code: "ABCD2345".parse().unwrap(),
            origin: Origin::Signup,
            bound_at,
            shared: Default::default(),
            voided_at: None,
        };
        let first = token(&relation("a", Timestamp::EPOCH));
        assert_eq!(first, token(&relation("a", Timestamp::EPOCH)));
        assert_ne!(first, token(&relation("b", Timestamp::EPOCH)));
        assert_ne!(first, token(&relation("a", Timestamp::EPOCH.plus_millis(1))));
    }

    #[test]
    fn sign_up_is_pending_until_its_end() {
        let until = Timestamp::EPOCH.plus_days(1);
        let uid: Uid = "newcomer".parse().unwrap();
        let mut account = Account::new(AccountFacts {
            uid: uid.clone(),
            registered_at: Timestamp::EPOCH,
            main_uid: None,
            top_uid: None,
            person_at: None,
            person: None,
            last_activity_at: None,
            location: Default::default(),
            affiliate: Default::default(),
            inviter: None,
        });
        assert!(!is_pending(&account, Timestamp::EPOCH));
        let code = "ABCD2345".parse().unwrap();
        account.pending_sign_up =
            Some(PendingSignUp { inviter: uid, code, until, fee_days: Default::default() });
        assert!(is_pending(&account, until.plus_millis(-1)) && !is_pending(&account, until));
    }
}

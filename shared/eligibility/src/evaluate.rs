//! The evaluation: every check of a bind, from facts, rules and an instant.

use types::{Origin, Reason, Timestamp};

use crate::rules::{first_instant_after, first_instant_met};
use crate::{
    AccountFacts, Check, EligibilityReport, LinkFacts, RegionRule, Requirement, Rules, Windows,
};

/// A bind as it is asked for; `None` where the exchange, or the table, does not know of something.
#[derive(Debug, Clone, Copy)]
pub struct Bind<'a> {
    /// The link that was opened.
    pub link: Option<&'a LinkFacts>,
    /// The link's owner; another account than the link's owner counts as missing.
    pub inviter: Option<&'a AccountFacts>,
    /// The account to be bound.
    pub invitee: Option<&'a AccountFacts>,
    /// Whether an existing user is recalled or a new one signs up.
    pub origin: Origin,
    /// The instant of binding.
    pub at: Timestamp,
}

/// Evaluates a bind by the rule in force at its instant.
///
/// A check that needs a missing fact is left out; `unknown_link` or `unknown_account` is then
/// unmet, so that a bind with a missing fact is never eligible. An account whose place is not known
/// counts as blocked. At a sign-up the checks of age, inactivity and the link's kind are left out,
/// and for a bound account that of inactivity, because its activity is not recorded. Before the
/// first rule the programme has no affiliates: `inviter_not_affiliate` is unmet.
#[must_use]
pub fn evaluate(bind: &Bind<'_>, rules: &Rules) -> EligibilityReport {
    let rule = rules.windows.at(bind.at).map(|windows| windows.rule.clone()).unwrap_or_default();
    let checks = all_checks(bind, rules);
    let eligible_from = eligible_from(bind, rules, &checks);
    EligibilityReport { rule, checks, eligible_from }
}

/// Every check that the facts allow. Their order is the precedence of refusals.
fn all_checks(bind: &Bind<'_>, rules: &Rules) -> Vec<Check> {
    let Bind { link, invitee, at, .. } = *bind;
    let recall = bind.origin == Origin::Recall;
    let inviter = bind.inviter.filter(|inviter| link.is_some_and(|it| it.owner == inviter.uid));
    let accounts_known = invitee.is_some() && (inviter.is_some() || link.is_none());
    let begun = rules.windows.at(at).is_some();
    let pair = inviter.zip(invitee);
    let dormant = invitee.filter(|_| recall);
    // The activity of a bound account is not recorded.
    let tracked = dormant.filter(|it| it.inviter.is_none());
    let invitee_rule = if recall { RegionRule::InviteeRecall } else { RegionRule::InviteeSignup };
    let available = |rule, account: &AccountFacts| {
        account.location.place_at(at).is_some_and(|place| !rules.regions.blocks(rule, place, at))
    };

    [
        Some(check(Reason::UnknownLink, link.is_some())),
        Some(check(Reason::UnknownAccount, accounts_known)),
        invitee.map(|it| check(Reason::SubAccount, it.main_uid.is_none())),
        link.zip(invitee).map(|(link, it)| check(Reason::SelfReferral, link.owner != it.uid)),
        invitee.map(|it| check(Reason::AlreadyBound, it.inviter.is_none())),
        link.filter(|_| recall)
            .map(|link| check(Reason::LinkNotRecallCapable, link.invites_existing)),
        inviter.map(|it| {
            check(Reason::InviterNotAffiliate, begun && it.affiliate.at(at) == Some(&true))
        }),
        pair.map(|(inviter, it)| {
            check(Reason::InviterRegisteredAfterInvitee, inviter.registered_at <= it.registered_at)
        }),
        pair.map(|(inviter, it)| check(Reason::SameIdentity, !inviter.is_same_identity_as(it))),
        inviter.map(|it| check(Reason::RegionBlockedInviter, available(RegionRule::Inviter, it))),
        invitee.map(|it| check(Reason::RegionBlockedInvitee, available(invitee_rule, it))),
        dormant.map(|it| account_age(it, rules, at)),
        tracked.map(|it| inactivity(it, rules, at)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn check(reason: Reason, met: bool) -> Check {
    Check { reason, met, needs: None, eligible_from: None }
}

fn account_age(account: &AccountFacts, rules: &Rules, at: Timestamp) -> Check {
    let needs = rules.windows.at(at).map(|rule| Requirement::AccountAge {
        more_than_days: rule.account_age_days,
        since: account.registered_at,
    });
    let first = first_instant_met(&rules.windows, at, |rule| old_enough_from(account, rule));
    timed_check(Reason::AccountTooYoung, needs, first, at)
}

fn inactivity(account: &AccountFacts, rules: &Rules, at: Timestamp) -> Check {
    let needs = rules.windows.at(at).map(|rule| Requirement::Inactivity {
        more_than_days: rule.inactivity_days,
        since: account.last_activity_at,
    });
    let first = first_instant_met(&rules.windows, at, |rule| dormant_from(account, rule));
    timed_check(Reason::RecentlyActive, needs, first, at)
}

/// A check that time heals: met where the `first` instant at which it is met is now.
fn timed_check(
    reason: Reason,
    needs: Option<Requirement>,
    first: Option<Timestamp>,
    at: Timestamp,
) -> Check {
    let met = first == Some(at);
    Check { reason, met, needs, eligible_from: first.filter(|_| !met) }
}

fn old_enough_from(account: &AccountFacts, rule: &Windows) -> Option<Timestamp> {
    first_instant_after(account.registered_at, rule.account_age_days)
}

/// From when on the account is dormant; an account that was never active always was.
fn dormant_from(account: &AccountFacts, rule: &Windows) -> Option<Timestamp> {
    match account.last_activity_at {
        Some(active_at) => first_instant_after(active_at, rule.inactivity_days),
        // Not the registration, which is later than this clock where the clock is behind.
        None => Some(Timestamp::EPOCH),
    }
}

/// Returns the first instant at which age and inactivity hold together, if all other checks are
/// met.
///
/// It is not the later of the two checks' own instants: a stricter rule may begin in between. All
/// checks are made again at that instant, because a region may be blocked by then.
fn eligible_from(bind: &Bind<'_>, rules: &Rules, checks: &[Check]) -> Option<Timestamp> {
    let mut unmet = checks.iter().filter(|check| !check.met).peekable();
    unmet.peek()?;
    if !unmet.all(|check| check.eligible_from.is_some()) {
        return None;
    }
    let invitee = bind.invitee?;
    let first = first_instant_met(&rules.windows, bind.at, |rule| {
        Some(old_enough_from(invitee, rule)?.max(dormant_from(invitee, rule)?))
    })?;
    let then = Bind { at: first, ..*bind };
    all_checks(&then, rules).iter().all(|check| check.met).then_some(first)
}

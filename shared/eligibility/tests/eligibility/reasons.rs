//! Every reason for which a bind is refused is reached, alone wherever that is possible.

use std::collections::BTreeSet;

use eligibility::EligibilityReport;
use types::{Origin, Reason, Timeline};

use crate::support::{Case, account, at, location, unmet, with};

/// One case for each reason a recall can be refused for.
fn refused_recalls() -> Vec<(Reason, Case)> {
    let recall = |change: fn(&mut Case)| with(Case::recall(), change);
    vec![
        (Reason::UnknownLink, recall(|case| case.link = None)),
        (Reason::UnknownAccount, recall(|case| case.invitee = None)),
        (Reason::SubAccount, recall(|case| case.invitee().main_uid = "3000".parse().ok())),
        (Reason::SelfReferral, recall(|case| case.invitee = case.inviter.clone())),
        (Reason::AlreadyBound, recall(|case| case.invitee().inviter = "3000".parse().ok())),
        (Reason::LinkNotRecallCapable, recall(|case| case.link().invites_existing = false)),
        (
            Reason::InviterNotAffiliate,
            recall(|case| case.inviter().affiliate = Timeline::default()),
        ),
        (
            Reason::InviterRegisteredAfterInvitee,
            recall(|case| case.inviter().registered_at = at("2022-05-01T08:00:00.001Z")),
        ),
        (
            Reason::SameIdentity,
            recall(|case| {
                case.inviter().person = "short_sha256".parse().ok();
                case.invitee().person = "short_sha256".parse().ok();
            }),
        ),
        (Reason::RegionBlockedInviter, recall(|case| move_to("GB", case.inviter()))),
        (Reason::RegionBlockedInvitee, recall(|case| move_to("CU", case.invitee()))),
        (Reason::AccountTooYoung, recall(|case| case.invitee().registered_at = case.at)),
        (
            Reason::RecentlyActive,
            recall(|case| case.invitee().last_activity_at = Some(case.at.plus_days(-1))),
        ),
    ]
}

fn move_to(place: &str, account: &mut eligibility::AccountFacts) {
    account.location = Timeline::starting(account.registered_at, location(place));
}

fn reasons(report: &EligibilityReport) -> BTreeSet<Reason> {
    report.checks.iter().map(|check| check.reason).collect()
}

#[test]
fn dormant_user_of_recall_link_is_eligible() {
    let report = Case::recall().evaluate();
    assert!(report.eligible());
    assert_eq!(report.refusal(), None);
    assert_eq!(report.eligible_from(), None);
}

#[test]
fn every_bind_reason_is_reached() {
    let reached: BTreeSet<Reason> = refused_recalls()
        .into_iter()
        .map(|(reason, case)| {
            let report = case.evaluate();
            assert!(!report.eligible(), "{reason}");
            assert_eq!(report.refusal(), Some(reason));
            reason
        })
        .collect();
    let all = Reason::ALL.iter().copied().filter(|reason| reason.refuses_bind()).collect();
    assert_eq!(reached, all);
}

#[test]
fn single_fault_fails_single_check() {
    for (reason, case) in refused_recalls() {
        // A self-referral is of the same person too.
        if reason != Reason::SelfReferral {
            assert_eq!(unmet(&case.evaluate()), [reason]);
        }
    }
}

#[test]
fn refusals_have_fixed_precedence() {
    let order: Vec<Reason> =
        Case::recall().evaluate().checks.into_iter().map(|check| check.reason).collect();
    let documented: Vec<Reason> = refused_recalls().into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(order, documented);
}

#[test]
fn only_owner_is_inviter() {
    let case = with(Case::recall(), |case| case.link().owner = "3000".parse().unwrap());
    assert_eq!(unmet(&case.evaluate()), [Reason::UnknownAccount]);
}

#[test]
fn unknown_inviter_is_unknown_account() {
    let case = with(Case::recall(), |case| case.inviter = None);
    assert_eq!(unmet(&case.evaluate()), [Reason::UnknownAccount]);
}

#[test]
fn unknown_place_is_blocked() {
    let case = with(Case::recall(), |case| {
        case.inviter().location = Timeline::default();
        case.invitee().location = Timeline::starting(case.at.plus_millis(1), location("TR"));
    });
    let expected = [Reason::RegionBlockedInviter, Reason::RegionBlockedInvitee];
    assert_eq!(unmet(&case.evaluate()), expected);
}

#[test]
fn place_is_that_at_bind() {
    let moved_away = with(Case::recall(), |case| {
        let now = case.at;
        move_to("CU", case.invitee());
        case.invitee().location.set(now, location("TR"));
    });
    assert!(moved_away.evaluate().eligible());
    assert!(!moved_away.evaluate_at(moved_away.at.plus_millis(-1)).eligible());
}

#[test]
fn blocked_part_leaves_country() {
    let from = |place: &str| with(Case::recall(), |case| move_to(place, case.invitee()));
    assert_eq!(from("UA-43").evaluate().refusal(), Some(Reason::RegionBlockedInvitee));
    assert!(from("UA-30").evaluate().eligible());
}

#[test]
fn affiliate_counts_while_in_programme() {
    let case = with(Case::recall(), |case| {
        let now = case.at;
        case.inviter().affiliate.set(now, false);
    });
    assert_eq!(unmet(&case.evaluate()), [Reason::InviterNotAffiliate]);
    assert!(case.evaluate_at(case.at.plus_millis(-1)).eligible());
}

#[test]
fn inviter_of_same_instant_is_accepted() {
    let case = with(Case::recall(), |case| {
        case.inviter().registered_at = at("2022-05-01T08:00:00Z");
    });
    assert!(case.evaluate().eligible());
}

#[test]
fn main_and_sub_account_are_one_identity() {
    let case = with(Case::recall(), |case| {
        let invitee = case.invitee().uid.clone();
        case.inviter().main_uid = Some(invitee);
    });
    assert_eq!(unmet(&case.evaluate()), [Reason::SameIdentity]);
}

#[test]
fn two_unknown_persons_are_not_same_one() {
    let (a, b) = (account("1"), account("2"));
    assert!(!a.is_same_identity_as(&b));
}

#[test]
fn sign_up_has_no_checks_of_dormancy() {
    let case = with(Case::signup(), |case| {
        case.invitee().last_activity_at = Some(case.at);
        case.link().invites_existing = false;
    });
    let report = case.evaluate();
    assert!(report.eligible());
    let (all, checked) = (reasons(&Case::recall().evaluate()), reasons(&report));
    let left_out: Vec<_> = all.difference(&checked).copied().collect();
    let dormancy = [Reason::AccountTooYoung, Reason::RecentlyActive, Reason::LinkNotRecallCapable];
    assert_eq!(left_out, dormancy);
}

#[test]
fn sign_up_and_recall_have_own_regions() {
    let at_home = |origin, place: &str| {
        let case = with(Case::recall(), |case| {
            case.origin = origin;
            move_to(place, case.invitee());
        });
        case.evaluate().refusal()
    };
    let blocked = Some(Reason::RegionBlockedInvitee);
    assert_eq!(at_home(Origin::Signup, "GR"), blocked);
    assert_eq!(at_home(Origin::Recall, "GR"), None);
    assert_eq!(at_home(Origin::Recall, "CU"), blocked);
    assert_eq!(at_home(Origin::Signup, "CU"), None);
}

#[test]
fn sign_up_is_refused_for_other_reasons() {
    let bound = with(Case::signup(), |case| case.invitee().inviter = "3000".parse().ok());
    assert_eq!(unmet(&bound.evaluate()), [Reason::AlreadyBound]);
    let gone = with(Case::signup(), |case| case.inviter().affiliate = Timeline::default());
    assert_eq!(unmet(&gone.evaluate()), [Reason::InviterNotAffiliate]);
}

//! The windows to the millisecond, and the change from one rule to the next.

use eligibility::{Period, RegionRule, Requirement};
use types::{Reason, Timeline, Timestamp};

use crate::support::{Case, at, location, unmet, windows, with};

const CHANGE: &str = "2026-03-24T00:00:00Z";

fn registered(at: Timestamp) -> Case {
    with(Case::recall(), |case| {
        case.inviter().registered_at = Timestamp::from_millis(0).unwrap();
        case.invitee().registered_at = at;
        case.invitee().location = Timeline::starting(at, location("TR"));
    })
}

fn active(at: Timestamp) -> Case {
    with(Case::recall(), |case| case.invitee().last_activity_at = Some(at))
}

#[test]
fn age_of_exactly_90_days_is_too_young() {
    let since = at("2026-04-01T10:20:30.400Z");
    let case = registered(since);
    let exactly = since.plus_days(90);
    assert_eq!(unmet(&case.evaluate_at(exactly)), [Reason::AccountTooYoung]);
    assert!(case.evaluate_at(exactly.plus_millis(1)).eligible());
}

#[test]
fn exactly_90_inactive_days_are_recent() {
    let since = at("2026-04-01T10:20:30.400Z");
    let case = active(since);
    let exactly = since.plus_days(90);
    assert_eq!(unmet(&case.evaluate_at(exactly)), [Reason::RecentlyActive]);
    assert!(case.evaluate_at(exactly.plus_millis(1)).eligible());
}

#[test]
fn clock_before_registration_shows_no_activity() {
    let since = at("2026-04-01T10:20:30.400Z");
    let report = registered(since).evaluate_at(since.plus_millis(-1));
    assert!(unmet(&report).contains(&Reason::AccountTooYoung));
    assert!(!unmet(&report).contains(&Reason::RecentlyActive));
}

#[test]
fn exactly_180_days_failed_older_rule() {
    let since = at("2025-08-15T00:00:00Z");
    for case in [registered(since), active(since)] {
        let exactly = since.plus_days(180);
        assert!(!case.evaluate_at(exactly).eligible());
        let report = case.evaluate_at(exactly.plus_millis(1));
        assert!(report.eligible());
        assert_eq!(report.rule, "2025-08-01");
    }
}

#[test]
fn rule_in_force_decides_and_is_named() {
    let case = active(at(CHANGE).plus_days(-100));
    let before = case.evaluate_at(at(CHANGE).plus_millis(-1));
    assert_eq!((before.rule.as_str(), before.eligible()), ("2025-08-01", false));
    let after = case.evaluate_at(at(CHANGE));
    assert_eq!((after.rule.as_str(), after.eligible()), ("2026-03-24", true));
}

#[test]
fn unmet_window_has_need_and_date() {
    let since = at("2026-11-01T00:00:00Z");
    let report = active(since).evaluate();
    let check = report.checks.last().unwrap();
    let needs = Requirement::Inactivity { more_than_days: 90, since: Some(since) };
    assert_eq!(check.needs, Some(needs));
    assert_eq!(check.eligible_from, Some(at("2027-01-30T00:00:00.001Z")));
    assert_eq!(report.eligible_from(), check.eligible_from);
}

#[test]
fn later_of_two_unmet_windows_decides() {
    let report = with(registered(at("2026-10-01T00:00:00Z")), |case| {
        case.invitee().last_activity_at = Some(at("2026-11-01T00:00:00Z"));
    })
    .evaluate();
    assert_eq!(unmet(&report), [Reason::AccountTooYoung, Reason::RecentlyActive]);
    assert_eq!(report.eligible_from(), Some(at("2027-01-30T00:00:00.001Z")));
}

#[test]
fn coming_milder_rule_is_counted() {
    let report = active(at("2025-12-01T00:00:00Z")).evaluate_at(at("2026-03-20T00:00:00Z"));
    assert_eq!(report.eligible_from(), Some(at(CHANGE)));
}

#[test]
fn stricter_future_rule_counts() {
    let case = with(registered(at("2026-10-01T00:00:00Z")), |case| {
        case.invitee().last_activity_at = Some(at("2026-11-01T00:00:00Z"));
        case.rules.windows.set(at("2027-01-10T00:00:00Z"), windows("stricter", 365));
    });
    let report = case.evaluate();
    let age = report.checks.iter().find(|check| check.reason == Reason::AccountTooYoung).unwrap();
    assert_eq!(age.eligible_from, Some(at("2026-12-30T00:00:00.001Z")));
    assert_eq!(report.eligible_from(), Some(at("2027-11-01T00:00:00.001Z")));
}

#[test]
fn first_day_belongs_to_new_rule() {
    let since = at("2026-11-01T00:00:00Z");
    let opening = since.plus_days(90).plus_millis(1);
    let case = with(active(since), |case| {
        case.rules.windows.set(opening, windows("stricter", 365));
    });
    assert_eq!(case.evaluate().eligible_from(), Some(since.plus_days(365).plus_millis(1)));
}

#[test]
fn other_refusals_have_no_date() {
    let report = with(active(at("2026-11-01T00:00:00Z")), |case| {
        case.invitee().main_uid = "3000".parse().ok();
    })
    .evaluate();
    assert_eq!(unmet(&report), [Reason::SubAccount, Reason::RecentlyActive]);
    assert_eq!(report.eligible_from(), None);
}

#[test]
fn bound_account_has_no_check_of_activity() {
    let report = with(active(at("2026-11-01T00:00:00Z")), |case| {
        case.invitee().inviter = "3000".parse().ok();
    })
    .evaluate();
    assert_eq!(unmet(&report), [Reason::AlreadyBound]);
    assert!(report.checks.iter().all(|check| check.reason != Reason::RecentlyActive));
    assert_eq!(report.eligible_from(), None);
}

#[test]
fn date_in_blocked_region_is_withheld() {
    let report = with(active(at("2026-11-01T00:00:00Z")), |case| {
        let soon = Period { from: at("2027-01-01T00:00:00Z"), until: None };
        case.rules.regions.block(RegionRule::InviteeRecall, "TR".parse().unwrap(), soon);
    })
    .evaluate();
    assert_eq!(unmet(&report), [Reason::RecentlyActive]);
    assert_eq!(report.eligible_from(), None);
}

#[test]
fn before_first_rule_nobody_is_eligible() {
    let before = at("2025-07-31T23:59:59.999Z");
    for case in [Case::recall(), with(Case::signup(), |case| case.at = before)] {
        let case = with(case, |case| case.invitee().registered_at = at("2022-05-01T08:00:00Z"));
        let report = case.evaluate_at(before);
        assert_eq!(report.rule, "");
        assert!(unmet(&report).contains(&Reason::InviterNotAffiliate));
        assert_eq!(report.eligible_from(), None);
    }
}

#[test]
fn later_activity_is_recent() {
    let case = active(at("2026-11-22T12:00:00.001Z"));
    assert_eq!(unmet(&case.evaluate()), [Reason::RecentlyActive]);
}

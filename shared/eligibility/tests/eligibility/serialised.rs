//! Stored and shown values keep their names.

use serde_json::json;
use types::Reason;

use crate::support::{Case, at, with};

#[test]
fn facts_read_back_as_they_were_written() {
    let mut case = Case::recall();
    case.invitee().last_activity_at = Some(at("2025-01-02T03:04:05.006Z"));
    let text = serde_json::to_string(case.invitee()).unwrap();
    assert_eq!(&serde_json::from_str::<eligibility::AccountFacts>(&text).unwrap(), case.invitee());
    let text = serde_json::to_string(case.link()).unwrap();
    assert_eq!(&serde_json::from_str::<eligibility::LinkFacts>(&text).unwrap(), case.link());
}

#[test]
fn same_person_changes_nothing() {
    let mut case = Case::recall();
    let (at, person) = (at("2026-01-02T03:04:05Z"), "p1".parse::<types::PersonHash>().unwrap());
    assert!(case.invitee().record_person(at, person.clone()));
    assert!(!case.invitee().record_person(at, person.clone()));
    assert!(!case.invitee().record_person(at, "p0".parse().unwrap()));
    assert!(case.invitee().record_person(at, "p2".parse().unwrap()));
}

#[test]
fn missing_fact_is_left_out() {
    let account = serde_json::to_value(Case::recall().invitee()).unwrap();
    assert_eq!(account.get("inviter"), None);
    assert_eq!(account["registeredAt"], "2022-05-01T08:00:00.000Z");
}

#[test]
fn check_shows_reason_and_requirement() {
    let case = with(Case::recall(), |case| {
        case.invitee().last_activity_at = Some(at("2026-11-01T00:00:00Z"));
    });
    let checks = case.evaluate().checks;
    let of = |reason| checks.iter().find(|check| check.reason == reason).unwrap();
    let shown = |reason| serde_json::to_value(of(reason)).unwrap();
    assert_eq!(shown(Reason::UnknownLink), json!({ "reason": "unknown_link", "met": true }));
    assert_eq!(
        shown(Reason::RecentlyActive),
        json!({
            "reason": "recently_active",
            "met": false,
            "needs": {
                "kind": "inactivity",
                "moreThanDays": 90,
                "since": "2026-11-01T00:00:00.000Z",
            },
            "eligibleFrom": "2027-01-30T00:00:00.001Z",
        })
    );
}

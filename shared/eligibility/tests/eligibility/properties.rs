//! Properties that hold for all facts.

use proptest::option::of;
use proptest::prelude::*;
use types::{MILLIS_PER_DAY, Origin, Reason, Timeline, Timestamp};

use crate::support::{Case, location, windows, with};

/// Instants of some years on a coarse grid, so that boundaries are met often.
fn instants() -> impl Strategy<Value = Timestamp> {
    (20_000_i64..21_000, -1_i64..=1)
        .prop_map(|(days, millis)| Timestamp::from_millis(days * MILLIS_PER_DAY + millis).unwrap())
}

/// One to four rules, milder and stricter ones in any order, each with its own limits.
fn timelines() -> impl Strategy<Value = Timeline<eligibility::Windows>> {
    prop::collection::vec((instants(), 1_u32..400, 1_u32..400), 1..5).prop_map(|entries| {
        let mut timeline = Timeline::default();
        for (from, age, inactivity) in entries {
            let rule = windows(&from.to_string(), age);
            timeline.set(from, eligibility::Windows { inactivity_days: inactivity, ..rule });
        }
        timeline
    })
}

/// Recalls that only checks of time can refuse.
fn waiting() -> impl Strategy<Value = Case> {
    (timelines(), instants(), of(instants()), instants()).prop_map(
        |(timeline, registered_at, last_activity_at, at)| {
            let epoch = Timestamp::from_millis(0).unwrap();
            with(Case::recall(), |case| {
                case.at = at;
                case.inviter().registered_at = epoch;
                case.inviter().location = Timeline::starting(epoch, location("TR"));
                case.inviter().affiliate = Timeline::starting(epoch, true);
                case.invitee().location = Timeline::starting(epoch, location("TR"));
                case.invitee().registered_at = registered_at;
                case.invitee().last_activity_at = last_activity_at;
                case.rules.windows = timeline;
            })
        },
    )
}

/// The windows by their definition: `now - since > N days`, under the rule in force.
fn is_old_and_dormant(case: &Case, now: Timestamp) -> bool {
    let Some(rule) = case.rules.windows.at(now) else { return false };
    let longer =
        |since: Timestamp, days: u32| now.millis_since(since) > i64::from(days) * MILLIS_PER_DAY;
    let invitee = case.invitee.as_ref().unwrap();
    let dormant = match invitee.last_activity_at {
        Some(active_at) => longer(active_at, rule.inactivity_days),
        None => true,
    };
    longer(invitee.registered_at, rule.account_age_days) && dormant
}

proptest! {
    #[test]
    fn windows_are_what_their_definition_says(case in waiting()) {
        prop_assert_eq!(case.evaluate().eligible(), is_old_and_dormant(&case, case.at));
    }

    #[test]
    fn eligible_from_is_eligible(case in waiting()) {
        let begun = case.rules.windows.at(case.at).is_some();
        match case.evaluate().eligible_from() {
            Some(from) => {
                prop_assert!(from > case.at);
                prop_assert!(case.evaluate_at(from).eligible());
                prop_assert!(!case.evaluate_at(from.plus_millis(-1)).eligible());
            }
            // The last rule stays for ever, so that waiting always helps in the end.
            None => prop_assert_eq!(case.evaluate().eligible(), begun),
        }
    }

    #[test]
    fn before_eligible_from_is_ineligible(
        case in waiting(),
        part in 0_i64..1000,
    ) {
        if let Some(from) = case.evaluate().eligible_from() {
            let between = case.at.plus_millis(from.millis_since(case.at) * part / 1000);
            prop_assert!(!case.evaluate_at(between).eligible());
        }
    }

    #[test]
    fn missing_fact_is_never_eligible(
        case in waiting(),
        known in prop::array::uniform3(any::<bool>()),
        signup in any::<bool>(),
    ) {
        prop_assume!(known.contains(&false));
        let report = with(case, |case| {
            case.origin = if signup { Origin::Signup } else { Origin::Recall };
            case.link = case.link.take().filter(|_| known[0]);
            case.inviter = case.inviter.take().filter(|_| known[1]);
            case.invitee = case.invitee.take().filter(|_| known[2]);
        })
        .evaluate();
        prop_assert!(!report.eligible());
        prop_assert_eq!(report.eligible_from(), None);
    }

    #[test]
    fn first_unmet_check_refuses(
        case in waiting(),
        faults in prop::array::uniform3(any::<bool>()),
    ) {
        let report = with(case, |case| {
            case.link().invites_existing = !faults[0];
            case.invitee().main_uid = "9".parse().ok().filter(|_| faults[1]);
            case.invitee().inviter = "9".parse().ok().filter(|_| faults[2]);
        })
        .evaluate();
        prop_assert_eq!(report.eligible(), report.refusal().is_none());
        let first = match faults {
            [_, true, _] => &[Reason::SubAccount][..],
            [_, false, true] => &[Reason::AlreadyBound],
            [true, false, false] => &[Reason::LinkNotRecallCapable],
            [false, false, false] => {
                &[Reason::InviterNotAffiliate, Reason::AccountTooYoung, Reason::RecentlyActive]
            }
        };
        prop_assert!(report.refusal().is_none_or(|reason| first.contains(&reason)));
        prop_assert!(report.refusal().is_some() || !faults.contains(&true));
    }
}

//! A case that is eligible in every respect, from which each test takes something away.

use eligibility::{
    AccountFacts, Bind, EligibilityReport, LinkFacts, Period, RegionRule, Regions, Rules, Windows,
    evaluate,
};
use types::{Location, Origin, Reason, Timeline, Timestamp};

/// An instant from its text.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A place from a country and, after a hyphen, its part: `GR` or `UA-43`.
pub fn location(text: &str) -> Location {
    let country = text.get(..2).unwrap().parse().unwrap();
    Location { country, region: text.contains('-').then(|| text.parse().unwrap()) }
}

/// An ordinary account: registered years ago in Turkey, never active, no affiliate.
pub fn account(uid: &str) -> AccountFacts {
    let registered_at = at("2022-05-01T08:00:00Z");
    AccountFacts {
        uid: uid.parse().unwrap(),
        registered_at,
        main_uid: None,
        top_uid: None,
        person_at: None,
        person: None,
        last_activity_at: None,
        location: Timeline::starting(registered_at, location("TR")),
        affiliate: Timeline::default(),
        inviter: None,
    }
}

/// The rule with this name and both limits.
pub fn windows(rule: &str, days: u32) -> Windows {
    Windows { rule: rule.into(), account_age_days: days, inactivity_days: days }
}

/// 180 days until 2026-03-24, then 90; one country blocked for each rule.
pub fn rules() -> Rules {
    let mut timeline = Timeline::starting(at("2025-08-01T00:00:00Z"), windows("2025-08-01", 180));
    timeline.set(at("2026-03-24T00:00:00Z"), windows("2026-03-24", 90));
    let mut regions = Regions::default();
    let always = Period { from: at("1970-01-01T00:00:00Z"), until: None };
    for (rule, place) in [
        (RegionRule::Inviter, "GB"),
        (RegionRule::InviteeSignup, "GR"),
        (RegionRule::InviteeRecall, "CU"),
        (RegionRule::InviteeRecall, "UA-43"),
    ] {
        regions.block(rule, place.parse().unwrap(), always);
    }
    Rules { windows: timeline, regions }
}

/// The facts of one bind, to be changed by a test.
#[derive(Debug, Clone)]
pub struct Case {
    pub link: Option<LinkFacts>,
    pub inviter: Option<AccountFacts>,
    pub invitee: Option<AccountFacts>,
    pub origin: Origin,
    pub at: Timestamp,
    pub rules: Rules,
}

impl Case {
    /// A recall in which every check is met.
    pub fn recall() -> Self {
        let mut inviter = account("1000");
        inviter.registered_at = at("2020-01-01T00:00:00Z");
        inviter.affiliate = Timeline::starting(at("2024-01-01T00:00:00Z"), true);
        let link = LinkFacts {
            code: "ABCD2345".parse().unwrap(),
            owner: inviter.uid.clone(),
            invites_existing: true,
        };
        Self {
            link: Some(link),
            inviter: Some(inviter),
            invitee: Some(account("2000")),
            origin: Origin::Recall,
            at: at("2026-11-22T12:00:00Z"),
            rules: rules(),
        }
    }

    /// A sign-up in which every check is met: the invitee registers at the instant of the bind.
    pub fn signup() -> Self {
        let mut case = Self { origin: Origin::Signup, ..Self::recall() };
        let now = case.at;
        let invitee = case.invitee();
        invitee.registered_at = now;
        invitee.location = Timeline::starting(now, location("TR"));
        case
    }

    pub fn link(&mut self) -> &mut LinkFacts {
        self.link.as_mut().unwrap()
    }

    pub fn inviter(&mut self) -> &mut AccountFacts {
        self.inviter.as_mut().unwrap()
    }

    pub fn invitee(&mut self) -> &mut AccountFacts {
        self.invitee.as_mut().unwrap()
    }

    pub fn evaluate(&self) -> EligibilityReport {
        self.evaluate_at(self.at)
    }

    pub fn evaluate_at(&self, at: Timestamp) -> EligibilityReport {
        let bind = Bind {
            link: self.link.as_ref(),
            inviter: self.inviter.as_ref(),
            invitee: self.invitee.as_ref(),
            origin: self.origin,
            at,
        };
        evaluate(&bind, &self.rules)
    }
}

/// Returns the reasons of the unmet checks.
pub fn unmet(report: &EligibilityReport) -> Vec<Reason> {
    report.checks.iter().filter(|check| !check.met).map(|check| check.reason).collect()
}

/// The case after a change.
pub fn with(mut case: Case, change: impl FnOnce(&mut Case)) -> Case {
    change(&mut case);
    case
}

//! The accounts: dormant ones, changes, and personas.

use std::collections::{BTreeMap, BTreeSet};

use types::{Reason, Timestamp, Uid};

use super::{SAMPLE, events, last_day, recalls, steps};
use crate::sample::account::Account;
use crate::sample::event::{Data, Fact};
use crate::sample::personas::INVITEES;
use crate::sample::plans::PLANS;
use crate::sample::{Action, Sample, Shared, Via};

/// Returns each account's registration, and the uses of products by its main account.
#[derive(Default)]
struct History {
    registered: BTreeMap<Uid, Timestamp>,
    main: BTreeMap<Account, Account>,
    active: BTreeMap<Uid, Vec<Timestamp>>,
}

impl History {
    fn of_sample() -> Self {
        let mut history = Self::default();
        for (_, event) in events() {
            match &event.data {
                Data::Registered(it) => {
                    history.registered.insert(it.uid.uid(), it.registered_at);
                    history.main.extend(it.main_uid.map(|main| (it.uid, main)));
                }
                Data::Activity(it) => history.note(it.uid, it.at),
                Data::Charged(it) => history.note(it.uid, it.at),
                Data::Changed(_) | Data::Corrected(_) => {}
            }
        }
        history
    }

    fn note(&mut self, account: Account, at: Timestamp) {
        let main = self.main.get(&account).copied().unwrap_or(account);
        self.active.entry(main.uid()).or_default().push(at);
    }

    /// Registered, and inactive, for more than 180 days: the strictest rule that there was.
    fn is_dormant(&self, uid: &Uid, at: Timestamp) -> bool {
        let since = at.plus_days(-180);
        let mut activity = self.active.get(uid).into_iter().flatten();
        self.registered[uid] < since && !activity.any(|it| (since..at).contains(it))
    }
}

#[test]
fn personas_do_not_depend_on_seed() {
    let other = Sample::generate(2, "2027-03-01".parse().unwrap());
    assert_eq!(SAMPLE.personas, other.personas);
    assert_eq!(SAMPLE.personas.affiliates[0].uid.as_str(), "10000001");
    assert_eq!(SAMPLE.personas.dormant[0].uid.as_str(), "20000001");
}

#[test]
fn recalled_users_are_eligible() {
    let history = History::of_sample();
    let mut bound = BTreeSet::new();
    for (at, via, invitee) in recalls() {
        assert!(history.is_dormant(invitee, at));
        assert!(history.registered[&via.affiliate] < history.registered[invitee]);
        assert!(bound.insert(invitee));
    }
    assert!(bound.len() > 100);
}

#[test]
fn most_recalled_users_trade() {
    let history = History::of_sample();
    let end = last_day().end();
    let returned = recalls().filter(|(_, _, uid)| !history.is_dormant(uid, end)).count();
    let share = returned * 100 / recalls().count();
    assert!((75..100).contains(&share), "{share} %");
}

#[test]
fn recallable_personas_stay_dormant() {
    let history = History::of_sample();
    for user in &SAMPLE.personas.dormant {
        assert!(history.is_dormant(&user.uid, last_day().end()));
        assert!(!recalls().any(|(_, _, invitee)| *invitee == user.uid));
    }
}

#[test]
fn every_refusal_has_a_persona() {
    let needs_another_link = [Reason::UnknownLink, Reason::LinkNotRecallCapable];
    let expected = Reason::ALL.iter().filter(|it| it.refuses_bind());
    let expected: BTreeSet<_> = expected.filter(|it| !needs_another_link.contains(it)).collect();
    let shown: BTreeSet<_> = SAMPLE.personas.refused.iter().map(|it| &it.reason).collect();
    assert_eq!(shown, expected);
}

#[test]
fn links_exist_before_their_use() {
    let mut made = BTreeSet::new();
    let mut used = BTreeSet::new();
    for step in steps() {
        match &step.action {
            Action::MakeLink(via, _) => assert!(made.insert(via)),
            Action::SignUp(via, _) | Action::Recall(via, _) => {
                assert!(made.contains(via));
                used.insert(via);
            }
            Action::Deliver(_) | Action::PayUpTo(..) => {}
        }
    }
    let default_links = made.iter().filter(|via| via.label.is_none()).count();
    assert_eq!(default_links, SAMPLE.personas.affiliates.len());
    assert!(used.iter().any(|via| via.label.is_some()));
}

#[test]
fn some_accounts_change() {
    let start = SAMPLE.days[0].day.start();
    let changes: Vec<Fact> = events()
        .filter(|(_, event)| event.time() > start)
        .filter_map(|(_, event)| match &event.data {
            Data::Changed(it) => Some(it.fact),
            _ => None,
        })
        .collect();
    assert!(changes.contains(&Fact::Affiliate(false)));
    assert!(changes.contains(&Fact::Country("JP")));
    assert!(changes.contains(&Fact::VipLevel(4)));
}

/// The page's view of the inviter has rebates to show.
#[test]
fn one_persona_gets_fees_back() {
    let shared: BTreeMap<Via, Shared> = PLANS.iter().flat_map(|plan| plan.links()).collect();
    let sharing = INVITEES.iter().filter(|invitee| {
        let via = Via { affiliate: invitee.inviter.uid(), label: invitee.link };
        shared[&via].futures != "0"
    });
    let sharing: Vec<Uid> = sharing.map(|invitee| invitee.account.uid()).collect();
    assert_eq!(sharing, [Account(40_000_002).uid()]);
    assert!(recalls().any(|(_, via, uid)| via.label == Some("desk") && *uid == sharing[0]));
}

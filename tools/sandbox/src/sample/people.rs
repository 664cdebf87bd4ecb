//! The accounts at the sample's start: affiliates, dormant users, users without an inviter.

use types::Timestamp;

use super::Action;
use super::account::Account;
use super::calendar::{DAYS, HOUR};
use super::event::{Activity, Changed, Data, Fact, Registered};
use super::personas::DORMANT;
use super::plans::{PLANS, Plan};
use super::scenario::Scenario;
use super::trader::{Leaning, Levels, Size, Trader};

/// The history of an account. Days count back from the end of the sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Background {
    pub(super) country: &'static str,
    pub(super) region: Option<&'static str>,
    pub(super) registered: i64,
    /// Its last use of a product, with the product.
    pub(super) active: Option<(i64, &'static str)>,
    pub(super) main: Option<Account>,
    /// Another account of the same person.
    pub(super) twin: Option<Account>,
}

/// The history of an account that is registered and inactive for longer than any of the
/// programme's rules has required.
pub(super) const LONG_DORMANT: Background = Background {
    country: "TR",
    region: None,
    registered: 900,
    active: Some((640, "spot")),
    main: None,
    twin: None,
};

/// Sends the exchange's facts about an account's past.
pub(super) fn introduce(scenario: &mut Scenario, uid: Account, past: &Background) {
    let registered_at = days_back(scenario, past.registered);
    scenario.tell(Data::Registered(Registered {
        uid,
        registered_at,
        country: past.country,
        region: past.region,
        main_uid: past.main,
        person_hash: past.twin.or(past.main).unwrap_or(uid).person(),
        code: None,
    }));
    if let Some((days, product)) = past.active {
        let at = days_back(scenario, days);
        scenario.tell(Data::Activity(Activity { uid, product, at }));
    }
}

/// Returns an instant a number of days, and some hours, before the end of the sample.
fn days_back(scenario: &mut Scenario, days: i64) -> Timestamp {
    let more = scenario.rng.between(1_000, 20 * HOUR);
    scenario.calendar.end().plus_days(-days).plus_millis(-more)
}

/// Sends a change of one fact of an account.
pub(super) fn change(scenario: &mut Scenario, uid: Account, at: Timestamp, fact: Fact) {
    scenario.tell(Data::Changed(Changed { uid, fact, at }));
}

/// Adds the affiliates: they register, join the programme and create their links.
pub(super) fn affiliates(scenario: &mut Scenario) {
    for plan in &PLANS {
        join(scenario, plan);
        let links_at = scenario.calendar.first.start().plus_millis(60_000);
        for (via, shared) in plan.links() {
            scenario.step(links_at, Action::MakeLink(via, shared));
        }
    }
}

fn join(scenario: &mut Scenario, plan: &Plan) {
    let joined = scenario.calendar.after_start(20 - plan.registered);
    let (country, registered) = (plan.country, plan.registered + i64::from(DAYS));
    let past = Background { country, registered, active: None, ..LONG_DORMANT };
    introduce(scenario, plan.account, &past);
    change(scenario, plan.account, joined, Fact::Affiliate(true));
    if plan.has_futures {
        let opened = joined.plus_days(3);
        change(scenario, plan.account, opened, Fact::FuturesOpenedAt(opened));
    }
    if let Some(day) = plan.leaves() {
        change(scenario, plan.account, scenario.calendar.after_start(day), Fact::Affiliate(false));
    }
}

/// Adds users that stay dormant: those that readers may recall, and some more.
pub(super) fn dormant(scenario: &mut Scenario) {
    for (account, _, past) in DORMANT {
        introduce(scenario, account, &past);
    }
    for _ in 0..24 {
        let account = scenario.account();
        let active = Some((scenario.rng.between(280, 800), "convert"));
        let registered = scenario.rng.between(850, 1_300);
        introduce(scenario, account, &Background { registered, active, ..LONG_DORMANT });
    }
}

/// Adds active users without an inviter: their fees are activity only.
pub(super) fn uninvited(scenario: &mut Scenario) -> Vec<Trader> {
    (0..56).map(|_| uninvited_one(scenario)).collect()
}

fn uninvited_one(scenario: &mut Scenario) -> Trader {
    let main = scenario.account();
    let active = Some((scenario.rng.between(63, 80), "spot"));
    let registered = scenario.rng.between(100, 1_300);
    introduce(scenario, main, &Background { registered, active, ..LONG_DORMANT });
    let size = Size::of_anybody(&mut scenario.rng);
    Trader {
        main,
        subs: Vec::new(),
        from: scenario.calendar.first.start(),
        until: scenario.calendar.end(),
        leaning: Leaning::Balanced,
        size,
        levels: Levels { first: size.level(&mut scenario.rng), later: None },
        invited: false,
    }
}

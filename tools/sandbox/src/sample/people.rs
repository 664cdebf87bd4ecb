//! Accounts as they come into the sample: affiliates, dormant users, users whom nobody invited.

use types::Timestamp;

use super::Action;
use super::account::Account;
use super::calendar::{DAYS, HOUR};
use super::event::{Activity, Changed, Data, Fact, Registered};
use super::personas::DORMANT;
use super::plans::{PLANS, Plan};
use super::scenario::Script;
use super::trader::{Leaning, Levels, Size, Trader};

/// What an account has behind it. Days count back from the end of the sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Background {
    pub(super) country: &'static str,
    pub(super) region: Option<&'static str>,
    pub(super) registered: i64,
    /// Its last use of a product, and which.
    pub(super) active: Option<(i64, &'static str)>,
    pub(super) main: Option<Account>,
    /// Another account of the same person.
    pub(super) twin: Option<Account>,
}

/// Registered, and inactive, for longer than any of the programme's rules has asked for.
pub(super) const LONG_DORMANT: Background = Background {
    country: "TR",
    region: None,
    registered: 900,
    active: Some((640, "spot")),
    main: None,
    twin: None,
};

/// Sends what the exchange knows of an account's past.
pub(super) fn introduce(script: &mut Script, uid: Account, past: &Background) {
    let registered_at = days_back(script, past.registered);
    script.tell(Data::Registered(Registered {
        uid,
        registered_at,
        country: past.country,
        region: past.region,
        main_uid: past.main,
        person_hash: past.twin.or(past.main).unwrap_or(uid).person(),
        code: None,
    }));
    if let Some((days, product)) = past.active {
        let at = days_back(script, days);
        script.tell(Data::Activity(Activity { uid, product, at }));
    }
}

/// An instant so many days before the end of the sample, and some hours more.
fn days_back(script: &mut Script, days: i64) -> Timestamp {
    let more = script.dice.between(1_000, 20 * HOUR);
    script.calendar.end().plus_days(-days).plus_millis(-more)
}

/// Sends a change of one fact of an account.
pub(super) fn change(script: &mut Script, uid: Account, at: Timestamp, fact: Fact) {
    script.tell(Data::Changed(Changed { uid, fact, at }));
}

/// The affiliates register, join the programme and make their links.
pub(super) fn affiliates(script: &mut Script) {
    for plan in &PLANS {
        join(script, plan);
        let links_at = script.calendar.first.start().plus_millis(60_000);
        for (via, shared) in plan.links() {
            script.step(links_at, Action::MakeLink(via, shared));
        }
    }
}

fn join(script: &mut Script, plan: &Plan) {
    let joined = script.calendar.after_start(20 - plan.registered);
    let (country, registered) = (plan.country, plan.registered + i64::from(DAYS));
    let past = Background { country, registered, active: None, ..LONG_DORMANT };
    introduce(script, plan.account, &past);
    change(script, plan.account, joined, Fact::Affiliate(true));
    if plan.has_futures {
        let opened = joined.plus_days(3);
        change(script, plan.account, opened, Fact::FuturesOpenedAt(opened));
    }
    if let Some(day) = plan.leaves() {
        change(script, plan.account, script.calendar.after_start(day), Fact::Affiliate(false));
    }
}

/// Users who are dormant to the end: those whom the reader may recall, and some more.
pub(super) fn dormant(script: &mut Script) {
    for (account, _, past) in DORMANT {
        introduce(script, account, &past);
    }
    for _ in 0..24 {
        let account = script.account();
        let active = Some((script.dice.between(280, 800), "convert"));
        let registered = script.dice.between(850, 1_300);
        introduce(script, account, &Background { registered, active, ..LONG_DORMANT });
    }
}

/// Users who trade all the time and have no inviter: their fees are activity only.
pub(super) fn uninvited(script: &mut Script) -> Vec<Trader> {
    (0..56).map(|_| uninvited_one(script)).collect()
}

fn uninvited_one(script: &mut Script) -> Trader {
    let main = script.account();
    let active = Some((script.dice.between(63, 80), "spot"));
    let registered = script.dice.between(100, 1_300);
    introduce(script, main, &Background { registered, active, ..LONG_DORMANT });
    let size = Size::of_anybody(&mut script.dice);
    Trader {
        main,
        subs: Vec::new(),
        from: script.calendar.first.start(),
        until: script.calendar.end(),
        leaning: Leaning::Balanced,
        size,
        levels: Levels { first: size.level(&mut script.dice), later: None },
        invited: false,
    }
}

//! Invitees: recalled dormant users, and new users that signed up.

use types::Timestamp;

use super::account::Account;
use super::calendar::HOUR;
use super::event::{Data, Fact, Registered};
use super::people::{Background, LONG_DORMANT, change, introduce};
use super::personas::{INVITEES, Invitee};
use super::plans::{PLANS, Plan};
use super::scenario::Scenario;
use super::trader::{Levels, Size, Trader};
use super::{Action, Event, Via};

/// Countries of recalled users; futures earn nothing in the countries named second.
const RECALL_COUNTRIES: [(i64, &str); 16] = [
    (180, "TR"),
    (130, "VN"),
    (110, "IN"),
    (80, "AR"),
    (70, "NG"),
    (60, "UA"),
    (60, "PH"),
    (60, "MX"),
    (50, "TH"),
    (40, "CH"),
    (40, "KZ"),
    (30, "DE"),
    (30, "FR"),
    (30, "JP"),
    (20, "BR"),
    (10, "AU"),
];

/// Countries of new users, without those where MiCA bans the affiliates' invitations.
const SIGN_UP_COUNTRIES: [(i64, &str); 11] = [
    (220, "VN"),
    (160, "TR"),
    (140, "IN"),
    (90, "NG"),
    (80, "AR"),
    (70, "PH"),
    (60, "MX"),
    (60, "TH"),
    (60, "UA"),
    (40, "BR"),
    (20, "ZA"),
];

/// Returns the recalled dormant users: the personas, then each affiliate's others.
pub(super) fn recalled(scenario: &mut Scenario) -> Vec<Trader> {
    let mut traders = Vec::new();
    for invitee in &INVITEES {
        traders.push(recall_of_cast(scenario, invitee));
    }
    for plan in &PLANS {
        traders.extend((0..plan.recalls).map(|_| recall(scenario, plan)));
    }
    traders
}

fn recall_of_cast(scenario: &mut Scenario, invitee: &Invitee) -> Trader {
    introduce(scenario, invitee.account, &LONG_DORMANT);
    open_futures(scenario, invitee.account, scenario.calendar.after_start(-800));
    let at = scenario.calendar.after_start(invitee.bound).plus_millis(10 * HOUR);
    let via = Via { affiliate: invitee.inviter.uid(), label: invitee.link };
    scenario.step(at, Action::Recall(via, invitee.account.uid()));

    Trader {
        main: invitee.account,
        subs: Vec::new(),
        from: at.plus_millis(600_000),
        until: scenario.calendar.end(),
        leaning: invitee.leaning,
        size: invitee.size,
        levels: Levels { first: 0, later: change_of_cast(scenario, invitee) },
        invited: true,
    }
}

/// Sends a persona's change at half time; returns the VIP level if that changes.
fn change_of_cast(scenario: &mut Scenario, invitee: &Invitee) -> Option<(Timestamp, u8)> {
    let (day, fact) = invitee.change?;
    let at = scenario.calendar.after_start(day).plus_millis(9 * HOUR);
    change(scenario, invitee.account, at, fact);
    match fact {
        Fact::VipLevel(level) => Some((at, level)),
        Fact::Country(_) | Fact::FuturesOpenedAt(_) | Fact::Affiliate(_) => None,
    }
}

fn recall(scenario: &mut Scenario, plan: &Plan) -> Trader {
    let main = scenario.account();
    let past = Background {
        country: scenario.rng.pick("AE", &RECALL_COUNTRIES),
        registered: scenario.rng.between(820, 1_380),
        active: dormant_since(scenario),
        ..LONG_DORMANT
    };
    introduce(scenario, main, &past);
    open_futures(scenario, main, scenario.calendar.after_start(-500));
    let subs = sub_accounts(scenario, main, &past);
    let at = invited_at(scenario, plan);
    let via = link_of(scenario, plan);
    scenario.step(at, Action::Recall(via, main.uid()));
    trader(scenario, plan, main, subs, at)
}

/// Returns a last activity before any rule's window; a few users never used a product.
fn dormant_since(scenario: &mut Scenario) -> Option<(i64, &'static str)> {
    let days = scenario.rng.mostly_low(265, 780);
    let product = scenario.rng.pick("spot", &[(150, "convert"), (150, "earn"), (100, "futures")]);
    (!scenario.rng.chance(60)).then_some((days, product))
}

/// Returns one or two sub-accounts for one in eight users, as dormant as the main account.
fn sub_accounts(scenario: &mut Scenario, main: Account, past: &Background) -> Vec<Account> {
    let count = if scenario.rng.chance(125) { scenario.rng.between(1, 2) } else { 0 };
    let past = Background { registered: 810, active: None, main: Some(main), ..*past };
    (0..count)
        .map(|_| {
            let sub = scenario.account();
            introduce(scenario, sub, &past);
            sub
        })
        .collect()
}

/// Returns the new users that sign up through a link.
pub(super) fn signed_up(scenario: &mut Scenario) -> Vec<Trader> {
    let mut traders = Vec::new();
    for plan in &PLANS {
        traders.extend((0..plan.sign_ups).map(|_| sign_up(scenario, plan)));
    }
    traders
}

fn sign_up(scenario: &mut Scenario, plan: &Plan) -> Trader {
    let uid = scenario.account();
    let registered_at = invited_at(scenario, plan);
    let event = registration(scenario, uid, registered_at);
    let via = link_of(scenario, plan);
    scenario.step(registered_at.plus_millis(1_500), Action::SignUp(via, event));
    open_futures(scenario, uid, registered_at.plus_millis(300_000));
    trader(scenario, plan, uid, Vec::new(), registered_at)
}

/// Returns the registration, without the link's code.
fn registration(scenario: &mut Scenario, uid: Account, registered_at: Timestamp) -> Event {
    let registered = Registered {
        uid,
        registered_at,
        country: scenario.rng.pick("AE", &SIGN_UP_COUNTRIES),
        region: None,
        main_uid: None,
        person_hash: uid.person(),
        code: None,
    };
    scenario.event(Data::Registered(registered))
}

fn open_futures(scenario: &mut Scenario, account: Account, at: Timestamp) {
    change(scenario, account, at, Fact::FuturesOpenedAt(at));
}

/// Returns the instant at which an invitation is accepted: most often in the first week, and after
/// a second campaign in the middle.
fn invited_at(scenario: &mut Scenario, plan: &Plan) -> Timestamp {
    let campaigns = [(450, (0, 6)), (150, (27, 32))];
    let (first, last) = scenario.rng.pick((7, plan.invites_until), &campaigns);
    let day = scenario.rng.between(first, last);
    let time = scenario.rng.between(6 * HOUR, 22 * HOUR);
    scenario.calendar.after_start(day).plus_millis(time)
}

/// Returns the invitee's link. Half of the invitees use the second one, if there is one.
fn link_of(scenario: &mut Scenario, plan: &Plan) -> Via {
    let label = plan.link.map(|(label, _)| label).filter(|_| scenario.rng.chance(500));
    plan.via(label)
}

/// Returns the invitee as a trader: most begin within a day or two, one in seven never trades, and
/// one in four stops.
fn trader(
    scenario: &mut Scenario,
    plan: &Plan,
    main: Account,
    subs: Vec<Account>,
    bound_at: Timestamp,
) -> Trader {
    let from = bound_at.plus_millis(scenario.rng.mostly_low(600_000, 60 * HOUR));
    let stays = scenario.rng.pick(None, &[(140, Some((0, 0))), (250, Some((5, 30)))]);
    let until = match stays {
        Some((least, most)) => from.plus_days(scenario.rng.between(least, most)),
        None => scenario.calendar.end(),
    };
    let size = Size::of_anybody(&mut scenario.rng);
    let levels = levels(scenario, size, main, from);
    Trader { main, subs, from, until, leaning: plan.leaning, size, levels, invited: true }
}

/// Returns a level for the size, and occasionally another one later.
fn levels(scenario: &mut Scenario, size: Size, account: Account, from: Timestamp) -> Levels {
    let first = size.level(&mut scenario.rng);
    if first > 0 {
        change(scenario, account, from, Fact::VipLevel(first));
    }
    let changed_at = from.plus_days(scenario.rng.between(10, 25));
    let level = size.level(&mut scenario.rng);
    let later = (level != first).then_some((changed_at, level));
    if later.is_some() {
        change(scenario, account, changed_at, Fact::VipLevel(level));
    }
    Levels { first, later }
}

//! How invitees come: dormant users who bind, new users who sign up.

use types::Timestamp;

use super::account::Account;
use super::calendar::HOUR;
use super::event::{Data, Fact, Registered};
use super::people::{Background, LONG_DORMANT, change, introduce};
use super::personas::{INVITEES, Invitee};
use super::plans::{PLANS, Plan};
use super::scenario::Script;
use super::trader::{Levels, Size, Trader};
use super::{Action, Event, Via};

/// Where recalled users live; futures earn nothing in the countries named second.
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

/// Where new users live: not where MiCA bans the affiliates' invitations.
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

/// Dormant users who are recalled: those of the cast, then each affiliate's others.
pub(super) fn recalled(script: &mut Script) -> Vec<Trader> {
    let mut traders = Vec::new();
    for invitee in &INVITEES {
        traders.push(recall_of_cast(script, invitee));
    }
    for plan in &PLANS {
        traders.extend((0..plan.recalls).map(|_| recall(script, plan)));
    }
    traders
}

fn recall_of_cast(script: &mut Script, invitee: &Invitee) -> Trader {
    introduce(script, invitee.account, &LONG_DORMANT);
    open_futures(script, invitee.account, script.calendar.after_start(-800));
    let at = script.calendar.after_start(invitee.bound).plus_millis(10 * HOUR);
    let via = Via { affiliate: invitee.inviter.uid(), label: None };
    script.step(at, Action::Recall(via, invitee.account.uid()));

    Trader {
        main: invitee.account,
        subs: Vec::new(),
        from: at.plus_millis(600_000),
        until: script.calendar.end(),
        leaning: invitee.leaning,
        size: invitee.size,
        levels: Levels { first: 0, later: change_of_cast(script, invitee) },
        invited: true,
    }
}

/// Sends what changes in the middle; answers the VIP level, if that is what changes.
fn change_of_cast(script: &mut Script, invitee: &Invitee) -> Option<(Timestamp, u8)> {
    let (day, fact) = invitee.change?;
    let at = script.calendar.after_start(day).plus_millis(9 * HOUR);
    change(script, invitee.account, at, fact);
    match fact {
        Fact::VipLevel(level) => Some((at, level)),
        Fact::Country(_) | Fact::FuturesOpenedAt(_) | Fact::Affiliate(_) => None,
    }
}

fn recall(script: &mut Script, plan: &Plan) -> Trader {
    let main = script.account();
    let past = Background {
        country: script.dice.pick("AE", &RECALL_COUNTRIES),
        registered: script.dice.between(820, 1_380),
        active: dormant_since(script),
        ..LONG_DORMANT
    };
    introduce(script, main, &past);
    open_futures(script, main, script.calendar.after_start(-500));
    let subs = sub_accounts(script, main, &past);
    let at = invited_at(script, plan);
    let via = link_of(script, plan);
    script.step(at, Action::Recall(via, main.uid()));
    trader(script, plan, main, subs, at)
}

/// A last activity before any rule's window; a few never used a product.
fn dormant_since(script: &mut Script) -> Option<(i64, &'static str)> {
    let days = script.dice.mostly_low(265, 780);
    let product = script.dice.pick("spot", &[(150, "convert"), (150, "earn"), (100, "futures")]);
    (!script.dice.chance(60)).then_some((days, product))
}

/// One in eight has one or two sub-accounts, as dormant as the main account.
fn sub_accounts(script: &mut Script, main: Account, past: &Background) -> Vec<Account> {
    let count = if script.dice.chance(125) { script.dice.between(1, 2) } else { 0 };
    let past = Background { registered: 810, active: None, main: Some(main), ..*past };
    (0..count)
        .map(|_| {
            let sub = script.account();
            introduce(script, sub, &past);
            sub
        })
        .collect()
}

/// New users who sign up through a link.
pub(super) fn signed_up(script: &mut Script) -> Vec<Trader> {
    let mut traders = Vec::new();
    for plan in &PLANS {
        traders.extend((0..plan.sign_ups).map(|_| sign_up(script, plan)));
    }
    traders
}

fn sign_up(script: &mut Script, plan: &Plan) -> Trader {
    let uid = script.account();
    let registered_at = invited_at(script, plan);
    let event = registration(script, uid, registered_at);
    let via = link_of(script, plan);
    script.step(registered_at.plus_millis(1_500), Action::SignUp(via, event));
    open_futures(script, uid, registered_at.plus_millis(300_000));
    trader(script, plan, uid, Vec::new(), registered_at)
}

/// The registration, without the link's code.
fn registration(script: &mut Script, uid: Account, registered_at: Timestamp) -> Event {
    let registered = Registered {
        uid,
        registered_at,
        country: script.dice.pick("AE", &SIGN_UP_COUNTRIES),
        region: None,
        main_uid: None,
        person_hash: uid.person(),
        code: None,
    };
    script.event(Data::Registered(registered))
}

fn open_futures(script: &mut Script, account: Account, at: Timestamp) {
    change(script, account, at, Fact::FuturesOpenedAt(at));
}

/// When an invitation is taken up, by day: in the first week most of all, and after a second
/// campaign in the middle.
fn invited_at(script: &mut Script, plan: &Plan) -> Timestamp {
    let campaigns = [(450, (0, 6)), (150, (27, 32))];
    let (first, last) = script.dice.pick((7, plan.invites_until), &campaigns);
    let day = script.dice.between(first, last);
    let time = script.dice.between(6 * HOUR, 22 * HOUR);
    script.calendar.after_start(day).plus_millis(time)
}

/// Half of the invitees come by the second link, where there is one.
fn link_of(script: &mut Script, plan: &Plan) -> Via {
    let label = plan.link.map(|(label, _)| label).filter(|_| script.dice.chance(500));
    plan.via(label)
}

/// The invitee as a trader: begins within a day or two, one in seven never; one in four stops.
fn trader(
    script: &mut Script,
    plan: &Plan,
    main: Account,
    subs: Vec<Account>,
    bound_at: Timestamp,
) -> Trader {
    let from = bound_at.plus_millis(script.dice.mostly_low(600_000, 60 * HOUR));
    let stays = script.dice.pick(None, &[(140, Some((0, 0))), (250, Some((5, 30)))]);
    let until = match stays {
        Some((least, most)) => from.plus_days(script.dice.between(least, most)),
        None => script.calendar.end(),
    };
    let size = Size::of_anybody(&mut script.dice);
    let levels = levels(script, size, main, from);
    Trader { main, subs, from, until, leaning: plan.leaning, size, levels, invited: true }
}

/// A level for the size, and now and then another one later.
fn levels(script: &mut Script, size: Size, account: Account, from: Timestamp) -> Levels {
    let first = size.level(&mut script.dice);
    if first > 0 {
        change(script, account, from, Fact::VipLevel(first));
    }
    let changed_at = from.plus_days(script.dice.between(10, 25));
    let level = size.level(&mut script.dice);
    let later = (level != first).then_some((changed_at, level));
    if later.is_some() {
        change(script, account, changed_at, Fact::VipLevel(level));
    }
    Levels { first, later }
}

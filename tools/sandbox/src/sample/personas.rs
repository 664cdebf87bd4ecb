//! Personas for the start page, the tour and the printed commands.

use serde::Serialize;
use types::{Reason, Uid};

use super::account::Account;
use super::event::Fact;
use super::people::{Background, LONG_DORMANT};
use super::plans::{AURORA, DELTA, PLANS};
use super::refused::{self, REFUSED};
use super::trader::{Leaning, REGULAR, Size};

/// The sample's main characters. Their ids are the same for every seed and day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Personas {
    /// The affiliates, the biggest first.
    pub affiliates: Vec<Affiliate>,
    /// Dormant users that may be recalled through Aurora's link, from the sample's last day on.
    pub dormant: Vec<Character>,
    /// Some invitees, recalled in the first days.
    pub invitees: Vec<Character>,
    /// Binds that are refused after the last day, at least one for each reason that applies to an
    /// opened link.
    pub refused: Vec<Refused>,
}

/// An affiliate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Affiliate {
    /// Its account.
    pub uid: Uid,
    /// Its name in the sample.
    pub name: &'static str,
    /// A sentence's end, as `has invited nobody yet: an empty dashboard`.
    pub story: &'static str,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Character {
    /// The user's account.
    pub uid: Uid,
    /// A sentence's end.
    pub story: &'static str,
}

/// A bind that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The user who opens the link.
    pub uid: Uid,
    /// The affiliate whose default link it is.
    pub via: Uid,
    /// The reason of the refusal.
    pub reason: Reason,
    /// A sentence's end, about the user.
    pub story: &'static str,
}

/// Dormant users for the reader to recall.
pub(super) const DORMANT: [(Account, &str, Background); 6] = [
    (Account(20_000_001), "traded spot years ago: the user of the tour", LONG_DORMANT),
    (
        Account(20_000_002),
        "registered and never used any product",
        Background { active: None, country: "IN", ..LONG_DORMANT },
    ),
    (
        Account(20_000_003),
        "lives in Germany: may be recalled, but its futures fees would earn nothing",
        Background { country: "DE", ..LONG_DORMANT },
    ),
    (
        Account(20_000_004),
        "used the card last",
        Background { active: Some((310, "card")), country: "AR", ..LONG_DORMANT },
    ),
    (
        Account(20_000_005),
        "took part in a launchpool last",
        Background { active: Some((420, "launchpool")), country: "VN", ..LONG_DORMANT },
    ),
    (
        Account(20_000_006),
        "lives in Japan, where futures are restricted",
        Background { country: "JP", ..LONG_DORMANT },
    ),
];

/// A recalled user of the personas. Days are counted from the sample's first, which is 0.
pub(super) struct Invitee {
    pub(super) account: Account,
    story: &'static str,
    pub(super) inviter: Account,
    /// The label of the inviter's link; `None` is the default link, which shares nothing.
    pub(super) link: Option<&'static str>,
    pub(super) bound: i64,
    pub(super) leaning: Leaning,
    pub(super) size: Size,
    /// The day and kind of its change.
    pub(super) change: Option<(i64, Fact)>,
}

const ACTIVE: Size = Size { trades: 4_500, ..REGULAR };
const BIGGEST: Size = Size { trades: 9_000, volume: (4_000, 280_000), ..REGULAR };

pub(super) const INVITEES: [Invitee; 4] = [
    Invitee {
        account: Account(40_000_001),
        story: "recalled by Aurora on the first day, and active ever since",
        inviter: AURORA,
        link: None,
        bound: 0,
        leaning: Leaning::Balanced,
        size: ACTIVE,
        change: None,
    },
    Invitee {
        account: Account(40_000_002),
        story: "recalled by Delta, and gets futures fees back until it moves to Japan in the \
                middle, where its futures earn no more",
        inviter: DELTA,
        link: Some("desk"),
        bound: 1,
        leaning: Leaning::Futures,
        size: ACTIVE,
        change: Some((30, Fact::Country("JP"))),
    },
    Invitee {
        account: Account(40_000_003),
        story: "recalled by Aurora; rises to VIP 4 in the middle, above the limits",
        inviter: AURORA,
        link: None,
        bound: 2,
        leaning: Leaning::Spot,
        size: ACTIVE,
        change: Some((35, Fact::VipLevel(4))),
    },
    Invitee {
        account: Account(40_000_004),
        story: "recalled by Aurora, and trades more than any other of its invitees",
        inviter: AURORA,
        link: None,
        bound: 0,
        leaning: Leaning::Balanced,
        size: BIGGEST,
        change: None,
    },
];

impl Personas {
    /// Returns all personas.
    #[must_use]
    pub fn everyone() -> Self {
        Self {
            affiliates: affiliates(),
            dormant: DORMANT.iter().map(|(account, story, _)| character(*account, story)).collect(),
            invitees: INVITEES.iter().map(|it| character(it.account, it.story)).collect(),
            refused: REFUSED.iter().map(refused::describe).collect(),
        }
    }
}

fn affiliates() -> Vec<Affiliate> {
    PLANS
        .iter()
        .map(|plan| Affiliate { uid: plan.account.uid(), name: plan.name, story: plan.story })
        .collect()
}

fn character(account: Account, story: &'static str) -> Character {
    Character { uid: account.uid(), story }
}

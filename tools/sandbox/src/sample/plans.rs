//! The affiliates, with the properties of each.

use super::account::Account;
use super::trader::Leaning;
use super::{Shared, Via};

/// An affiliate with its number of invitees.
pub(super) struct Plan {
    pub(super) account: Account,
    pub(super) name: &'static str,
    pub(super) story: &'static str,
    pub(super) country: &'static str,
    /// Days from the registration to the start of the sample.
    pub(super) registered: i64,
    pub(super) has_futures: bool,
    /// A second link, beside the default one.
    pub(super) link: Option<(&'static str, Shared)>,
    pub(super) leaning: Leaning,
    pub(super) recalls: u32,
    pub(super) sign_ups: u32,
    /// The last day of its invitations, counted from the first; the next day it leaves the
    /// programme, if the sample is not over.
    pub(super) invites_until: i64,
}

pub(super) const AURORA: Account = Account(10_000_001);
pub(super) const BOREAL: Account = Account(10_000_002);
pub(super) const DELTA: Account = Account(10_000_004);
pub(super) const FJORD: Account = Account(10_000_006);
pub(super) const GROVE: Account = Account(10_000_007);
pub(super) const ISLET: Account = Account(10_000_009);

/// A typical affiliate, from which the others differ.
const ORDINARY: Plan = Plan {
    account: AURORA,
    name: "",
    story: "",
    country: "AE",
    registered: 1_400,
    has_futures: true,
    link: None,
    leaning: Leaning::Balanced,
    recalls: 0,
    sign_ups: 0,
    invites_until: 60,
};

const NEWSLETTER: Shared = Shared { spot: "0.1", futures: "0.05" };
const COMMUNITY: Shared = Shared { spot: "0.05", futures: "0.05" };
const DESK: Shared = Shared { spot: "0", futures: "0.05" };

pub(super) const PLANS: [Plan; 10] = [
    Plan {
        account: AURORA,
        name: "Aurora",
        story: "a trading school with the largest audience: recalls and sign-ups through two \
                links, and volume enough for a higher tier",
        link: Some(("newsletter", NEWSLETTER)),
        recalls: 48,
        sign_ups: 46,
        ..ORDINARY
    },
    Plan {
        account: BOREAL,
        name: "Boreal",
        story: "a video channel that mostly wins dormant users back",
        country: "CH",
        link: Some(("community", COMMUNITY)),
        recalls: 36,
        sign_ups: 6,
        ..ORDINARY
    },
    Plan {
        account: Account(10_000_003),
        name: "Cedar",
        story: "a newsletter for margin traders",
        country: "TR",
        leaning: Leaning::Margin,
        recalls: 18,
        sign_ups: 14,
        ..ORDINARY
    },
    Plan {
        account: DELTA,
        name: "Delta",
        story: "a group of futures traders; one of its invitees moves to Japan in the middle",
        country: "AR",
        link: Some(("desk", DESK)),
        leaning: Leaning::Futures,
        recalls: 16,
        sign_ups: 16,
        ..ORDINARY
    },
    Plan {
        account: Account(10_000_005),
        name: "Ember",
        story: "a podcast from Japan, where futures are restricted: only spot and margin earn",
        country: "JP",
        recalls: 12,
        sign_ups: 8,
        ..ORDINARY
    },
    Plan {
        account: FJORD,
        name: "Fjord",
        story: "a blog from Norway, where MiCA forbids invitations: its link binds no one",
        country: "NO",
        ..ORDINARY
    },
    Plan {
        account: GROVE,
        name: "Grove",
        story: "left the programme in the middle: later trades of its invitees earn nothing",
        country: "VN",
        recalls: 10,
        sign_ups: 5,
        invites_until: 33,
        ..ORDINARY
    },
    Plan {
        account: Account(10_000_008),
        name: "Harbor",
        story: "has no futures account: its invitees' futures fees earn nothing",
        country: "MX",
        has_futures: false,
        recalls: 8,
        sign_ups: 6,
        ..ORDINARY
    },
    Plan {
        account: ISLET,
        name: "Islet",
        story: "a young account: it may only recall users who registered after it",
        country: "TH",
        registered: 150,
        leaning: Leaning::Spot,
        sign_ups: 5,
        ..ORDINARY
    },
    Plan {
        account: Account(10_000_010),
        name: "Juniper",
        story: "has no invitees yet: an empty dashboard",
        country: "PH",
        ..ORDINARY
    },
];

impl Plan {
    /// Returns the affiliate's links, the default one first.
    pub(super) fn links(&self) -> impl Iterator<Item = (Via, Shared)> {
        const NOTHING: Shared = Shared { spot: "0", futures: "0" };
        let own = self.link.map(|(label, shared)| (Some(label), shared));
        [(None, NOTHING)].into_iter().chain(own).map(|(label, shared)| (self.via(label), shared))
    }

    pub(super) fn via(&self, label: Option<&'static str>) -> Via {
        Via { affiliate: self.account.uid(), label }
    }

    pub(super) const fn invites(&self) -> bool {
        self.recalls + self.sign_ups > 0
    }

    /// Returns the day, counted from the first, on which the affiliate leaves the programme.
    pub(super) const fn leaves(&self) -> Option<i64> {
        let leaves = self.invites_until < ORDINARY.invites_until;
        if leaves { Some(self.invites_until + 1) } else { None }
    }
}

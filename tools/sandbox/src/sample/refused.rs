//! Users whose bind is refused: each for one reason, and for no other.

use types::Reason;

use super::account::Account;
use super::people::{Background, LONG_DORMANT, introduce};
use super::personas::Refused;
use super::plans::{AURORA, BOREAL, FJORD, GROVE, ISLET};
use super::scenario::Scenario;

/// A refused bind, and the user's history.
pub(super) struct RefusedBind {
    account: Account,
    via: Account,
    reason: Reason,
    story: &'static str,
    /// The history of an account that is only in the sample for this refusal.
    past: Option<Background>,
}

pub(super) const REFUSED: [RefusedBind; 13] = [
    refused_bind(
        30_000_001,
        Reason::AccountTooYoung,
        "registered some forty days before the last day, through no link",
        Some(Background { registered: 41, active: None, ..LONG_DORMANT }),
    ),
    refused_bind(
        30_000_002,
        Reason::RecentlyActive,
        "put coins into earn some twenty days before the last day",
        Some(Background { active: Some((21, "earn")), ..LONG_DORMANT }),
    ),
    refused_bind(
        30_000_003,
        Reason::RecentlyActive,
        "traded last 88 days before the end of the last day: two days later it may bind",
        Some(Background { active: Some((88, "spot")), ..LONG_DORMANT }),
    ),
    refused_bind(
        30_000_004,
        Reason::SubAccount,
        "is a sub-account of 20000001",
        Some(Background {
            active: None,
            main: Some(Account(20_000_001)),
            registered: 700,
            ..LONG_DORMANT
        }),
    ),
    refused_bind(
        30_000_005,
        Reason::RegionBlockedInvitee,
        "lives in Great Britain, where the programme is not available",
        Some(Background { country: "GB", ..LONG_DORMANT }),
    ),
    refused_bind(
        30_000_006,
        Reason::RegionBlockedInvitee,
        "lives in a region that the exchange does not serve, of a country that it does",
        Some(Background { country: "UA", region: Some("UA-43"), ..LONG_DORMANT }),
    ),
    refused_bind(30_000_007, Reason::UnknownAccount, "is not known to the exchange", None),
    RefusedBind {
        via: BOREAL,
        ..refused_bind(
            30_000_008,
            Reason::SameIdentity,
            "belongs to the person behind Boreal",
            Some(Background { twin: Some(BOREAL), ..LONG_DORMANT }),
        )
    },
    RefusedBind {
        via: FJORD,
        ..refused_bind(
            30_000_009,
            Reason::RegionBlockedInviter,
            "opens the link of Fjord, which is in Norway",
            Some(LONG_DORMANT),
        )
    },
    RefusedBind {
        via: GROVE,
        ..refused_bind(
            30_000_010,
            Reason::InviterNotAffiliate,
            "opens the link of Grove, which has left the programme",
            Some(LONG_DORMANT),
        )
    },
    RefusedBind {
        via: ISLET,
        ..refused_bind(
            30_000_011,
            Reason::InviterRegisteredAfterInvitee,
            "opens the link of Islet, which registered after it",
            Some(LONG_DORMANT),
        )
    },
    RefusedBind {
        via: BOREAL,
        ..refused_bind(40_000_001, Reason::AlreadyBound, "has Aurora as inviter, for life", None)
    },
    refused_bind(AURORA.0, Reason::SelfReferral, "opens its own link", None),
];

/// Returns a bind that is refused through Aurora's link, unless stated otherwise.
const fn refused_bind(
    account: u32,
    reason: Reason,
    story: &'static str,
    past: Option<Background>,
) -> RefusedBind {
    RefusedBind { account: Account(account), via: AURORA, reason, story, past }
}

pub(super) fn introduce_all(scenario: &mut Scenario) {
    for it in &REFUSED {
        if let Some(past) = &it.past {
            introduce(scenario, it.account, past);
        }
    }
}

pub(super) fn describe(it: &RefusedBind) -> Refused {
    Refused { uid: it.account.uid(), via: it.via.uid(), reason: it.reason, story: it.story }
}

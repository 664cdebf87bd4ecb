//! Who invited whom, and what is known of both.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use types::{LinkCode, Location, Market, Origin, Recorded, Timeline, Timestamp, Uid};

use crate::SharedCommission;

/// A binding, as far as commission depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Relation {
    /// Who earns.
    pub inviter: Uid,
    /// Whose fees are earned on.
    pub invitee: Uid,
    /// The link by which the invitee was bound.
    pub code: LinkCode,
    /// How the invitee came.
    pub origin: Origin,
    /// From when on trades earn: a trade at this very instant does.
    pub bound_at: Timestamp,
    /// The invitee's part, as it was at binding.
    pub shared: SharedCommission,
    /// When the binding was found void. A void binding earns nothing, from its beginning.
    pub voided_at: Option<Timestamp>,
}

/// What is known of an inviter or invitee, with its history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountHistory {
    /// Where the account is.
    pub location: Timeline<Location>,
    /// Whether it is in the affiliate programme.
    pub affiliate: Timeline<bool>,
    /// When its futures account was opened, if it has one.
    pub futures_opened_at: Option<Timestamp>,
}

/// The tiers of an inviter on a day, as places in the tier tables; 0 if never evaluated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TierInForce {
    /// For spot and margin.
    pub spot: usize,
    /// For futures.
    pub futures: usize,
}

impl Recorded for TierInForce {}

impl TierInForce {
    /// The tier in `market`.
    #[must_use]
    pub const fn of(self, market: Market) -> usize {
        match market {
            Market::Spot => self.spot,
            Market::Futures => self.futures,
        }
    }
}

/// All that a fee is judged by, besides itself and the rules.
#[derive(Debug, Clone, Copy)]
pub struct FeeContext<'a> {
    /// The binding.
    pub relation: &'a Relation,
    /// The invitee.
    pub invitee: &'a AccountHistory,
    /// The inviter.
    pub inviter: &'a AccountHistory,
    /// The inviter's tiers on the day of the fee.
    pub tier: TierInForce,
}

/// The relations whose fees are folded, by invitee; an inviter's facts are kept once.
#[derive(Debug, Clone, Default)]
pub struct Relations {
    invitees: HashMap<Uid, (Relation, AccountHistory), RandomState>,
    inviters: HashMap<Uid, (AccountHistory, TierInForce), RandomState>,
}

impl Relations {
    /// Adds an inviter: what is known of him, and his tiers on the day that is folded.
    pub fn add_inviter(&mut self, uid: Uid, party: AccountHistory, tier: TierInForce) {
        self.inviters.insert(uid, (party, tier));
    }

    /// Adds a binding with what is known of its invitee.
    pub fn add_relation(&mut self, relation: Relation, invitee: AccountHistory) {
        self.invitees.insert(relation.invitee.clone(), (relation, invitee));
    }

    /// Removes a binding, so that its fees count as an unknown invitee's.
    pub fn remove_relation(&mut self, invitee: &Uid) {
        self.invitees.remove(invitee);
    }

    /// What an invitee's fees are judged by; `None` if the binding or its inviter was not added.
    #[must_use]
    pub fn standing(&self, invitee: &Uid) -> Option<FeeContext<'_>> {
        let (relation, invitee) = self.invitees.get(invitee)?;
        let (inviter, tier) = self.inviters.get(&relation.inviter)?;
        Some(FeeContext { relation, invitee, inviter, tier: *tier })
    }
}

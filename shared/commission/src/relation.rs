//! Relations between inviters and invitees, and the history of both accounts.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use types::{LinkCode, Location, Market, Origin, Recorded, Timeline, Timestamp, Uid};

use crate::SharedCommission;

/// The parts of a binding that determine commission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Relation {
    /// Account that earns the commission.
    pub inviter: Uid,
    /// Account whose fees earn commission.
    pub invitee: Uid,
    /// Code of the link that bound the invitee.
    pub code: LinkCode,
    /// Origin of the binding.
    pub origin: Origin,
    /// Time of the binding. Trades at or after this instant earn.
    pub bound_at: Timestamp,
    /// Invitee's part, fixed at the binding.
    pub shared: SharedCommission,
    /// Time at which the binding was voided. A void binding earns nothing from its start.
    pub voided_at: Option<Timestamp>,
}

/// Known facts of an inviter or invitee, with their history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountHistory {
    /// Location of the account.
    pub location: Timeline<Location>,
    /// Whether the account is in the affiliate programme.
    pub affiliate: Timeline<bool>,
    /// Opening time of its futures account; `None` if there is none or it is unknown.
    pub futures_opened_at: Option<Timestamp>,
}

/// Tiers of an inviter on a day, as indexes in the tier tables; 0 if never evaluated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TierInForce {
    /// Tier for spot and margin.
    pub spot: usize,
    /// Tier for futures.
    pub futures: usize,
}

impl Recorded for TierInForce {}

impl TierInForce {
    /// Returns the tier in `market`.
    #[must_use]
    pub const fn of(self, market: Market) -> usize {
        match market {
            Market::Spot => self.spot,
            Market::Futures => self.futures,
        }
    }
}

/// Facts used to evaluate a fee, in addition to the fee and the rules.
#[derive(Debug, Clone, Copy)]
pub struct FeeContext<'a> {
    /// Binding of the invitee.
    pub relation: &'a Relation,
    /// History of the invitee.
    pub invitee: &'a AccountHistory,
    /// History of the inviter.
    pub inviter: &'a AccountHistory,
    /// Tiers of the inviter on the day of the fee.
    pub tier: TierInForce,
}

/// Relations whose fees are folded, by invitee. The facts of an inviter are stored once.
#[derive(Debug, Clone, Default)]
pub struct Relations {
    invitees: HashMap<Uid, (Relation, AccountHistory), RandomState>,
    inviters: HashMap<Uid, (AccountHistory, TierInForce), RandomState>,
}

impl Relations {
    /// Adds an inviter with its history and its tiers on the folded day.
    pub fn add_inviter(&mut self, uid: Uid, party: AccountHistory, tier: TierInForce) {
        self.inviters.insert(uid, (party, tier));
    }

    /// Adds a binding with the history of its invitee.
    pub fn add_relation(&mut self, relation: Relation, invitee: AccountHistory) {
        self.invitees.insert(relation.invitee.clone(), (relation, invitee));
    }

    /// Removes a binding, so that its fees count as fees of an unknown invitee.
    pub fn remove_relation(&mut self, invitee: &Uid) {
        self.invitees.remove(invitee);
    }

    /// Returns the facts used to evaluate an invitee's fees; `None` if the binding or its inviter
    /// was not added.
    #[must_use]
    pub fn standing(&self, invitee: &Uid) -> Option<FeeContext<'_>> {
        let (relation, invitee) = self.invitees.get(invitee)?;
        let (inviter, tier) = self.inviters.get(&relation.inviter)?;
        Some(FeeContext { relation, invitee, inviter, tier: *tier })
    }
}

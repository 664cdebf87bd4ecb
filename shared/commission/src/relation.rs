//! Relations between inviters and invitees, and the history of both accounts.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};
use types::{LinkCode, Location, Market, Origin, Recorded, Timeline, Timestamp, Uid};

use crate::SharedCommission;
use crate::number_table::NumberTable;
use crate::trade_key::canonical_number;

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
    bound: Vec<Option<Bound>>,
    /// Indexes in `bound` of invitees with numeric ids, and of all others.
    by_number: NumberTable,
    by_text: HashMap<Uid, usize, RandomState>,
    /// Index in `inviter_facts` of each inviter.
    inviters: HashMap<Uid, usize, RandomState>,
    /// Facts of an inviter; `None` if they were not added.
    inviter_facts: Vec<Option<(AccountHistory, TierInForce)>>,
}

/// A relation with the history of its invitee, and the index of its inviter.
#[derive(Debug, Clone)]
struct Bound {
    relation: Relation,
    invitee: AccountHistory,
    inviter: usize,
}

impl Relations {
    /// Adds an inviter with its history and its tiers on the folded day.
    pub fn add_inviter(&mut self, uid: Uid, party: AccountHistory, tier: TierInForce) {
        let inviter = self.inviter(uid);
        if let Some(facts) = self.inviter_facts.get_mut(inviter) {
            *facts = Some((party, tier));
        }
    }

    /// Adds a binding with the history of its invitee.
    pub fn add_relation(&mut self, relation: Relation, invitee: AccountHistory) {
        let inviter = self.inviter(relation.inviter.clone());
        let uid = relation.invitee.clone();
        let bound = Some(Bound { relation, invitee, inviter });
        if let Some(known) = self.place(&uid).and_then(|place| self.bound.get_mut(place)) {
            *known = bound;
            return;
        }
        let place = self.bound.len();
        self.bound.push(bound);
        match (canonical_number(uid.as_str()), u32::try_from(place)) {
            (Some(number), Ok(place)) => self.by_number.insert(number, place),
            _ => drop(self.by_text.insert(uid, place)),
        }
    }

    fn inviter(&mut self, uid: Uid) -> usize {
        *self.inviters.entry(uid).or_insert_with(|| {
            self.inviter_facts.push(None);
            self.inviter_facts.len() - 1
        })
    }

    fn place(&self, invitee: &Uid) -> Option<usize> {
        let number = canonical_number(invitee.as_str());
        let place = number.and_then(|number| self.by_number.get(number));
        place.map(|place| place as usize).or_else(|| self.by_text.get(invitee).copied())
    }

    /// Removes a binding, so that its fees count as fees of an unknown invitee.
    pub fn remove_relation(&mut self, invitee: &Uid) {
        if let Some(bound) = self.place(invitee).and_then(|place| self.bound.get_mut(place)) {
            *bound = None;
        }
    }

    /// Returns the facts used to evaluate an invitee's fees; `None` if the binding or its inviter
    /// was not added.
    #[must_use]
    pub fn context_of(&self, invitee: &Uid) -> Option<FeeContext<'_>> {
        self.context(self.place(invitee)?)
    }

    /// Returns the facts of an invitee whose numeric id is known, if it has one.
    #[inline]
    pub(crate) fn context_of_number(
        &self,
        invitee: &Uid,
        number: Option<u64>,
    ) -> Option<FeeContext<'_>> {
        match number.and_then(|number| self.by_number.get(number)) {
            Some(place) => self.context(place as usize),
            None => self.context_of(invitee),
        }
    }

    #[inline]
    fn context(&self, place: usize) -> Option<FeeContext<'_>> {
        let Bound { relation, invitee, inviter } = self.bound.get(place)?.as_ref()?;
        let (inviter, tier) = self.inviter_facts.get(*inviter)?.as_ref()?;
        Some(FeeContext { relation, invitee, inviter, tier: *tier })
    }
}

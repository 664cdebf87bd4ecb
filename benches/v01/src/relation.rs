//! The bindings and facts of accounts, by account, as version 0.1 looked them up.

use std::collections::HashMap;

use commission::{AccountHistory, FeeContext, Relation, TierInForce};
use types::Uid;

/// The relations whose fees are folded, by invitee. The facts of an inviter are stored once.
#[derive(Debug, Clone, Default)]
pub struct Relations {
    invitees: HashMap<Uid, (Relation, AccountHistory)>,
    inviters: HashMap<Uid, (AccountHistory, TierInForce)>,
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

    /// Returns the facts used to evaluate an invitee's fees; `None` if the binding or its inviter
    /// was not added.
    #[must_use]
    pub fn standing(&self, invitee: &Uid) -> Option<FeeContext<'_>> {
        let (relation, invitee) = self.invitees.get(invitee)?;
        let (inviter, tier) = self.inviters.get(&relation.inviter)?;
        Some(FeeContext { relation, invitee, inviter, tier: *tier })
    }
}

//! What the exchange has told of an account, and what we know of a link.

use serde::{Deserialize, Serialize};
use terms::{LinkCode, Location, PersonHash, Timeline, Timestamp, Uid};

/// An account, as far as the rules look at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountFacts {
    /// The account's id.
    pub uid: Uid,
    /// When the account was registered.
    pub registered_at: Timestamp,
    /// The main account, where this one is a sub-account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_uid: Option<Uid>,
    /// The person behind the account, where the exchange knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonHash>,
    /// The newest trade or use of any product; logging in is no activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_activity_at: Option<Timestamp>,
    /// Where the account was located, or operated from, over time.
    pub location: Timeline<Location>,
    /// Whether the account was in the affiliate programme, over time.
    pub affiliate: Timeline<bool>,
    /// The inviter that the account was ever bound to; it stays when the relation is voided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inviter: Option<Uid>,
}

impl AccountFacts {
    /// Whether both accounts are known to be one person's: the same account, the same person hash,
    /// a main account and its sub-account, or two sub-accounts of one main account.
    #[must_use]
    pub fn is_same_identity_as(&self, other: &Self) -> bool {
        let same_person = self.person.is_some() && self.person == other.person;
        same_person || self.main_account() == other.main_account()
    }

    fn main_account(&self) -> &Uid {
        self.main_uid.as_ref().unwrap_or(&self.uid)
    }
}

/// A referral link, as far as the rules look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkFacts {
    /// The token in the link.
    pub code: LinkCode,
    /// The affiliate who invites by the link.
    pub owner: Uid,
    /// Whether the link invites existing users too, and not new users only.
    pub invites_existing: bool,
}

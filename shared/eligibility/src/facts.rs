//! The facts of accounts and links that the rules use.

use serde::{Deserialize, Serialize};
use types::{LinkCode, Location, PersonHash, Timeline, Timestamp, Uid};

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
    /// The account at the top of the chain of main accounts, where that is not the main account.
    /// Filled in for an evaluation, and kept in its evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_uid: Option<Uid>,
    /// From when on `person` holds; the registration where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_at: Option<Timestamp>,
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

/// Entries kept of where an account was. With all histories full an account stays below 4 KB, so
/// that a read costs one unit.
pub const MAX_LOCATIONS: usize = 24;
/// Entries kept of whether an account was in the affiliate programme.
pub const MAX_AFFILIATE_CHANGES: usize = 12;

impl AccountFacts {
    /// Records where the account is from `at` on. Answers whether anything changed.
    pub fn record_location(&mut self, at: Timestamp, location: Location) -> bool {
        self.location.set_within(MAX_LOCATIONS, at, location)
    }

    /// Records whether the account is in the affiliate programme from `at` on. Answers whether
    /// anything changed.
    pub fn record_affiliate(&mut self, at: Timestamp, affiliate: bool) -> bool {
        self.affiliate.set_within(MAX_AFFILIATE_CHANGES, at, affiliate)
    }

    /// Records the person behind the account as of `at`. The newest report holds, and of two of one
    /// instant the greater, in any order of arrival. Returns whether anything changed.
    pub fn record_person(&mut self, at: Timestamp, person: PersonHash) -> bool {
        let known_at = self.person_at.unwrap_or(self.registered_at);
        let newer = self.person.as_ref().is_none_or(|known| (known_at, known) < (at, &person));
        if newer {
            self.person = Some(person);
            self.person_at = Some(at);
        }
        newer
    }

    /// The facts with only those entries of their histories that are in force at `at`. An
    /// evaluation at that instant is the same by them.
    #[must_use]
    pub fn in_force_at(&self, at: Timestamp) -> Self {
        let place = self.location.entry_at(at).zip(self.location.place_at(at));
        let location = place.map(|((from, _), place)| Timeline::starting(from, place.clone()));
        let affiliate =
            self.affiliate.entry_at(at).map(|(from, value)| Timeline::starting(from, *value));
        Self {
            location: location.unwrap_or_default(),
            affiliate: affiliate.unwrap_or_default(),
            ..self.clone()
        }
    }

    /// Whether both accounts are known to be one person's: the same account, the same person hash,
    /// a main account and its sub-account of any level, or two sub-accounts of one main account.
    #[must_use]
    pub fn is_same_identity_as(&self, other: &Self) -> bool {
        let same_person = self.person.is_some() && self.person == other.person;
        same_person || self.top_account() == other.top_account()
    }

    fn top_account(&self) -> &Uid {
        self.top_uid.as_ref().or(self.main_uid.as_ref()).unwrap_or(&self.uid)
    }
}

/// A referral link, as far as the rules look at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LinkFacts {
    /// The token in the link.
    pub code: LinkCode,
    /// The affiliate that owns the link.
    pub owner: Uid,
    /// Whether the link invites existing users too, and not new users only.
    pub invites_existing: bool,
}

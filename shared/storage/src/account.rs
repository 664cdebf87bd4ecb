//! Accounts: the reported facts, the binding and the tiers.

use std::collections::HashMap;

use commission::{Relation, TierInForce};
use eligibility::{AccountFacts, MAX_AFFILIATE_CHANGES, MAX_LOCATIONS};
use serde::{Deserialize, Serialize};
use types::{Reason, Timeline, Timestamp, Uid, Vip};

use crate::access::{ReadMode, Table};
use crate::attempt::Attempt;
use crate::error::TableError;
use crate::item::{Item, plain, read_plain, revision};
use crate::keys::{self, Key, Shard};
use crate::pending_sign_up::PendingSignUp;

/// A value with the revision under which it was read, so that it is only replaced unchanged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// How often it was written; 0 if it is not in the table yet.
    pub revision: u64,
}

impl<T> Versioned<T> {
    /// A value that is not in the table yet.
    pub const fn new(value: T) -> Self {
        Self { value, revision: 0 }
    }
}

/// An account of the exchange, as the programme knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The facts that the eligibility rules use.
    pub facts: AccountFacts,
    /// The VIP level over time, as the exchange reported it.
    pub vip: Timeline<Vip>,
    /// When the futures account was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub futures_opened_at: Option<Timestamp>,
    /// The relation to the inviter, once bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// Why a sign-up through a link did not bind, if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_up_refused: Option<Reason>,
    /// The sign-up, while a late fact of the inviter can make it eligible or a switch holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_sign_up: Option<PendingSignUp>,
    /// The tiers that quarterly evaluations gave this account as an inviter.
    pub tiers: Timeline<TierInForce>,
    /// A digest of the registration, which detects another registration of the same account.
    /// Accounts of version 0.1 have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
}

/// Levels of main accounts above an account that are followed.
pub const MAX_ACCOUNT_LEVELS: usize = 8;
/// Entries kept of an account's VIP levels.
pub const MAX_VIP_CHANGES: usize = 12;
/// Entries kept of an account's tiers: of four years, if each quarter has another tier.
pub const MAX_TIER_CHANGES: usize = 16;

impl Account {
    /// An account of which only its facts are known.
    #[must_use]
    pub fn new(facts: AccountFacts) -> Self {
        Self {
            facts,
            vip: Timeline::default(),
            futures_opened_at: None,
            relation: None,
            sign_up_refused: None,
            pending_sign_up: None,
            tiers: Timeline::default(),
            registration: None,
        }
    }

    /// Records the VIP level from `at` on. Answers whether anything changed.
    pub fn record_vip(&mut self, at: Timestamp, vip: Vip) -> bool {
        self.vip.set_within(MAX_VIP_CHANGES, at, vip)
    }

    /// Drops entries of histories that are longer than their limits, as version 0.1 let them grow.
    pub fn keep_within_limits(&mut self) {
        self.facts.location.keep_within(MAX_LOCATIONS);
        self.facts.affiliate.keep_within(MAX_AFFILIATE_CHANGES);
        self.vip.keep_within(MAX_VIP_CHANGES);
        self.tiers.keep_within(MAX_TIER_CHANGES);
    }

    /// Puts tiers in force from `at` on, in place of those of the same instant.
    pub fn replace_tiers(&mut self, at: Timestamp, tiers: TierInForce) {
        self.tiers.replace(at, tiers);
        self.keep_within_limits();
    }
}

pub(crate) fn account_item(account: &Account) -> Result<Item, TableError> {
    plain(&keys::account(&account.facts.uid), account)
}

pub(crate) fn read_account(item: Item) -> Result<Versioned<Account>, TableError> {
    let revision = revision(&item);
    Ok(Versioned { value: read_plain("account", item)?, revision })
}

impl Table {
    /// Returns an account, if the exchange has reported it. Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn account(&self, uid: &Uid) -> Result<Option<Versioned<Account>>, TableError> {
        self.get(&keys::account(uid)).await?.map(read_account).transpose()
    }

    /// Returns the account at the top of the chain of main accounts, as far as it is known. Cost: 1
    /// read unit a level above the account itself.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn top_account(&self, facts: &AccountFacts) -> Result<Uid, TableError> {
        let mut top = facts.uid.clone();
        let mut main = facts.main_uid.clone();
        for _ in 0..MAX_ACCOUNT_LEVELS {
            let Some(uid) = main else { break };
            main = self.account(&uid).await?.and_then(|account| account.value.facts.main_uid);
            top = uid;
        }
        Ok(top)
    }

    /// Accounts by their ids; unknown ones are left out. Cost: 1 read unit each, 1 call a hundred.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn accounts(
        &self,
        uids: impl IntoIterator<Item = &Uid>,
    ) -> Result<HashMap<Uid, Versioned<Account>>, TableError> {
        let keys: Vec<_> = uids.into_iter().map(keys::account).collect();
        let items = self.get_many(&keys).await?;
        items
            .into_iter()
            .map(|item| {
                read_account(item).map(|account| (account.value.facts.uid.clone(), account))
            })
            .collect()
    }

    /// Accounts by their ids, where one that cannot be decoded does not hinder the others; unknown
    /// ones are left out. Cost: as [`Table::accounts`].
    ///
    /// # Errors
    /// If the table fails.
    pub async fn each_account(
        &self,
        uids: impl IntoIterator<Item = &Uid>,
    ) -> Result<HashMap<Uid, Result<Versioned<Account>, TableError>>, TableError> {
        self.each_account_by(ReadMode::Consistent, uids).await
    }

    /// Accounts as [`Table::each_account`] returns them, but possibly in an earlier state. Cost:
    /// half a read unit each, 1 call a hundred.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn each_account_eventually(
        &self,
        uids: impl IntoIterator<Item = &Uid>,
    ) -> Result<HashMap<Uid, Result<Versioned<Account>, TableError>>, TableError> {
        self.each_account_by(ReadMode::Eventual, uids).await
    }

    async fn each_account_by(
        &self,
        mode: ReadMode,
        uids: impl IntoIterator<Item = &Uid>,
    ) -> Result<HashMap<Uid, Result<Versioned<Account>, TableError>>, TableError> {
        let uids: Vec<&Uid> = uids.into_iter().collect();
        let keys: Vec<_> = uids.iter().map(|uid| keys::account(uid)).collect();
        let by_key: HashMap<&Key, &Uid> = keys.iter().zip(uids).collect();
        let items = self.get_many_by(mode, &keys).await?;
        let with_uid = |item: Item| {
            let uid = keys::key_of(&item).and_then(|key| by_key.get(&key).copied().cloned());
            uid.map(|uid| (uid, read_account(item)))
        };
        Ok(items.into_iter().filter_map(with_uid).collect())
    }

    /// Writes an account unless it was changed since it was read. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails, or [`TableError::Rejected`].
    pub async fn save_account(&self, account: &Versioned<Account>) -> Result<Attempt, TableError> {
        let item = account_item(&account.value)?;
        self.put_revision(item, account.revision).await
    }

    /// Enters an account in the list of affiliates that the quarterly evaluation walks through.
    /// Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn list_affiliate(&self, uid: &Uid) -> Result<(), TableError> {
        self.put(plain(&keys::affiliate(uid), &Listed { uid: uid.clone() })?).await
    }

    /// Returns all accounts of a shard that were ever affiliates. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn affiliates(&self, shard: Shard) -> Result<Vec<Uid>, TableError> {
        let items = self.query(&keys::affiliates(shard)).await?;
        let listed = items.into_iter().map(|item| read_plain::<Listed>("affiliate", item));
        listed.map(|listed| listed.map(|listed| listed.uid)).collect()
    }
}

#[derive(Serialize, Deserialize)]
struct Listed {
    uid: Uid,
}

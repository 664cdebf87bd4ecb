//! Accounts: what the exchange told of them, their binding, their tiers.

use std::collections::HashMap;

use commission::{Relation, TierInForce};
use eligibility::AccountFacts;
use serde::{Deserialize, Serialize};
use terms::{Reason, Timeline, Timestamp, Uid, Vip};

use crate::access::{Condition, Table};
use crate::error::TableError;
use crate::item::{Item, plain, read_plain, revision};
use crate::keys::{self, Shard};

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
    /// What the eligibility rules look at.
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
    /// The tiers that quarterly evaluations gave this account as an inviter.
    pub tiers: Timeline<TierInForce>,
}

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
            tiers: Timeline::default(),
        }
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
    /// An account, if the exchange has told of it. Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn account(&self, uid: &Uid) -> Result<Option<Versioned<Account>>, TableError> {
        self.get(&keys::account(uid)).await?.map(read_account).transpose()
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

    /// Writes an account unless it was changed since it was read. Cost: 1 write unit per KB.
    ///
    /// Answers `false` where it was changed: read it and decide again.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn save_account(&self, account: &Versioned<Account>) -> Result<bool, TableError> {
        let item = account_item(&account.value)?;
        Ok(self.put_if(item, Condition::Revision(account.revision)).await?.is_ok())
    }

    /// Enters an account in the list of affiliates that the quarterly evaluation walks through.
    /// Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn list_affiliate(&self, uid: &Uid) -> Result<(), TableError> {
        self.put(plain(&keys::affiliate(uid), &Listed { uid: uid.clone() })?).await
    }

    /// All accounts that were ever affiliates, of one shard. Cost: 1 read unit per 4 KB.
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

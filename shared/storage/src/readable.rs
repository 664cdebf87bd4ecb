//! Accounts of which some cannot be read: the others are not to wait for them.

use std::collections::{BTreeMap, HashMap};

use types::Uid;

use crate::access::Table;
use crate::account::{Account, Versioned, read_account};
use crate::error::TableError;
use crate::item::Item;
use crate::keys;

/// Accounts as they are stored; unknown ones are left out.
#[derive(Debug, Default)]
pub struct StoredAccounts {
    /// The accounts that can be read.
    pub known: HashMap<Uid, Versioned<Account>>,
    /// The accounts that are there and cannot be read, with the reason.
    pub unreadable: BTreeMap<Uid, TableError>,
}

impl Table {
    /// Returns accounts by their ids, each once, and separately the ids of those that do not
    /// decode. Cost: 1 read unit each, 1 call per hundred.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn readable_accounts(
        &self,
        uids: impl IntoIterator<Item = &Uid>,
    ) -> Result<StoredAccounts, TableError> {
        let keys: Vec<_> = uids.into_iter().map(keys::account).collect();
        let mut stored = StoredAccounts::default();
        for item in self.get_many(&keys).await? {
            let uid = uid_of(&item)?;
            match read_account(item).and_then(|account| check(&uid, account)) {
                Ok(account) => drop(stored.known.insert(uid, account)),
                Err(error) if error.is_unreadable() => {
                    stored.unreadable.insert(uid, error);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(stored)
    }
}

fn uid_of(item: &Item) -> Result<Uid, TableError> {
    let key = keys::key_of(item);
    let uid = key.and_then(|key| key.pk.strip_prefix("U#").and_then(|uid| uid.parse().ok()));
    uid.ok_or_else(|| TableError::corrupt("account", "its key is malformed"))
}

/// An account holds its own id.
fn check(uid: &Uid, account: Versioned<Account>) -> Result<Versioned<Account>, TableError> {
    match account.value.facts.uid == *uid {
        true => Ok(account),
        false => Err(TableError::corrupt("account", "it holds the id of another one")),
    }
}

//! The assets that fees are charged in: a list of limited length, so that no item that has an entry
//! an asset outgrows its limit.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use commission::Asset;
use serde::{Deserialize, Serialize};

use crate::access::Table;
use crate::attempt::{Attempt, MAX_ATTEMPTS, retry_on_conflict};
use crate::error::TableError;
use crate::item::plain;
use crate::keys;
use crate::ledger::versioned;

/// The most assets that fees may be charged in.
pub const MAX_ASSETS: usize = 1_000;

/// The assets that this process knows to be on the list. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownAssets(Arc<Mutex<BTreeSet<Asset>>>);

impl KnownAssets {
    fn assets(&self) -> MutexGuard<'_, BTreeSet<Asset>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Listed {
    assets: BTreeSet<Asset>,
}

/// Which assets are on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// All of them.
    All,
    /// All but these, because the list is full.
    AllBut(BTreeSet<Asset>),
}

impl Table {
    /// Puts assets on the list of those that fees are charged in, as far as there is room. Cost:
    /// nothing for assets that this process has seen; else 1 GetItem, and 1 PutItem for new ones.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn admit_assets(&self, wanted: &BTreeSet<Asset>) -> Result<Admission, TableError> {
        if wanted.is_subset(&self.known_assets.assets()) {
            return Ok(Admission::All);
        }
        let contended = || TableError::Contended("the list of assets");
        retry_on_conflict(MAX_ATTEMPTS, contended, || async {
            let mut list = versioned::<Listed>("list of assets", self.get(&keys::assets()).await?)?;
            let room = MAX_ASSETS.saturating_sub(list.value.assets.len());
            let new: Vec<Asset> = wanted.difference(&list.value.assets).copied().collect();
            list.value.assets.extend(new.iter().take(room));
            let written = match new.is_empty() || room == 0 {
                true => Attempt::Done(()),
                false => {
                    self.put_revision(plain(&keys::assets(), &list.value)?, list.revision).await?
                }
            };
            Ok(written.map(|()| {
                self.known_assets.assets().extend(&list.value.assets);
                let refused: BTreeSet<Asset> = new.into_iter().skip(room).collect();
                match refused.is_empty() {
                    true => Admission::All,
                    false => Admission::AllBut(refused),
                }
            }))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::table;

    fn asset(number: usize) -> Asset {
        format!("A{number}").parse().unwrap()
    }

    #[tokio::test]
    async fn list_is_written_for_new_assets_only() {
        let table = table().await;
        let calls = async |wanted: &BTreeSet<Asset>| {
            // Another process has not seen the list.
            let mut other = table.clone();
            other.known_assets = KnownAssets::default();
            let before = table.call_stats().calls;
            let admission = other.admit_assets(wanted).await.unwrap();
            (table.call_stats().calls - before, admission)
        };
        let all: BTreeSet<Asset> = (0..MAX_ASSETS).map(asset).collect();
        assert_eq!(calls(&all).await, (2, Admission::All));
        assert_eq!(calls(&[asset(0)].into()).await, (1, Admission::All));
        let more: BTreeSet<Asset> = [asset(MAX_ASSETS)].into();
        assert_eq!(calls(&more).await, (1, Admission::AllBut(more.clone())));
    }
}

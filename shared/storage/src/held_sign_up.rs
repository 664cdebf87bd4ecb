//! Sign-ups that a kill switch holds: pending sign-ups that may bind once it is turned off.

use serde::{Deserialize, Serialize};
use types::{LinkCode, Timestamp, Uid};

use crate::access::Table;
use crate::error::TableError;
use crate::item::{expire, is_expired, plain, read_plain};
use crate::keys;
use crate::partition::Shard;

/// A sign-up that binds or its link were stopped for. The account has everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldSignUp {
    /// The account that signed up.
    pub invitee: Uid,
    /// The link's owner.
    pub inviter: Uid,
    /// The link's code.
    pub code: LinkCode,
}

impl Table {
    /// Lists a sign-up as held, also if it is listed already. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn hold_sign_up(
        &self,
        held: &HeldSignUp,
        until: Timestamp,
    ) -> Result<(), TableError> {
        let key = keys::held_sign_up(&held.invitee);
        self.put(expire(plain(&key, held)?, until)).await
    }

    /// Returns the held sign-ups of one shard, or the error of each that does not decode; those
    /// that expired by `now` are left out. Cost: 1 call per 1 MB, 1 read unit per 4 KB, which hold
    /// about 30 of them.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn held_sign_ups(
        &self,
        shard: Shard,
        now: Timestamp,
    ) -> Result<Vec<Result<HeldSignUp, TableError>>, TableError> {
        let items = self.query(&keys::held_sign_ups(shard)).await?;
        // DynamoDB deletes expired items days later.
        let current = items.into_iter().filter(|item| !is_expired(item, now));
        Ok(current.map(|item| read_plain("held sign-up", item)).collect())
    }

    /// Removes a sign-up from the list of those that are held. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn release_sign_up(&self, invitee: &Uid) -> Result<(), TableError> {
        let key = keys::held_sign_up(invitee);
        self.delete_if(&key, ("invitee", invitee.as_str()), None).await?;
        Ok(())
    }
}

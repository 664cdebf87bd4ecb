//! Pending sign-ups: refused ones that a late fact of the inviter can still make eligible, and
//! those that a kill switch holds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use types::{Day, LinkCode, Timestamp, Uid};

use crate::access::{Action, Condition, Table};
use crate::account::{Account, Versioned, account_item};
use crate::attempt::Attempt;
use crate::error::TableError;
use crate::item::{expire, is_expired, plain};
use crate::keys;

/// A refused or held sign-up, as the invitee's account keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingSignUp {
    /// The link's owner.
    pub inviter: Uid,
    /// The link's code.
    pub code: LinkCode,
    /// The instant from which on the refusal is final.
    pub until: Timestamp,
    /// The days with fees that arrived meanwhile: they are booked if the sign-up binds after all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub fee_days: BTreeSet<Day>,
}

/// How long a pending sign-up waits for late facts or the end of a stop, in days.
pub const PENDING_SIGN_UP_DAYS: i64 = 90;
/// Days with fees through which a pending sign-up waits. One more ends it unbound, so that
/// the account's item stays small and one late fact causes no more runs than this.
pub const MAX_PENDING_FEE_DAYS: usize = 31;
/// Pending sign-ups that are read in one call.
pub const PENDING_SIGN_UPS_PER_PAGE: i32 = 500;

/// A pending sign-up in the list of its inviter. The account has everything else.
#[derive(Serialize)]
struct Listed<'a> {
    invitee: &'a Uid,
}

/// One page of the pending sign-ups of an inviter.
#[derive(Debug)]
pub struct PendingSignUps {
    /// The accounts that signed up, in the order of their ids, without those that expired.
    pub invitees: Vec<Uid>,
    /// The last account of this page, if more pages follow.
    pub more_after: Option<Uid>,
}

impl Table {
    /// Writes the account of a pending sign-up unless it was changed since it was read, and lists
    /// the sign-up for its inviter. Cost: 1 transaction of 2 items.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn list_sign_up(
        &self,
        account: &Versioned<Account>,
        pending: &PendingSignUp,
    ) -> Result<Attempt, TableError> {
        let invitee = &account.value.facts.uid;
        let key = keys::pending_sign_up(&pending.inviter, invitee);
        let listed = expire(plain(&key, &Listed { invitee })?, pending.until);
        let actions = vec![
            Action::Put(account_item(&account.value)?, Condition::Revision(account.revision)),
            Action::Overwrite(listed),
        ];
        self.attempt(actions).await
    }

    /// Returns one page of an inviter's pending sign-ups, those that expired by `now` left out.
    /// Cost: 1 call, 1 read unit per 4 KB, which hold about 30 of them.
    ///
    /// # Errors
    /// If the table fails or a sort key is no user id.
    pub async fn pending_sign_ups(
        &self,
        inviter: &Uid,
        after: Option<&Uid>,
        now: Timestamp,
    ) -> Result<PendingSignUps, TableError> {
        let range = keys::pending_sign_ups(inviter);
        let after = after.map(Uid::as_str);
        let page = self.page(&range, true, after, PENDING_SIGN_UPS_PER_PAGE).await?;
        let invitee = |item| {
            let invitee = keys::sort_key(item).parse();
            invitee.map_err(|error| TableError::corrupt("pending sign-up", error))
        };
        let last = page.items.last().filter(|_| page.more).map(invitee);
        // DynamoDB deletes expired items days later.
        let current = page.items.iter().filter(|item| !is_expired(item, now)).map(invitee);
        Ok(PendingSignUps {
            invitees: current.collect::<Result<_, _>>()?,
            more_after: last.transpose()?,
        })
    }

    /// Removes a sign-up from the list of its inviter. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn unlist_sign_up(&self, inviter: &Uid, invitee: &Uid) -> Result<(), TableError> {
        let key = keys::pending_sign_up(inviter, invitee);
        self.delete_if(&key, ("invitee", invitee.as_str()), None).await?;
        Ok(())
    }
}

//! Void bindings, until their booked lines are reversed.

use serde::{Deserialize, Serialize};
use types::{LinkCode, Timestamp, Uid};

use crate::access::{Action, Condition, Table};
use crate::account::{Account, Versioned, account_item};
use crate::attempt::Attempt;
use crate::error::TableError;
use crate::item::{plain, read_plain};
use crate::keys;

/// The marker of a binding that was found void: its lines are to be reversed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoidedBinding {
    /// The invitee.
    pub invitee: Uid,
    /// The inviter.
    pub inviter: Uid,
    /// The link by which the invitee was bound.
    pub code: LinkCode,
    /// From when on trades earned.
    pub bound_at: Timestamp,
    /// When the binding was found void.
    pub voided_at: Timestamp,
}

/// The markers of void bindings as they are stored.
#[derive(Debug, Default)]
pub struct VoidedBindings {
    /// Those that can be read.
    pub known: Vec<VoidedBinding>,
    /// How many cannot be read.
    pub unreadable: usize,
}

impl Table {
    /// Writes an account whose binding is void, unless it was changed since it was read, together
    /// with the marker for the next night. Cost: 1 transaction of 2 items.
    ///
    /// # Errors
    /// If the table fails, or the account has no binding that is void.
    pub async fn void_binding(&self, account: &Versioned<Account>) -> Result<Attempt, TableError> {
        let relation = account.value.relation.as_ref();
        let found = relation.and_then(|relation| Some((relation, relation.voided_at?)));
        let Some((relation, voided_at)) = found else {
            return Err(TableError::corrupt("account", "its binding is not void"));
        };
        let marker = VoidedBinding {
            invitee: relation.invitee.clone(),
            inviter: relation.inviter.clone(),
            code: relation.code.clone(),
            bound_at: relation.bound_at,
            voided_at,
        };
        let actions = vec![
            Action::Put(account_item(&account.value)?, Condition::Revision(account.revision)),
            Action::Overwrite(plain(&keys::voided(&relation.invitee), &marker)?),
        ];
        self.attempt(actions).await
    }

    /// Returns all bindings whose lines are to be reversed. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn voided_bindings(&self) -> Result<VoidedBindings, TableError> {
        let mut stored = VoidedBindings::default();
        for item in self.query(&keys::all_voided()).await? {
            match read_plain("marker of a void binding", item) {
                Ok(marker) => stored.known.push(marker),
                Err(_unreadable) => stored.unreadable += 1,
            }
        }
        Ok(stored)
    }

    /// Removes the marker of a binding under which nothing is booked any more. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn clear_voided(&self, marker: &VoidedBinding) -> Result<(), TableError> {
        let (key, invitee) = (keys::voided(&marker.invitee), marker.invitee.as_str());
        self.delete_if(&key, ("invitee", invitee), None).await?;
        Ok(())
    }
}

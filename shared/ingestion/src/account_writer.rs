//! Writes updates of accounts to the table.

use lambda::{App, Deadline};
use storage::{Account, Attempt, MAX_ATTEMPTS, TableError, Versioned, retry_on_conflict};
use types::{Timestamp, Uid};

use crate::account::{Deferral, Effect, Update, apply};
use crate::event::Changed;
use crate::sign_up::{Reevaluation, evaluate_all_again};

/// Writes updates of accounts, each account unless it was changed since it was read.
#[derive(Clone, Copy)]
pub(crate) struct AccountWriter<'a> {
    pub app: &'a App,
    pub now: Timestamp,
    pub deadline: Deadline,
    pub deferral: Deferral,
}

/// The outcome of an account's updates.
pub(crate) enum Updated {
    /// They are written, deferred, or change nothing.
    Saved {
        /// The account after the updates, without deferred ones.
        account: Box<Versioned<Account>>,
        /// The activity to defer.
        deferred: Option<Timestamp>,
        /// The state of the account's refused sign-ups.
        sign_ups: Reevaluation,
    },
    /// The account cannot be read or written, and no retry helps.
    Unchangeable(TableError),
    /// The time ended before the account was written.
    NotStarted,
}

impl AccountWriter<'_> {
    /// Writes an account's updates, and retries if the account is changed concurrently. Begins no
    /// write after the deadline. `known` is the account as it was read.
    pub(crate) async fn write(
        &self,
        uid: Uid,
        known: Option<Versioned<Account>>,
        updates: Vec<Update>,
    ) -> Result<(Uid, Updated), TableError> {
        let contended = || TableError::Contended("an account");
        let mut read_before = Some(known);
        let written = retry_on_conflict(MAX_ATTEMPTS, contended, || {
            let (read_before, uid, updates) = (read_before.take(), &uid, &updates);
            async move {
                let before = match read_before {
                    Some(account) => account,
                    None => self.app.table.account(uid).await?,
                };
                let mut after = before.ok_or_else(contended)?;
                let programme = &self.app.programme;
                let effect = apply(&mut after.value, updates, programme, self.deferral, self.now);
                let saved = match effect.changed {
                    true if self.deadline.has_passed(&self.app.clock) => {
                        return Ok(Attempt::Done(None));
                    }
                    true => self.save(&after, effect).await?,
                    false => Attempt::Done(()),
                };
                Ok(saved.map(|()| Some((after, effect.deferred))))
            }
        });
        match written.await {
            Ok(None) => Ok((uid, Updated::NotStarted)),
            Ok(Some((account, deferred))) => {
                let sign_ups = self.complete(&account.value, &updates).await?;
                let account = Box::new(account);
                Ok((uid, Updated::Saved { account, deferred, sign_ups }))
            }
            Err(error) if error.is_of_item() => Ok((uid, Updated::Unchangeable(error))),
            Err(error) => Err(error),
        }
    }

    /// Completes written updates: lists an affiliate, and evaluates its refused sign-ups. A
    /// redelivery repeats both, because the process may have ended after the write.
    async fn complete(
        &self,
        account: &Account,
        updates: &[Update],
    ) -> Result<Reevaluation, TableError> {
        let changes = || {
            updates.iter().filter_map(|update| match update {
                Update::Changed(changed) => Some(changed),
                Update::Active(_) | Update::Charged(_) => None,
            })
        };
        let uid = &account.facts.uid;
        if changes().any(|changed| changed.affiliate == Some(true)) {
            self.app.table.list_affiliate(uid).await?;
        }
        // Only an account that was ever an affiliate has links, and sign-ups by them.
        let was_affiliate = account.facts.affiliate.latest().is_some();
        match was_affiliate && changes().any(Changed::may_allow_inviting) {
            true => evaluate_all_again(self.app, uid, self.deadline).await,
            false => Ok(Reevaluation::Complete),
        }
    }

    /// Writes an account; for a voided binding together with its marker, so that the next nightly
    /// run reverses the lines that are booked under it.
    async fn save(
        &self,
        account: &Versioned<Account>,
        effect: Effect,
    ) -> Result<Attempt, TableError> {
        match effect.void {
            true => self.app.table.void_binding(account).await,
            false => self.app.table.save_account(account).await,
        }
    }
}

//! The bind: one inviter for life, decided in one transaction.

use std::collections::HashMap;

use commission::Relation;
use eligibility::AccountFacts;
use serde::{Deserialize, Serialize};
use types::{Day, Timestamp, Uid};

use crate::access::{Action, Condition, Table, Transaction};
use crate::account::{Account, Versioned, account_item};
use crate::answer::NewAnswer;
use crate::error::TableError;
use crate::item::{plain, read_plain};
use crate::keys::{self, Shard};

/// A binding with the facts and the rule that made it eligible. Written once, never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// Invitee, inviter, instant, link and shared commission.
    pub relation: Relation,
    /// The name of the rule in force, under which the facts below are eligible.
    pub rule: String,
    /// The invitee's evaluated facts: of histories the values in force at the binding.
    pub invitee: AccountFacts,
    /// The inviter's evaluated facts: of histories the values in force at the binding.
    pub inviter: AccountFacts,
}

impl Binding {
    /// Returns the binding of a relation that `rule` makes eligible by the facts of both accounts.
    #[must_use]
    pub fn new(
        relation: Relation,
        rule: String,
        invitee: &AccountFacts,
        inviter: &AccountFacts,
    ) -> Self {
        let at = relation.bound_at;
        let (invitee, inviter) = (invitee.in_force_at(at), inviter.in_force_at(at));
        Self { relation, rule, invitee, inviter }
    }
}

/// The outcome of a bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindOutcome {
    /// The binding is written.
    Bound,
    /// The invitee's account was changed since the evaluation: read it and evaluate again.
    Changed,
}

impl Table {
    /// Binds an account to its inviter, if the account is unchanged since the evaluation.
    ///
    /// The revision of the invitee's account covers every rule: whatever could change the result
    /// (an activity, a country, another bind) changes the revision. No item is shared with other
    /// invitees, so that a viral link has no hot item. Cost: 3 items, twice the write units of
    /// plain writes, 1 call.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn bind(
        &self,
        evaluated: &Versioned<Account>,
        binding: &Binding,
    ) -> Result<BindOutcome, TableError> {
        self.bind_once(evaluated, binding, None).await
    }

    /// Binds an account as [`Table::bind`] does, and records the answer with it. Cost: 1
    /// transaction of 3 or 4 items.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn bind_once(
        &self,
        evaluated: &Versioned<Account>,
        binding: &Binding,
        answer: Option<&NewAnswer<'_>>,
    ) -> Result<BindOutcome, TableError> {
        let relation = &binding.relation;
        let mut account = evaluated.value.clone();
        account.facts.inviter = Some(relation.inviter.clone());
        account.relation = Some(relation.clone());
        account.facts.top_uid = None;
        account.keep_within_limits();
        let listed = keys::new_binding(relation.bound_at.day(), &relation.invitee);
        let mut actions = vec![
            Action::Put(account_item(&account)?, Condition::Revision(evaluated.revision)),
            Action::Put(plain(&keys::binding(&relation.invitee), binding)?, Condition::Absent),
            Action::Put(plain(&listed, relation)?, Condition::Absent),
        ];
        actions.extend(answer.map(NewAnswer::put).transpose()?);
        Ok(match self.transact(actions).await? {
            Transaction::Made => BindOutcome::Bound,
            Transaction::Refused { .. } => BindOutcome::Changed,
        })
    }

    /// Returns the binding of an account as invitee, if it is bound. Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn binding(&self, invitee: &Uid) -> Result<Option<Binding>, TableError> {
        let item = self.get(&keys::binding(invitee)).await?;
        item.map(|item| read_plain("binding", item)).transpose()
    }

    /// Returns the relations of invitees in the lists of the days on which they were bound. Only
    /// bind and sign-up may write these lists. Relations that are not listed are left out. Cost: 1
    /// read unit each, 1 call a hundred.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn listed_bindings<'a>(
        &self,
        bound: impl IntoIterator<Item = (&'a Uid, Timestamp)>,
    ) -> Result<HashMap<Uid, Relation>, TableError> {
        let listed = bound.into_iter().map(|(uid, at)| keys::new_binding(at.day(), uid));
        let items = self.get_many(&listed.collect::<Vec<_>>()).await?;
        let relations = items.into_iter().map(|item| {
            let relation: Relation = read_plain("new binding", item)?;
            Ok((relation.invitee.clone(), relation))
        });
        relations.collect()
    }

    /// Returns the bindings of a day and shard. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn new_bindings(&self, day: Day, shard: Shard) -> Result<Vec<Relation>, TableError> {
        let items = self.query(&keys::new_bindings(day, shard)).await?;
        items.into_iter().map(|item| read_plain("new binding", item)).collect()
    }
}

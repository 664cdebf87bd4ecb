//! Reads the accounts of a batch of events.

use std::collections::{BTreeSet, HashMap};

use storage::{Account, Table, TableError, Versioned};
use types::Uid;

/// Accounts by their ids; those that cannot be read have their error.
type Accounts = HashMap<Uid, Result<Versioned<Account>, TableError>>;

/// The size of the sample that shows how many accounts are bound.
const SAMPLE: usize = 100;

/// Reads the accounts whose facts do not change in the batch, as far as they matter to it: a bound
/// account may be in an earlier state, in which it was bound already, and every other one is as the
/// last write left it.
///
/// Where most accounts are bound, they are first read at half the price, and those that seem not to
/// be bound again: a binding is never removed, but one may be a moment old.
pub(crate) async fn read(table: &Table, wanted: &BTreeSet<Uid>) -> Result<Accounts, TableError> {
    let step = wanted.len().div_ceil(SAMPLE).max(1);
    let (mut sample, mut rest) = (Vec::new(), Vec::new());
    for (place, uid) in wanted.iter().enumerate() {
        if place % step == 0 { sample.push(uid) } else { rest.push(uid) }
    }
    let mut accounts = table.each_account(sample.iter().copied()).await?;
    let bound = accounts.values().filter(|account| is_bound(account)).count();
    if are_mostly_bound(bound, sample.len()) {
        let mut earlier = table.each_account_eventually(rest.iter().copied()).await?;
        earlier.retain(|_, account| is_bound(account));
        rest.retain(|uid| !earlier.contains_key(*uid));
        accounts.extend(earlier);
    }
    accounts.extend(table.each_account(rest).await?);
    Ok(accounts)
}

fn is_bound(account: &Result<Versioned<Account>, TableError>) -> bool {
    account.as_ref().is_ok_and(|account| account.value.relation.is_some())
}

/// Returns whether more than two thirds of a sample are bound. Above one half, two reads cost less
/// than one; the rest pays for the second call.
const fn are_mostly_bound(bound: usize, sample: usize) -> bool {
    bound * 3 > sample * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mostly_is_more_than_two_thirds() {
        for (bound, sample, expected) in
            [(0, 0, false), (2, 3, false), (40, 100, false), (66, 100, false), (67, 100, true)]
        {
            assert_eq!(are_mostly_bound(bound, sample), expected, "{bound} of {sample}");
        }
    }
}

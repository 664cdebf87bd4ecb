//! Optimistic writes: read an item, decide, and write it unless it was changed in between.

use crate::access::{Action, Condition, Conditional, Table, Transaction};
use crate::error::TableError;
use crate::item::Item;

/// Attempts of [`retry_on_conflict`] that suffice for an item with few writers.
pub const MAX_ATTEMPTS: usize = 8;

/// The outcome of one attempt at an optimistic write.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt<T = ()> {
    /// It succeeded, with this result.
    Done(T),
    /// An item was changed since it was read: read it and decide again.
    Conflict,
}

impl<T> Attempt<T> {
    /// Returns the outcome with another result.
    pub fn map<U>(self, result: impl FnOnce(T) -> U) -> Attempt<U> {
        match self {
            Self::Done(done) => Attempt::Done(result(done)),
            Self::Conflict => Attempt::Conflict,
        }
    }

    /// Returns whether the attempt succeeded.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// Makes at most `limit` attempts until one succeeds; if none does, returns the error `exhausted`.
///
/// # Errors
/// The first error of an attempt, or `exhausted`.
pub async fn retry_on_conflict<T, E, F>(
    limit: usize,
    exhausted: impl FnOnce() -> E,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<Attempt<T>, E>>,
{
    for _ in 0..limit {
        if let Attempt::Done(done) = attempt().await? {
            return Ok(done);
        }
    }
    Err(exhausted())
}

impl Table {
    /// Writes an item unless it was changed since it was read at this revision.
    pub(crate) async fn put_revision(
        &self,
        item: Item,
        revision: u64,
    ) -> Result<Attempt, TableError> {
        Ok(match self.put_if(item, Condition::Revision(revision)).await? {
            Conditional::Written => Attempt::Done(()),
            Conditional::Refused(_) => Attempt::Conflict,
        })
    }

    /// Makes all writes, or none if the condition of one of them does not hold.
    pub(crate) async fn attempt(&self, actions: Vec<Action>) -> Result<Attempt, TableError> {
        Ok(match self.transact(actions).await? {
            Transaction::Made => Attempt::Done(()),
            Transaction::Refused { .. } => Attempt::Conflict,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(outcomes: &[Result<Attempt, &'static str>]) -> (Result<(), &'static str>, usize) {
        let mut outcomes = outcomes.iter();
        let next = || std::future::ready(*outcomes.next().unwrap());
        let done = retry_on_conflict(3, || "exhausted", next).await;
        (done, outcomes.len())
    }

    #[tokio::test]
    async fn conflict_is_retried_up_to_the_limit() {
        let (conflict, done) = (Ok(Attempt::Conflict), Ok(Attempt::Done(())));
        assert_eq!(run(&[done, done]).await, (Ok(()), 1));
        assert_eq!(run(&[conflict, conflict, done]).await, (Ok(()), 0));
        assert_eq!(run(&[conflict, conflict, conflict, done]).await, (Err("exhausted"), 1));
    }

    #[tokio::test]
    async fn error_ends_the_attempts() {
        assert_eq!(run(&[Err("failed"), Ok(Attempt::Done(()))]).await, (Err("failed"), 1));
    }
}

//! Writes with conditions, many in one call.
//!
//! `BatchWriteItem` has no conditions, and a transaction costs twice the units. A batch of PartiQL
//! statements has a condition each, succeeds or fails each by itself, and costs what single writes
//! cost.

use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementError, BatchStatementErrorCodeEnum as Code, BatchStatementRequest,
};

use crate::access::{ITEMS_PER_WRITE, RetryBudget, Table};
use crate::attempt::Attempt;
use crate::error::{CallError, TableError};
use crate::item::{Item, REVISION, number};
use crate::keys::{PK, SK};

/// The condition of one write of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchCondition {
    /// Nothing is there under the key.
    Absent,
    /// The item is there, unchanged since it was read at this revision (0: it is absent). The
    /// attributes of the new item replace those of the same names.
    Revision(u64),
}

impl Table {
    /// Writes items of different keys, each if its condition holds; returns the outcomes in their
    /// order. A refused write does not affect the others. Cost: 1 call per 25 items, 1 write unit
    /// per KB, also of a refused one.
    ///
    /// # Errors
    /// If the table fails. Some of the items may be written.
    pub(crate) async fn put_each_if(
        &self,
        items: Vec<(Item, BatchCondition)>,
    ) -> Result<Vec<Attempt>, TableError> {
        let mut outcomes = Vec::with_capacity(items.len());
        let mut statements = Vec::with_capacity(ITEMS_PER_WRITE);
        let last = items.len();
        for (count, (item, condition)) in (1..).zip(items) {
            statements.push(statement(self.name(), item, condition)?);
            if statements.len() == ITEMS_PER_WRITE || count == last {
                outcomes.extend(self.execute(std::mem::take(&mut statements)).await?);
            }
        }
        Ok(outcomes)
    }

    /// Executes at most 25 statements. Those that DynamoDB throttles are sent again, as the client
    /// sends a single throttled write again.
    async fn execute(
        &self,
        statements: Vec<BatchStatementRequest>,
    ) -> Result<Vec<Attempt>, TableError> {
        let mut waiting: Vec<(usize, BatchStatementRequest)> = (0..).zip(statements).collect();
        let mut outcomes: Vec<(usize, Attempt)> = Vec::new();
        let mut budget = RetryBudget::default();
        while !waiting.is_empty() {
            let batch = waiting.iter().map(|(_, statement)| statement.clone()).collect();
            let request = self.client().batch_execute_statement().set_statements(Some(batch));
            let answer = request.send().await?;
            let (writes, responses) = (waiting.len(), answer.responses());
            if responses.len() != writes {
                let outcomes = responses.len();
                return Err(TableError::Service(CallError::Outcomes { writes, outcomes }));
            }
            let mut throttled = Vec::new();
            for ((place, statement), response) in waiting.into_iter().zip(responses) {
                match outcome(response.error())? {
                    Some(outcome) => outcomes.push((place, outcome)),
                    None => throttled.push((place, statement)),
                }
            }
            waiting = throttled;
            budget.after_round(self, writes, waiting.len()).await?;
        }
        outcomes.sort_by_key(|(place, _)| *place);
        Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }
}

/// Returns the outcome of a write by its error; `None` if it is to be sent again.
fn outcome(error: Option<&BatchStatementError>) -> Result<Option<Attempt>, TableError> {
    let Some(error) = error else { return Ok(Some(Attempt::Done(()))) };
    let cause = || CallError::Action(error.message().unwrap_or("no reason is given").to_owned());
    match error.code() {
        Some(Code::ConditionalCheckFailed | Code::DuplicateItem) => Ok(Some(Attempt::Conflict)),
        Some(
            Code::ThrottlingError
            | Code::ProvisionedThroughputExceeded
            | Code::RequestLimitExceeded
            | Code::TransactionConflict,
        ) => Ok(None),
        Some(Code::ValidationError | Code::ItemCollectionSizeLimitExceeded) => {
            Err(TableError::Rejected(cause()))
        }
        _ => Err(TableError::Service(cause())),
    }
}

/// Returns the statement that writes an item. Names of attributes are this crate's own, and need no
/// escaping.
fn statement(
    table: &str,
    mut item: Item,
    condition: BatchCondition,
) -> Result<BatchStatementRequest, TableError> {
    let revision = match condition {
        BatchCondition::Absent => 0,
        BatchCondition::Revision(read) => {
            item.insert(REVISION.to_owned(), number(read + 1));
            read
        }
    };
    let (statement, parameters) = match revision {
        0 => insert(table, item),
        read => update(table, item, read)?,
    };
    BatchStatementRequest::builder()
        .statement(statement)
        .set_parameters(Some(parameters))
        .build()
        .map_err(|error| TableError::Service(error.into()))
}

fn insert(table: &str, item: Item) -> (String, Vec<AttributeValue>) {
    let (names, values): (Vec<String>, Vec<AttributeValue>) =
        item.into_iter().map(|(name, value)| (format!("'{name}': ?"), value)).unzip();
    (format!("INSERT INTO \"{table}\" VALUE {{{}}}", names.join(", ")), values)
}

fn update(
    table: &str,
    mut item: Item,
    read: u64,
) -> Result<(String, Vec<AttributeValue>), TableError> {
    let keyless = || TableError::Service(CallError::Keyless);
    let key = [item.remove(PK).ok_or_else(keyless)?, item.remove(SK).ok_or_else(keyless)?];
    let (sets, mut values): (Vec<String>, Vec<AttributeValue>) =
        item.into_iter().map(|(name, value)| (format!("SET \"{name}\" = ?"), value)).unzip();
    values.extend(key);
    values.push(number(read));
    let condition = format!("\"{PK}\" = ? AND \"{SK}\" = ? AND \"{REVISION}\" = ?");
    Ok((format!("UPDATE \"{table}\" {} WHERE {condition}", sets.join(" ")), values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::{packed_bytes, revision};
    use crate::keys;
    use crate::testing::table;

    fn item(number: usize, content: u8) -> Item {
        packed_bytes(&key(number), 1, vec![content])
    }

    fn key(number: usize) -> keys::Key {
        keys::totals(&format!("affiliate-{number}").parse().unwrap())
    }

    async fn content(table: &Table, number: usize) -> (u8, u64) {
        let item = table.get(&key(number)).await.unwrap().unwrap();
        (crate::item::bytes("item", &item).unwrap()[0], revision(&item))
    }

    #[tokio::test]
    async fn each_item_has_its_own_outcome() {
        let table = table().await;
        let absent = (0..60).map(|n| (item(n, 1), BatchCondition::Revision(0))).collect();
        let written = table.put_each_if(absent).await.unwrap();
        assert_eq!(written, vec![Attempt::Done(()); 60]);
        assert_eq!(table.call_stats().calls, 3);
        assert_eq!(content(&table, 59).await, (1, 1));
        let mixed = vec![
            (item(0, 2), BatchCondition::Revision(1)),
            (item(1, 2), BatchCondition::Revision(7)),
            (item(2, 2), BatchCondition::Absent),
            (item(60, 2), BatchCondition::Absent),
            (item(61, 2), BatchCondition::Revision(1)),
        ];
        let outcomes = table.put_each_if(mixed).await.unwrap();
        let done: Vec<bool> = outcomes.iter().map(Attempt::is_done).collect();
        assert_eq!(done, [true, false, false, true, false]);
        assert_eq!(content(&table, 0).await, (2, 2));
        assert_eq!(content(&table, 1).await, (1, 1));
        assert_eq!(content(&table, 2).await, (1, 1));
        assert_eq!(content(&table, 60).await, (2, 0));
        assert!(table.get(&key(61)).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn item_over_limit_is_rejected() {
        let large = packed_bytes(&key(0), 1, vec![0; 410_000]);
        let written = table().await.put_each_if(vec![(large, BatchCondition::Absent)]).await;
        assert!(matches!(written, Err(TableError::Rejected(_))), "{written:?}");
    }

    #[test]
    fn throttled_statement_is_sent_again() {
        let of = |code| outcome(Some(&BatchStatementError::builder().code(code).build()));
        assert_eq!(outcome(None).unwrap(), Some(Attempt::Done(())));
        for code in [Code::ThrottlingError, Code::ProvisionedThroughputExceeded] {
            assert_eq!(of(code).unwrap(), None);
        }
        assert_eq!(of(Code::DuplicateItem).unwrap(), Some(Attempt::Conflict));
        assert!(matches!(of(Code::ValidationError), Err(TableError::Rejected(_))));
        assert!(matches!(of(Code::AccessDenied), Err(TableError::Service(_))));
    }

    #[tokio::test]
    async fn nothing_to_write_is_no_call() {
        let table = table().await;
        assert!(table.put_each_if(Vec::new()).await.unwrap().is_empty());
        assert_eq!(table.call_stats().calls, 0);
    }
}

//! The basic reads and writes of the table, on which every access pattern is built.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{AsyncSleep, Builder};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, KeysAndAttributes, Put, PutRequest,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, WriteRequest,
};
use types::Timestamp;

use crate::assets::KnownAssets;
use crate::call_meter::{CallMeter, CallStats};
use crate::error::{CallError, Refused, TableError, refused};
use crate::item::{Item, REVISION, number, seconds_at, text};
use crate::keys::{EXPIRES_AT, Key, PK, Range, SK};
use crate::link_cache::LinkCache;
use crate::switch_cache::SwitchCache;

/// How often an unfinished batch or a conflicting transaction is tried before we give up.
const MAX_CALLS: u32 = 8;
/// DynamoDB's limits of one call.
const KEYS_PER_GET: usize = 100;
pub(crate) const ITEMS_PER_WRITE: usize = 25;

/// The one table.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
    meter: CallMeter,
    pub(crate) seen_links: LinkCache,
    pub(crate) known_assets: KnownAssets,
    pub(crate) switch_cache: SwitchCache,
}

/// Whether a read returns the last write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadMode {
    /// It does, for 1 read unit per 4 KB.
    Consistent,
    /// It may return an earlier state, for half a read unit per 4 KB.
    Eventual,
}

/// The condition of a write.
pub(crate) enum Condition {
    /// Nothing is there under the key.
    Absent,
    /// Nothing is there under the key, or only an item that has expired at this instant.
    AbsentOrExpired(Timestamp),
    /// The item is there, unchanged since it was read at this revision (0: it is absent).
    Revision(u64),
    /// The item is absent, or was never written with a revision.
    Unrevised,
}

/// The outcome of a write with a condition.
pub(crate) enum Conditional {
    /// The item is written.
    Written,
    /// The condition did not hold; the item that is there, if any.
    Refused(Option<Item>),
}

/// The outcome of a transaction.
pub(crate) enum Transaction {
    /// All writes are made.
    Made,
    /// None is made, since the condition of the action at this place did not hold.
    Refused {
        /// The place of the action.
        place: usize,
        /// The item that is there, if any.
        item: Option<Item>,
    },
}

/// One action of a transaction.
pub(crate) enum Action {
    /// Writes an item if the condition holds.
    Put(Item, Condition),
    /// Writes an item unconditionally.
    Overwrite(Item),
    /// Only checks that an item is there.
    Exists(Key),
    /// Only checks that an item is unchanged since it was read at this revision.
    Unchanged(Key, u64),
    /// Removes an item, if it is there.
    Delete(Key),
    /// Removes an item that is unchanged since it was read at this revision.
    DeleteRevision(Key, u64),
}

/// Items of a range, and where to read on.
pub(crate) struct Page {
    pub(crate) items: Vec<Item>,
    pub(crate) more: bool,
}

impl Table {
    /// The table of this name, reached by a client that is made of `config`.
    #[must_use]
    pub fn new(config: Builder, name: impl Into<String>) -> Self {
        let meter = CallMeter::default();
        Self {
            client: Client::from_conf(config.interceptor(meter.clone()).build()),
            name: name.into(),
            meter,
            seen_links: LinkCache::default(),
            known_assets: KnownAssets::default(),
            switch_cache: SwitchCache::default(),
        }
    }

    /// Returns the number and duration of all calls of this table and its clones.
    #[must_use]
    pub fn call_stats(&self) -> CallStats {
        self.meter.call_stats()
    }

    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// One item, as the last write left it.
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let request = self.client.get_item().table_name(&self.name);
        let answer = request.set_key(Some(key.attributes())).consistent_read(true).send().await?;
        Ok(answer.item)
    }

    /// Returns items by their keys, in no order; keys without an item are left out.
    pub(crate) async fn get_many(&self, keys: &[Key]) -> Result<Vec<Item>, TableError> {
        self.get_many_by(ReadMode::Consistent, keys).await
    }

    pub(crate) async fn get_many_by(
        &self,
        mode: ReadMode,
        keys: &[Key],
    ) -> Result<Vec<Item>, TableError> {
        let mut items = Vec::with_capacity(keys.len());
        for keys in keys.chunks(KEYS_PER_GET) {
            let mut wanted = Some(wanted(mode, keys)?);
            let mut budget = RetryBudget::default();
            while let Some(keys) = wanted.take() {
                let asked = keys.keys.len();
                let request = self.client.batch_get_item().request_items(&self.name, keys);
                let answer = request.send().await?;
                items.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
                wanted = answer.unprocessed_keys.and_then(|mut rest| rest.remove(&self.name));
                let left = wanted.as_ref().map_or(0, |wanted| wanted.keys.len());
                budget.after_round(self, asked, left).await?;
            }
        }
        Ok(items)
    }

    /// All items of a range, page after page.
    pub(crate) async fn query(&self, range: &Range) -> Result<Vec<Item>, TableError> {
        let mut items = Vec::new();
        self.query_each(range, |item| {
            items.push(item);
            Ok(())
        })
        .await?;
        Ok(items)
    }

    /// Calls `take` with each item of a range; only one page of at most 1 MB is held at a time.
    pub(crate) async fn query_each(
        &self,
        range: &Range,
        mut take: impl FnMut(Item) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let mut start = None;
        loop {
            let request = self.range(range).set_exclusive_start_key(start);
            let answer = request.send().await?;
            answer.items.into_iter().flatten().try_for_each(&mut take)?;
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// At most `limit` items of a range, from its beginning or its end, after a given sort key.
    pub(crate) async fn page(
        &self,
        range: &Range,
        forward: bool,
        after: Option<&str>,
        limit: i32,
    ) -> Result<Page, TableError> {
        let start = after.map(|sk| Key { pk: range.pk.clone(), sk: sk.to_owned() }.attributes());
        let request = self.range(range).scan_index_forward(forward).limit(limit);
        let answer = request.set_exclusive_start_key(start).send().await?;
        let more = answer.last_evaluated_key.is_some();
        Ok(Page { items: answer.items.unwrap_or_default(), more })
    }

    fn range(
        &self,
        range: &Range,
    ) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression(format!("{PK} = :pk AND {SK} BETWEEN :from AND :to"))
            .expression_attribute_values(":pk", text(&range.pk))
            .expression_attribute_values(":from", text(&range.from))
            .expression_attribute_values(":to", text(&range.to))
    }

    /// Writes an item unconditionally.
    pub(crate) async fn put(&self, item: Item) -> Result<(), TableError> {
        self.client.put_item().table_name(&self.name).set_item(Some(item)).send().await?;
        Ok(())
    }

    /// Writes an item if the condition holds.
    pub(crate) async fn put_if(
        &self,
        item: Item,
        condition: Condition,
    ) -> Result<Conditional, TableError> {
        let (item, expression, values) = conditional(item, &condition);
        let sent = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(expression)
            .set_expression_attribute_values(values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Conditional::Written),
            Err(error) => match error.as_service_error() {
                Some(aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Conditional::Refused(failed.item().cloned()))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Writes items whose content no other writer may change.
    pub(crate) async fn put_many(&self, items: Vec<Item>) -> Result<(), TableError> {
        let mut rest = items;
        while !rest.is_empty() {
            let tail = rest.split_off(rest.len().min(ITEMS_PER_WRITE));
            let mut requests =
                rest.into_iter().map(write_request).collect::<Result<Vec<_>, _>>()?;
            let mut budget = RetryBudget::default();
            while !requests.is_empty() {
                let asked = requests.len();
                let request = self.client.batch_write_item().request_items(&self.name, requests);
                let answer = request.send().await?;
                let left = answer.unprocessed_items.and_then(|mut left| left.remove(&self.name));
                requests = left.unwrap_or_default();
                budget.after_round(self, asked, requests.len()).await?;
            }
            rest = tail;
        }
        Ok(())
    }

    /// Writes an item unconditionally, and counts the writes in its revision.
    pub(crate) async fn put_counted(&self, key: &Key, mut item: Item) -> Result<(), TableError> {
        item.retain(|name, _| name != PK && name != SK);
        let mut request = self.client.update_item().table_name(&self.name);
        let mut sets = Vec::new();
        for (number, (name, value)) in item.into_iter().enumerate() {
            sets.push(format!("#a{number} = :v{number}"));
            request = request
                .expression_attribute_names(format!("#a{number}"), name)
                .expression_attribute_values(format!(":v{number}"), value);
        }
        let request = request
            .set_key(Some(key.attributes()))
            .update_expression(format!("SET {} ADD {REVISION} :one", sets.join(", ")))
            .expression_attribute_values(":one", number(1));
        request.send().await?;
        Ok(())
    }

    /// Removes an item if one of its attributes still has this text, and if it has a revision, that
    /// is the same.
    pub(crate) async fn delete_if(
        &self,
        key: &Key,
        (attribute, value): (&str, &str),
        revision: Option<u64>,
    ) -> Result<bool, TableError> {
        let unchanged = match revision {
            Some(_) => format!("#a = :v AND {REVISION} = :rev"),
            None => format!("#a = :v AND attribute_not_exists({REVISION})"),
        };
        let mut values = HashMap::from([(":v".to_owned(), text(value))]);
        values.extend(revision.map(|revision| (":rev".to_owned(), number(revision))));
        let sent = self
            .client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .condition_expression(unchanged)
            .expression_attribute_names("#a", attribute)
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes all writes or none. Conflicts with other transactions are tried again.
    pub(crate) async fn transact(&self, actions: Vec<Action>) -> Result<Transaction, TableError> {
        let items = actions.into_iter().map(|a| self.action(a)).collect::<Result<Vec<_>, _>>()?;
        for attempt in 0.. {
            let request = self.client.transact_write_items();
            match request.set_transact_items(Some(items.clone())).send().await.map_err(refused) {
                Ok(_) => break,
                Err(Refused::Condition { place, item }) => {
                    return Ok(Transaction::Refused { place, item });
                }
                Err(Refused::Conflict) => self.pause(attempt).await?,
                Err(Refused::Failed(error)) => return Err(error),
            }
        }
        Ok(Transaction::Made)
    }

    /// Waits longer after each try, as the client waits between its own, and gives up after the
    /// last one.
    async fn pause(&self, attempt: u32) -> Result<(), TableError> {
        if attempt + 1 >= MAX_CALLS {
            return Err(TableError::Throttled(CallError::LeftUndone(MAX_CALLS)));
        }
        if let Some(sleep) = self.client.config().sleep_impl() {
            sleep.sleep(Duration::from_millis(10 << attempt)).await;
        }
        Ok(())
    }

    fn action(&self, action: Action) -> Result<TransactWriteItem, TableError> {
        let built = match action {
            Action::Put(item, condition) => {
                let (item, expression, values) = conditional(item, &condition);
                Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(item))
                    .condition_expression(expression)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(
                        ReturnValuesOnConditionCheckFailure::AllOld,
                    )
                    .build()
                    .map(|put| TransactWriteItem::builder().put(put).build())
            }
            Action::Overwrite(item) => Put::builder()
                .table_name(&self.name)
                .set_item(Some(item))
                .build()
                .map(|put| TransactWriteItem::builder().put(put).build()),
            Action::Exists(key) => ConditionCheck::builder()
                .table_name(&self.name)
                .set_key(Some(key.attributes()))
                .condition_expression(format!("attribute_exists({PK})"))
                .build()
                .map(|check| TransactWriteItem::builder().condition_check(check).build()),
            Action::Unchanged(key, revision) => ConditionCheck::builder()
                .table_name(&self.name)
                .set_key(Some(key.attributes()))
                .condition_expression(format!("{REVISION} = :rev"))
                .expression_attribute_values(":rev", number(revision))
                .build()
                .map(|check| TransactWriteItem::builder().condition_check(check).build()),
            Action::Delete(key) => Delete::builder()
                .table_name(&self.name)
                .set_key(Some(key.attributes()))
                .build()
                .map(|delete| TransactWriteItem::builder().delete(delete).build()),
            Action::DeleteRevision(key, revision) => Delete::builder()
                .table_name(&self.name)
                .set_key(Some(key.attributes()))
                .condition_expression(format!("{REVISION} = :rev"))
                .expression_attribute_values(":rev", number(revision))
                .build()
                .map(|delete| TransactWriteItem::builder().delete(delete).build()),
        };
        built.map_err(|error| TableError::Service(error.into()))
    }
}

type Values = Option<HashMap<String, AttributeValue>>;

/// The item with its next revision where it has one, and the condition as DynamoDB takes it.
fn conditional(mut item: Item, condition: &Condition) -> (Item, String, Values) {
    match condition {
        Condition::Absent => (item, format!("attribute_not_exists({PK})"), None),
        Condition::AbsentOrExpired(now) => {
            let condition = format!("attribute_not_exists({PK}) OR {EXPIRES_AT} <= :now");
            let values = [(":now".to_owned(), number(seconds_at(*now)))].into();
            (item, condition, Some(values))
        }
        Condition::Unrevised => {
            item.insert(REVISION.to_owned(), number(1));
            (item, format!("attribute_not_exists({REVISION})"), None)
        }
        Condition::Revision(read) => {
            item.insert(REVISION.to_owned(), number(read + 1));
            if *read == 0 {
                return (item, format!("attribute_not_exists({PK})"), None);
            }
            let values = [(":rev".to_owned(), number(read))].into();
            (item, format!("{REVISION} = :rev"), Some(values))
        }
    }
}

fn wanted(mode: ReadMode, keys: &[Key]) -> Result<KeysAndAttributes, TableError> {
    KeysAndAttributes::builder()
        .set_keys(Some(keys.iter().map(Key::attributes).collect()))
        .consistent_read(mode == ReadMode::Consistent)
        .build()
        .map_err(|error| TableError::Service(error.into()))
}

fn write_request(item: Item) -> Result<WriteRequest, TableError> {
    let put = PutRequest::builder().set_item(Some(item)).build();
    put.map(|put| WriteRequest::builder().put_request(put).build())
        .map_err(|error| TableError::Service(error.into()))
}

/// Limits retries of a batch. Only rounds without progress count, because DynamoDB answers large
/// batches in parts: at most 16 MB a call, and 1 MB of one partition.
#[derive(Default)]
pub(crate) struct RetryBudget {
    fruitless: u32,
}

impl RetryBudget {
    pub(crate) async fn after_round(
        &mut self,
        table: &Table,
        asked: usize,
        left: usize,
    ) -> Result<(), TableError> {
        if left < asked {
            self.fruitless = 0;
            return Ok(());
        }
        table.pause(self.fruitless).await?;
        self.fruitless += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

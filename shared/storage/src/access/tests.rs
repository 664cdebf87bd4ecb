use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use dynamodb_embedded::{Engine, Fault, Faults, create_table};
use sam_template::Template;

use super::*;
use crate::attempt::Attempt;
use crate::conditional_batch::BatchCondition;
use crate::{Shard, ShardReport};

/// Every batch ends after so many of its items.
#[derive(Debug)]
struct Batches {
    end_after: usize,
}

impl Faults for Batches {
    fn next(&self, operation: &str) -> Option<Fault> {
        operation.starts_with("Batch").then_some(Fault::EndsAfter(self.end_after))
    }
}

async fn table_with(faults: Arc<dyn Faults>) -> Table {
    let engine = Engine::memory().unwrap();
    let definition = Template::embedded().unwrap().table;
    create_table(&engine.client(), "recall", &definition).await.unwrap();
    Table::new(engine.faulty_config(faults), "recall")
}

async fn table_whose_batches_end_after(items: usize) -> Table {
    table_with(Arc::new(Batches { end_after: items })).await
}

fn key(number: usize) -> Key {
    Key { pk: "batches".to_owned(), sk: format!("{number:03}") }
}

/// The first `unprocessed` batches return all of their items as unprocessed.
#[derive(Debug)]
struct Unprocessed {
    unprocessed: u32,
    sent: AtomicU32,
}

impl Faults for Unprocessed {
    fn next(&self, operation: &str) -> Option<Fault> {
        let batch = u32::from(operation.starts_with("Batch"));
        let sent = self.sent.fetch_add(batch, Ordering::Relaxed);
        (batch == 1 && sent < self.unprocessed).then_some(Fault::EndsAfter(0))
    }
}

/// The first attempt of every call is refused.
#[derive(Debug, Default)]
struct FirstAttempts(AtomicBool);

impl Faults for FirstAttempts {
    fn next(&self, _: &str) -> Option<Fault> {
        let second = self.0.fetch_xor(true, Ordering::Relaxed);
        (!second).then_some(Fault::Refused("ThrottlingException"))
    }
}

#[tokio::test]
async fn calls_their_retries_and_their_time_are_counted() {
    let table = table_with(Arc::<FirstAttempts>::default()).await;
    table.get(&key(1)).await.unwrap();
    let before = table.call_stats();
    assert_eq!((before.calls, before.retries), (1, 1));
    table.clone().get(&key(2)).await.unwrap();
    let stats = table.call_stats().since(before);
    assert_eq!((stats.calls, stats.retries), (1, 1));
    assert!(stats.time > Duration::ZERO);
}

#[tokio::test]
async fn a_batch_that_brings_items_is_gone_on_with_to_its_end() {
    let table = table_whose_batches_end_after(3).await;
    let keys: Vec<Key> = (0..150).map(key).collect();
    table.put_many(keys.iter().map(Key::attributes).collect()).await.unwrap();
    let found = table.get_many(&keys).await.unwrap();
    let found: BTreeSet<_> = found.iter().map(crate::keys::sort_key).collect();
    assert!(found.into_iter().eq(keys.iter().map(|key| key.sk.as_str())));
}

#[tokio::test]
async fn throttled_statements_are_sent_again() {
    let table = table_whose_batches_end_after(3).await;
    let put = |number| (key(number).attributes(), BatchCondition::Absent);
    let first = table.put_each_if((0..20).map(put).collect()).await.unwrap();
    assert_eq!(first, vec![Attempt::Done(()); 20]);
    assert_eq!(table.call_stats().calls, 7);
    let second = table.put_each_if((10..30).map(put).collect()).await.unwrap();
    let [done, conflict] = [true, false]
        .map(|is_done| second.iter().filter(|attempt| attempt.is_done() == is_done).count());
    assert_eq!((done, conflict), (10, 10));
    assert!(second.iter().take(10).all(|attempt| !attempt.is_done()));
}

#[tokio::test]
async fn a_batch_that_never_brings_anything_is_given_up() {
    let table = table_whose_batches_end_after(0).await;
    let read = table.get_many(&[key(1)]).await;
    assert!(matches!(read, Err(TableError::Throttled(_))));
    let written = table.put_many(vec![key(1).attributes()]).await;
    assert!(matches!(written, Err(TableError::Throttled(_))));
    let statement = (key(1).attributes(), BatchCondition::Absent);
    let executed = table.put_each_if(vec![statement]).await;
    assert!(matches!(executed, Err(TableError::Throttled(_))));
}

#[tokio::test]
async fn unprocessed_batch_is_sent_eight_times() {
    for (unprocessed, calls) in [(1, 2), (MAX_CALLS - 1, MAX_CALLS), (MAX_CALLS, MAX_CALLS)] {
        let faults = Arc::new(Unprocessed { unprocessed, sent: AtomicU32::new(0) });
        let table = table_with(faults.clone()).await;
        let written = table.put_many(vec![key(1).attributes()]).await;
        assert_eq!(written.is_ok(), unprocessed < MAX_CALLS, "{unprocessed}");
        assert_eq!(faults.sent.load(Ordering::Relaxed), calls, "{unprocessed}");
    }
}

#[tokio::test]
async fn failed_delete_is_no_refusal() {
    let table = table_with(Arc::new(Unprocessed { unprocessed: 0, sent: AtomicU32::new(0) })).await;
    let deleted = table.delete_if(&key(1), ("pk", "other"), None).await;
    assert!(!deleted.unwrap());
    let table = table_with(Arc::<Refused>::default()).await;
    assert!(table.delete_if(&key(1), ("pk", "other"), None).await.is_err());
}

/// Every call is refused.
#[derive(Debug, Default)]
struct Refused;

impl Faults for Refused {
    fn next(&self, _: &str) -> Option<Fault> {
        Some(Fault::Refused("ResourceNotFoundException"))
    }
}

#[tokio::test]
async fn failed_transaction_is_no_conflict() {
    let table = table_with(Arc::<Refused>::default()).await;
    let failed = table.transact(vec![Action::Delete(key(1))]).await;
    assert!(matches!(failed, Err(TableError::Service(_))));
}

/// The first reports are read, and their parts are not.
#[derive(Debug, Default)]
struct NoBatches;

impl Faults for NoBatches {
    fn next(&self, operation: &str) -> Option<Fault> {
        (operation == "BatchGetItem").then_some(Fault::Refused("ResourceNotFoundException"))
    }
}

#[tokio::test]
async fn failed_read_of_a_report_is_no_damage() {
    let table = table_with(Arc::<NoBatches>::default()).await;
    let report = ShardReport {
        shard: 3,
        attempt: "attempt".to_owned(),
        chunks: vec![(999, 999); 150_000],
        lines: 0,
        lines_digest: None,
        day_revision: 0,
        touched: None,
        due: Default::default(),
        booked: Default::default(),
        excluded: Default::default(),
    };
    let shard = Shard::new(3).unwrap();
    table.report_shard("run", shard, report, Timestamp::EPOCH).await.unwrap();
    assert!(table.readable_shard_reports("run").await.is_err());
}

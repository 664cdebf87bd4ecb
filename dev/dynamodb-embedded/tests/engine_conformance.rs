//! Behaviour of DynamoDB that this project depends on, as documented: on the embedded engine, and
//! on the one at `RECALL_TEST_ENDPOINT`.

#![cfg(test)]

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, KeysAndAttributes, Put, PutRequest, ReturnValue,
    ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, WriteRequest,
};
use dynamodb_embedded::Engine;

type Item = HashMap<String, AttributeValue>;

struct Bench {
    engine: Engine,
    client: Client,
}

impl Bench {
    async fn new() -> Self {
        let engine = Engine::with_table().await.unwrap();
        let client = engine.client();
        Self { engine, client }
    }

    fn table(&self) -> &str {
        self.engine.table_name()
    }

    async fn put(&self, item: Item) {
        self.client.put_item().table_name(self.table()).set_item(Some(item)).send().await.unwrap();
    }

    async fn get(&self, pk: &str, sk: &str) -> Option<Item> {
        let get = self.client.get_item().table_name(self.table()).consistent_read(true);
        get.set_key(Some(item(pk, sk))).send().await.unwrap().item
    }

    fn query(&self) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        self.client
            .query()
            .table_name(self.table())
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text("list"))
    }

    fn put_if_absent(&self, item: Item) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(self.table())
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld);
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(text: &str) -> AttributeValue {
    AttributeValue::N(text.to_owned())
}

fn item(pk: &str, sk: &str) -> Item {
    [("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))].into()
}

fn with(mut item: Item, name: &str, value: AttributeValue) -> Item {
    item.insert(name.to_owned(), value);
    item
}

fn bytes(length: usize) -> AttributeValue {
    AttributeValue::B(Blob::new(vec![7; length]))
}

fn sort_keys(items: &[Item]) -> Vec<&str> {
    items.iter().map(|item| item["sk"].as_s().unwrap().as_str()).collect()
}

#[tokio::test]
async fn failed_put_returns_existing_item() {
    let bench = Bench::new().await;
    bench.put(with(item("a", "b"), "rev", number("3"))).await;
    let put = bench.client.put_item().table_name(bench.table());
    let put = put.set_item(Some(with(item("a", "b"), "rev", number("9"))));
    let put =
        put.condition_expression("rev = :rev").expression_attribute_values(":rev", number("2"));
    let put = put.return_values_on_condition_check_failure(OnFailure::AllOld);
    match put.send().await.unwrap_err().into_service_error() {
        PutItemError::ConditionalCheckFailedException(failed) => {
            assert_eq!(failed.item().unwrap()["rev"], number("3"));
        }
        other => panic!("{other}"),
    }
    assert_eq!(bench.get("a", "b").await.unwrap()["rev"], number("3"));
}

#[tokio::test]
async fn failed_transaction_names_condition() {
    let bench = Bench::new().await;
    bench.put(with(item("a", "taken"), "by", text("somebody"))).await;
    let parts = [item("a", "free"), item("a", "taken")].map(|item| bench.put_if_absent(item));
    let sent = bench.client.transact_write_items().set_transact_items(Some(parts.into()));
    match sent.send().await.unwrap_err().into_service_error() {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            let reasons = cancelled.cancellation_reasons();
            let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap()).collect();
            assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
            assert_eq!(reasons[1].item().unwrap()["by"], text("somebody"));
        }
        other => panic!("{other}"),
    }
    assert_eq!(bench.get("a", "free").await, None);
}

#[tokio::test]
async fn transaction_writes_all_items() {
    let bench = Bench::new().await;
    bench.put(item("a", "there")).await;
    let check = ConditionCheck::builder()
        .table_name(bench.table())
        .set_key(Some(item("a", "there")))
        .condition_expression("attribute_exists(pk)");
    let check = TransactWriteItem::builder().condition_check(check.build().unwrap()).build();
    let parts =
        vec![check, bench.put_if_absent(item("a", "1")), bench.put_if_absent(item("b", "2"))];
    bench.client.transact_write_items().set_transact_items(Some(parts)).send().await.unwrap();
    assert!(bench.get("a", "1").await.is_some() && bench.get("b", "2").await.is_some());
}

/// The client sends a transaction again, with its token, when the answer was lost.
#[tokio::test]
async fn repeated_token_changes_nothing() {
    let bench = Bench::new().await;
    let parts = vec![bench.put_if_absent(item("a", "1"))];
    for _ in 0..2 {
        let sent = bench.client.transact_write_items().client_request_token("one");
        sent.set_transact_items(Some(parts.clone())).send().await.unwrap();
    }
}

#[tokio::test]
async fn duplicate_item_in_transaction_fails() {
    let bench = Bench::new().await;
    let parts = [item("a", "1"), item("a", "1")].map(|item| bench.put_if_absent(item));
    let sent = bench.client.transact_write_items().set_transact_items(Some(parts.into()));
    let error = sent.send().await.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("ValidationException"));
}

#[tokio::test]
async fn range_is_inclusive_and_in_byte_order() {
    let bench = Bench::new().await;
    for sk in ["DAY#2", "DAY#10", "DAY#1", "DAY#1#PAID", "REF#1", "DAY#~", "DAY", "day#1"] {
        bench.put(item("list", sk)).await;
    }
    let query = bench.query().expression_attribute_values(":from", text("DAY#1"));
    let found = query.expression_attribute_values(":to", text("DAY#~")).send().await.unwrap();
    assert_eq!(sort_keys(found.items()), ["DAY#1", "DAY#1#PAID", "DAY#10", "DAY#2", "DAY#~"]);
}

#[tokio::test]
async fn reverse_range_starts_at_any_key() {
    let bench = Bench::new().await;
    for sk in ["1", "2", "3", "4"] {
        bench.put(item("list", sk)).await;
    }
    let query = bench.query().expression_attribute_values(":from", text("0"));
    let query = query.expression_attribute_values(":to", text("9")).scan_index_forward(false);
    let found =
        query.set_exclusive_start_key(Some(item("list", "35"))).limit(2).send().await.unwrap();
    assert_eq!(sort_keys(found.items()), ["3", "2"]);
    assert_eq!(found.last_evaluated_key().unwrap()["sk"], text("2"));
}

#[tokio::test]
async fn empty_range_end_is_refused() {
    let bench = Bench::new().await;
    let query = bench.query().expression_attribute_values(":from", text(""));
    let query = query.expression_attribute_values(":to", text("9"));
    let error = query.send().await.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("ValidationException"));
}

#[tokio::test]
async fn page_ends_at_1_mb() {
    let bench = Bench::new().await;
    for sk in 0..8 {
        bench.put(with(item("list", &sk.to_string()), "data", bytes(300_000))).await;
    }
    let (mut found, mut pages, mut start) = (Vec::new(), 0, None);
    loop {
        let query = bench.query().expression_attribute_values(":from", text("0"));
        let query = query.expression_attribute_values(":to", text("9"));
        let page = query.set_exclusive_start_key(start).send().await.unwrap();
        assert!(page.count() <= 4);
        found.extend(page.items().iter().map(|item| item["sk"].as_s().unwrap().clone()));
        (pages, start) = (pages + 1, page.last_evaluated_key);
        if start.is_none() {
            break;
        }
    }
    assert_eq!(found.concat(), "01234567");
    assert!(pages >= 2, "{pages}");
}

#[tokio::test]
async fn batch_over_16_mb_is_partial() {
    let bench = Bench::new().await;
    let keys: Vec<Item> = (0..50).map(|pk| item(&format!("large-{pk}"), "x")).collect();
    for key in &keys {
        bench.put(with(key.clone(), "data", bytes(390_000))).await;
    }
    let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
    let asked = bench.client.batch_get_item().request_items(bench.table(), wanted.unwrap());
    let answer = asked.send().await.unwrap();
    let found = answer.responses.unwrap()[bench.table()].len();
    let left = answer.unprocessed_keys.unwrap_or_default();
    let left = left.get(bench.table()).map_or(0, |left| left.keys().len());
    assert_eq!(found + left, 50);
    assert!(found <= 43, "{found} items of 390 kB are more than 16 MB");
}

#[tokio::test]
async fn batch_writes_at_most_25_items() {
    let bench = Bench::new().await;
    let puts = |count: usize| {
        let put = |sk: usize| PutRequest::builder().set_item(Some(item("batch", &sk.to_string())));
        let puts = (0..count).map(put).map(|put| put.build().unwrap());
        let puts = puts.map(|put| WriteRequest::builder().put_request(put).build());
        bench.client.batch_write_item().request_items(bench.table(), puts.collect())
    };
    puts(25).send().await.unwrap();
    assert!(bench.get("batch", "24").await.is_some());
    let error = puts(26).send().await.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("ValidationException"));
}

#[tokio::test]
async fn update_adds_and_sets() {
    let bench = Bench::new().await;
    for rev in ["1", "2"] {
        let update = bench.client.update_item().table_name(bench.table());
        let update = update.set_key(Some(item("a", "b"))).return_values(ReturnValue::AllNew);
        let update = update.update_expression("SET #token = :token ADD rev :one");
        let update = update.expression_attribute_names("#token", "token");
        let update = update.expression_attribute_values(":token", text(rev));
        let update = update.expression_attribute_values(":one", number("1"));
        let new = update.send().await.unwrap().attributes.unwrap();
        assert_eq!((&new["rev"], &new["token"]), (&number(rev), &text(rev)));
    }
}

#[tokio::test]
async fn delete_checks_condition_first() {
    let bench = Bench::new().await;
    bench.put(with(item("a", "b"), "rev", number("2"))).await;
    let delete = |rev: &'static str| {
        let delete = bench.client.delete_item().table_name(bench.table());
        let delete = delete.set_key(Some(item("a", "b"))).condition_expression("#rev = :rev");
        let delete = delete.expression_attribute_names("#rev", "rev");
        delete.expression_attribute_values(":rev", number(rev))
    };
    let refused = delete("1").send().await.unwrap_err().into_service_error();
    assert!(refused.is_conditional_check_failed_exception());
    delete("2").send().await.unwrap();
    assert_eq!(bench.get("a", "b").await, None);
}

#[tokio::test]
async fn item_over_400_kb_is_refused() {
    let bench = Bench::new().await;
    bench.put(with(item("a", "fits"), "data", bytes(409_000))).await;
    let put = bench.client.put_item().table_name(bench.table());
    let large = with(item("a", "large"), "data", bytes(410_000));
    let error = put.set_item(Some(large)).send().await.unwrap_err().into_service_error();
    assert_eq!(error.meta().code(), Some("ValidationException"));
}

#[tokio::test]
async fn number_has_at_most_38_digits() {
    let bench = Bench::new().await;
    let digits = "12345678901234567890123456789012345678";
    bench.put(with(item("a", "b"), "sum", number(digits))).await;
    assert_eq!(bench.get("a", "b").await.unwrap()["sum"], number(digits));
    let more = with(item("a", "b"), "sum", number(&format!("{digits}9")));
    let put = bench.client.put_item().table_name(bench.table()).set_item(Some(more));
    let error = put.send().await.unwrap_err().into_service_error();
    assert!(error.meta().code().is_some(), "refused by the service: {error:?}");
}

//! The table of the template on the embedded engine.

#![cfg(test)]

use aws_sdk_dynamodb::types::{AttributeValue, TableStatus};
use dynamodb_embedded::{CreateError, Engine, create_table};
use sam_template::{TableDefinition, Template};

fn definition() -> TableDefinition {
    Template::embedded().unwrap().table
}

#[tokio::test]
async fn template_table_accepts_items() {
    let client = Engine::memory().unwrap().client();
    create_table(&client, "recall", &definition()).await.unwrap();
    let described = client.describe_table().table_name("recall").send().await.unwrap();
    assert_eq!(described.table().unwrap().table_status(), Some(&TableStatus::Active));
    let stream = described.table().unwrap().stream_specification();
    assert!(stream.is_none(), "the engine would search it at every write");
    let text = |text: &str| AttributeValue::S(text.into());
    let put = client.put_item().table_name("recall").item("pk", text("a")).item("sk", text("b"));
    put.send().await.unwrap();
}

#[tokio::test]
async fn existing_table_keeps_its_items() {
    let client = Engine::memory().unwrap().client();
    create_table(&client, "recall", &definition()).await.unwrap();
    let key = |name: &str| AttributeValue::S(name.into());
    let put = client.put_item().table_name("recall").item("pk", key("a")).item("sk", key("b"));
    put.send().await.unwrap();
    create_table(&client, "recall", &definition()).await.unwrap();
    let get = client.get_item().table_name("recall").key("pk", key("a")).key("sk", key("b"));
    assert!(get.send().await.unwrap().item.is_some());
}

#[tokio::test]
async fn refused_definition_is_an_error() {
    let client = Engine::memory().unwrap().client();
    let without_keys = TableDefinition { keys: Vec::new(), ..definition() };
    let error = create_table(&client, "recall", &without_keys).await.unwrap_err();
    assert!(matches!(error, CreateError::Service(_)), "{error}");
}

#[tokio::test]
async fn saved_items_are_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data");
    let text = |text: &str| AttributeValue::S(text.into());
    let engine = Engine::memory().unwrap();
    let client = engine.client();
    create_table(&client, "recall", &definition()).await.unwrap();
    let put = client.put_item().table_name("recall").item("pk", text("a")).item("sk", text("b"));
    put.send().await.unwrap();
    engine.save(&file).unwrap();
    assert!(engine.save(&file).is_err());
    let client = Engine::on_disk(&file).unwrap().client();
    let get = client.get_item().table_name("recall").key("pk", text("a")).key("sk", text("b"));
    assert!(get.send().await.unwrap().item.is_some());
}

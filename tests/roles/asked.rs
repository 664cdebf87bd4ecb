//! The questions to IAM about a call.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The name of the only operation that encloses others.
const TRANSACTION: &str = "TransactWriteItems";

/// A question to IAM: is this action allowed on items under these partition keys?
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The action's name, as `PutItem`.
    pub action: &'static str,
    /// The transaction of which it is a part.
    pub enclosing: Option<&'static str>,
    /// The value of `dynamodb:LeadingKeys`.
    pub keys: BTreeSet<String>,
}

/// Returns the questions for a call.
///
/// # Panics
/// If this project does not make such calls: then it must be added here.
pub fn questions(operation: &str, body: &[u8]) -> Vec<Asked> {
    let body: Value = serde_json::from_slice(body).unwrap();
    let ask = |action, keys: BTreeSet<String>| vec![Asked { action, enclosing: None, keys }];
    match operation {
        "GetItem" => ask("GetItem", [key(&body["Key"])].into()),
        "PutItem" => ask("PutItem", [key(&body["Item"])].into()),
        "UpdateItem" => ask("UpdateItem", [key(&body["Key"])].into()),
        "DeleteItem" => ask("DeleteItem", [key(&body["Key"])].into()),
        "Query" => ask("Query", [queried(&body)].into()),
        "BatchGetItem" => ask("BatchGetItem", in_batch(&body, "/Keys", &[""])),
        "BatchWriteItem" => {
            ask("BatchWriteItem", in_batch(&body, "", &["/PutRequest/Item", "/DeleteRequest/Key"]))
        }
        "BatchExecuteStatement" => of_statements(&body),
        TRANSACTION => of_transaction(&body),
        other => panic!("nobody knows here what IAM is asked about {other}"),
    }
}

/// Returns each action alone, and all actions of a kind together: DynamoDB's behaviour is
/// undocumented, so both must be allowed.
fn of_transaction(body: &Value) -> Vec<Asked> {
    let mut by_action: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for part in body["TransactItems"].as_array().unwrap() {
        let (name, part) = part.as_object().unwrap().iter().next().unwrap();
        let (action, place) = match name.as_str() {
            "Put" => ("PutItem", "Item"),
            "Update" => ("UpdateItem", "Key"),
            "Delete" => ("DeleteItem", "Key"),
            "ConditionCheck" => ("ConditionCheckItem", "Key"),
            other => panic!("a transaction has no {other}"),
        };
        by_action.entry(action).or_default().insert(key(&part[place]));
    }
    let ask = |action, keys| Asked { action, enclosing: Some(TRANSACTION), keys };
    let alone = by_action.iter().flat_map(|(action, keys)| {
        keys.iter().map(|key| ask(*action, BTreeSet::from([key.clone()])))
    });
    let mut all: Vec<Asked> = alone.collect();
    all.extend(by_action.iter().map(|(action, keys)| ask(*action, keys.clone())));
    all
}

/// Returns a question for each statement of a batch, whose name IAM does not know.
fn of_statements(body: &Value) -> Vec<Asked> {
    let statements = body["Statements"].as_array().unwrap().iter();
    let asked = statements.map(|member| {
        let (text, parameters) = (member["Statement"].as_str().unwrap(), &member["Parameters"]);
        let (action, listed) = match text.split_once(' ').unwrap().0 {
            "INSERT" => ("PartiQLInsert", text.split_once('{').unwrap().1.split(", ").collect()),
            "UPDATE" => ("PartiQLUpdate", text.split('?').collect::<Vec<_>>()),
            other => panic!("a batch has no {other}"),
        };
        let is_key = |piece: &&str| ["'pk'", "\"pk\""].iter().any(|name| piece.contains(name));
        let place = listed.iter().position(is_key).unwrap();
        let key = parameters[place]["S"].as_str().unwrap().to_owned();
        Asked { action, enclosing: None, keys: [key].into() }
    });
    asked.collect()
}

/// Returns the partition keys of all items of a batch: at `list`, each in one of these places.
fn in_batch(body: &Value, list: &str, places: &[&str]) -> BTreeSet<String> {
    let tables = body["RequestItems"].as_object().unwrap().values();
    let items = tables.flat_map(|table| table.pointer(list).unwrap().as_array().unwrap());
    let item = |entry: &Value| places.iter().find_map(|place| entry.pointer(place).map(key));
    items.map(|entry| item(entry).unwrap()).collect()
}

fn key(item: &Value) -> String {
    item["pk"]["S"].as_str().unwrap().to_owned()
}

/// Returns the partition that a query reads; all queries of the table name it in this way.
fn queried(body: &Value) -> String {
    assert!(body["KeyConditionExpression"].as_str().unwrap().starts_with("pk = :pk"));
    body["ExpressionAttributeValues"][":pk"]["S"].as_str().unwrap().to_owned()
}

//! A simulated stream of the table: the changes between two scans. The engine's stream stays off,
//! because every write would search it.

use std::collections::{BTreeMap, HashMap};

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use crate::test_app::TestApp;

pub type Item = HashMap<String, AttributeValue>;
type Items = BTreeMap<(String, String), Item>;

fn key(item: &Item) -> (String, String) {
    let text = |name: &str| item[name].as_s().unwrap().clone();
    (text("pk"), text("sk"))
}

/// Returns all items of the table.
pub fn items(app: &TestApp) -> Items {
    let items = app.engine.items("recall").unwrap().into_iter().map(from_json);
    items.map(|item| (key(&item), item)).collect()
}

fn in_json(item: &Item) -> Value {
    serde_json::to_value(serde_dynamo::Item::from(item.clone())).unwrap()
}

fn from_json(item: Value) -> Item {
    serde_json::from_value::<serde_dynamo::Item>(item).unwrap().into()
}

pub struct Stream {
    seen: Items,
    records: u64,
}

impl Stream {
    /// Starts the stream at the current state.
    pub fn of(app: &TestApp) -> Self {
        Self { seen: items(app), records: 0 }
    }

    /// Returns the changes since the previous call, as Lambda passes them.
    pub fn batch(&mut self, app: &TestApp) -> Vec<EventRecord> {
        let now = items(app);
        let keys: Vec<_> = self.seen.keys().chain(now.keys()).cloned().collect();
        let keys = std::collections::BTreeSet::from_iter(keys);
        let changed = keys.iter().filter(|key| self.seen.get(key) != now.get(key));
        let at = app.context.clock.now().millis() / 1000;
        let records = changed.map(|key| {
            self.records += 1;
            record(self.records, at, self.seen.get(key), now.get(key))
        });
        let records: Vec<Value> = records.collect();
        self.seen = now;
        batch(records).records
    }
}

/// Returns a batch as Lambda's runtime parses it.
pub fn batch(records: Vec<Value>) -> Event {
    serde_json::from_str(&json!({ "Records": records }).to_string()).unwrap()
}

pub fn record(number: u64, at: i64, before: Option<&Item>, after: Option<&Item>) -> Value {
    let name = match (before, after) {
        (None, _) => "INSERT",
        (_, Some(_)) => "MODIFY",
        (_, None) => "REMOVE",
    };
    let there = before.or(after).unwrap();
    let keys = json!({ "pk": { "S": key(there).0 }, "sk": { "S": key(there).1 } });
    let mut change = json!({
        "ApproximateCreationDateTime": at, "Keys": keys, "SequenceNumber": format!("{number:021}"),
        "SizeBytes": 1000, "StreamViewType": "NEW_AND_OLD_IMAGES",
    });
    for (image, item) in [("OldImage", before), ("NewImage", after)] {
        if let Some(item) = item {
            change[image] = in_json(item);
        }
    }
    json!({
        "eventID": format!("{number:032x}"), "eventName": name, "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1", "dynamodb": change,
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/recall/stream/2026-11-25T00:00:00.000",
    })
}

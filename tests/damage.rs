//! Damages items of the table in ways in which no release writes them, and repairs them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::poison;
use crate::test_app::TestApp;

/// Returns all items in DynamoDB's JSON, ordered by key.
pub fn items(app: &TestApp) -> Vec<Value> {
    let mut items = app.engine.items(app.engine.table_name()).unwrap();
    items.sort_by_key(|item| {
        let (pk, sk) = item_at(item);
        (pk.to_owned(), sk.to_owned())
    });
    items
}

/// Returns an item's keys.
pub fn item_at(item: &Value) -> (&str, &str) {
    (item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap())
}

/// Returns the content of a packed item; empty for any other.
pub fn base64(item: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(item["b"]["B"].as_str().unwrap_or_default()).unwrap()
}

/// An item that is damaged and repaired.
pub struct Damage<'a> {
    app: &'a TestApp,
    item: Value,
}

impl<'a> Damage<'a> {
    /// Selects the only item that matches.
    pub fn of(app: &'a TestApp, is_it: impl Fn(&Value) -> bool) -> Self {
        let mut found = items(app);
        found.retain(|item| is_it(item));
        assert_eq!(found.len(), 1, "{found:?}");
        Self { app, item: found.remove(0) }
    }

    /// Replaces its content with bytes that no release writes.
    pub fn make_unreadable(&self) {
        let mut item = self.item.clone();
        item["v"] = json!({ "N": "99" });
        self.put(item);
    }

    /// Flips the last bit of its content.
    pub fn flip_a_bit(&self) {
        self.rewrite(|bytes| {
            let mut bytes = bytes.to_vec();
            *bytes.last_mut().unwrap() ^= 1;
            bytes
        });
    }

    /// Changes its content.
    pub fn rewrite(&self, change: impl Fn(&[u8]) -> Vec<u8>) {
        let mut item = self.item.clone();
        item["b"] = json!({ "B": BASE64_STANDARD.encode(change(&base64(&self.item))) });
        self.put(item);
    }

    /// Removes the item.
    pub fn remove(&self) {
        let (pk, sk) = item_at(&self.item);
        poison::remove(self.app, pk, sk);
    }

    /// Restores the item.
    pub fn repair(&self) {
        self.put(self.item.clone());
    }

    fn put(&self, item: Value) {
        self.app.engine.put(self.app.engine.table_name(), [item]).unwrap();
    }
}

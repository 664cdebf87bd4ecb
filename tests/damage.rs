//! Items of the table, damaged as no code of ours writes them, and repaired.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::test_app::TestApp;

/// All items in DynamoDB's JSON, in the order of their keys.
pub fn items(world: &TestApp) -> Vec<Value> {
    let mut items = world.engine.items(world.engine.table_name()).unwrap();
    items.sort_by_key(|item| {
        let (pk, sk) = item_at(item);
        (pk.to_owned(), sk.to_owned())
    });
    items
}

/// An item's keys.
pub fn item_at(item: &Value) -> (&str, &str) {
    (item["pk"]["S"].as_str().unwrap(), item["sk"]["S"].as_str().unwrap())
}

/// The content of a packed item; empty for any other.
pub fn base64(item: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(item["b"]["B"].as_str().unwrap_or_default()).unwrap()
}

/// One item that is damaged and repaired.
pub struct Damage<'a> {
    world: &'a TestApp,
    item: Value,
}

impl<'a> Damage<'a> {
    /// The only item of which `is_it` holds.
    pub fn of(world: &'a TestApp, is_it: impl Fn(&Value) -> bool) -> Self {
        let mut found = items(world);
        found.retain(|item| is_it(item));
        assert_eq!(found.len(), 1, "{found:?}");
        Self { world, item: found.remove(0) }
    }

    /// Leaves it in a form that no release writes.
    pub fn make_unreadable(&self) {
        let mut item = self.item.clone();
        item["v"] = json!({ "N": "99" });
        self.put(item);
    }

    /// Changes the last bit of its content.
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

    /// Puts the item back as it was.
    pub fn repair(&self) {
        self.put(self.item.clone());
    }

    fn put(&self, item: Value) {
        self.world.engine.put(self.world.engine.table_name(), [item]).unwrap();
    }
}

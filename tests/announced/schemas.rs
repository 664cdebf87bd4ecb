//! Compares the published schemas with the events that receivers get.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::bus::Told;
use crate::story::three_newcomers_trade;
use crate::stream::Stream;
use crate::test_app::{TestApp, fee};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

pub fn schema_of(kind: &str) -> Validator {
    let path = docs().join(format!("events/{kind}.schema.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["properties"]["type"]["const"], kind);
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// Returns events of every type, from a story of a quarter's end and the day after.
async fn a_whole_story() -> Vec<Value> {
    let app = TestApp::at("2026-09-30T09:00:00Z").await;
    app.affiliate("affiliate").await;
    let shared = json!({ "spot": "0.05", "futures": "0.05" });
    let link = app.post("affiliate", "/v1/links", json!({ "sharedCommission": shared })).await;
    let code = link.json()["code"].as_str().unwrap().to_owned();
    let dormant = json!({
        "uid": "dormant", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH",
        "personHash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    });
    app.taken("account.registered", dormant).await;
    let (mut stream, told) = (Stream::of(&app), Told::new());
    app.bind("dormant", &code).await;
    three_newcomers_trade(&app, &code).await;
    app.charged(fee("t3", "dormant", "2026-09-30T10:00:00Z")).await;
    app.night("2026-09-30").await;
    told.since(&app, &mut stream).await;
    let used = json!({ "uid": "dormant", "product": "card", "at": "2026-09-29T12:00:00Z" });
    app.taken("activity", used).await;
    told.since(&app, &mut stream).await;
    app.night("2026-10-01").await;
    told.since(&app, &mut stream).await;
    told.all()
}

#[tokio::test]
async fn events_match_schemas() {
    let events = a_whole_story().await;
    let mut kinds = BTreeSet::new();
    for event in &events {
        let kind = event["type"].as_str().unwrap();
        let errors: Vec<_> = schema_of(kind).iter_errors(event).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{event}");
        kinds.insert(kind.to_owned());
    }
    let schemas = fs::read_dir(docs().join("events")).unwrap();
    let names = schemas.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let described: BTreeSet<_> =
        names.map(|name| name.strip_suffix(".schema.json").unwrap().to_owned()).collect();
    assert_eq!(kinds, described);
}

#[tokio::test]
async fn schema_refuses_unknown_members() {
    let event = a_whole_story().await.remove(0);
    let schema = schema_of(event["type"].as_str().unwrap());
    assert!(schema.is_valid(&event));
    for pointer in ["", "/data"] {
        let mut other = event.clone();
        other.pointer_mut(pointer).unwrap()["country"] = json!("CH");
        assert!(!schema.is_valid(&other), "{pointer}");
    }
}

#[tokio::test]
async fn events_have_no_place_or_person() {
    for event in a_whole_story().await {
        let text = event.to_string().to_lowercase();
        for told in ["country", "\"ch\"", "person", "0123456789abcdef0123", "vip"] {
            assert!(!text.contains(told), "{text}");
        }
    }
}

#[test]
fn examples_match_schemas() {
    let text = fs::read_to_string(docs().join("reference/events.md")).unwrap();
    let examples = text.split("```json\n").skip(1).map(|part| part.split("```").next().unwrap());
    let events: Vec<Value> =
        examples.map(|example| serde_json::from_str(example).unwrap()).collect();
    assert_eq!(events.len(), 4);
    for event in events {
        let schema = schema_of(event["type"].as_str().unwrap());
        let errors: Vec<_> = schema.iter_errors(&event).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{event}");
    }
}

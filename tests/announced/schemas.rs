//! The schemas that receivers are given, against what they are sent.

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

/// Events of every kind, from a story of a quarter's end and the day after.
async fn a_whole_story() -> Vec<Value> {
    let world = TestApp::at("2026-09-30T09:00:00Z").await;
    world.affiliate("affiliate").await;
    let shared = json!({ "spot": "0.05", "futures": "0.05" });
    let link = world.post("affiliate", "/v1/links", json!({ "sharedCommission": shared })).await;
    let code = link.json()["code"].as_str().unwrap().to_owned();
    let dormant = json!({
        "uid": "dormant", "registeredAt": "2024-01-01T00:00:00Z", "country": "CH",
        "personHash": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    });
    world.taken("account.registered", dormant).await;
    let (mut stream, told) = (Stream::of(&world), Told::new());
    world.bind("dormant", &code).await;
    three_newcomers_trade(&world, &code).await;
    world.charged(fee("t3", "dormant", "2026-09-30T10:00:00Z")).await;
    world.night("2026-09-30").await;
    told.since(&world, &mut stream).await;
    let used = json!({ "uid": "dormant", "product": "card", "at": "2026-09-29T12:00:00Z" });
    world.taken("activity", used).await;
    told.since(&world, &mut stream).await;
    world.night("2026-10-01").await;
    told.since(&world, &mut stream).await;
    told.all()
}

#[tokio::test]
async fn every_event_is_as_its_schema_says_and_every_schema_has_its_event() {
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
async fn a_schema_refuses_what_it_does_not_name() {
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
async fn no_event_tells_where_somebody_is_or_which_person() {
    for event in a_whole_story().await {
        let text = event.to_string().to_lowercase();
        for told in ["country", "\"ch\"", "person", "0123456789abcdef0123", "vip"] {
            assert!(!text.contains(told), "{text}");
        }
    }
}

#[test]
fn the_examples_of_the_document_are_as_the_schemas_say() {
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

//! The template's event filters pass every write that means an event, and few others.

use outbound_events::events;
use serde::Deserialize;
use serde_json::Value;
use storage::Change;

use crate::story::three_newcomers_trade;
use crate::stream::Stream;
use crate::test_app::TestApp;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    resources: Resources,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resources {
    publish_events: Properties<Function>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties<T> {
    properties: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Function {
    events: Events,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Events {
    stream: Properties<Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Source {
    filter_criteria: Criteria,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Criteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    pattern: String,
}

fn patterns() -> Vec<Value> {
    let document: Document = serde_saphyr::from_str(include_str!("../../template.yaml")).unwrap();
    let filters = document.resources.publish_events.properties.events.stream.properties;
    let filters = filters.filter_criteria.filters.into_iter();
    filters.map(|filter| serde_json::from_str(&filter.pattern).unwrap()).collect()
}

/// Applies Lambda's filter rule as far as the template uses it: every leaf is a list of texts or
/// prefixes.
fn passes(pattern: &Value, record: &Value) -> bool {
    match pattern {
        Value::Object(members) => members.iter().all(|(name, inner)| passes(inner, &record[name])),
        Value::Array(choices) => choices.iter().any(|choice| match choice["prefix"].as_str() {
            Some(prefix) => record.as_str().is_some_and(|text| text.starts_with(prefix)),
            None => choice == record,
        }),
        _ => panic!("unknown pattern {pattern}"),
    }
}

#[tokio::test]
async fn filters_pass_event_writes_only() {
    let app = TestApp::at("2026-09-30T09:00:00Z").await;
    let mut stream = Stream::of(&app);
    let code = app.affiliate("affiliate").await;
    three_newcomers_trade(&app, &code).await;
    let mut records = stream.batch(&app);
    app.night("2026-09-30").await;
    records.extend(stream.batch(&app));

    let (mut meant, mut passed) = (0, 0);
    for record in &records {
        let (before, after) = (record.change.old_image.clone(), record.change.new_image.clone());
        let change = Change::read(before, after).unwrap();
        let at = app.context.clock.now();
        let told =
            change.map_or(0, |change| events(&change, at, &app.context.programme).unwrap().len());
        let record = serde_json::to_value(record).unwrap();
        let through = patterns().iter().any(|pattern| passes(pattern, &record));
        assert!(through || told == 0, "{}", record["dynamodb"]["Keys"]);
        meant += told;
        passed += usize::from(through);
    }
    assert_eq!((meant, passed), (5, 5), "of {} records", records.len());
    assert!(records.len() > 64);
}

//! The document itself: schemas, references, lists and examples.

use std::collections::BTreeSet;

use http_api::Code;
use serde_json::{Value, json};
use types::Reason;

use super::document::{Document, escaped};

/// Objects of API Gateway, which may have further members.
const OPEN: [&str; 1] = ["/components/schemas/GatewayMessage"];

/// Members that answers and requests may omit; all others are always present.
const OPTIONAL: [&str; 15] = [
    "BindRefusal/eligibleFrom",
    "Check/eligibleFrom",
    "Check/needs",
    "Check/sentence",
    "IneligibleWindow/eligibleFrom",
    "LinkChange/archived",
    "LinkChange/default",
    "LinkChange/label",
    "NewLink/default",
    "NewLink/label",
    "NewLink/sharedCommission",
    "Notice/link",
    "Problem/parameter",
    "Programme/colour",
    "Relationship/voidedAt",
];

/// Calls `visit` with every value of the document and its pointer.
fn walk<'a>(value: &'a Value, pointer: &str, visit: &mut impl FnMut(&'a Value, &str)) {
    visit(value, pointer);
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            walk(member, &format!("{pointer}/{}", escaped(name)), visit);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| {
            walk(item, &format!("{pointer}/{index}"), visit);
        }),
        _ => {}
    }
}

/// Returns the pointers of all top-level schemas: named ones, and those of parameters, headers and
/// bodies.
fn schemas(document: &Document) -> BTreeSet<String> {
    let named = document.keys("/components/schemas");
    let mut schemas: BTreeSet<_> =
        named.iter().map(|name| format!("/components/schemas/{name}")).collect();
    walk(&document.json, "", &mut |_, pointer| {
        if pointer.ends_with("/schema") {
            schemas.insert(pointer.to_owned());
        }
    });
    schemas
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn every_schema_is_valid() {
    let document = Document::read();
    for pointer in schemas(&document) {
        let schema = document.at(&pointer);
        jsonschema::draft202012::meta::validate(schema)
            .unwrap_or_else(|e| panic!("{pointer}: {e}"));
        document.validator(&pointer);
    }
}

#[test]
fn every_reference_resolves() {
    let document = Document::read();
    let mut targets = BTreeSet::new();
    walk(&document.json, "", &mut |value, pointer| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').unwrap();
            assert!(!document.at(target).is_null(), "{pointer} refers to {reference}");
            targets.insert(target.to_owned());
        }
    });
    for kind in ["schemas", "parameters", "headers", "responses"] {
        for name in document.keys(&format!("/components/{kind}")) {
            let pointer = format!("/components/{kind}/{name}");
            assert!(targets.contains(&pointer), "nothing refers to {pointer}");
        }
    }
}

#[test]
fn objects_are_closed() {
    let document = Document::read();
    walk(&document.json, "", &mut |value, pointer| {
        if value["type"] == "object" && !OPEN.contains(&pointer) && !pointer.ends_with("/schema") {
            assert!(!value["additionalProperties"].is_null(), "{pointer} is open");
            let properties = document.keys(&format!("{pointer}/properties"));
            for name in value["required"].as_array().into_iter().flatten() {
                assert!(properties.iter().any(|known| name == known), "{pointer} requires {name}");
            }
        }
    });
}

#[test]
fn listed_members_are_optional() {
    let document = Document::read();
    let mut optional = BTreeSet::new();
    for schema in document.keys("/components/schemas") {
        let required = &document.json["components"]["schemas"][&schema]["required"];
        for name in document.keys(&format!("/components/schemas/{schema}/properties")) {
            if !required.as_array().is_some_and(|required| required.iter().any(|it| *it == name)) {
                optional.insert(format!("{schema}/{name}"));
            }
        }
    }
    assert_eq!(optional, OPTIONAL.map(str::to_owned).into());
}

/// Returns the pointers of examples, each with that of its schema.
fn examples(document: &Document) -> Vec<(String, String)> {
    let mut examples = Vec::new();
    walk(&document.json, "", &mut |value, pointer| {
        if value.get("schema").is_some_and(Value::is_object) {
            let schema = format!("{pointer}/schema");
            if value.get("example").is_some() {
                examples.push((format!("{pointer}/example"), schema.clone()));
            }
            for name in document.keys(&format!("{pointer}/examples")) {
                examples.push((format!("{pointer}/examples/{name}/value"), schema.clone()));
            }
        }
        let own = value.get("examples").and_then(Value::as_array);
        for index in 0..own.map_or(0, Vec::len) {
            examples.push((format!("{pointer}/examples/{index}"), pointer.to_owned()));
        }
    });
    examples
}

#[test]
fn every_example_is_valid() {
    let document = Document::read();
    let examples = examples(&document);
    assert!(examples.len() > 50, "{}", examples.len());
    for (example, schema) in examples {
        document.hold(&schema, document.at(&example), &example);
    }
}

#[test]
fn json_answers_have_examples() {
    let document = Document::read();
    walk(&document.json, "", &mut |value, pointer| {
        let is_body = pointer.contains("/content/application~1") && pointer.ends_with("json");
        let is_gateways = value["schema"]["$ref"] == "#/components/schemas/GatewayMessage";
        assert!(!is_body || is_gateways || value["examples"].is_object(), "{pointer}");
    });
}

#[test]
fn operations_have_id_and_tag() {
    let document = Document::read();
    let tags: Vec<_> =
        document.json["tags"].as_array().unwrap().iter().map(|t| &t["name"]).collect();
    let mut ids = BTreeSet::new();
    for operation in document.operations() {
        let path = escaped(&operation.path);
        let value = document.at(&format!("/paths/{path}/{}", operation.method.to_lowercase()));
        let id = value["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{id} stands twice");
        assert!(id.chars().all(|letter| letter.is_ascii_alphabetic()), "{id}");
        assert!(strings(&value["tags"]).iter().all(|tag| tags.contains(&&json!(tag))), "{id}");
        assert!(value["summary"].is_string(), "{id}");
    }
}

#[test]
fn codes_match_problems() {
    let schema = &Document::read().json["components"]["schemas"]["ProblemCode"];
    assert_eq!(strings(&schema["enum"]), Code::all().map(Code::as_str).collect::<Vec<_>>());
    let row =
        |code: Code| format!("| `{code}` | {} | {} |", code.status().as_u16(), code.sentence());
    assert_eq!(rows(schema), Code::all().map(row).collect::<Vec<_>>());
}

#[test]
fn reasons_match_domain() {
    let schemas = &Document::read().json["components"]["schemas"];
    let codes = |wanted: fn(Reason) -> bool| -> Vec<_> {
        Reason::ALL.iter().copied().filter(|reason| wanted(*reason)).map(Reason::code).collect()
    };
    assert_eq!(strings(&schemas["Reason"]["enum"]), codes(|_| true));
    assert_eq!(strings(&schemas["BindReason"]["allOf"][1]["enum"]), codes(Reason::refuses_bind));
    assert_eq!(strings(&schemas["ZeroReason"]["allOf"][1]["enum"]), codes(Reason::zeroes_fee));
    let row = |reason: &Reason| format!("| `{reason}` | {} |", reason.sentence());
    assert_eq!(rows(&schemas["Reason"]), Reason::ALL.iter().map(row).collect::<Vec<_>>());
}

/// Returns the rows of the table in a schema's description.
fn rows(schema: &Value) -> Vec<String> {
    let lines = schema["description"].as_str().unwrap().lines();
    lines.filter(|line| line.starts_with("| `")).map(str::to_owned).collect()
}

#[test]
fn line_members_match_export_columns() {
    let document = Document::read();
    let line = "/components/schemas/Line";
    assert_eq!(document.keys(&format!("{line}/properties")), reporting::COLUMNS);
    assert_eq!(strings(document.at(&format!("{line}/required"))), reporting::COLUMNS);
    let version = document.at(&format!("{line}/properties/version/const"));
    assert_eq!(version, reporting::VERSION);
}

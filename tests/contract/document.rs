//! The OpenAPI document, accessed by JSON pointers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

const TEXT: &str = include_str!("../../docs/openapi.json");
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

pub struct Document {
    pub json: Value,
    /// Cached by schema, because compiling takes longer than validating.
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

/// One method of one path.
pub struct Operation {
    pub method: String,
    pub path: String,
    pointer: String,
}

/// One documented status of an operation.
pub struct Documented {
    pub status: u16,
    pub pointer: String,
}

impl Operation {
    /// The notation of the template's routes: `GET /v1/links`.
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Document {
    pub fn read() -> Self {
        Self { json: serde_json::from_str(TEXT).unwrap(), validators: Mutex::default() }
    }

    /// Returns the value at a pointer, or null.
    pub fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Resolves a pointer through references.
    pub fn resolved(&self, pointer: &str) -> String {
        match self.at(pointer).get("$ref").and_then(Value::as_str) {
            Some(reference) => self.resolved(reference.strip_prefix('#').unwrap()),
            None => pointer.to_owned(),
        }
    }

    pub fn operations(&self) -> Vec<Operation> {
        let paths = self.json["paths"].as_object().unwrap();
        let operation = |path: &String, method: &String| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            pointer: format!("/paths/{}/{method}", escaped(path)),
        };
        let methods = |item: &Value| item.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let all = paths
            .iter()
            .flat_map(|(path, item)| methods(item).into_iter().map(move |method| (path, method)));
        let known = all.filter(|(_, method)| METHODS.contains(&method.as_str()));
        known.map(|(path, method)| operation(path, &method)).collect()
    }

    pub fn operation(&self, key: &str) -> Operation {
        self.operations().into_iter().find(|operation| operation.key() == key).unwrap()
    }

    /// Returns the operation's parameters in a place (`query`, `path`, `header`) by name, each with
    /// its pointer.
    pub fn parameters(&self, operation: &Operation, place: &str) -> BTreeMap<String, String> {
        let list = format!("{}/parameters", operation.pointer);
        let count = self.at(&list).as_array().map_or(0, Vec::len);
        let pointers = (0..count).map(|index| self.resolved(&format!("{list}/{index}")));
        let here = pointers.filter(|pointer| self.at(pointer)["in"] == place);
        here.map(|at| (self.at(&at)["name"].as_str().unwrap().to_owned(), at)).collect()
    }

    /// Returns the pointer to the schema of the operation's JSON body, if it accepts one.
    pub fn body(&self, operation: &Operation) -> Option<String> {
        let pointer = format!("{}/requestBody/content/application~1json/schema", operation.pointer);
        (!self.at(&pointer).is_null()).then_some(pointer)
    }

    pub fn answers(&self, operation: &Operation) -> Vec<Documented> {
        let responses = format!("{}/responses", operation.pointer);
        let statuses = self.at(&responses).as_object().unwrap().keys();
        let documented = statuses.map(|status| Documented {
            status: status.parse().unwrap(),
            pointer: self.resolved(&format!("{responses}/{status}")),
        });
        documented.collect()
    }

    pub fn answer(&self, operation: &Operation, status: u16) -> Documented {
        let answer = self.answers(operation).into_iter().find(|answer| answer.status == status);
        answer.unwrap_or_else(|| panic!("{}: {status} is not documented", operation.key()))
    }

    /// Returns the media types of an answer; none if it has no body.
    pub fn media(&self, answer: &Documented) -> Vec<String> {
        self.keys(&format!("{}/content", answer.pointer))
    }

    /// Returns the codes of a problem with this status.
    pub fn codes(&self, answer: &Documented) -> Vec<String> {
        let schema = format!("{}/content/application~1problem+json/schema", answer.pointer);
        let codes = self.at(&format!("{schema}/allOf/1/properties/code/enum")).as_array();
        let texts = codes.into_iter().flatten().map(|code| code.as_str().unwrap().to_owned());
        texts.collect()
    }

    /// Returns the headers of an answer by lower-case name, each with its pointer.
    pub fn headers(&self, answer: &Documented) -> BTreeMap<String, String> {
        let headers = format!("{}/headers", answer.pointer);
        let pointer = |name: &str| self.resolved(&format!("{headers}/{name}"));
        self.keys(&headers).iter().map(|name| (name.to_lowercase(), pointer(name))).collect()
    }

    pub fn keys(&self, pointer: &str) -> Vec<String> {
        let keys = self.at(pointer).as_object().map(|object| object.keys().cloned().collect());
        keys.unwrap_or_default()
    }

    /// Returns the validator of the schema at a pointer; references lead to the document's
    /// components.
    pub fn validator(&self, pointer: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap();
        let made = || Arc::new(self.make_validator(pointer));
        validators.entry(pointer.to_owned()).or_insert_with(made).clone()
    }

    fn make_validator(&self, pointer: &str) -> Validator {
        assert!(!self.at(pointer).is_null(), "no schema at {pointer}");
        let schema = json!({ "allOf": [self.at(pointer)], "components": self.json["components"] });
        let options = jsonschema::options().with_draft(Draft::Draft202012);
        options.should_validate_formats(true).build(&schema).unwrap()
    }

    /// Returns the first violation of the schema at a pointer by a value.
    pub fn complaint(&self, pointer: &str, value: &Value) -> Option<String> {
        complaint(&self.validator(pointer), value)
    }

    /// Fails unless the value is valid under the schema at a pointer.
    pub fn hold(&self, pointer: &str, value: &Value, what: &str) {
        hold(&self.validator(pointer), value, what);
    }
}

pub fn hold(validator: &Validator, value: &Value, what: &str) {
    let complaint = complaint(validator, value);
    assert_eq!(complaint, None, "{what}: {value:#}");
}

fn complaint(validator: &Validator, value: &Value) -> Option<String> {
    let errors = validator.iter_errors(value);
    let errors: Vec<_> = errors.map(|e| format!("{}: {e}", e.instance_path())).collect();
    (!errors.is_empty()).then(|| errors.join("\n"))
}

/// Escapes a key for a JSON pointer.
pub fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

//! The API as a client of its document sees it: every answer is compared with the document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use http_api::Response;
use http_api::gateway::Claims;
use http_api::gateway::Incoming;
use jsonschema::Validator;
use lambda::ApiApp;
use sam_template::{Route, Template};
use serde_json::{Value, json};

use super::document::{Document, Documented, Operation, escaped, hold};
use crate::test_app::{TestApp, uid};

const LINE: &str = "/components/schemas/Line";

/// A request.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub caller: Option<&'a str>,
    pub method: &'a str,
    pub target: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
}

/// An answer that the document describes.
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Checks the answer: a success with this status, or a problem such as `404 not_found`.
    pub fn is(self, outcome: &str) -> Self {
        let status = self.status;
        let found = match self.media() {
            "application/problem+json" => {
                format!("{status} {}", self.json()["code"].as_str().unwrap())
            }
            _ => status.to_string(),
        };
        assert_eq!(found, outcome, "{}", self.text());
        self
    }

    fn media(&self) -> &str {
        self.headers.get("content-type").map_or("", String::as_str)
    }
}

/// The functions behind the template's routes, and the parts of the document that their answers
/// have covered.
pub struct Api {
    pub app: TestApp,
    document: Document,
    routes: Vec<Route>,
    line: Arc<Validator>,
    shown: Mutex<BTreeSet<String>>,
    /// Every text of every JSON answer.
    said: Mutex<BTreeSet<String>>,
}

impl Api {
    pub fn over(app: TestApp) -> Self {
        let document = Document::read();
        let line = document.validator(LINE);
        let routes = Template::embedded().unwrap().routes;
        Self { app, document, routes, line, shown: Mutex::default(), said: Mutex::default() }
    }

    /// Returns the covered parts: `operation status`, and with it each media type, code and header.
    pub fn shown(&self) -> BTreeSet<String> {
        self.shown.lock().unwrap().clone()
    }

    /// Returns whether a JSON answer had this word as a value or a member's name.
    pub fn has_said(&self, word: &str) -> bool {
        self.said.lock().unwrap().contains(word)
    }

    /// Sends a request, and fails unless the document describes the answer.
    pub async fn ask(&self, ask: Ask<'_>) -> Answer {
        let path = ask.target.split('?').next().unwrap();
        let context = self.app.context_of(&self.route(ask.method, path).function);
        self.ask_of(&context, ask).await
    }

    /// Sends a request to a function with another context, such as one whose table fails.
    pub async fn ask_of(&self, context: &ApiApp, ask: Ask<'_>) -> Answer {
        let path = ask.target.split('?').next().unwrap();
        let route = self.route(ask.method, path);
        let answer = read(answered(context, route, ask).await);
        self.hold_answer(&self.document.operation(&route.key()), &answer);
        if answer.status < 400 {
            assert_eq!(self.complaint(ask), None, "{} {}", ask.method, ask.target);
        }
        answer
    }

    pub async fn get(&self, caller: &str, target: &str) -> Answer {
        self.ask(Ask { caller: Some(caller), method: "GET", target, headers: &[], body: "" }).await
    }

    pub async fn get_as(&self, caller: &str, target: &str, accept: &str) -> Answer {
        let headers = &[("accept", accept)];
        self.ask(Ask { caller: Some(caller), method: "GET", target, headers, body: "" }).await
    }

    pub async fn send(&self, caller: &str, method: &str, target: &str, body: Value) -> Answer {
        let (caller, body) = (Some(caller), body.to_string());
        self.ask(Ask { caller, method, target, headers: &[], body: &body }).await
    }

    fn hold_answer(&self, operation: &Operation, answer: &Answer) {
        let documented = self.document.answer(operation, answer.status);
        let place = format!("{} {}", operation.key(), answer.status);
        self.show(place.clone());
        self.hold_headers(&documented, answer, &place);
        let media = self.document.media(&documented);
        if media.is_empty() {
            assert!(answer.body.is_empty(), "{place} is documented without a body");
            return;
        }
        assert!(media.contains(&answer.media().to_owned()), "{place}: {:?}", answer.media());
        self.show(format!("{place} {}", answer.media()));
        self.hold_body(&documented, answer, &place);
    }

    fn hold_headers(&self, documented: &Documented, answer: &Answer, place: &str) {
        for (name, pointer) in self.document.headers(documented) {
            let what = format!("{place} {name}");
            let header = self.document.at(&pointer);
            let Some(text) = answer.headers.get(&name) else {
                assert_ne!(header["required"], true, "{what} is missing");
                continue;
            };
            let schema = format!("{pointer}/schema");
            self.document.hold(&schema, &typed(text, &header["schema"]), &what);
            self.show(what);
        }
    }

    fn hold_body(&self, documented: &Documented, answer: &Answer, place: &str) {
        let media = escaped(answer.media());
        let schema = format!("{}/content/{media}/schema", documented.pointer);
        let is_json = answer.media().ends_with("json") && answer.media() != "application/x-ndjson";
        let body = if is_json { answer.json() } else { answer.text().into() };
        self.document.hold(&schema, &body, place);
        listen(&body, &mut self.said.lock().unwrap());
        match answer.media() {
            "application/problem+json" => {
                assert_eq!(body["status"], answer.status, "{place}");
                self.show(format!("{place} {}", body["code"].as_str().unwrap()));
            }
            "application/x-ndjson" => {
                answer.text().lines().for_each(|line| {
                    hold(&self.line, &serde_json::from_str(line).unwrap(), place);
                });
            }
            "text/csv" => self.hold_csv(&answer.text(), place),
            _ => {}
        }
    }

    /// A CSV's header names the members of a line in order, and its rows are lines.
    fn hold_csv(&self, text: &str, place: &str) {
        let columns = self.document.keys(&format!("{LINE}/properties"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), columns, "{place}");
        for row in reader.records() {
            let row = row.unwrap();
            let member = |(name, text): (&String, &str)| {
                let schema = self.document.at(&format!("{LINE}/properties/{name}"));
                let value = if text.is_empty() { Value::Null } else { typed(text, schema) };
                (name.clone(), value)
            };
            let line = columns.iter().zip(&row).map(member).collect::<Value>();
            hold(&self.line, &line, place);
        }
    }

    /// Returns the first violation of the document in a request.
    pub fn complaint(&self, ask: Ask<'_>) -> Option<String> {
        let (path, query) = ask.target.split_once('?').unwrap_or((ask.target, ""));
        let route = self.route(ask.method, path);
        let operation = self.document.operation(&route.key());
        let in_query = query.split('&').filter_map(|pair| pair.split_once('='));
        let in_path = route.parameters(ask.method, path).unwrap();
        // Unlike query parameters, undocumented headers are ignored.
        let documented = self.document.parameters(&operation, "header");
        let in_header = ask.headers.iter().copied().filter(|(n, _)| documented.contains_key(*n));
        self.complaint_of_parameters(&operation, "query", in_query.collect())
            .or_else(|| self.complaint_of_parameters(&operation, "path", in_path))
            .or_else(|| self.complaint_of_parameters(&operation, "header", in_header.collect()))
            .or_else(|| self.complaint_of_body(&operation, ask.body))
    }

    fn complaint_of_parameters(
        &self,
        operation: &Operation,
        place: &str,
        given: Vec<(&str, &str)>,
    ) -> Option<String> {
        let documented = self.document.parameters(operation, place);
        let is_missing = |name: &str, pointer: &str| {
            self.document.at(pointer)["required"] == true && given.iter().all(|(n, _)| *n != name)
        };
        if let Some((name, _)) = documented.iter().find(|(name, at)| is_missing(name, at)) {
            return Some(format!("{name} is missing"));
        }
        given.iter().find_map(|(name, text)| {
            let Some(pointer) = documented.get(*name) else { return Some(format!("{name}?")) };
            let value = typed(text, &self.document.at(pointer)["schema"]);
            self.document.complaint(&format!("{pointer}/schema"), &value)
        })
    }

    fn complaint_of_body(&self, operation: &Operation, body: &str) -> Option<String> {
        match (self.document.body(operation), serde_json::from_str(body)) {
            (Some(schema), Ok(body)) => self.document.complaint(&schema, &body),
            (Some(_), Err(error)) => Some(error.to_string()),
            (None, _) => (!body.is_empty()).then(|| "no body is documented".to_owned()),
        }
    }

    fn route(&self, method: &str, path: &str) -> &Route {
        let mut routes = self.routes.iter();
        let route = routes.find(|route| route.parameters(method, path).is_some());
        route.unwrap_or_else(|| panic!("no route for {method} {path}"))
    }

    fn show(&self, what: String) {
        self.shown.lock().unwrap().insert(what);
    }
}

fn listen(value: &Value, said: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(said.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| listen(item, said)),
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            said.insert(name.clone());
            listen(member, said);
        }),
        _ => {}
    }
}

async fn answered(context: &ApiApp, route: &Route, ask: Ask<'_>) -> Response {
    let mut headers = ask.headers.to_vec();
    if !ask.body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    let Ask { method, target, body, .. } = ask;
    let (body, at) = (body.as_bytes(), context.clock.now());
    let incoming = Incoming { method, target, headers: &headers, body, at };
    let claims = ask.caller.map(|caller| Claims::of(uid(caller)));
    let request = incoming.request(claims.as_ref()).unwrap();
    match route.function.as_str() {
        "get-link" => linking::handle(context, request).await,
        "bind" => binding::handle(context, request).await,
        "dashboard" => reporting::handle(context, request).await,
        other => panic!("the routes of {other} are not asked here"),
    }
}

fn read(response: Response) -> Answer {
    let (parts, body) = response.into_parts();
    let header =
        |(name, value): (&lambda_http::http::HeaderName, &lambda_http::http::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
        };
    let headers = parts.headers.iter().map(header).collect();
    Answer { status: parts.status.as_u16(), headers, body: body.as_ref().to_vec() }
}

/// Converts a text from outside JSON to the type in the schema: whole numbers become numbers.
fn typed(text: &str, schema: &Value) -> Value {
    match text.parse::<i64>() {
        Ok(number) if schema["type"] == "integer" => json!(number),
        _ => json!(text),
    }
}

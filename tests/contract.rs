//! Compares `docs/openapi.json` with the API: the document describes all that the functions do, and
//! nothing else.

mod api;
mod document;
pub mod faults;
pub mod refused;
mod shapes;
pub mod tour;

use std::collections::BTreeSet;

use sam_template::Template;
use serde_json::{Value, json};

use document::{Document, Operation};
use tour::AFFILIATE;

/// Answers of API Gateway itself, which no function returns and these tests cannot request.
const GATEWAY: [(u16, &str); 3] =
    [(401, "application/json"), (429, "application/json"), (500, "application/json")];

#[test]
fn routes_match_template() {
    let documented: BTreeSet<_> =
        Document::read().operations().iter().map(Operation::key).collect();
    let deployed: BTreeSet<_> =
        Template::embedded().unwrap().routes.iter().map(|route| route.key()).collect();
    let answered: BTreeSet<_> = answered().into_iter().map(|(key, _)| key).collect();
    assert_eq!(documented, deployed);
    assert_eq!(documented, answered);
}

#[test]
fn documented_parameters_match_functions() {
    let document = Document::read();
    for (key, known) in answered() {
        let parameters = document.parameters(&document.operation(&key), "query");
        let documented: BTreeSet<_> = parameters.keys().map(String::as_str).collect();
        assert_eq!(documented, known, "{key}");
    }
}

#[test]
fn every_other_route_requires_token() {
    let document = Document::read();
    let routes = Template::embedded().unwrap().routes;
    assert_eq!(document.json["security"], json!([{ "accessToken": [] }]));
    for (path, method) in document.operations().iter().map(|o| (&o.path, o.method.to_lowercase())) {
        let security = &document.json["paths"][path][&method]["security"];
        let public = path.starts_with("/v1/invitation");
        assert_eq!(*security, if public { json!([]) } else { Value::Null }, "{method} {path}");
        let of_path = |route: &&sam_template::Route| route.path == *path;
        assert!(routes.iter().filter(of_path).all(|route| route.authorized != public), "{path}");
    }
}

/// The routes of the functions, each with its query parameters.
fn answered() -> Vec<(String, BTreeSet<&'static str>)> {
    fn keys<R: Copy>(routes: http_api::Routes<R>) -> Vec<(String, BTreeSet<&'static str>)> {
        let key = |route: &http_api::Entry<R>| {
            let key = format!("{} {}", route.method(), route.pattern());
            (key, route.query_names().iter().copied().collect())
        };
        routes.iter().map(key).collect()
    }
    let public = keys(binding::PUBLIC_ROUTES);
    [keys(linking::ROUTES), keys(binding::ROUTES), public, keys(reporting::ROUTES)].concat()
}

#[tokio::test]
async fn documented_answers_match_functions() {
    let (app, api) = tour::begin().await;
    api.get(AFFILIATE, "/v1/links").await.is("200");
    let code = tour::links(&api).await;
    tour::invitations(&app, &api, &code).await;
    tour::bindings(&app, &api, &code).await;
    tour::dashboard(&api, "").await;
    tour::refused_binds(&app, &api, &code).await;
    refused::idempotency_keys(&api, &code).await;
    refused::without_a_token(&api, &code).await;
    refused::unknown_parameters(&api, &code).await;
    refused::not_admitted(&api, &code).await;
    refused::anothers_links(&api).await;
    refused::what_the_document_forbids(&api).await;
    refused::bodies_that_the_document_forbids(&api, &code).await;
    refused::what_no_schema_can_tell(&api).await;
    refused::faults(&app, &api, &code).await;
    refused::contention(&app, &api, &code).await;
    refused::stopped(&app, &api, &code).await;
    tour::too_many_links(&api).await;
    tour::bad_confirmations(&app, &api, &code).await;
    tour::three_days(&app, &api).await;
    tour::dashboard(&api, "?from=2026-11-20&to=2026-11-22").await;
    tour::pages(&api).await;
    tour::filters(&api, &code).await;

    let shown = api.shown();
    let never: Vec<_> = documented().into_iter().filter(|what| !shown.contains(what)).collect();
    assert_eq!(never, Vec::<String>::new(), "documented, and never answered");
    let unsaid: Vec<_> = words().into_iter().filter(|word| !api.has_said(word)).collect();
    assert_eq!(unsaid, Vec::<String>::new(), "documented words that no answer has");
}

/// The names in the closed lists; reasons and codes have separate tests.
fn words() -> Vec<String> {
    let document = Document::read();
    let lists = [
        "Origin/enum",
        "Product/enum",
        "Market/enum",
        "Status/enum",
        "Cause/enum",
        "Invites/items/enum",
        "LineType/enum",
        "Referral/properties/status/enum",
        "Notice/properties/code/enum",
    ];
    let words = lists.iter().flat_map(|list| {
        let words = document.at(&format!("/components/schemas/{list}")).as_array().unwrap();
        words.iter().map(|word| word.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    words.collect()
}

/// Each documented `operation status`, and with it each media type, code and header.
fn documented() -> BTreeSet<String> {
    let document = Document::read();
    let mut all = BTreeSet::new();
    for operation in document.operations() {
        for answer in document.answers(&operation) {
            let place = format!("{} {}", operation.key(), answer.status);
            let mut media = document.media(&answer);
            media.retain(|media| !GATEWAY.contains(&(answer.status, media)));
            let headers = document.headers(&answer).into_keys();
            let details = media.into_iter().chain(headers).chain(document.codes(&answer));
            all.extend(details.map(|detail| format!("{place} {detail}")));
            all.insert(place);
        }
    }
    all
}

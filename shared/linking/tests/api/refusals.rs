//! Requests that are refused before any route is called, and the routes themselves.

use std::collections::BTreeSet;

use sam_template::Template;

use crate::test_app::TestApp;

#[tokio::test]
async fn request_without_token_is_refused() {
    let app = TestApp::new().await;
    for route in linking::ROUTES.iter() {
        let target = route.pattern().replace("{code}", "ABCDEFGH");
        let answer = app.ask(None, route.method(), &target, &[], "").await;
        assert_eq!(answer.outcome(), "401 unauthenticated", "{target}");
    }
    insta::assert_snapshot!(app.ask(None, "GET", "/v1/link", &[], "").await);
}

#[tokio::test]
async fn unknown_parameter_is_refused() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.get("alice", "/v1/link?uid=bob").await);
    for target in ["/v1/links?uid=bob", "/v1/link/qr.svg?uid=bob", "/v1/link/qr.png?uid=bob"] {
        let answer = app.get("alice", target).await;
        assert_eq!((answer.status(), answer.text("/parameter").as_str()), (400, "uid"), "{target}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused() {
    let app = TestApp::new().await;
    assert_eq!(app.get("alice", "/v1/link/qr.gif").await.outcome(), "404 not_found");
    let deleted = app.ask(Some("alice"), "DELETE", "/v1/links", &[], "").await;
    assert_eq!(deleted.outcome(), "405 method_not_allowed");
    assert_eq!(deleted.header("allow"), "GET, POST");
}

#[tokio::test]
async fn internal_fault_hides_its_cause() {
    let app = TestApp::new().await.without_table();
    let answer = app.get("alice", "/v1/link").await;
    for target in ["/v1/links", "/v1/link/qr.svg", "/v1/link/qr.png?code=ABCDE"] {
        assert_eq!(app.get("alice", target).await.json(), answer.json(), "{target}");
    }
    insta::assert_snapshot!(answer);
}

#[test]
fn routes_are_those_of_template() {
    let declared = Template::embedded().unwrap().routes.into_iter();
    let declared: BTreeSet<String> =
        declared.filter(|route| route.function == "get-link").map(|route| route.key()).collect();
    let answered: BTreeSet<String> = linking::ROUTES
        .iter()
        .map(|route| format!("{} {}", route.method(), route.pattern()))
        .collect();
    assert_eq!(answered, declared);
}

//! Requests that are refused before the evaluation, and the routes themselves.

use std::collections::BTreeSet;

use sam_template::Template;

use crate::test_app::{CODE, INVITEE, TestApp};

#[tokio::test]
async fn request_without_token_is_refused() {
    let app = TestApp::new().await;
    for route in binding::ROUTES.iter() {
        let answer = app.ask(None, route.method(), route.pattern(), "{}").await;
        assert_eq!(answer.outcome(), "401 unauthenticated", "{}", route.pattern());
    }
    insta::assert_snapshot!(app.ask(None, "GET", &format!("/v1/bind?ref={CODE}"), "").await);
}

#[tokio::test]
async fn caller_cannot_name_another_user() {
    let app = TestApp::new().await;
    for target in
        [format!("/v1/bind?ref={CODE}&uid={INVITEE}"), format!("/v1/binding?uid={INVITEE}")]
    {
        let answer = app.ask(Some("curious-1"), "GET", &target, "").await;
        assert_eq!((answer.status(), answer.text("/parameter").as_str()), (400, "uid"));
        assert!(!answer.to_string().contains(INVITEE));
    }
    let body = format!(r#"{{"confirmation":"x","uid":"{INVITEE}"}}"#);
    let answer = app.ask(Some("curious-1"), "POST", "/v1/bind", &body).await;
    assert_eq!((answer.status(), answer.text("/parameter").as_str()), (400, "uid"));
}

#[tokio::test]
async fn bad_body_is_refused_by_field() {
    let app = TestApp::new().await;
    let cases = [
        ("", "body"),
        ("{", "body"),
        ("[]", "body"),
        ("{}", "confirmation"),
        (r#"{"confirmation":7}"#, "confirmation"),
        (r#"{"confirmation":null}"#, "confirmation"),
        (r#"{"confirmation":"x","ref":"K7M2XW9P"}"#, "ref"),
        (r#"{"confirmation":"x","confirmation":"x"}"#, "confirmation"),
    ];
    for (body, parameter) in cases {
        let answer = app.ask(Some(INVITEE), "POST", "/v1/bind", body).await;
        assert_eq!(answer.outcome(), "400 bad_request", "{body}");
        assert_eq!(answer.text("/parameter"), parameter, "{body}");
    }
    let large = format!(r#"{{"confirmation":"{}"}}"#, "A".repeat(8192));
    insta::assert_snapshot!(app.ask(Some(INVITEE), "POST", "/v1/bind", &large).await);
}

#[tokio::test]
async fn unknown_methods_are_refused() {
    let app = TestApp::new().await;
    let answer = app.ask(Some(INVITEE), "DELETE", "/v1/binding", "").await;
    assert_eq!(answer.outcome(), "405 method_not_allowed");
}

#[tokio::test]
async fn internal_fault_hides_its_cause() {
    let app = TestApp::new().await.without_table();
    let confirmation = app.confirmation(INVITEE, CODE);
    let answer = app.bind(INVITEE, &confirmation).await;
    assert_eq!(app.window(INVITEE, CODE).await.json(), answer.json());
    assert_eq!(app.binding(INVITEE).await.json(), answer.json());
    insta::assert_snapshot!(answer);
}

#[test]
fn routes_are_those_of_template() {
    let declared = Template::embedded().unwrap().routes.into_iter();
    let declared: BTreeSet<String> =
        declared.filter(|route| route.function == "bind").map(|route| route.key()).collect();
    let own = binding::ROUTES.iter().map(|r| format!("{} {}", r.method(), r.pattern()));
    let public = binding::PUBLIC_ROUTES.iter().map(|r| format!("{} {}", r.method(), r.pattern()));
    let answered: BTreeSet<String> = own.chain(public).collect();
    assert_eq!(answered, declared);
}

//! `GET /v1/invitation/card`: the tags that messengers read, with the facts of the invitation
//! alone.

use crate::test_app::{Answer, CODE, INVITER, TestApp, at};

async fn card(app: &TestApp, code: &str) -> Answer {
    let answer = app.ask(None, "GET", &format!("/v1/invitation/card?ref={code}"), "").await;
    assert_eq!(answer.outcome(), "200");
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    answer
}

/// Returns the content of a tag.
fn tag<'a>(html: &'a str, name: &str) -> &'a str {
    let (_, rest) = html.split_once(&format!("=\"{name}\" content=\"")).expect(name);
    rest.split_once('"').unwrap().0
}

#[tokio::test]
async fn live_link_is_previewed_with_its_benefit() {
    let html = card(&TestApp::new().await, CODE).await.html();
    let title = "Get 10% of your spot and 5% of your futures fees back";
    assert_eq!(tag(&html, "og:title"), title);
    assert_eq!(tag(&html, "twitter:title"), title);
    assert!(tag(&html, "og:description").starts_with("a***5 invites you back to Welcome Back"));
    assert_eq!(tag(&html, "og:site_name"), "Welcome Back");
    let site = "https://www.binance.com";
    assert_eq!(tag(&html, "og:url"), format!("{site}/join?ref={CODE}"));
    assert_eq!(tag(&html, "og:image"), format!("{site}/share-10-5.png"));
    assert_eq!(tag(&html, "twitter:card"), "summary_large_image");
    assert!(!html.contains("<script") && !html.contains(INVITER));
}

#[tokio::test]
async fn dead_and_unknown_links_look_alike() {
    let app = TestApp::new().await;
    let unknown = card(&app, "NNNNNNNN").await.html();
    assert_eq!(tag(&unknown, "og:title"), "You&#39;re invited");
    assert!(tag(&unknown, "og:image").ends_with("/share.png"));
    app.change(INVITER, |account| {
        account.facts.record_affiliate(at("2026-11-22T11:00:00Z"), false);
    })
    .await;
    let dead = card(&app, CODE).await.html();
    assert_eq!(dead.replace(CODE, "NNNNNNNN"), unknown);
}

#[tokio::test]
async fn card_of_malformed_code_is_not_cached() {
    let app = TestApp::new().await;
    for target in ["/v1/invitation/card", "/v1/invitation/card?ref=%3Cscript%3E"] {
        let answer = app.ask(None, "GET", target, "").await;
        assert_eq!(answer.outcome(), "400 bad_request");
        assert_eq!(answer.header("cache-control"), "private, no-store");
    }
}

//! Lines to take away: CSV and JSON Lines.

use commission::Line;
use http_api::Response;
use lambda_http::http::header::LINK;
use types::Product;

use crate::sample::{EARNED, ledger, line};
use crate::test_app::{AFFILIATE, TestApp, summary_of, text};

const TARGET: &str = "/v1/dashboard/commissions?from=2026-11-01&to=2026-11-21";
const CSV: &str = "text/csv";
const JSON_LINES: &str = "application/x-ndjson";
/// A function's answer, as JSON, may have so many bytes.
const MOST_BYTES: usize = 6 * 1024 * 1024;

pub fn next(response: &Response) -> Option<String> {
    let link = response.headers().get(LINK)?.to_str().unwrap();
    let target = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    Some(target.unwrap().to_owned())
}

#[tokio::test]
async fn csv_of_sample() {
    let response = ledger().await.ask(AFFILIATE, TARGET, CSV).await;
    insta::assert_debug_snapshot!(response.headers());
    insta::assert_snapshot!(text(&response).replace("\r\n", "␍␊\n"));
}

#[tokio::test]
async fn json_lines_of_sample() {
    let response = ledger().await.ask(AFFILIATE, TARGET, JSON_LINES).await;
    insta::assert_debug_snapshot!(response.headers());
    insta::assert_snapshot!(text(&response));
}

#[tokio::test]
async fn columns_are_members_of_line() {
    let app = ledger().await;
    let page = app.get(TARGET).await;
    let members: Vec<&String> = page["lines"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, reporting::COLUMNS);
}

#[tokio::test]
async fn empty_csv_has_only_its_header() {
    let app = TestApp::new().await;
    let csv = app.ask(AFFILIATE, TARGET, CSV).await;
    assert_eq!(text(&csv), format!("{}\r\n", reporting::COLUMNS.join(",")));
    let json_lines = app.ask(AFFILIATE, TARGET, JSON_LINES).await;
    assert_eq!((text(&json_lines), next(&json_lines)), ("", None));
}

#[tokio::test]
async fn export_in_parts_is_export() {
    let app = ledger().await;
    let whole = app.ask(AFFILIATE, TARGET, JSON_LINES).await;
    let (mut parts, mut target) = (String::new(), format!("{TARGET}&limit=3"));
    for expected in [3, 3, 2] {
        let part = app.ask(AFFILIATE, &target, JSON_LINES).await;
        assert_eq!(text(&part).lines().count(), expected);
        parts.push_str(text(&part));
        target = next(&part).unwrap_or_default();
    }
    assert_eq!((parts.as_str(), target.as_str()), (text(&whole), ""));
}

#[tokio::test]
async fn rest_of_export_follows_by_link() {
    let mut app = TestApp::new().await;
    let lines: Vec<Line> = (0..9_000)
        .map(|number| line(&format!("r{number:04}"), Product::Spot, "BTC", number + 1, EARNED))
        .collect();
    app.run(AFFILIATE, "2026-11-20", summary_of(&lines), &lines).await;
    let (mut rows, mut target, mut answers) = (0, Some(TARGET.to_owned()), 0);
    while let Some(asked) = target {
        let response = app.ask(AFFILIATE, &asked, JSON_LINES).await;
        let travelling = serde_json::to_string(text(&response)).unwrap().len();
        assert!(travelling < MOST_BYTES - 1_000_000, "{travelling}");
        rows += text(&response).lines().count();
        answers += 1;
        target = next(&response);
    }
    assert_eq!((rows, answers), (9_000, 2));
}

//! `stop`, `start` and `switches`.

use serde_json::json;

use crate::support::{give, run, traded};
use crate::test_app::TestApp;

async fn stop(app: &TestApp, what: &str) {
    let shown = run(app, &format!("stop {what} --reason drill --actor alice")).await;
    assert_eq!(shown.code, 0, "{shown}");
}

#[tokio::test]
async fn stops_and_log_are_listed() {
    let app = traded().await;
    assert_eq!(run(&app, "switches").await.results, "nothing is stopped\n");
    let code = app.get("affiliate", "/v1/link").await.json()["code"].clone();
    let code = code.as_str().unwrap();
    stop(&app, "payments").await;
    stop(&app, &format!("link {code}")).await;
    stop(&app, "new-links affiliate").await;
    app.now("2026-11-21T00:31:00Z");
    let started = run(&app, "start payments --reason repaired --actor bob").await;
    assert_eq!((started.results.as_str(), started.code), ("started payments\n", 0));
    let shown = run(&app, "switches").await;
    let expected = format!(
        "link {code}: stopped since 2026-11-21T00:30:00.000Z by alice: drill\n\
         new links of affiliate: stopped since 2026-11-21T00:30:00.000Z by alice: drill\n\
         \n\
         Newest changes:\n\
         2026-11-21T00:31:00.000Z  started payments by bob: repaired\n\
         2026-11-21T00:30:00.000Z  stopped new links of affiliate by alice: drill\n\
         2026-11-21T00:30:00.000Z  stopped link {code} by alice: drill\n\
         2026-11-21T00:30:00.000Z  stopped payments by alice: drill\n"
    );
    assert_eq!((shown.results.as_str(), shown.code), (expected.as_str(), 0));
}

#[tokio::test]
async fn start_binds_held_sign_ups() {
    let app = traded().await;
    let code = app.get("affiliate", "/v1/link").await.json()["code"].clone();
    for switch in ["binds".to_owned(), format!("link {}", code.as_str().unwrap())] {
        stop(&app, &switch).await;
    }
    app.now("2026-11-21T00:31:00Z");
    let signed_up = json!({
        "uid": "newcomer", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
    });
    app.taken("account.registered", signed_up).await;
    let start = async |what: &str| {
        let shown = run(&app, &format!("start {what} --reason repaired --actor bob")).await;
        (shown.results, shown.code)
    };
    let waits = "started binds\nheld sign-ups: 0 evaluated, 1 still wait\n".to_owned();
    assert_eq!(start("binds").await, (waits, 0));
    let code = code.as_str().unwrap();
    let binds = format!("started link {code}\nheld sign-ups: 1 evaluated, 0 still wait\n");
    assert_eq!(start(&format!("link {code}")).await, (binds, 0));
    let newcomer = app.context.table.account(&"newcomer".parse().unwrap()).await.unwrap().unwrap();
    assert!(newcomer.value.relation.is_some());
    let again = format!("link {code}: already started\n");
    assert_eq!(start(&format!("link {code}")).await, (again, 0));
}

#[tokio::test]
async fn repeated_stop_changes_nothing() {
    let app = traded().await;
    stop(&app, "binds").await;
    let again = run(&app, "stop binds --reason other --actor bob").await;
    assert_eq!((again.results.as_str(), again.code), ("binds: already stopped\n", 0));
    assert!(!run(&app, "switches").await.results.contains("bob"));
}

#[tokio::test]
async fn stop_names_unknown_link_and_bad_reason() {
    let app = traded().await;
    let unknown = run(&app, "stop link NNNNNNNN --reason drill --actor alice").await;
    assert_eq!(unknown.questions, "operator: there is no link NNNNNNNN");
    let long = format!("stop binds --actor alice --reason {}", "x".repeat(201));
    let refused = run(&app, &long).await;
    let sentence = "operator: --reason: expected 1 to 200 bytes in one line";
    assert_eq!((refused.questions.as_str(), refused.code), (sentence, 2));
    assert_eq!(run(&app, "switches").await.results, "nothing is stopped\n");
}

#[tokio::test]
async fn question_names_switch_and_reason() {
    let app = traded().await;
    let shown = give(&app, "stop binds --reason drill --actor alice", Some("n\n")).await;
    let question = "Writes to table recall:\n  stops binds: drill\nContinue? [y/N] ";
    assert!(shown.questions.starts_with(question), "{shown}");
    assert_eq!(run(&app, "switches").await.results, "nothing is stopped\n");
}

#[tokio::test]
async fn rollup_is_refused_while_payments_are_stopped() {
    let app = traded().await;
    stop(&app, "payments").await;
    for rollup in ["rollup 2026-11-20", "rollup --night 2026-11-20"] {
        let shown = run(&app, rollup).await;
        let sentence = "operator: payments are stopped, so 2026-11-20 is not booked; `operator \
                        switches` shows why";
        assert!(shown.questions.ends_with(sentence) && shown.code == 2, "{shown}");
    }
    run(&app, "start payments --reason repaired --actor alice").await;
    assert_eq!(run(&app, "rollup 2026-11-20").await.code, 0);
}

//! `explain`: an invitee's day, or a line of it, in words.

use serde_json::{Value, json};

use crate::support::{booked, corrected, run, traded};

#[tokio::test]
async fn day_is_explained_by_fee_and_line() {
    insta::assert_snapshot!(run(&booked().await, "explain dormant 2026-11-20").await);
}

#[tokio::test]
async fn correction_is_explained() {
    let app = booked().await;
    corrected(&app).await;
    insta::assert_snapshot!(run(&app, "explain dormant 2026-11-20").await);
}

#[tokio::test]
async fn line_is_explained_by_export_id() {
    let app = booked().await;
    let paid = json!({
        "uid": "affiliate", "day": "2026-11-20", "runId": "2026-11-20.1",
        "paidAt": "2026-11-21T00:10:00Z", "reference": "payout-1",
    });
    app.taken("commission.paid", paid).await;
    corrected(&app).await;
    app.night("2026-11-21").await;
    let lines = app.lines("affiliate", "2026-11-20", "2026-11-20").await;
    let correction = lines.iter().find(|line| line["type"] == "correction").unwrap();
    let id = correction["id"].as_str().unwrap();
    let shown = run(&app, &format!("explain dormant 2026-11-20 --line {id}")).await;
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn json_has_the_same_facts() {
    let shown = run(&booked().await, "explain dormant 2026-11-20 --json").await;
    let json: Value = serde_json::from_str(&shown.results).unwrap();
    assert_eq!(json["fees"].as_array().unwrap().len(), 4);
    assert_eq!(json["toBeBooked"], json!([]));
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["booked"]).unwrap());
}

#[tokio::test]
async fn void_binding_explains_reversal() {
    let app = booked().await;
    app.now("2026-11-21T12:00:00Z");
    let active = json!({ "uid": "dormant", "product": "earn", "at": "2026-11-01T00:00:00Z" });
    app.taken("activity", active).await;
    let shown = run(&app, "explain dormant 2026-11-20").await;
    for text in ["Found void at 2026-11-21T12:00:00.000Z", "is not evaluated", "Nothing due"] {
        assert!(shown.results.contains(text), "{text}: {}", shown.results);
    }
    assert!(shown.results.contains("commission -0.00040000"), "{}", shown.results);
}

#[tokio::test]
async fn unknown_subject_is_refused() {
    let app = traded().await;
    let sub = json!({
        "uid": "sub", "registeredAt": "2024-02-01T00:00:00Z", "country": "CH",
        "mainUid": "dormant",
    });
    app.taken("account.registered", sub).await;
    for (command, sentence) in [
        ("explain nobody 2026-11-20", "no account nobody is known"),
        ("explain affiliate 2026-11-20", "affiliate has no inviter"),
        ("explain sub 2026-11-20", "sub is a sub-account: its trades are those of dormant"),
        ("explain dormant 2026-11-20 --line abc", "no line abc is booked"),
    ] {
        let shown = run(&app, command).await;
        assert_eq!(shown.code, 2);
        assert!(shown.questions.contains(sentence), "{}", shown.questions);
    }
}

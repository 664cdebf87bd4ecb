//! Reads each release's table with the current code, runs its days again, and continues it.

use std::collections::BTreeSet;
use std::fs;

use nightly::{NoArchive, verify_day};
use sam_template::Template;
use serde_json::{Value, json};

use super::written::{AFFILIATE, BOOKED, DORMANT, NOW, OPEN, RECALLED, body, directory};
use crate::test_app::{TestApp, day};

pub fn releases() -> Vec<String> {
    let entries = fs::read_dir(directory()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

pub fn read(release: &str, file: &str) -> Vec<Value> {
    let text = fs::read_to_string(directory().join(release).join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the table of a release at the time of its last write.
pub async fn left_by(release: &str) -> TestApp {
    let app = TestApp::at(NOW).await;
    app.engine.put("recall", read(release, "table.jsonl")).unwrap();
    app
}

/// Returns whether `now` contains everything in `before`; it may contain more.
fn still_tells(before: &Value, now: &Value) -> bool {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => before
            .iter()
            .all(|(name, before)| now.get(name).is_some_and(|now| still_tells(before, now))),
        (Value::Array(before), Value::Array(now)) => {
            before.len() == now.len() && before.iter().zip(now).all(|(b, n)| still_tells(b, n))
        }
        _ => before == now,
    }
}

/// Removes a claim that is no longer made: 0.1 returned `recently_active` for bound users, whose
/// activity it did not record.
fn without_activity_of_the_bound(mut body: Value) -> Value {
    if let Some(checks) = body.get_mut("checks").and_then(Value::as_array_mut) {
        let unmet = |check: &Value| check["reason"] == "already_bound" && check["met"] == false;
        if checks.iter().any(unmet) {
            checks.retain(|check| check["reason"] != "recently_active");
        }
    }
    body
}

#[tokio::test]
async fn routes_answer_as_released() {
    for release in releases() {
        let app = left_by(&release).await;
        for asked in read(&release, "answers.jsonl") {
            let (caller, target) = (asked["caller"].as_str(), asked["target"].as_str());
            let now = body(&app.get(caller.unwrap(), target.unwrap()).await);
            let before = without_activity_of_the_bound(asked["body"].clone());
            assert!(still_tells(&before, &now), "{release} {asked}\nnow {now}");
        }
    }
}

/// Reading routes that a release does not have.
const ROUTES_SINCE: [(&str, &str); 2] =
    [("0.1.0", "/v1/invitation"), ("0.1.0", "/v1/invitation/card")];

#[tokio::test]
async fn every_reading_route_is_covered() {
    let routes = Template::embedded().unwrap().routes.into_iter();
    let reading: BTreeSet<String> =
        routes.filter(|route| route.method == "GET").map(|route| route.path).collect();
    for release in releases() {
        let new = ROUTES_SINCE.iter().filter(|(since, _)| *since == release);
        let new: BTreeSet<String> = new.map(|(_, path)| (*path).to_owned()).collect();
        let asked: BTreeSet<String> = read(&release, "answers.jsonl")
            .iter()
            .map(|asked| asked["target"].as_str().unwrap().split('?').next().unwrap().to_owned())
            .collect();
        assert!(asked.is_subset(&reading), "{asked:?}");
        let missing: BTreeSet<String> = reading.difference(&asked).cloned().collect();
        assert_eq!(missing, new, "{release}: name a new route, which has no old answer");
    }
}

#[tokio::test]
async fn days_after_release_are_listed() {
    for release in releases() {
        let app = left_by(&release).await;
        let days = async || app.get(RECALLED, "/v1/binding").await.json()["shared"]["days"].clone();
        assert_eq!(days().await, json!([]), "{release}");
        app.night(OPEN).await;
        assert_eq!(days().await, json!([{ "day": OPEN, "usd": "5.00000000" }]), "{release}");
    }
}

#[tokio::test]
async fn booked_days_verify_and_rerun() {
    for release in releases() {
        let app = left_by(&release).await;
        for booked in BOOKED {
            let proved = verify_day(&app.context, &NoArchive, day(booked), || ()).await.unwrap();
            assert_eq!(proved.differences, [], "{release} {booked}");
            assert!(proved.lines > 0);
            assert_eq!(app.book(booked).await.seq(), None, "{release} {booked}");
        }
    }
}

#[tokio::test]
async fn work_of_release_continues() {
    for release in releases() {
        let app = left_by(&release).await;
        let link = app.get(AFFILIATE, "/v1/link").await.json();
        let bound = app.bind(DORMANT, link["code"].as_str().unwrap()).await;
        assert_eq!(bound.status, 201, "{release}: {}", bound.body);
        let night = app.night(OPEN).await;
        assert_eq!(night.days.iter().map(|day| day.lines).collect::<Vec<_>>(), [1], "{release}");
        let proved = verify_day(&app.context, &NoArchive, day(OPEN), || ()).await.unwrap();
        assert_eq!(proved.differences, []);
        let lines = app.lines(AFFILIATE, OPEN, OPEN).await;
        assert_eq!(lines[0]["rate"], json!("0.3"), "the tier that the release evaluated");
    }
}

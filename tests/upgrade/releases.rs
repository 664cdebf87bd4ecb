//! Each release's table under the code of today: read, run again, and gone on with.

use std::collections::BTreeSet;
use std::fs;

use nightly::verify_day;
use sam_template::Template;
use serde_json::{Value, json};

use super::written::{AFFILIATE, BOOKED, DORMANT, NOW, OPEN, body, directory};
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

/// The table that a release left, at the time at which it was left.
pub async fn left_by(release: &str) -> TestApp {
    let world = TestApp::at(NOW).await;
    world.engine.put("recall", read(release, "table.jsonl")).unwrap();
    world
}

/// Whether all that was told before is told still; more may be.
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

/// Removes the one answer that is not given any more: 0.1 claimed `recently_active` of bound users,
/// whose activity it did not record.
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
async fn every_route_still_answers_what_the_release_answered() {
    for release in releases() {
        let world = left_by(&release).await;
        for asked in read(&release, "answers.jsonl") {
            let (caller, target) = (asked["caller"].as_str(), asked["target"].as_str());
            let now = body(&world.get(caller.unwrap(), target.unwrap()).await);
            let before = without_activity_of_the_bound(asked["body"].clone());
            assert!(still_tells(&before, &now), "{release} {asked}\nnow {now}");
        }
    }
}

#[tokio::test]
async fn every_route_that_reads_was_asked() {
    let routes = Template::embedded().unwrap().routes.into_iter();
    let reading: BTreeSet<String> =
        routes.filter(|route| route.method == "GET").map(|route| route.path).collect();
    for release in releases() {
        let asked: BTreeSet<String> = read(&release, "answers.jsonl")
            .iter()
            .map(|asked| asked["target"].as_str().unwrap().split('?').next().unwrap().to_owned())
            .collect();
        assert!(asked.is_subset(&reading), "{asked:?}");
        assert_eq!(
            asked.len(),
            reading.len(),
            "{release}: a new route needs no old answer: name it"
        );
    }
}

#[tokio::test]
async fn every_booked_day_is_proved_and_run_again_books_nothing() {
    for release in releases() {
        let world = left_by(&release).await;
        for booked in BOOKED {
            let proved = verify_day(&world.app, day(booked), || ()).await.unwrap();
            assert_eq!(proved.differences, [], "{release} {booked}");
            assert!(proved.lines > 0);
            assert_eq!(world.book(booked).await.seq, None, "{release} {booked}");
        }
    }
}

#[tokio::test]
async fn the_work_goes_on_where_the_release_left_it() {
    for release in releases() {
        let world = left_by(&release).await;
        let link = world.get(AFFILIATE, "/v1/link").await.json();
        let bound = world.bind(DORMANT, link["code"].as_str().unwrap()).await;
        assert_eq!(bound.status, 201, "{release}: {}", bound.body);
        let night = world.night(OPEN).await;
        assert_eq!(night.days.iter().map(|day| day.lines).collect::<Vec<_>>(), [1], "{release}");
        let proved = verify_day(&world.app, day(OPEN), || ()).await.unwrap();
        assert_eq!(proved.differences, []);
        let lines = world.lines(AFFILIATE, OPEN, OPEN).await;
        assert_eq!(lines[0]["rate"], json!("0.3"), "the tier that the release evaluated");
    }
}

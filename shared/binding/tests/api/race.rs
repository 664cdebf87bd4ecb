//! Many binds at once.

use std::collections::BTreeMap;

use storage::Shard;
use types::{Day, Uid};

use crate::test_app::{Answer, CODE, INVITEE, INVITER, TestApp, at, facts, uid};

/// Runs all of these binds of one user at once.
async fn race(app: &TestApp, confirmations: Vec<String>) -> Vec<Answer> {
    let calls: Vec<_> = confirmations
        .into_iter()
        .map(|confirmation| {
            let app = app.clone();
            tokio::spawn(async move { app.bind(INVITEE, &confirmation).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    answers
}

fn count(answers: &[Answer]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.outcome()).or_default() += 1;
    }
    counts
}

/// How often the user is in the day's list of new bindings.
async fn listed(app: &TestApp, user: &Uid) -> usize {
    let day: Day = "2026-11-22".parse().unwrap();
    app.context.table.new_bindings(day, Shard::of(user)).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn racing_binds_leave_one_binding() {
    let app = TestApp::new().await;
    let mut confirmations = Vec::new();
    for number in 10..30 {
        let code = format!("RACE{number}");
        app.add_affiliate(&format!("affiliate-{number}-x"), &code).await;
        confirmations.push(app.window(INVITEE, &code).await.text("/confirmation"));
    }
    let confirmations = confirmations.iter().cycle().take(200).cloned().collect();
    let answers = race(&app, confirmations).await;

    let counts = count(&answers);
    let expected = [("200", 9), ("201", 1), ("409 already_bound", 190)];
    assert_eq!(counts, expected.map(|(outcome, count)| (outcome.to_owned(), count)).into());
    let won = answers.iter().find(|answer| answer.status() == 201).unwrap().json();
    for again in answers.iter().filter(|answer| answer.status() == 200) {
        assert_eq!(again.json(), won);
    }
    assert_eq!(app.binding(INVITEE).await.json()["code"], won["code"]);
    assert_eq!(listed(&app, &uid(INVITEE)).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn viral_link_binds_each_user_once() {
    let app = TestApp::new().await;
    let mut calls = Vec::new();
    for number in 0..100 {
        let user = format!("user-{number}");
        app.add(facts(&user)).await;
        let app = app.clone();
        calls.push(tokio::spawn(async move {
            let confirmation = app.window(&user, CODE).await.text("/confirmation");
            app.bind(&user, &confirmation).await.status()
        }));
    }
    for call in calls {
        assert_eq!(call.await.unwrap(), 201);
    }
}

/// An activity arrives while the user binds: either it comes after the bind, or it prevents it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_activity_is_before_or_after() {
    for _ in 0..20 {
        let app = TestApp::new().await;
        let confirmation = app.confirmation(INVITEE, CODE);
        let bind = {
            let app = app.clone();
            tokio::spawn(async move { app.bind(INVITEE, &confirmation).await.outcome() })
        };
        let mut account = app.context.table.account(&uid(INVITEE)).await.unwrap().unwrap();
        let unbound = account.value.facts.inviter.is_none();
        account.value.facts.last_activity_at = Some(at("2026-11-22T11:00:00Z"));
        let saved = app.context.table.save_account(&account).await.unwrap().is_done();
        let outcome = bind.await.unwrap();
        let binding = app.context.table.binding(&uid(INVITEE)).await.unwrap();
        if saved && unbound {
            assert_eq!((outcome.as_str(), binding), ("422 recently_active", None));
        } else {
            assert_eq!(outcome, "201");
            assert_eq!(binding.unwrap().relation.inviter, uid(INVITER));
        }
    }
}

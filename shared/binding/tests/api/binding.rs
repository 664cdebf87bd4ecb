//! `GET /v1/binding`.

use std::collections::BTreeMap;

use commission::{Amount, Split};
use storage::{Head, Money, Referral, ReferralActivity, SharedByDay, TwoVersionCell, Versioned};
use types::{Origin, Timestamp};

use crate::test_app::{CODE, INVITEE, INVITER, TestApp, at, uid};

async fn bound() -> TestApp {
    let app = TestApp::new().await;
    let confirmation = app.confirmation(INVITEE, CODE);
    assert_eq!(app.bind(INVITEE, &confirmation).await.status(), 201);
    app
}

fn shared(units: i128, usd: i128) -> Money {
    let shared = |minor| Split { shared: Amount::from_minor(minor), ..Split::default() };
    Money { in_asset: shared(units), in_usd: shared(usd), ..Money::default() }
}

fn some_activity(voided_at: Option<Timestamp>) -> ReferralActivity {
    let by_asset =
        [("USDT", shared(1_250_000_000, 1_250_000_001)), ("BTC", shared(104_980, 9_999))];
    let by_asset: BTreeMap<_, _> =
        by_asset.into_iter().map(|(asset, money)| (asset.parse().unwrap(), money)).collect();
    ReferralActivity { by_asset, voided_at, ..ReferralActivity::default() }
}

/// Days of runs 2 to 4: the last one corrects the first day.
fn some_days() -> SharedByDay {
    let runs = [("2026-11-22", 9_000), ("2026-11-23", 1_250_000_999), ("2026-11-22", 1)];
    (2..).zip(runs).fold(SharedByDay::default(), |days, (seq, (day, usd))| {
        days.next(seq, day.parse().unwrap(), Amount::from_minor(usd)).unwrap()
    })
}

/// Publishes the invitee's activity as run 4, of which readers see the runs up to `visible`.
async fn publish(app: &TestApp, visible: u64, activity: ReferralActivity) {
    let referral = Referral {
        uid: uid(INVITEE),
        code: CODE.parse().unwrap(),
        origin: Origin::Recall,
        bound_at: app.clock.now(),
        activity: TwoVersionCell::new(4, activity),
        shared_by_day: some_days(),
    };
    let referral = Versioned::new(referral);
    assert!(app.context.table.save_referral(&uid(INVITER), &referral).await.unwrap().is_done());
    let closed_through = "2026-11-23".parse().ok();
    let head = Head { committed: 4, visible, closed_through, ..Head::default() };
    assert!(app.context.table.save_head(&Versioned::new(head)).await.unwrap().is_done());
}

#[tokio::test]
async fn new_relation_has_shared_nothing_yet() {
    insta::assert_snapshot!(bound().await.binding(INVITEE).await);
}

#[tokio::test]
async fn shared_amounts_are_by_asset_and_usd() {
    let app = bound().await;
    publish(&app, 4, some_activity(None)).await;
    insta::assert_snapshot!(app.binding(INVITEE).await);
}

#[tokio::test]
async fn invisible_run_is_not_shown() {
    let app = bound().await;
    publish(&app, 3, some_activity(None)).await;
    let answer = app.binding(INVITEE).await;
    assert_eq!(answer.text("/shared/usd"), "0.00000000");
    assert_eq!(answer.text("/shared/days/1/day"), "2026-11-22");
    assert_eq!(answer.text("/shared/days/1/usd"), "0.00009000");
}

#[tokio::test]
async fn relation_that_was_found_void_says_so() {
    let app = bound().await;
    publish(&app, 4, some_activity(Some(at("2026-11-23T08:00:00Z")))).await;
    assert_eq!(app.binding(INVITEE).await.text("/voidedAt"), "2026-11-23T08:00:00.000Z");
}

#[tokio::test]
async fn user_without_inviter_has_no_relation() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.binding(INVITEE).await);
    assert_eq!(app.binding("ghost-1").await.outcome(), "404 not_found");
}

#[tokio::test]
async fn inviter_does_not_see_relation() {
    let app = bound().await;
    assert_eq!(app.binding(INVITER).await.outcome(), "404 not_found");
}

#[tokio::test]
async fn invitee_sees_inviter_masked_only() {
    let app = bound().await;
    publish(&app, 4, some_activity(None)).await;
    let answer = app.binding(INVITEE).await;
    assert_eq!(answer.text("/inviter"), "a***5");
    assert!(!answer.to_string().contains(INVITER));
}

//! No user reads another user's data.

use storage::Totals;
use types::Origin;

use crate::sample::ledger;
use crate::test_app::{AFFILIATE, NOW, TestApp, json, read, text};

const TARGETS: [&str; 3] = [
    "/v1/dashboard?from=2026-11-01&to=2026-11-21",
    "/v1/dashboard/referrals?limit=1",
    "/v1/dashboard/commissions?from=2026-11-01&to=2026-11-21&limit=1",
];

#[tokio::test]
async fn another_affiliate_sees_nothing_of_it() {
    let app = ledger().await;
    app.account("affiliate-b", true, &[]).await;
    for target in TARGETS {
        let (mine, theirs) = (
            app.ask(AFFILIATE, target, "application/json").await,
            app.ask("affiliate-b", target, "application/json").await,
        );
        let filled =
            |body: &str| body.contains("r1") || body.contains("Q4N8TZ3R") || body.contains("BTC");
        assert!(filled(text(&mine)), "{target}");
        assert!(theirs.status() == 200 && !filled(text(&theirs)), "{target}");
    }
}

#[tokio::test]
async fn another_affiliates_cursor_is_refused() {
    let app = ledger().await;
    app.account("affiliate-b", true, &[]).await;
    for target in &TARGETS[1..] {
        let cursor = app.get(target).await["nextCursor"].as_str().unwrap().to_owned();
        let target = format!("{target}&cursor={cursor}");
        assert!(app.ask(AFFILIATE, &target, "*/*").await.status() == 200);
        let refused = json(&app.ask("affiliate-b", &target, "*/*").await);
        assert_eq!(
            (&refused["code"], &refused["parameter"]),
            (&"bad_request".into(), &"cursor".into())
        );
    }
}

#[tokio::test]
async fn former_affiliate_reads_earnings() {
    let app = ledger().await;
    app.account(AFFILIATE, false, &[]).await;
    for target in TARGETS {
        assert_eq!(app.ask(AFFILIATE, target, "*/*").await.status(), 200, "{target}");
    }
}

#[tokio::test]
async fn dashboard_opens_at_instant_of_joining() {
    let app = TestApp::new().await;
    for (from, status) in [(NOW, 200), ("2026-11-22T12:00:00.001Z", 403)] {
        let uid = format!("joins-{status}");
        app.account(&uid, false, &[]).await;
        let mut account = app.context.table.account(&read(&uid)).await.unwrap().unwrap();
        account.value.facts.affiliate.set(read(from), true);
        assert!(app.context.table.save_account(&account).await.unwrap().is_done());
        for target in TARGETS {
            assert_eq!(app.ask(&uid, target, "*/*").await.status(), status, "{from} {target}");
        }
    }
}

#[tokio::test]
async fn dashboard_admits_owner_of_invitee() {
    let app = TestApp::new().await;
    for (count, status) in [(0, 403), (1, 200)] {
        let uid = format!("has-{count}");
        app.account(&uid, false, &[]).await;
        let invitees = [(Origin::Signup, count)].into();
        app.totals(&uid, Totals { invitees, ..Totals::default() }).await;
        for target in TARGETS {
            assert_eq!(app.ask(&uid, target, "*/*").await.status(), status, "{count} {target}");
        }
    }
}

#[tokio::test]
async fn other_user_has_no_dashboard() {
    let app = TestApp::new().await;
    app.account("trader", false, &[]).await;
    for target in TARGETS {
        let refused = app.ask("trader", target, "*/*").await;
        assert_eq!(refused.status(), 403, "{target}");
        insta::allow_duplicates!(insta::assert_json_snapshot!("not_an_affiliate", json(&refused)));
    }
}

#[tokio::test]
async fn unknown_account_has_no_dashboard() {
    let app = TestApp::new().await;
    for target in TARGETS {
        let refused = app.ask("stranger", target, "*/*").await;
        assert_eq!(refused.status(), 403, "{target}");
        insta::allow_duplicates!(insta::assert_json_snapshot!("unknown_account", json(&refused)));
    }
}

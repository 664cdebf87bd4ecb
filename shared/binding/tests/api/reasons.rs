//! Every reason for which a bind is refused, through the window and through the bind.

use types::Reason;

use crate::test_app::{CODE, INVITEE, INVITER, Scene, TestApp, at, located, uid};

/// Makes the scene one in which the reason is the first that refuses.
fn stage(reason: Reason, scene: &mut Scene) {
    let Scene { inviter, invitee, link, code, caller } = scene;
    match reason {
        Reason::UnknownLink => *code = "NNNNNNNN",
        Reason::UnknownAccount => *caller = "ghost-1",
        Reason::SubAccount => invitee.main_uid = Some(uid("main-1")),
        Reason::SelfReferral => *caller = INVITER,
        Reason::AlreadyBound => invitee.inviter = Some(uid("somebody-1")),
        Reason::LinkNotRecallCapable => link.invites_existing = false,
        Reason::InviterNotAffiliate => {
            inviter.affiliate.set(at("2026-11-22T12:00:00.000Z"), false);
        }
        Reason::InviterRegisteredAfterInvitee => {
            inviter.registered_at = at("2020-01-01T00:00:00.001Z");
        }
        Reason::SameIdentity => {
            inviter.person = "person-1".parse().ok();
            invitee.person = "person-1".parse().ok();
        }
        Reason::RegionBlockedInviter => inviter.location = located("DE"),
        Reason::RegionBlockedInvitee => invitee.location = located("GB"),
        Reason::AccountTooYoung => {
            invitee.registered_at = at("2026-11-01T00:00:00Z");
            invitee.last_activity_at = None;
        }
        Reason::RecentlyActive => invitee.last_activity_at = Some(at("2026-11-01T00:00:00Z")),
        _ => panic!("{reason:?} refuses no bind"),
    }
}

fn staged(reason: Reason) -> Scene {
    let mut scene = Scene::default();
    stage(reason, &mut scene);
    scene
}

fn reasons() -> impl Iterator<Item = Reason> {
    Reason::ALL.iter().copied().filter(|reason| reason.refuses_bind())
}

#[tokio::test]
async fn refusing_window_has_no_confirmation() {
    for reason in reasons().filter(|reason| *reason != Reason::UnknownLink) {
        let scene = staged(reason);
        let answer = TestApp::of(&scene).await.window(scene.caller, scene.code).await;
        assert_eq!(answer.status(), 200, "{reason:?}");
        assert_eq!(answer.unmet().first().map(String::as_str), Some(reason.code()));
        let body = answer.json();
        assert_eq!(body["eligible"], false, "{reason:?}");
        assert_eq!((body.get("confirmation"), body.get("expiresAt")), (None, None), "{reason:?}");
    }
}

#[tokio::test]
async fn bind_is_refused_for_every_reason() {
    for reason in reasons() {
        let scene = staged(reason);
        let app = TestApp::of(&scene).await;
        let confirmation = app.confirmation(scene.caller, scene.code);
        let answer = app.bind(scene.caller, &confirmation).await;
        assert_eq!(answer.text("/code"), reason.code());
        assert!(answer.unmet().contains(&reason.code().to_owned()), "{reason:?}");
        assert_eq!(
            app.context.table.binding(&uid(scene.caller)).await.unwrap(),
            None,
            "{reason:?}"
        );
        insta::assert_snapshot!(format!("refused_{}", reason.code()), answer);
    }
}

#[tokio::test]
async fn ninety_days_need_one_millisecond_more() {
    let since = at("2026-06-01T07:08:09.010Z");
    let mut young = Scene::default();
    young.invitee.registered_at = since;
    young.invitee.last_activity_at = None;
    let mut active = Scene::default();
    active.invitee.last_activity_at = Some(since);

    for (scene, reason) in [(young, "account_too_young"), (active, "recently_active")] {
        let app = TestApp::of(&scene).await;
        let exactly = since.plus_days(90);
        app.clock.stop_at(exactly);
        let window = app.window(INVITEE, CODE).await;
        assert_eq!(window.unmet(), [reason]);
        assert_eq!(window.text("/eligibleFrom"), exactly.plus_millis(1).to_string());
        let confirmation = app.confirmation(INVITEE, CODE);
        assert_eq!(app.bind(INVITEE, &confirmation).await.outcome(), format!("422 {reason}"));

        app.clock.stop_at(exactly.plus_millis(1));
        assert_eq!(app.window(INVITEE, CODE).await.json()["eligible"], true);
        assert_eq!(app.bind(INVITEE, &confirmation).await.status(), 201);
    }
}

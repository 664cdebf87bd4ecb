//! The intended use of every route: from the first link to the paid commission.

use commission::SharedCommission;
use eligibility::LinkFacts;
use http_api::Purpose;
use serde_json::{Value, json};
use storage::Link;
use types::Reason;

use super::api::{Answer, Api, Ask};
use crate::test_app::{TestApp, at, fee, uid};

pub const AFFILIATE: &str = "affiliate-35";
pub const RECALLED: &str = "dormant-90";
pub const NEWCOMER: &str = "newcomer-8";
/// Is bound, and then reported as active before.
const VOIDED: &str = "dormant-91";
/// Is bound and does not trade.
const QUIET: &str = "dormant-93";
pub const COMMISSIONS: &str = "/v1/dashboard/commissions";
/// Start of the story.
pub const MORNING: &str = "2026-11-20T09:00:00Z";
/// The days on which there are trades.
const DAYS: &str = "from=2026-11-20&to=2026-11-22";

pub async fn begin() -> (TestApp, Api) {
    begin_in(TestApp::at(MORNING).await).await
}

/// Begins in an empty programme, on that morning.
pub async fn begin_in(app: TestApp) -> (TestApp, Api) {
    app.affiliate(AFFILIATE).await;
    for dormant in [RECALLED, VOIDED, QUIET] {
        app.registered(dormant, "2024-01-01T00:00:00Z").await;
    }
    let api = Api::over(app.clone());
    (app, api)
}

/// Creates a link with shared commission, which becomes the default; returns its code.
pub async fn links(api: &Api) -> String {
    let first = api.get(AFFILIATE, "/v1/link").await.is("200").json();
    let shared = json!({ "spot": "0.10", "futures": "0.05" });
    let wish = json!({ "label": "autumn channel", "sharedCommission": shared, "default": true });
    let made = api.send(AFFILIATE, "POST", "/v1/links", wish).await.is("201").json();
    let target = format!("/v1/links/{}", first["code"].as_str().unwrap());
    let plain = json!({ "label": null, "sharedCommission": null });
    api.send(AFFILIATE, "POST", "/v1/links", plain).await.is("201");
    for change in [json!({ "label": "winter", "default": true }), json!({ "label": null })] {
        api.send(AFFILIATE, "PATCH", &target, change).await.is("200");
    }
    let archive = json!({ "archived": true });
    api.send(AFFILIATE, "PATCH", &target, archive.clone()).await.is("400 bad_request");
    let target = format!("/v1/links/{}", made["code"].as_str().unwrap());
    assert_eq!(
        api.send(AFFILIATE, "PATCH", &target, archive).await.is("200").json()["archived"],
        true
    );
    pictures(api, made["code"].as_str().unwrap()).await;
    let default = api.get(AFFILIATE, "/v1/link").await.json();
    assert_eq!(default, first);
    assert_eq!(
        api.get(AFFILIATE, "/v1/links").await.is("200").json()["links"][1]["code"],
        made["code"]
    );
    made["code"].as_str().unwrap().to_owned()
}

async fn pictures(api: &Api, code: &str) {
    for target in [
        "/v1/link/qr.svg".to_owned(),
        format!("/v1/link/qr.svg?code={code}"),
        format!("/v1/link/qr.png?code={code}&size=128"),
        "/v1/link/qr.png?size=2048".to_owned(),
    ] {
        let tag = api.get(AFFILIATE, &target).await.is("200").headers["etag"].clone();
        let headers = &[("if-none-match", tag.as_str())];
        let ask =
            Ask { caller: Some(AFFILIATE), method: "GET", target: &target, headers, body: "" };
        api.ask(ask).await.is("304");
    }
}

pub async fn too_many_links(api: &Api) {
    let links = api.get(AFFILIATE, "/v1/links").await.json()["links"].as_array().unwrap().len();
    for _ in links..20 {
        api.send(AFFILIATE, "POST", "/v1/links", json!({})).await.is("201");
    }
    api.send(AFFILIATE, "POST", "/v1/links", json!({})).await.is("409 too_many_links");
}

/// A live link, an unknown code, and links that bind no one now: all but the first look the same.
pub async fn invitations(app: &TestApp, api: &Api, code: &str) {
    let invitation = async |code: &str| {
        let target = format!("/v1/invitation?ref={code}");
        let ask = Ask { caller: None, method: "GET", target: &target, headers: &[], body: "" };
        api.ask(ask).await.is("200").json()
    };
    let live = invitation(code).await;
    assert_eq!((&live["live"], &live["inviter"]), (&json!(true), &json!("a***5")));
    let shared = json!({ "spot": "0.1", "futures": "0.05" });
    assert_eq!(live["sharedCommission"], shared);
    let unknown = invitation("NNNNNNNN").await;
    assert_eq!(unknown["live"], false);
    assert!(unknown["inviter"].is_null() && unknown["sharedCommission"].is_null());
    let left = other_affiliate(app, "left", Some(("affiliate", json!(false)))).await;
    let blocked = other_affiliate(app, "moved", Some(("country", json!("DE")))).await;
    for dead in [left, blocked, old_link(app).await] {
        assert_eq!(invitation(&dead).await, unknown);
    }
    let target = format!("/v1/invitation/card?ref={code}");
    let ask = Ask { caller: None, method: "GET", target: &target, headers: &[], body: "" };
    let card = String::from_utf8(api.ask(ask).await.is("200").body.clone()).unwrap();
    assert!(card.contains("og:title"));
}

/// Opens a link and presses [Bind Now], twice.
pub async fn bind(api: &Api, invitee: &str, code: &str) {
    let window = api.get(invitee, &format!("/v1/bind?ref={code}")).await.is("200").json();
    let confirmed = json!({ "confirmation": window["confirmation"] });
    let bound = api.send(invitee, "POST", "/v1/bind", confirmed.clone()).await.is("201").json();
    assert_eq!(api.send(invitee, "POST", "/v1/bind", confirmed).await.is("200").json(), bound);
    api.get(invitee, "/v1/binding").await.is("200");
}

/// Three recalled invitees and a new one.
pub async fn bindings(app: &TestApp, api: &Api, code: &str) {
    for invitee in [RECALLED, VOIDED, QUIET] {
        bind(api, invitee, code).await;
    }
    let signed_up = json!({
        "uid": NEWCOMER, "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
    });
    app.taken("account.registered", signed_up).await;
    api.get(NEWCOMER, "/v1/binding").await.is("200");
}

/// Returns a confirmation as the window returns it, without checking eligibility.
pub fn confirmation(api: &Api, caller: &str, code: &str) -> Value {
    let expires_at = api.app.context.clock.now().plus_millis(600_000);
    let (caller, payload) = (uid(caller), json!({ "code": code }));
    let sealed = api.app.context.signer.seal(Purpose::Confirmation, &caller, &payload, expires_at);
    json!({ "confirmation": sealed.unwrap() })
}

/// Every reason for which a bind is refused, in the window and by the bind.
pub async fn refused_binds(app: &TestApp, api: &Api, code: &str) {
    for reason in Reason::ALL.iter().copied().filter(|reason| reason.refuses_bind()) {
        let (caller, code) = staged(app, reason, code).await;
        let window = api.get(&caller, &format!("/v1/bind?ref={code}")).await;
        match reason {
            Reason::UnknownLink => window.is("404 unknown_link"),
            _ => window.is("200"),
        };
        let confirmed = confirmation(api, &caller, &code);
        let status = if reason == Reason::AlreadyBound { 409 } else { 422 };
        let refused = api.send(&caller, "POST", "/v1/bind", confirmed).await;
        refused.is(&format!("{status} {reason}"));
    }
}

/// Creates accounts for which the reason is the first that refuses; returns the user and the link's
/// code.
async fn staged(app: &TestApp, reason: Reason, code: &str) -> (String, String) {
    let caller = format!("invitee-{reason}");
    let account = |registered: &str, country: &str| json!({ "uid": caller, "registeredAt": registered, "country": country });
    let mut facts = account("2024-01-01T00:00:00Z", "CH");
    let mut code = code.to_owned();
    match reason {
        Reason::UnknownAccount => return ("ghost-1".to_owned(), code),
        Reason::SelfReferral => return (AFFILIATE.to_owned(), code),
        Reason::AlreadyBound => {
            return (RECALLED.to_owned(), other_affiliate(app, "same", None).await);
        }
        Reason::UnknownLink => code = "NNNNNNNN".to_owned(),
        Reason::SubAccount => facts["mainUid"] = json!(RECALLED),
        Reason::LinkNotRecallCapable => code = old_link(app).await,
        Reason::InviterNotAffiliate => {
            code = other_affiliate(app, "affiliate", Some(("affiliate", json!(false)))).await;
        }
        Reason::InviterRegisteredAfterInvitee => facts = account("2018-01-01T00:00:00Z", "CH"),
        Reason::SameIdentity => {
            facts["personHash"] = json!("person-1");
            code =
                other_affiliate(app, "personHash", Some(("personHash", json!("person-1")))).await;
        }
        Reason::RegionBlockedInviter => {
            code = other_affiliate(app, "country", Some(("country", json!("DE")))).await;
        }
        Reason::RegionBlockedInvitee => facts = account("2024-01-01T00:00:00Z", "GB"),
        Reason::AccountTooYoung => facts = account("2026-11-01T00:00:00Z", "CH"),
        _ => {}
    }
    app.taken("account.registered", facts).await;
    if reason == Reason::RecentlyActive {
        let activity = json!({ "uid": caller, "product": "earn", "at": "2026-11-01T00:00:00Z" });
        app.taken("activity", activity).await;
    }
    (caller, code)
}

/// Creates another affiliate with a changed fact; returns the link's code.
async fn other_affiliate(app: &TestApp, name: &str, change: Option<(&str, Value)>) -> String {
    let name = format!("affiliate-{name}");
    let code = app.affiliate(&name).await;
    if let Some((field, value)) = change {
        let changed = json!({ "uid": name, field: value, "at": "2026-11-20T08:30:00Z" });
        app.taken("account.changed", changed).await;
    }
    code
}

/// A link from before recalls existed: it invites new users only.
async fn old_link(app: &TestApp) -> String {
    let owner = uid(AFFILIATE);
    let mut links = app.context.table.link_owner(&owner).await.unwrap().links;
    let code: types::LinkCode = "LEGACY01".parse().unwrap();
    if links.value.get(&code).is_some() {
        return code.to_string();
    }
    let facts = LinkFacts { code: code.clone(), owner: owner.clone(), invites_existing: false };
    let (label, shared) = (None, SharedCommission::default());
    let link =
        Link { facts, label, shared, created_at: at("2024-01-01T00:00:00Z"), archived: false };
    links.value.links.push(link.clone());
    app.context.table.make_link(&owner, &link, &links).await.unwrap();
    code.to_string()
}

pub async fn bad_confirmations(app: &TestApp, api: &Api, code: &str) {
    let expires_at = api.app.context.clock.now().plus_millis(600_000).to_string();
    let good = confirmation(api, "dormant-92", code);
    let press = || api.send("dormant-92", "POST", "/v1/bind", good.clone());
    api.send(RECALLED, "POST", "/v1/bind", good.clone()).await.is("422 confirmation_invalid");
    app.now(&expires_at);
    press().await.is("422 confirmation_expired");
    api.get("dormant-92", "/v1/binding").await.is("404 not_found");
}

/// All views of the dashboard, in every format.
pub async fn dashboard(api: &Api, days: &str) -> Answer {
    for target in ["/v1/links", "/v1/dashboard/referrals"] {
        api.get(AFFILIATE, target).await.is("200");
    }
    api.get(AFFILIATE, COMMISSIONS).await.is("200");
    for form in ["text/csv", "application/x-ndjson"] {
        api.get_as(AFFILIATE, COMMISSIONS, form).await.is("200");
    }
    api.get(AFFILIATE, &format!("/v1/dashboard{days}")).await.is("200")
}

/// Three days: trades that earn and that do not, late facts, and a payment.
pub async fn three_days(app: &TestApp, api: &Api) {
    app.now("2026-11-20T23:00:00Z");
    for fee in trades() {
        app.charged(fee).await;
    }
    app.night("2026-11-20").await;
    api.get(AFFILIATE, "/v1/dashboard/referrals").await.is("200");
    api.get(AFFILIATE, COMMISSIONS).await.is("200");
    app.now("2026-11-21T12:00:00Z");
    what_comes_late(app).await;
    app.charged(fee("t8", NEWCOMER, "2026-11-21T10:00:00Z")).await;
    app.night("2026-11-21").await;
    app.night("2026-11-22").await;
    app.book("2026-11-20").await;
    let run = app.lines(AFFILIATE, "2026-11-20", "2026-11-20").await[0]["runId"].clone();
    app.now("2026-11-23T09:00:00Z");
    let paid = json!({
        "uid": AFFILIATE, "day": "2026-11-20", "runId": run, "paidAt": "2026-11-23T08:00:00Z",
        "reference": "payout-1",
    });
    app.taken("commission.paid", paid).await;
}

/// One of each cause for the correction of a day.
async fn what_comes_late(app: &TestApp) {
    let corrected = |id, uid, amounts: [&str; 3], why| {
        json!({
            "tradeId": id, "uid": uid, "day": "2026-11-20", "amount": amounts[0],
            "amountUsd": amounts[1], "volumeUsd": amounts[2], "at": "2026-11-21T11:00:00Z",
            "why": why,
        })
    };
    let busted = corrected("t1", RECALLED, ["0", "0", "0"], "trade busted");
    app.taken("fee.corrected", busted).await;
    let halved = corrected("t6", NEWCOMER, ["10.375", "10.375", "20750"], "wrong fee tier");
    app.taken("fee.corrected", halved).await;
    let late = trade("late", RECALLED, "spot", ["XMR", "0.010498", "1.67968", "1679.68"]);
    app.charged(late).await;
    let active = json!({ "uid": VOIDED, "product": "earn", "at": "2026-11-01T00:00:00Z" });
    app.taken("activity", active).await;
    let moved = json!({ "uid": RECALLED, "country": "US", "at": "2026-11-20T09:30:00Z" });
    app.taken("account.changed", moved).await;
}

/// The trades of the first day: some that earn in each product, and two that earn nothing.
fn trades() -> [Value; 7] {
    let recalled = |id, product, amount| trade(id, RECALLED, product, amount);
    let mut above_the_limit = recalled("t4", "spot", ["USDT", "3.2", "3.2", "3200"]);
    above_the_limit["vipLevel"] = json!(5);
    [
        recalled("t1", "spot", ["BTC", "0.005249", "498.655", "498655"]),
        recalled("t2", "margin", ["XMR", "0.05249", "8.3984", "8398.4"]),
        recalled("t3", "futures", ["USDT", "12.5", "12.5", "31250"]),
        above_the_limit,
        recalled("t5", "spot", ["BTC", "-0.0005", "-47.5", "47500"]),
        trade("t6", NEWCOMER, "spot", ["USDT", "20.75", "20.75", "20750"]),
        trade("t7", VOIDED, "spot", ["BTC", "0.001", "95", "95000"]),
    ]
}

/// A trade of the first day, with its fee in an asset and in USD, and its volume in USD.
fn trade(id: &str, uid: &str, product: &str, [asset, amount, usd, volume]: [&str; 4]) -> Value {
    let mut fee = fee(id, uid, "2026-11-20T10:00:00Z");
    fee["product"] = json!(product);
    fee["asset"] = json!(asset);
    fee["amount"] = json!(amount);
    fee["amountUsd"] = json!(usd);
    fee["volumeUsd"] = json!(volume);
    fee
}

/// Reads lists to their ends, page by page, in every format.
pub async fn pages(api: &Api) {
    let all = api.get(AFFILIATE, &format!("{COMMISSIONS}?{DAYS}")).await.is("200").json();
    let lines = read_on(api, &format!("{COMMISSIONS}?{DAYS}&limit=1"), "lines").await;
    assert_eq!(all["lines"], lines);
    let newest = read_on(api, &format!("{COMMISSIONS}?{DAYS}&sort=-day&limit=1"), "lines").await;
    let reversed: Vec<_> = lines.as_array().unwrap().iter().rev().cloned().collect();
    assert_eq!(newest, Value::from(reversed));
    let referrals = api.get(AFFILIATE, "/v1/dashboard/referrals?sort=boundAt").await.json();
    let target = "/v1/dashboard/referrals?sort=boundAt&limit=1";
    assert_eq!(referrals["referrals"], read_on(api, target, "referrals").await);
    for form in ["text/csv", "application/x-ndjson"] {
        let header_rows = usize::from(form == "text/csv");
        let first = api.get_as(AFFILIATE, &format!("{COMMISSIONS}?limit=2"), form).await;
        let link = first.headers["link"].clone();
        let next = link.strip_prefix('<').unwrap().split('>').next().unwrap();
        let second = api.get_as(AFFILIATE, next, form).await.is("200");
        assert_eq!(second.text().lines().count(), 2 + header_rows);
    }
}

async fn read_on(api: &Api, target: &str, list: &str) -> Value {
    let mut read = Vec::new();
    let mut page = api.get(AFFILIATE, target).await.is("200").json();
    loop {
        read.extend(page[list].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["nextCursor"].as_str() else { return read.into() };
        page = api.get(AFFILIATE, &format!("{target}&cursor={cursor}")).await.is("200").json();
    }
}

pub async fn filters(api: &Api, code: &str) {
    for target in [
        format!("/v1/dashboard/referrals?origin=recall&link={code}&sort=-boundAt&limit=200"),
        format!("{COMMISSIONS}?{DAYS}&product=futures&asset=USDT&uid={RECALLED}&limit=200"),
        format!("{COMMISSIONS}?{DAYS}&reason=vip_above_limit&type=commission&sort=day"),
        format!("{COMMISSIONS}?{DAYS}&status=paid&sort=-day"),
    ] {
        api.get(AFFILIATE, &target).await.is("200");
    }
    for invitee in [RECALLED, VOIDED] {
        api.get(invitee, "/v1/binding").await.is("200");
    }
}

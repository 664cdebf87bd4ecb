//! Every refusal of every route.

use serde_json::{Value, json};
use storage::{Switch, SwitchAction, SwitchChange, SwitchOutcome, Table};

use super::api::{Answer, Api, Ask};
use super::faults::Trouble;
use super::tour::{AFFILIATE, COMMISSIONS, NEWCOMER, confirmation};
use crate::test_app::{TestApp, uid};

/// A valid request of each route: method, target, body.
type Good = (&'static str, String, String);

fn good(api: &Api, caller: &str, code: &str) -> Vec<Good> {
    let confirmed = confirmation(api, caller, code).to_string();
    let get = |target: &str| ("GET", target.to_owned(), String::new());
    vec![
        get("/v1/link"),
        get("/v1/link/qr.svg"),
        get("/v1/link/qr.png"),
        get("/v1/links"),
        ("POST", "/v1/links".to_owned(), "{}".to_owned()),
        ("PATCH", format!("/v1/links/{code}"), r#"{"label":null}"#.to_owned()),
        get(&format!("/v1/invitation?ref={code}")),
        get(&format!("/v1/invitation/card?ref={code}")),
        get(&format!("/v1/bind?ref={code}")),
        ("POST", "/v1/bind".to_owned(), confirmed),
        get("/v1/binding"),
        get("/v1/dashboard"),
        get("/v1/dashboard/referrals"),
        get(COMMISSIONS),
    ]
}

fn of<'a>(caller: Option<&'a str>, (method, target, body): &'a Good) -> Ask<'a> {
    Ask { caller, method, target, headers: &[], body }
}

fn is_public((_, target, _): &Good) -> bool {
    target.starts_with("/v1/invitation")
}

pub async fn without_a_token(api: &Api, code: &str) {
    for request in good(api, AFFILIATE, code) {
        let outcome = if is_public(&request) { "200" } else { "401 unauthenticated" };
        api.ask(of(None, &request)).await.is(outcome);
    }
}

pub async fn unknown_parameters(api: &Api, code: &str) {
    for (method, target, body) in good(api, AFFILIATE, code) {
        let join = if target.contains('?') { '&' } else { '?' };
        let request = (method, format!("{target}{join}uid_of_other=1"), body);
        let ask = of(Some(AFFILIATE), &request);
        assert!(api.complaint(ask).is_some(), "{}", request.1);
        api.ask(ask).await.is("400 bad_request");
    }
}

/// Users without links and dashboard: an invitee, and an unknown account.
pub async fn not_admitted(api: &Api, code: &str) {
    for (caller, reason) in [(NEWCOMER, "inviter_not_affiliate"), ("ghost-1", "unknown_account")] {
        let requests = good(api, caller, code);
        let own = |good: &&Good| !good.1.contains("/bind") && !is_public(good);
        for request in requests.iter().filter(own) {
            api.ask(of(Some(caller), request)).await.is(&format!("403 {reason}"));
        }
    }
}

pub async fn anothers_links(api: &Api) {
    for target in ["/v1/link/qr.svg?code=NNNNNNNN", "/v1/link/qr.png?code=NNNNNNNN"] {
        api.get(AFFILIATE, target).await.is("404 not_found");
    }
    let change = json!({ "label": "mine" });
    api.send(AFFILIATE, "PATCH", "/v1/links/NNNNNNNN", change).await.is("404 not_found");
}

pub async fn faults(app: &TestApp, api: &Api, code: &str) {
    for (fault, outcome) in
        [(Trouble::Throttled, "429 throttled"), (Trouble::Broken, "500 internal")]
    {
        let context = fault.in_context(app);
        for request in good(api, AFFILIATE, code) {
            api.ask_of(&context, of(Some(AFFILIATE), &request)).await.is(outcome);
        }
    }
}

/// Concurrent writers always change the item first.
pub async fn contention(app: &TestApp, api: &Api, code: &str) {
    app.registered("dormant-99", "2024-01-01T00:00:00Z").await;
    app.registered("without-links", "2024-01-01T00:00:00Z").await;
    let joined = json!({ "uid": "without-links", "affiliate": true, "at": "2025-01-01T00:00:00Z" });
    app.taken("account.changed", joined).await;
    let context = Trouble::Contended.in_context(app);
    for request in good(api, "dormant-99", code) {
        let caller = match (request.0, request.1.as_str()) {
            ("GET", "/v1/link" | "/v1/link/qr.svg" | "/v1/link/qr.png") => "without-links",
            ("POST", "/v1/bind") => "dormant-99",
            ("POST" | "PATCH", _) => AFFILIATE,
            _ => continue,
        };
        api.ask_of(&context, of(Some(caller), &request)).await.is("409 conflict");
    }
}

/// Everything that an operator can stop, and the notices of it. The affiliate without links is that
/// of [`contention`].
pub async fn stopped(app: &TestApp, api: &Api, code: &str) {
    let table = Table::new(app.engine.config(), app.engine.table_name()).without_switch_cache();
    let context = app.context.with_table(table.clone());
    let confirmed = confirmation(api, AFFILIATE, code).to_string();
    let window = ("GET", format!("/v1/bind?ref={code}"), String::new());
    let bind = ("POST", "/v1/bind".to_owned(), confirmed);
    let make = ("POST", "/v1/links".to_owned(), "{}".to_owned());
    let first = ["/v1/link", "/v1/link/qr.svg", "/v1/link/qr.png"]
        .map(|target| ("GET", target.to_owned(), String::new()));
    let new_links = |caller: &str| Switch::NewLinks(uid(caller));
    let binds = vec![window, bind];
    let cases = [
        (Switch::Link(code.parse().unwrap()), AFFILIATE, binds.clone(), "503 link_stopped"),
        (Switch::Binds, AFFILIATE, binds, "503 binds_stopped"),
        (new_links(AFFILIATE), AFFILIATE, vec![make], "503 links_stopped"),
        (new_links("without-links"), "without-links", first.to_vec(), "503 links_stopped"),
        (Switch::Payments, AFFILIATE, vec![], ""),
    ];
    for (switch, caller, requests, outcome) in &cases {
        turn(app, &table, SwitchAction::Stop, switch).await;
        for request in requests {
            let answer = api.ask_of(&context, of(Some(caller), request)).await.is(outcome);
            assert_eq!(answer.headers["retry-after"], "60");
        }
    }
    let dashboard = ("GET", "/v1/dashboard".to_owned(), String::new());
    let answer = api.ask_of(&context, of(Some(AFFILIATE), &dashboard)).await.is("200");
    assert_eq!(answer.json()["notices"].as_array().unwrap().len(), 4);
    for (switch, ..) in &cases {
        turn(app, &table, SwitchAction::Start, switch).await;
    }
}

async fn turn(app: &TestApp, table: &Table, action: SwitchAction, switch: &Switch) {
    let (reason, actor) = ("a test".to_owned(), "tester".to_owned());
    let (switch, at) = (switch.clone(), app.clock.now());
    let change = SwitchChange { switch, action, reason, actor, at };
    assert_eq!(table.change_switch(&change).await.unwrap(), SwitchOutcome::Changed);
}

/// Requests that violate the document are refused, with the name of the invalid part.
pub async fn what_the_document_forbids(api: &Api) {
    for (target, parameter) in [
        ("/v1/link/qr.png?size=127", "size"),
        ("/v1/link/qr.png?size=2049", "size"),
        ("/v1/link/qr.svg?code=abc", "code"),
        ("/v1/invitation", "ref"),
        ("/v1/invitation?ref=k7m2xw9p", "ref"),
        ("/v1/invitation/card", "ref"),
        ("/v1/invitation/card?ref=k7m2xw9p", "ref"),
        ("/v1/bind", "ref"),
        ("/v1/bind?ref=k7m2xw9p", "ref"),
        ("/v1/bind?ref=ABCD", "ref"),
        ("/v1/bind?ref=ABCDEFGHJKMNPQRST", "ref"),
        ("/v1/dashboard?from=2026-11-31&to=2026-12-01", "from"),
        ("/v1/dashboard?from=2026-11-1&to=2026-12-01", "from"),
        ("/v1/dashboard/referrals?limit=0", "limit"),
        ("/v1/dashboard/referrals?limit=201", "limit"),
        ("/v1/dashboard/referrals?sort=uid", "sort"),
        ("/v1/dashboard/referrals?origin=invited", "origin"),
        ("/v1/dashboard/referrals?cursor=no!", "cursor"),
        ("/v1/dashboard/commissions?limit=201", "limit"),
        ("/v1/dashboard/commissions?product=options", "product"),
        ("/v1/dashboard/commissions?asset=btc", "asset"),
        ("/v1/dashboard/commissions?uid=", "uid"),
        ("/v1/dashboard/commissions?reason=already_bound", "reason"),
        ("/v1/dashboard/commissions?type=payment", "type"),
        ("/v1/dashboard/commissions?status=open", "status"),
        ("/v1/dashboard/commissions?sort=uid", "sort"),
    ] {
        let request = ("GET", target.to_owned(), String::new());
        refused(api, &request, parameter).await;
    }
}

pub async fn bodies_that_the_document_forbids(api: &Api, code: &str) {
    let links = "/v1/links";
    let patch = format!("/v1/links/{code}");
    let shared = |spot: &str| json!({ "sharedCommission": { "spot": spot, "futures": "0" } });
    for (method, target, body, parameter) in [
        ("POST", links, json!({ "label": "" }), "label"),
        ("POST", links, json!({ "label": " x" }), "label"),
        ("POST", links, json!({ "label": "é".repeat(65) }), "label"),
        ("POST", links, json!({ "label": "a\nb" }), "label"),
        ("POST", links, json!({ "owner": "u1" }), "owner"),
        ("POST", links, json!({ "default": null }), "default"),
        ("POST", links, json!({ "sharedCommission": { "spot": "0" } }), "sharedCommission.futures"),
        ("POST", links, shared("1.01"), "sharedCommission.spot"),
        ("POST", links, shared("5%"), "sharedCommission.spot"),
        ("PATCH", &patch, json!({}), "body"),
        ("PATCH", &patch, json!({ "default": false }), "default"),
        ("PATCH", &patch, json!({ "sharedCommission": null }), "sharedCommission"),
        ("PATCH", "/v1/links/abc", json!({ "label": null }), "code"),
        ("POST", "/v1/bind", json!({}), "confirmation"),
        ("POST", "/v1/bind", json!({ "confirmation": 7 }), "confirmation"),
        ("POST", "/v1/bind", json!([]), "body"),
    ] {
        refused(api, &(method, target.to_owned(), body.to_string()), parameter).await;
    }
}

/// Refusals outside of schemas: incompatible parameters, limits of the policy, and tokens.
pub async fn what_no_schema_can_tell(api: &Api) {
    for (target, parameter) in [
        ("/v1/dashboard?from=2026-11-01", "to"),
        ("/v1/dashboard?from=2026-11-02&to=2026-11-01", "from"),
        ("/v1/dashboard?from=2025-11-21&to=2026-11-22", "to"),
        ("/v1/dashboard/referrals?cursor=AAAA", "cursor"),
    ] {
        let answer = api.get(AFFILIATE, target).await.is("400 bad_request");
        assert_eq!(answer.json()["parameter"], parameter, "{target}");
    }
    let answer = api.get_as(AFFILIATE, COMMISSIONS, "text/html").await.is("400 bad_request");
    assert_eq!(answer.json()["parameter"], "Accept");
    for spot in ["0.15", "0.01"] {
        let wish = json!({ "sharedCommission": { "spot": spot, "futures": "0" } });
        let answer = api.send(AFFILIATE, "POST", "/v1/links", wish).await.is("400 bad_request");
        assert_eq!(answer.json()["allowed"], json!(["0", "0.05", "0.1"]));
    }
}

const KEY_HEADER: &str = "Idempotency-Key";

/// A POST with a key.
fn keyed<'a>(
    (caller, target): (&'a str, &'a str),
    headers: &'a [(&'a str, &'a str)],
    body: &'a str,
) -> Ask<'a> {
    Ask { caller: Some(caller), method: "POST", target, headers, body }
}

/// An invalid key, the same request again, and another body.
pub async fn idempotency_keys(api: &Api, code: &str) {
    api.app.registered("dormant-94", "2024-01-01T00:00:00Z").await;
    let confirmed = confirmation(api, "dormant-94", code).to_string();
    for (route, body, other) in [
        ((AFFILIATE, "/v1/links"), "{}".to_owned(), r#"{"label":"other"}"#),
        (("dormant-94", "/v1/bind"), confirmed, r#"{"confirmation":"another"}"#),
    ] {
        for malformed in ["", "a b", &"k".repeat(65)] {
            let headers = [(KEY_HEADER, malformed)];
            let ask = keyed(route, &headers, &body);
            assert!(api.complaint(ask).is_some(), "{malformed:?}");
            let answer = api.ask(ask).await.is("400 bad_request");
            assert_eq!(answer.json()["parameter"], KEY_HEADER);
        }
        let headers = [(KEY_HEADER, "8e03978e-40d5-43e8-bc93-6894a57f9324")];
        let first = api.ask(keyed(route, &headers, &body)).await.is("201");
        let again = api.ask(keyed(route, &headers, &body)).await.is("201");
        assert_eq!(again.body, first.body);
        api.ask(keyed(route, &headers, other)).await.is("422 idempotency_key_reused");
        let headers = [(KEY_HEADER, "new")];
        api.ask(keyed(route, &headers, r#"{"owner":"u1"}"#)).await.is("400 bad_request");
    }
}

async fn refused(api: &Api, request: &Good, parameter: &str) -> Answer {
    let ask = of(Some(AFFILIATE), request);
    assert!(api.complaint(ask).is_some(), "the document allows {request:?}");
    let answer = api.ask(ask).await.is("400 bad_request");
    let named: Value = answer.json()["parameter"].clone();
    assert_eq!(named, parameter, "{request:?}");
    answer
}

//! An affiliate with a link, a dormant user, and requests to the handler.

use std::fmt;
use std::sync::Arc;

use commission::SharedCommission;
use dynamodb_embedded::Engine;
use eligibility::{AccountFacts, LinkFacts};
use http_api::gateway::Claims;
use http_api::gateway::Incoming;
use http_api::{Purpose, Signer};
use lambda::{ApiApp, App, ManualClock, Metrics, RandomSource};
use lambda_http::Body;
use serde_json::{Value, json};
use storage::{Account, Link, LinkOutcome, Table, Versioned};
use types::{Location, Timeline, Timestamp, Uid};

pub const NOW: &str = "2026-11-22T12:00:00.000Z";
pub const INVITER: &str = "affiliate-35";
pub const INVITEE: &str = "dormant-90";
pub const CODE: &str = "K7M2XW9P";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn uid(text: &str) -> Uid {
    text.parse().unwrap()
}

pub fn located(country: &str) -> Timeline<Location> {
    let place = Location { country: country.parse().unwrap(), region: None };
    Timeline::starting(at("2019-01-01T00:00:00Z"), place)
}

/// An account in Switzerland, registered in 2020, never active and never an affiliate.
pub fn facts(name: &str) -> AccountFacts {
    AccountFacts {
        uid: uid(name),
        registered_at: at("2020-01-01T00:00:00Z"),
        main_uid: None,
        top_uid: None,
        person_at: None,
        person: None,
        last_activity_at: None,
        location: located("CH"),
        affiliate: Timeline::default(),
        inviter: None,
    }
}

pub fn affiliate(name: &str) -> AccountFacts {
    AccountFacts { affiliate: Timeline::starting(at("2025-01-01T00:00:00Z"), true), ..facts(name) }
}

/// The initial state of a test. By default the invitee can be bound.
pub struct Scene {
    pub inviter: AccountFacts,
    pub invitee: AccountFacts,
    pub link: LinkFacts,
    /// The code that the invitee asks for.
    pub code: &'static str,
    /// The caller.
    pub caller: &'static str,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            inviter: affiliate(INVITER),
            invitee: AccountFacts {
                last_activity_at: Some(at("2025-06-01T00:00:00Z")),
                ..facts(INVITEE)
            },
            link: LinkFacts {
                code: CODE.parse().unwrap(),
                owner: uid(INVITER),
                invites_existing: true,
            },
            code: CODE,
            caller: INVITEE,
        }
    }
}

#[derive(Clone)]
pub struct TestApp {
    pub context: ApiApp,
    pub engine: Engine,
    pub clock: ManualClock,
}

impl TestApp {
    pub async fn new() -> Self {
        Self::of(&Scene::default()).await
    }

    pub async fn of(scene: &Scene) -> Self {
        let engine = Engine::with_table().await.unwrap();
        let clock = ManualClock::default();
        clock.stop_at(at(NOW));
        let app = App {
            table: Table::new(engine.config(), engine.table_name()),
            programme: Arc::new(programme::programme().unwrap()),
            clock: clock.clock(),
            entropy: RandomSource::seeded(7),
            metrics: Metrics::off(),
        };
        let signer = Signer::from_keys_text("a key of at least thirty-two bytes").unwrap();
        let context = ApiApp { app, signer };
        let app = Self { context, engine, clock };
        app.add(scene.inviter.clone()).await;
        app.add(scene.invitee.clone()).await;
        app.add_link(scene.link.clone()).await;
        app.start().await;
        app
    }

    /// Reads the table once, as each process does at its start.
    async fn start(&self) {
        self.context.table.warm_up(self.clock.now()).await.unwrap();
    }

    /// The app after its table was lost.
    pub fn without_table(mut self) -> Self {
        self.context.table = Table::new(self.engine.config(), "nowhere");
        self
    }

    /// The app as another process sees it, which has only started.
    pub async fn in_another_process(&self) -> Self {
        let mut app = self.clone();
        app.context.table = Table::new(self.engine.config(), self.engine.table_name());
        app.start().await;
        app
    }

    pub async fn add(&self, facts: AccountFacts) {
        let account = Versioned::new(Account::new(facts));
        assert!(self.context.table.save_account(&account).await.unwrap().is_done());
    }

    pub async fn add_link(&self, facts: LinkFacts) {
        let mut links = self.context.table.link_owner(&facts.owner).await.unwrap().links;
        let shared =
            SharedCommission { spot: "0.1".parse().unwrap(), futures: "0.05".parse().unwrap() };
        let owner = facts.owner.clone();
        let link = Link {
            facts,
            label: None,
            shared,
            created_at: at("2026-01-01T00:00:00Z"),
            archived: false,
        };
        links.value.links.push(link.clone());
        let outcome = self.context.table.make_link(&owner, &link, &links).await.unwrap();
        assert_eq!(outcome, LinkOutcome::Made);
    }

    /// Another affiliate with a link.
    pub async fn add_affiliate(&self, name: &str, code: &str) {
        self.add(affiliate(name)).await;
        let code = code.parse().unwrap();
        self.add_link(LinkFacts { code, owner: uid(name), invites_existing: true }).await;
    }

    /// Changes an account as an event of the exchange does.
    pub async fn change(&self, name: &str, change: impl FnOnce(&mut Account)) {
        let mut account = self.context.table.account(&uid(name)).await.unwrap().unwrap();
        change(&mut account.value);
        assert!(self.context.table.save_account(&account).await.unwrap().is_done());
    }

    /// A confirmation as the window hands it out, without asking whether the user is eligible.
    pub fn confirmation(&self, caller: &str, code: &str) -> String {
        let expires_at = self.clock.now().plus_millis(600_000);
        let payload = json!({ "code": code });
        self.context.signer.seal(Purpose::Confirmation, &uid(caller), &payload, expires_at).unwrap()
    }

    pub async fn window(&self, caller: &str, code: &str) -> Answer {
        self.ask(Some(caller), "GET", &format!("/v1/bind?ref={code}"), "").await
    }

    pub async fn bind(&self, caller: &str, confirmation: &str) -> Answer {
        let body = json!({ "confirmation": confirmation }).to_string();
        self.ask(Some(caller), "POST", "/v1/bind", &body).await
    }

    pub async fn binding(&self, caller: &str) -> Answer {
        self.ask(Some(caller), "GET", "/v1/binding", "").await
    }

    pub async fn ask(
        &self,
        caller: Option<&str>,
        method: &str,
        target: &str,
        body: &str,
    ) -> Answer {
        let headers = [("content-type", "application/json")];
        self.ask_with(caller, method, target, &headers, body).await
    }

    pub async fn ask_with(
        &self,
        caller: Option<&str>,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let at = self.clock.now();
        let incoming = Incoming { method, target, headers, body: body.as_bytes(), at };
        let claims = caller.map(|caller| Claims::of(uid(caller)));
        let request = incoming.request(claims.as_ref()).unwrap();
        Answer(binding::handle(&self.context, request).await)
    }
}

/// An answer; shown as status, content type and body, which is how golden files keep it.
pub struct Answer(lambda_http::Response<Body>);

impl Answer {
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    pub fn header(&self, name: &str) -> &str {
        self.0.headers()[name].to_str().unwrap()
    }

    pub fn html(&self) -> String {
        String::from_utf8_lossy(self.0.body().as_ref()).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(self.0.body().as_ref()).unwrap()
    }

    pub fn text(&self, pointer: &str) -> String {
        let json = self.json();
        json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Status and code of a refusal, as `409 already_bound`; the status alone for a success.
    pub fn outcome(&self) -> String {
        match self.status() {
            status @ 400.. => format!("{status} {}", self.text("/code")),
            status => status.to_string(),
        }
    }

    /// The reasons of the checks that are not met.
    pub fn unmet(&self) -> Vec<String> {
        let json = self.json();
        let checks = json["checks"].as_array().unwrap().iter();
        let unmet = checks.filter(|check| check["met"] == false);
        unmet.map(|check| check["reason"].as_str().unwrap().to_owned()).collect()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let media = self.0.headers()["content-type"].to_str().unwrap();
        let body = serde_json::to_string_pretty(&self.json()).unwrap();
        write!(f, "{} {media}\n\n{body}", self.status())
    }
}

//! A table with some accounts, and requests to the handler.

use std::fmt;
use std::sync::{Arc, Barrier};

use commission::SharedCommission;
use dynamodb_embedded::Engine;
use eligibility::{AccountFacts, LinkFacts};
use http_api::Signer;
use http_api::gateway::Claims;
use http_api::gateway::Incoming;
use lambda::{ApiApp, App, Clock, Metrics, RandomSource};
use lambda_http::Body;
use serde_json::Value;
use storage::{Account, Link, LinkOutcome, Table, Versioned};
use types::{Timeline, Timestamp, Uid};

pub const NOW: &str = "2026-11-22T12:00:00.000Z";
const SEED: u64 = 7;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn uid(text: &str) -> Uid {
    text.parse().unwrap()
}

/// Asks from `count` threads, all of which begin at the same moment: so that each reads before the
/// first one has written.
pub fn at_once<F: Future<Output = Answer>>(
    count: usize,
    ask: impl Fn() -> F + Sync,
) -> Vec<Answer> {
    let start = Barrier::new(count);
    let runtime = tokio::runtime::Handle::current();
    let begin = || {
        start.wait();
        runtime.block_on(ask())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(begin)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[derive(Clone)]
pub struct TestApp {
    pub context: ApiApp,
    pub engine: Engine,
}

impl TestApp {
    /// An app without accounts.
    pub async fn empty() -> Self {
        let engine = Engine::with_table().await.unwrap();
        let app = App {
            table: Table::new(engine.config(), engine.table_name()),
            programme: Arc::new(programme::programme().unwrap()),
            clock: Clock::standing_at(at(NOW)),
            entropy: RandomSource::seeded(SEED),
            metrics: Metrics::off(),
        };
        let signer = Signer::from_keys_text("a key of at least thirty-two bytes").unwrap();
        let context = ApiApp { app, signer };
        // As each process does at its start.
        context.table.warm_up(context.clock.now()).await.unwrap();
        Self { context, engine }
    }

    /// An app with the affiliate `alice`.
    pub async fn new() -> Self {
        let app = Self::empty().await;
        app.add_affiliate("alice").await;
        app
    }

    /// The app after its table was lost.
    pub fn without_table(mut self) -> Self {
        self.context.table = Table::new(self.engine.config(), "nowhere");
        self
    }

    pub async fn add_affiliate(&self, name: &str) {
        self.add(name, Timeline::starting(at("2025-01-01T00:00:00Z"), true)).await;
    }

    /// An account that was in the programme, and was not, as the timeline says.
    pub async fn add(&self, name: &str, affiliate: Timeline<bool>) {
        let facts = AccountFacts {
            uid: uid(name),
            registered_at: at("2020-01-01T00:00:00Z"),
            main_uid: None,
            top_uid: None,
            person_at: None,
            person: None,
            last_activity_at: None,
            location: Timeline::default(),
            affiliate,
            inviter: None,
        };
        let account = Versioned::new(Account::new(facts));
        assert!(self.context.table.save_account(&account).await.unwrap().is_done());
    }

    /// The code of the first link of a new app.
    pub fn first_code() -> String {
        let mut bytes = [0; 16];
        RandomSource::seeded(SEED).fill(&mut bytes).unwrap();
        types::LinkCode::from_entropy(&bytes).unwrap().to_string()
    }

    /// Writes a link as another system might have left it.
    pub async fn plant(&self, owner: &str, code: &str, invites_existing: bool) {
        let mut links = self.context.table.link_owner(&uid(owner)).await.unwrap().links;
        let facts = LinkFacts { code: code.parse().unwrap(), owner: uid(owner), invites_existing };
        let shared = SharedCommission::default();
        let link = Link {
            facts,
            label: None,
            shared,
            created_at: at("2024-01-01T00:00:00Z"),
            archived: false,
        };
        links.value.links.push(link.clone());
        let outcome = self.context.table.make_link(&uid(owner), &link, &links).await.unwrap();
        assert_eq!(outcome, LinkOutcome::Made);
    }

    pub async fn get(&self, caller: &str, target: &str) -> Answer {
        self.ask(Some(caller), "GET", target, &[], "").await
    }

    pub async fn post(&self, caller: &str, target: &str, body: &str) -> Answer {
        let headers = [("content-type", "application/json")];
        self.ask(Some(caller), "POST", target, &headers, body).await
    }

    pub async fn patch(&self, caller: &str, target: &str, body: &str) -> Answer {
        let headers = [("content-type", "application/json")];
        self.ask(Some(caller), "PATCH", target, &headers, body).await
    }

    pub async fn ask(
        &self,
        caller: Option<&str>,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let incoming = Incoming { method, target, headers, body: body.as_bytes(), at: at(NOW) };
        let claims = caller.map(|caller| Claims::of(uid(caller)));
        let request = incoming.request(claims.as_ref()).unwrap();
        Answer(linking::handle(&self.context, request).await)
    }
}

/// An answer; shown as status, content type and body, which is how golden files keep it.
pub struct Answer(pub lambda_http::Response<Body>);

impl Answer {
    pub fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    pub fn header(&self, name: &str) -> &str {
        self.0.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.body().as_ref()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(self.bytes()).unwrap()
    }

    pub fn text(&self, pointer: &str) -> String {
        let json = self.json();
        json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// Status and code of a refusal, as `409 too_many_links`; the status alone for a success.
    pub fn outcome(&self) -> String {
        match self.status() {
            status @ 400.. => format!("{status} {}", self.text("/code")),
            status => status.to_string(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = serde_json::to_string_pretty(&self.json()).unwrap();
        write!(f, "{} {}\n\n{body}", self.status(), self.header("content-type"))
    }
}

//! The accounts of a trial: affiliates with links, users of every kind, and their registrations.

use commission::{Rate, SharedCommission};
use eligibility::LinkFacts;
use serde_json::{Value, json};
use storage::{LinkOutcome, Shard};
use types::{LinkCode, Timestamp};

use super::facts::{Fact, Facts, Link, MessageId, Registration, Shared};
use super::queue::Message;
use crate::test_app::{TestApp, event, uid};

/// Invitees are in the first few of the 64 shards, so that a nightly run is short.
pub const SHARDS: u8 = 3;

/// The countries between which users move.
pub const COUNTRIES: [&str; 6] = ["CH", "TR", "MX", "US", "SG", "GB"];
/// Texts of two letters that are not countries of ISO 3166.
pub const NO_COUNTRIES: [&str; 4] = ["UK", "EL", "ZZ", "XX"];

/// Active affiliates, who could also be invited: the numbers put them into the trial's shards. The
/// last one has no futures account.
pub const AFFILIATES: [&str; 3] = ["aurora-9", "boris-3", "chloe-14"];
/// Has left the programme.
const DEPARTED: &str = "dorian";
/// Moved to a country in which the programme may not be promoted.
const MOVED: &str = "elena";
/// The identity fingerprint of the first affiliate.
pub const PERSON: &str = "p1";
/// The first number of the messages that register the trial's accounts.
const SETUP: MessageId = 1_000_000;

/// All accounts, by their role in the trial.
pub struct Personas {
    /// The links' codes, active links first.
    pub codes: Vec<String>,
    pub good_codes: usize,
    /// May be recalled.
    pub dormant: Vec<String>,
    /// Register during the trial, by a link.
    pub newcomers: Vec<String>,
    /// Bound at sign-up, more than a year ago.
    pub veteran: String,
    /// Sub-accounts of the first dormant user, each below the one before.
    pub desks: Vec<String>,
    /// Registered in a country of which one region is prohibited; the second one in that region.
    pub regional: Vec<String>,
    /// Has the identity fingerprint of the first affiliate.
    pub twin: String,
    /// May not be recalled, for one reason each.
    pub refused: Vec<String>,
    /// The messages by which the accounts were registered.
    pub setup: Vec<Message>,
}

/// Returns the first name of the kind in one of the trial's shards.
fn named(kind: &str) -> String {
    let names = (0..).map(|number| format!("{kind}-{number}"));
    let mut in_shards = names.filter(|name| Shard::of(&uid(name)).number() < SHARDS);
    in_shards.next().unwrap()
}

/// Returns a name of the kind with the length limit of ids.
fn long_name(kind: &str) -> String {
    let names = (0..).map(|number| format!("{kind}-{number:0>width$}", width = 63 - kind.len()));
    let mut in_shards = names.filter(|name| Shard::of(&uid(name)).number() < SHARDS);
    in_shards.next().unwrap()
}

impl Personas {
    /// Registers all accounts, without faults, on the morning before the trial.
    pub async fn enters(app: &TestApp, facts: &mut Facts) -> Self {
        let morning = app.clock.now();
        let mut scene = Entrance { app, facts, morning, setup: Vec::new() };
        let codes = scene.affiliates().await;
        let (dormant, desks) = scene.dormant().await;
        let veteran = named("veteran");
        let code = Some(codes[0].clone());
        scene.registers(&veteran, "2025-09-15T10:00:00Z", "CH", |it| it.code = code).await;
        let regional = ["oksana", "yara"].map(named).to_vec();
        for (name, region) in regional.iter().zip([None, Some("UA-43")]) {
            scene.registers(name, "2024-01-01T00:00:00Z", "UA", |it| it.region = region).await;
        }
        let (twin, refused) = scene.refused().await;
        let newcomers = ["a", "b", "c", "d", "e"].map(|it| named(&format!("newcomer-{it}")));
        let mut newcomers = newcomers.to_vec();
        newcomers.push(long_name("newcomer-f"));
        Self {
            good_codes: codes.len() - 3,
            codes,
            dormant,
            newcomers,
            veteran,
            desks,
            regional,
            twin,
            refused,
            setup: scene.setup,
        }
    }

    /// Returns all accounts whose fees may count.
    pub fn traders(&self) -> Vec<String> {
        let mut traders = [&self.dormant[..], &self.newcomers, &self.newcomers].concat();
        traders.push(self.veteran.clone());
        traders.extend_from_slice(&self.regional);
        traders.extend_from_slice(self.desks_that_count());
        traders
    }

    /// Returns all accounts that may open a link.
    pub fn guests(&self) -> Vec<String> {
        let mut guests =
            [&self.dormant[..], &self.dormant, &self.refused, &self.newcomers].concat();
        guests.extend([self.twin.clone(), AFFILIATES[0].to_owned()]);
        guests.extend_from_slice(&self.regional);
        guests.extend_from_slice(self.desks_that_count());
        guests
    }

    /// The active sub-accounts whose top account the programme knows.
    fn desks_that_count(&self) -> &[String] {
        &self.desks
    }

    /// Returns all accounts that could be bound.
    pub fn invitees(&self) -> Vec<String> {
        let mut all = self.dormant.clone();
        for some in [&self.newcomers, &self.refused, &self.desks, &self.regional] {
            all.extend_from_slice(some);
        }
        all.extend([self.veteran.clone(), self.twin.clone()]);
        all.extend(AFFILIATES.map(str::to_owned));
        all
    }

    /// Returns the names that logs must not contain: the trial's accounts, and the links' codes.
    pub fn names(&self) -> Vec<String> {
        [&self.invitees()[..], &self.codes].concat()
    }
}

/// The registration of all accounts.
struct Entrance<'a> {
    app: &'a TestApp,
    facts: &'a mut Facts,
    morning: Timestamp,
    setup: Vec<Message>,
}

impl Entrance<'_> {
    async fn affiliates(&mut self) -> Vec<String> {
        let mut codes = Vec::new();
        for name in AFFILIATES {
            let futures = (name != AFFILIATES[2]).then_some("2020-01-01T00:00:00Z");
            codes.push(self.affiliate(name, futures).await);
        }
        let share = json!({ "sharedCommission": { "spot": "0.1", "futures": "0.05" } });
        let link = self.app.post(AFFILIATES[0], "/v1/links", share).await;
        let shared = Shared { spot: 10, futures: 5 };
        codes.push(self.knows_link(&link.json(), AFFILIATES[0], true, shared));
        // All changes are so long ago that they are past by every clock of the trial, and for every
        // later sign-up.
        self.is_person(AFFILIATES[0], self.morning.plus_days(-9), "p0").await;
        self.is_person(AFFILIATES[0], self.morning.plus_days(-8), PERSON).await;

        let earlier = self.morning.plus_days(-3);
        codes.push(self.affiliate(DEPARTED, None).await);
        self.joins(DEPARTED, earlier, false, json!({})).await;
        codes.push(self.affiliate(MOVED, None).await);
        let moves = json!({ "uid": MOVED, "country": "DE", "at": earlier });
        self.changes(MOVED, earlier, Fact::Country("DE"), moves).await;
        codes.push(self.original_link(AFFILIATES[1]).await);
        codes
    }

    async fn affiliate(&mut self, name: &'static str, futures: Option<&str>) -> String {
        let joined: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
        self.registers(name, "2019-01-01T00:00:00Z", "CH", |_| {}).await;
        let more = futures.map_or(json!({}), |opened| json!({ "futuresOpenedAt": opened }));
        self.joins(name, joined, true, more).await;
        if let Some(opened) = futures {
            let fact = Fact::FuturesOpened(opened.parse().unwrap());
            self.facts.record_fact(SETUP, name, joined, fact);
        }
        let link = self.app.get(name, "/v1/link").await;
        self.knows_link(&link.json(), name, true, Shared::default())
    }

    /// Records a link as its owner created it; returns its code.
    fn knows_link(
        &mut self,
        link: &Value,
        owner: &'static str,
        invites_existing: bool,
        shared: Shared,
    ) -> String {
        let code = link["code"].as_str().unwrap().to_owned();
        self.facts.links.insert(code.clone(), Link { owner, invites_existing, shared });
        code
    }

    /// Creates a link of the old kind, from an earlier system: it invites new users only.
    async fn original_link(&mut self, owner: &'static str) -> String {
        let table = &self.app.context.table;
        let mut links = table.link_owner(&uid(owner)).await.unwrap().links;
        let code: LinkCode = "ORIGINAL".parse().unwrap();
        let none = SharedCommission { spot: Rate::ZERO, futures: Rate::ZERO };
        let link = storage::Link {
            facts: LinkFacts { code, owner: uid(owner), invites_existing: false },
            label: None,
            shared: none,
            created_at: self.morning,
            archived: false,
        };
        links.value.links.push(link.clone());
        let made = table.make_link(&uid(owner), &link, &links).await.unwrap();
        assert_eq!(made, LinkOutcome::Made);
        let code = json!({ "code": link.facts.code });
        self.knows_link(&code, owner, false, Shared::default())
    }

    async fn dormant(&mut self) -> (Vec<String>, Vec<String>) {
        let mut dormant = ["dormant-a", "dormant-b", "dormant-c"].map(named).to_vec();
        dormant.push(long_name("dormant-d"));
        for (name, country) in dormant.iter().zip(["CH", "TR", "MX", "DE"]) {
            self.registers(name, "2024-01-01T00:00:00Z", country, |_| {}).await;
        }
        let desks = ["desk", "desk-of-desk", "desk-of-desk-of-desk"].map(named).to_vec();
        let mut main = dormant[0].clone();
        for desk in &desks {
            let of = Some(std::mem::replace(&mut main, desk.clone()));
            self.registers(desk, "2024-02-01T00:00:00Z", "CH", |it| it.main = of).await;
        }
        (dormant, desks)
    }

    async fn refused(&mut self) -> (String, Vec<String>) {
        let twin = named("twin");
        let person = Some(PERSON.to_owned());
        self.registers(&twin, "2024-01-01T00:00:00Z", "CH", |it| it.person = person).await;
        let (young, busy) = (named("young"), named("busy"));
        let lately = self.morning.plus_days(-20).to_string();
        self.registers(&young, &lately, "CH", |_| {}).await;
        self.registers(&busy, "2024-01-01T00:00:00Z", "CH", |_| {}).await;
        let used_at = self.morning.plus_days(-10);
        let used = json!({ "uid": busy, "product": "earn", "at": used_at });
        let message = self.sends("activity", used).await;
        self.facts.record_fact(message, &busy, used_at, Fact::Active);
        let (elder, briton) = (named("elder"), named("briton"));
        self.registers(&elder, "2018-01-01T00:00:00Z", "CH", |_| {}).await;
        self.registers(&briton, "2024-01-01T00:00:00Z", "GB", |_| {}).await;
        (twin, vec![young, busy, elder, briton, "nobody-knows-me".to_owned()])
    }

    async fn registers(
        &mut self,
        name: &str,
        at: &str,
        country: &'static str,
        with: impl FnOnce(&mut Registration),
    ) {
        let (uid, at) = (name.to_owned(), at.parse().unwrap());
        let mut registration = Registration {
            message: 0,
            uid,
            at,
            country,
            region: None,
            main: None,
            person: None,
            code: None,
        };
        with(&mut registration);
        registration.message = self.sends("account.registered", registration.event()).await;
        self.facts.register(registration);
    }

    async fn joins(&mut self, name: &str, at: Timestamp, affiliate: bool, more: Value) {
        let mut change = json!({ "uid": name, "affiliate": affiliate, "at": at });
        for (member, value) in more.as_object().unwrap() {
            change[member] = value.clone();
        }
        self.changes(name, at, Fact::Affiliate(affiliate), change).await;
    }

    async fn is_person(&mut self, name: &str, at: Timestamp, person: &str) {
        let change = json!({ "uid": name, "personHash": person, "at": at });
        self.changes(name, at, Fact::Person(person.to_owned()), change).await;
    }

    async fn changes(&mut self, name: &str, at: Timestamp, fact: Fact, change: Value) {
        let message = self.sends("account.changed", change).await;
        self.facts.record_fact(message, name, at, fact);
    }

    async fn sends(&mut self, kind: &str, data: Value) -> MessageId {
        let number = SETUP + self.setup.len();
        let event = event(&format!("event-{number}"), kind, data);
        let message = Message::new(number, self.morning, vec![event]);
        for report in self.app.send_raw(&message.body).await {
            assert_eq!(report.outcome, ingestion::EventOutcome::Ingested, "{kind}");
        }
        self.setup.push(message);
        number
    }
}

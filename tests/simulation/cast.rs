//! Who takes part: affiliates with their links, users of every kind, and how they came about.

use commission::{Rate, SharedCommission};
use eligibility::LinkFacts;
use serde_json::{Value, json};
use table::{Link, LinkOutcome, Shard};
use terms::{LinkCode, Timestamp};

use super::facts::Facts;
use crate::world::{World, uid};

/// Invitees live in the first few of the 64 shards, so that a night is short.
pub const SHARDS: u8 = 3;

/// The countries to and from which people move.
pub const COUNTRIES: [&str; 6] = ["CH", "TR", "MX", "US", "SG", "GB"];

/// Affiliates in good standing, who might be invited themselves: the numbers bring them into the
/// shards of the trial. The last one has no futures account.
pub const AFFILIATES: [&str; 3] = ["aurora-9", "boris-3", "chloe-14"];
/// He has left the programme.
const DEPARTED: &str = "dorian";
/// He has moved to where nobody may promote the programme.
const MOVED: &str = "elena";

/// Everybody, by what the programme should make of them.
pub struct Cast {
    /// The links' codes, of good links first.
    pub codes: Vec<String>,
    pub good_codes: usize,
    /// May be recalled.
    pub dormant: Vec<String>,
    /// Will register during the trial, by a link.
    pub newcomers: Vec<String>,
    /// Bound at sign-up, more than a year ago.
    pub veteran: String,
    /// A sub-account of the first dormant user.
    pub desk: String,
    /// Has the mark of the first affiliate's person.
    pub twin: String,
    /// May not be recalled, for one reason each.
    pub refused: Vec<String>,
}

/// The first name of the kind whose bearer lives in one of the shards of the trial.
fn named(kind: &str) -> String {
    let names = (0..).map(|number| format!("{kind}-{number}"));
    let mut in_shards = names.filter(|name| Shard::of(&uid(name)).number() < SHARDS);
    in_shards.next().unwrap()
}

impl Cast {
    /// Makes everybody known, in fair weather, on the morning before the trial.
    pub async fn enters(world: &World, facts: &mut Facts) -> Self {
        let morning = world.clock.now();
        let mut scene = Entrance { world, facts, morning };
        let codes = scene.affiliates().await;
        let (dormant, veteran, desk) = scene.invitees(&codes).await;
        let (twin, refused) = scene.refused().await;
        Self {
            good_codes: codes.len() - 3,
            codes,
            dormant,
            newcomers: ["newcomer-a", "newcomer-b", "newcomer-c"].map(named).to_vec(),
            veteran,
            desk,
            twin,
            refused,
        }
    }

    /// Everybody whose fees may count.
    pub fn traders(&self) -> Vec<String> {
        let mut traders = [&self.dormant[..], &self.newcomers].concat();
        traders.extend([self.veteran.clone(), self.desk.clone()]);
        traders
    }

    /// Everybody who may open a link.
    pub fn guests(&self) -> Vec<String> {
        let mut guests =
            [&self.dormant[..], &self.dormant, &self.refused, &self.newcomers].concat();
        guests.extend([self.twin.clone(), self.desk.clone(), AFFILIATES[0].to_owned()]);
        guests
    }

    /// All main accounts that may be bound.
    pub fn invitees(&self) -> Vec<String> {
        let mut all = [&self.dormant[..], &self.newcomers, &self.refused].concat();
        all.extend([self.veteran.clone(), self.twin.clone(), self.desk.clone()]);
        all.extend(AFFILIATES.map(str::to_owned));
        all
    }

    /// What nobody may be told: who takes part, and the links' codes.
    pub fn names(&self) -> Vec<String> {
        [&self.invitees()[..], &self.codes].concat()
    }
}

/// The telling of who is there.
struct Entrance<'a> {
    world: &'a World,
    facts: &'a mut Facts,
    morning: Timestamp,
}

impl Entrance<'_> {
    async fn affiliates(&mut self) -> Vec<String> {
        let mut codes = Vec::new();
        for name in AFFILIATES {
            let futures = (name != AFFILIATES[2]).then_some("2020-01-01T00:00:00Z");
            codes.push(self.affiliate(name, futures).await);
        }
        let share = json!({ "sharedCommission": { "spot": "0.1", "futures": "0.05" } });
        let link = self.world.post(AFFILIATES[0], "/v1/links", share).await;
        codes.push(link.json()["code"].as_str().unwrap().to_owned());

        // Long enough ago that by no clock of the trial it is still to come.
        let yesterday = self.morning.plus_days(-1);
        codes.push(self.affiliate(DEPARTED, None).await);
        self.changes(DEPARTED, yesterday, json!({ "affiliate": false })).await;
        codes.push(self.affiliate(MOVED, None).await);
        self.changes(MOVED, yesterday, json!({ "country": "DE" })).await;
        codes.push(self.original_link(AFFILIATES[1]).await);
        codes
    }

    async fn affiliate(&mut self, name: &'static str, futures: Option<&str>) -> String {
        let joined: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
        self.registers(name, "2019-01-01T00:00:00Z", "CH", Value::Null).await;
        let mut news = json!({ "affiliate": true });
        if let Some(opened) = futures {
            news["futuresOpenedAt"] = opened.into();
            self.facts.futures_opened.insert(name.to_owned(), opened.parse().unwrap());
        }
        self.changes(name, joined, news).await;
        let link = self.world.get(name, "/v1/link").await;
        link.json()["code"].as_str().unwrap().to_owned()
    }

    /// A link of the old kind, as taken over from an earlier system: it invites new users only.
    async fn original_link(&self, owner: &str) -> String {
        let table = &self.world.app.table;
        let (_, mut links) = table.affiliate(&uid(owner)).await.unwrap();
        let code: LinkCode = "ORIGINAL".parse().unwrap();
        let none = SharedCommission { spot: Rate::ZERO, futures: Rate::ZERO };
        let link = Link {
            facts: LinkFacts { code, owner: uid(owner), invites_existing: false },
            label: None,
            shared: none,
            created_at: self.morning,
        };
        links.value.links.push(link.clone());
        let made = table.make_link(&uid(owner), &link, &links).await.unwrap();
        assert_eq!(made, LinkOutcome::Made);
        link.facts.code.to_string()
    }

    async fn invitees(&mut self, codes: &[String]) -> (Vec<String>, String, String) {
        let dormant = ["dormant-a", "dormant-b", "dormant-c", "dormant-d"].map(named).to_vec();
        for (name, country) in dormant.iter().zip(["CH", "TR", "MX", "DE"]) {
            self.registers(name, "2024-01-01T00:00:00Z", country, Value::Null).await;
        }
        let desk = named("desk");
        self.registers(&desk, "2024-02-01T00:00:00Z", "CH", json!({ "mainUid": dormant[0] })).await;
        self.facts.main_of.insert(desk.clone(), dormant[0].clone());
        let veteran = named("veteran");
        self.registers(&veteran, "2025-09-15T10:00:00Z", "CH", json!({ "ref": codes[0] })).await;
        (dormant, veteran, desk)
    }

    async fn refused(&mut self) -> (String, Vec<String>) {
        let twin = named("twin");
        self.registers(&twin, "2024-01-01T00:00:00Z", "CH", json!({ "personHash": "p1" })).await;
        self.changes(AFFILIATES[0], self.morning, json!({ "personHash": "p1" })).await;
        let (young, busy) = (named("young"), named("busy"));
        let lately = self.morning.plus_days(-20).to_string();
        self.registers(&young, &lately, "CH", Value::Null).await;
        self.registers(&busy, "2024-01-01T00:00:00Z", "CH", Value::Null).await;
        let use_of = json!({ "uid": busy, "product": "earn", "at": self.morning.plus_days(-10) });
        self.world.taken("activity", use_of).await;
        self.facts.note_activity(&busy, self.morning.plus_days(-10));
        let (elder, briton) = (named("elder"), named("briton"));
        self.registers(&elder, "2018-01-01T00:00:00Z", "CH", Value::Null).await;
        self.registers(&briton, "2024-01-01T00:00:00Z", "GB", Value::Null).await;
        (twin, vec![young, busy, elder, briton, "nobody-knows-me".to_owned()])
    }

    async fn registers(&mut self, name: &str, at: &str, country: &'static str, more: Value) {
        let mut news = json!({ "uid": name, "registeredAt": at, "country": country });
        merge(&mut news, &more);
        self.world.taken("account.registered", news).await;
        let places = self.facts.country.entry(name.to_owned()).or_default();
        places.insert(at.parse().unwrap(), country);
    }

    async fn changes(&mut self, name: &'static str, at: Timestamp, more: Value) {
        if let Some(country) = more["country"].as_str() {
            assert_eq!(country, "DE");
            self.facts.country.get_mut(name).unwrap().insert(at, "DE");
        }
        if let Some(affiliate) = more["affiliate"].as_bool() {
            self.facts.affiliate.entry(name.to_owned()).or_default().insert(at, affiliate);
        }
        let mut news = json!({ "uid": name, "at": at });
        merge(&mut news, &more);
        self.world.taken("account.changed", news).await;
    }
}

/// Adds the members of `more`, if it has any.
fn merge(news: &mut Value, more: &Value) {
    let (Some(news), Some(more)) = (news.as_object_mut(), more.as_object()) else { return };
    news.extend(more.clone());
}

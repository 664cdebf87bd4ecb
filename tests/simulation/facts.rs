//! All facts that the exchange has sent: the reference for checking the programme.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use storage::{DirtyShardState, Shard};
use types::{Day, Timestamp};

use crate::test_app::uid;

/// For so long a correction waits for its fee.
const CORRECTIONS_WAIT_DAYS: i64 = 2;
/// Amounts in the trial have eight decimals, as in the policy.
pub const UNIT: i128 = 100_000_000;

/// The number of a message of the queue.
pub type MessageId = usize;

/// A link as its owner created it. Shares are in hundredths.
#[derive(Debug, Clone)]
pub struct Link {
    pub owner: &'static str,
    pub invites_existing: bool,
    pub shared: Shared,
}

/// The invitee's part of the rate, in hundredths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shared {
    pub spot: i128,
    pub futures: i128,
}

/// The first registration of an account.
#[derive(Debug, Clone)]
pub struct Registration {
    pub message: MessageId,
    pub uid: String,
    pub at: Timestamp,
    pub country: &'static str,
    pub region: Option<&'static str>,
    pub main: Option<String>,
    pub person: Option<String>,
    pub code: Option<String>,
}

/// A reported fact of an account, in force from `at` on.
#[derive(Debug, Clone)]
pub struct Statement {
    pub message: MessageId,
    pub uid: String,
    pub at: Timestamp,
    pub fact: Fact,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    Country(&'static str),
    Region(&'static str),
    Affiliate(bool),
    Person(String),
    FuturesOpened(Timestamp),
    /// A trade, or the use of a product.
    Active,
}

/// A charged fee.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    pub id: String,
    /// The account that traded; perhaps a sub-account.
    pub trader: String,
    /// The top account, to which the trade belongs.
    pub payer: String,
    pub product: &'static str,
    pub kind: &'static str,
    pub asset: String,
    pub amounts: Amounts,
    pub vip: u8,
    pub broker: bool,
    pub at: Timestamp,
    /// When its message was sent: of two bodies with one identity, the first counts.
    pub sent_at: Timestamp,
}

/// Fee, its value in USD, and the volume in USD; in hundred millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    pub fee: i128,
    pub usd: i128,
    pub volume: i128,
}

/// The identity of a fee: payer, trade id, and UTC day.
pub type FeeId = (String, String, Day);

/// The correct fee; of the applicable corrections, the latest counts.
#[derive(Debug, Clone)]
pub struct Correction {
    pub of: FeeId,
    pub amounts: Amounts,
    /// Whether the amount has no more decimals than the asset.
    pub exact: bool,
    pub at: Timestamp,
    pub why: String,
}

/// The wallet's report that it paid an affiliate's part of a run.
#[derive(Debug, Clone)]
pub struct PaidRun {
    pub message: MessageId,
    pub affiliate: &'static str,
    pub run_id: String,
}

/// An event that belongs in the quarantine.
#[derive(Debug, Clone)]
pub struct Unusable {
    /// A text in its body that no other event contains.
    pub marker: String,
    /// Whether it must be there: `false` if that depends on the order of two events.
    pub certain: bool,
}

/// All that was sent, and the links.
#[derive(Debug, Default)]
pub struct Facts {
    pub links: BTreeMap<String, Link>,
    pub registrations: BTreeMap<String, Registration>,
    pub statements: Vec<Statement>,
    pub trades: Vec<Trade>,
    pub corrections: Vec<Correction>,
    pub payments: Vec<PaidRun>,
    pub unusable: Vec<Unusable>,
}

impl Amounts {
    pub const NOTHING: Self = Self { fee: 0, usd: 0, volume: 0 };
}

impl Trade {
    pub fn day(&self) -> Day {
        self.at.day()
    }

    /// Its identity: the account that traded, the trade and the UTC day.
    pub fn fee_id(&self) -> FeeId {
        (self.trader.clone(), self.id.clone(), self.day())
    }

    pub fn market(&self) -> &'static str {
        if self.product == "futures" { "futures" } else { "spot" }
    }

    /// Returns whether it is a trade that was not busted.
    pub fn is_real(&self) -> bool {
        self.kind == "trade" && self.amounts != Amounts::NOTHING
    }

    pub fn event(&self) -> Value {
        json!({
            "tradeId": self.id, "uid": self.trader, "product": self.product, "kind": self.kind,
            "asset": self.asset, "amount": text(self.amounts.fee),
            "amountUsd": text(self.amounts.usd), "volumeUsd": text(self.amounts.volume),
            "vipLevel": self.vip, "broker": self.broker, "at": self.at,
        })
    }
}

impl Correction {
    pub fn event(&self, of: &Trade) -> Value {
        let (_, id, day) = &self.of;
        let finer = if self.exact { "" } else { "01" };
        json!({
            "tradeId": id, "uid": of.trader, "day": day,
            "amount": format!("{}{finer}", text(self.amounts.fee)),
            "amountUsd": text(self.amounts.usd),
            "volumeUsd": text(self.amounts.volume), "at": self.at, "why": self.why,
        })
    }
}

impl Registration {
    pub fn event(&self) -> Value {
        let mut data = json!({ "uid": self.uid, "registeredAt": self.at, "country": self.country });
        let members = [
            ("region", self.region),
            ("mainUid", self.main.as_deref()),
            ("personHash", self.person.as_deref()),
            ("ref", self.code.as_deref()),
        ];
        for (name, value) in members {
            if let Some(value) = value {
                data[name] = value.into();
            }
        }
        data
    }
}

impl Facts {
    /// Records a registration, and all facts that it contains.
    pub fn register(&mut self, registration: Registration) {
        let Registration { message, at, country, region, .. } = registration;
        let uid = registration.uid.clone();
        let person = registration.person.clone().map(Fact::Person);
        let facts = [Some(Fact::Country(country)), region.map(Fact::Region), person];
        for fact in facts.into_iter().flatten() {
            self.record_fact(message, &uid, at, fact);
        }
        self.registrations.insert(uid, registration);
    }

    pub fn record_fact(&mut self, message: MessageId, uid: &str, at: Timestamp, fact: Fact) {
        self.statements.push(Statement { message, uid: uid.to_owned(), at, fact });
    }

    pub fn is_registered(&self, uid: &str) -> bool {
        self.registrations.contains_key(uid)
    }

    /// Returns the top account of an account: itself, if it is not a sub-account.
    pub fn top<'a>(&'a self, uid: &'a str) -> &'a str {
        let main = self.registrations.get(uid).and_then(|it| it.main.as_deref());
        main.map_or(uid, |main| self.top(main))
    }

    /// Returns when the account, or any of its sub-accounts, traded or used a product.
    pub fn activity<'a>(&'a self, top: &'a str) -> impl Iterator<Item = &'a Statement> {
        let active = self.statements.iter().filter(|it| it.fact == Fact::Active);
        active.filter(move |it| self.top(&it.uid) == top)
    }

    pub fn futures_opened(&self, uid: &str) -> Option<Timestamp> {
        let opened = self.statements.iter().filter(|it| it.uid == uid);
        let opened = opened.filter_map(|it| match it.fact {
            Fact::FuturesOpened(at) => Some(at),
            _ => None,
        });
        opened.min()
    }

    /// Returns the fees that count, each once, with the current amounts.
    pub fn standing(&self) -> BTreeMap<FeeId, Trade> {
        let mut standing: BTreeMap<FeeId, Trade> = BTreeMap::new();
        for trade in &self.trades {
            let first = standing.entry(trade.fee_id()).or_insert_with(|| trade.clone());
            if trade.sent_at < first.sent_at {
                *first = trade.clone();
            }
        }
        let mut corrections: Vec<&Correction> =
            self.corrections.iter().filter(|correction| correction.exact).collect();
        corrections.sort_by_key(|correction| correction.at);
        for correction in corrections {
            if let Some(trade) = standing.get_mut(&correction.of) {
                trade.amounts = correction.amounts;
            }
        }
        standing
    }

    /// Expects an event in the quarantine.
    pub fn expect_quarantined(&mut self, marker: impl Into<String>, certain: bool) {
        self.unusable.push(Unusable { marker: marker.into(), certain });
    }

    /// Whether a correction keeps the dirty marker of its day: its fee was not stored, since its payer
    /// was not bound yet, and may still arrive.
    pub fn correction_waits(&self, mark: DirtyShardState, now: Timestamp) -> bool {
        self.corrections.iter().any(|Correction { of: (payer, trade_id, day), at, .. }| {
            (mark.day, mark.shard) == (*day, Shard::of(&uid(payer)).number())
                && now < at.plus_days(CORRECTIONS_WAIT_DAYS)
                && self.unusable.iter().any(|it| it.marker == *trade_id)
        })
    }
}

/// The messages considered.
#[derive(Debug, Clone, Copy)]
pub enum Messages<'a> {
    All,
    Of(&'a BTreeSet<MessageId>),
}

impl Messages<'_> {
    pub fn contain(&self, message: MessageId) -> bool {
        match self {
            Self::All => true,
            Self::Of(some) => some.contains(&message),
        }
    }
}

/// The facts that a function may have found. Those that were ingested before it began are certain;
/// those whose ingestion had begun before it ended are possible.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub facts: &'a Facts,
    pub certain: Messages<'a>,
    pub possible: Messages<'a>,
}

impl<'a> Known<'a> {
    pub fn everything(facts: &'a Facts) -> Self {
        Self { facts, certain: Messages::All, possible: Messages::All }
    }

    /// Returns the values that may be in force at `at`, of a history that `read` selects from
    /// statements.
    pub fn values<T>(
        &self,
        uid: &str,
        at: Timestamp,
        read: impl Fn(&'a Fact) -> Option<T>,
    ) -> Vec<Option<T>> {
        let mut in_force: Option<(Timestamp, T)> = None;
        let mut possible: Vec<(Timestamp, T)> = Vec::new();
        for statement in self.facts.statements.iter().filter(|it| it.uid == uid && it.at <= at) {
            let Some(value) = read(&statement.fact) else { continue };
            let newest = in_force.as_ref().is_none_or(|(since, _)| *since <= statement.at);
            if self.certain.contain(statement.message) {
                if newest {
                    in_force = Some((statement.at, value));
                }
            } else if self.possible.contain(statement.message) {
                possible.push((statement.at, value));
            }
        }
        let since = in_force.as_ref().map(|(since, _)| *since);
        let mut values = vec![in_force.map(|(_, value)| value)];
        let later = possible.into_iter().filter(|(at, _)| since.is_none_or(|since| since <= *at));
        values.extend(later.map(|(_, value)| Some(value)));
        values
    }
}

/// Formats an amount as the exchange does.
pub fn text(amount: i128) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{}.{:08}", amount.abs() / UNIT, amount.abs() % UNIT)
}

/// Parses an amount with eight decimals.
pub fn read(text: &str) -> i128 {
    let (_, fraction) = text.split_once('.').expect("a decimal text");
    assert_eq!(fraction.len(), 8, "{text}");
    text.replace('.', "").parse().expect("a decimal text")
}

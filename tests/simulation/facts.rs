//! What the exchange has told, in the simplest words: the truth that the programme is held to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use terms::{Day, Timestamp};

/// Amounts in the trial have eight decimals, as the policy says.
pub const UNIT: i128 = 100_000_000;

/// A charged fee.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    pub id: String,
    /// Who traded; perhaps a sub-account.
    pub trader: String,
    /// The main account, to which the trade belongs.
    pub payer: String,
    pub product: &'static str,
    pub kind: &'static str,
    pub asset: &'static str,
    pub amounts: Amounts,
    pub vip: u8,
    pub broker: bool,
    pub at: Timestamp,
    /// When the exchange told of it; of two bodies of one id the first one told stands.
    pub told_at: Timestamp,
}

/// Fee, its value in USD, and the volume in USD; in hundred millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    pub fee: i128,
    pub usd: i128,
    pub volume: i128,
}

/// What a fee should have been; the last one made holds.
#[derive(Debug, Clone)]
pub struct Correction {
    pub trade: String,
    pub amounts: Amounts,
    pub at: Timestamp,
}

/// All that was told.
#[derive(Debug, Default)]
pub struct Facts {
    pub trades: Vec<Trade>,
    pub corrections: Vec<Correction>,
    /// Trades and uses of products, by main account.
    pub activity: BTreeMap<String, BTreeSet<Timestamp>>,
    pub country: BTreeMap<String, BTreeMap<Timestamp, &'static str>>,
    pub affiliate: BTreeMap<String, BTreeMap<Timestamp, bool>>,
    pub futures_opened: BTreeMap<String, Timestamp>,
    /// Sub-accounts and their main accounts.
    pub main_of: BTreeMap<String, String>,
}

impl Amounts {
    pub const NOTHING: Self = Self { fee: 0, usd: 0, volume: 0 };
}

impl Trade {
    pub fn day(&self) -> Day {
        self.at.day()
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
        let busted = self.amounts == Amounts::NOTHING;
        json!({
            "tradeId": self.trade, "uid": of.trader, "day": of.day(),
            "amount": text(self.amounts.fee), "amountUsd": text(self.amounts.usd),
            "volumeUsd": text(self.amounts.volume), "at": self.at,
            "why": if busted { "trade busted" } else { "fee corrected" },
        })
    }
}

impl Facts {
    pub fn main<'a>(&'a self, uid: &'a str) -> &'a str {
        self.main_of.get(uid).map_or(uid, String::as_str)
    }

    pub fn note_activity(&mut self, uid: &str, at: Timestamp) {
        let main = self.main(uid).to_owned();
        self.activity.entry(main).or_default().insert(at);
    }

    /// The trades that count, each once, with the amounts that hold.
    pub fn standing(&self) -> BTreeMap<&str, Trade> {
        let mut standing: BTreeMap<&str, Trade> = BTreeMap::new();
        for trade in &self.trades {
            let first = standing.entry(&trade.id).or_insert_with(|| trade.clone());
            if trade.told_at < first.told_at {
                *first = trade.clone();
            }
        }
        let mut corrections: Vec<&Correction> = self.corrections.iter().collect();
        corrections.sort_by_key(|correction| correction.at);
        for correction in corrections {
            if let Some(trade) = standing.get_mut(correction.trade.as_str()) {
                trade.amounts = correction.amounts;
            }
        }
        standing
    }
}

/// What held at an instant, of a history.
pub fn held<T>(history: Option<&BTreeMap<Timestamp, T>>, at: Timestamp) -> Option<&T> {
    history?.range(..=at).next_back().map(|(_, value)| value)
}

/// An amount as the exchange writes it.
pub fn text(amount: i128) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{}.{:08}", amount.abs() / UNIT, amount.abs() % UNIT)
}

/// An amount as it was written, with eight decimals.
pub fn read(text: &str) -> i128 {
    let (_, fraction) = text.split_once('.').expect("a decimal text");
    assert_eq!(fraction.len(), 8, "{text}");
    text.replace('.', "").parse().expect("a decimal text")
}

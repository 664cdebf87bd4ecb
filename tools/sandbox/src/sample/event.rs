//! The exchange's events in the queue: CloudEvents 1.0 in JSON.

use serde::Serialize;
use types::{Day, FeeKind, LinkCode, Product, Timestamp};

use super::account::Account;
use super::amount::Amount;

/// One CloudEvents 1.0 event, which serialises to the JSON that `ingest` reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    specversion: &'static str,
    pub(super) id: String,
    source: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    time: Timestamp,
    datacontenttype: &'static str,
    pub(super) data: Data,
}

impl Event {
    pub(super) fn new(id: String, data: Data) -> Self {
        let (kind, source, time) = data.nature();
        let (specversion, datacontenttype) = ("1.0", "application/json");
        Self { specversion, id, source, kind, time, datacontenttype, data }
    }

    /// Returns the time of the event's subject.
    pub(super) const fn time(&self) -> Timestamp {
        self.time
    }

    /// Adds the code of the link through which the user signed up to a registration. Any other
    /// event is unchanged.
    #[must_use]
    pub fn signed_up_with(mut self, code: &LinkCode) -> Self {
        if let Data::Registered(registered) = &mut self.data {
            registered.code = Some(code.clone());
        }
        self
    }
}

/// The event's type and data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Data {
    Registered(Registered),
    Changed(Changed),
    Activity(Activity),
    Charged(Fee),
    Corrected(Correction),
}

impl Data {
    /// Returns the event's type, source and time.
    fn nature(&self) -> (&'static str, &'static str, Timestamp) {
        const ACCOUNTS: &str = "https://exchange.example/accounts";
        const PRODUCTS: &str = "https://exchange.example/products";
        const LEDGER: &str = "https://exchange.example/ledger";
        match self {
            Self::Registered(it) => ("exchange.account.registered.v1", ACCOUNTS, it.registered_at),
            Self::Changed(it) => ("exchange.account.changed.v1", ACCOUNTS, it.at),
            Self::Activity(it) => ("exchange.activity.v1", PRODUCTS, it.at),
            Self::Charged(it) => ("exchange.fee.charged.v1", LEDGER, it.at),
            Self::Corrected(it) => ("exchange.fee.corrected.v1", LEDGER, it.at),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registered {
    pub(super) uid: Account,
    pub(super) registered_at: Timestamp,
    pub(super) country: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) main_uid: Option<Account>,
    pub(super) person_hash: String,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<LinkCode>,
}

/// A change of an account: the new value of one fact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Changed {
    pub(super) uid: Account,
    #[serde(flatten)]
    pub(super) fact: Fact,
    pub(super) at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Fact {
    Country(&'static str),
    VipLevel(u8),
    FuturesOpenedAt(Timestamp),
    Affiliate(bool),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Activity {
    pub(super) uid: Account,
    pub(super) product: &'static str,
    pub(super) at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fee {
    pub(super) trade_id: String,
    pub(super) uid: Account,
    pub(super) product: Product,
    pub(super) kind: FeeKind,
    pub(super) asset: &'static str,
    pub(super) amount: Amount,
    pub(super) amount_usd: Amount,
    pub(super) volume_usd: Amount,
    pub(super) vip_level: u8,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) broker: bool,
    pub(super) at: Timestamp,
}

/// The corrected amounts of a fee.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Correction {
    pub(super) trade_id: String,
    pub(super) uid: Account,
    pub(super) day: Day,
    pub(super) amount: Amount,
    pub(super) amount_usd: Amount,
    pub(super) volume_usd: Amount,
    pub(super) at: Timestamp,
    pub(super) why: &'static str,
}

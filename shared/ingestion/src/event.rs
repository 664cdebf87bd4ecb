//! The exchange's events: CloudEvents 1.0 in JSON, decoded into typed data.

use std::borrow::Cow;

use commission::{Amount, Asset, Assets, Charge, Decimals, Fee, FeeCorrection};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::TableError;
use types::{
    Country, Day, FeeKind, Location, PersonHash, Product, Subdivision, Timestamp, TradeId, Uid, Vip,
};

/// An event with its identity.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// The sender; with the id the event's identity.
    pub source: String,
    /// The sender's name for it.
    pub id: String,
    /// The sender's time of the event.
    pub time: Option<Timestamp>,
    /// Its content.
    pub data: EventData,
}

impl Event {
    /// Returns the content as the bytes by which a repetition is recognised.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub(crate) fn content(&self) -> Result<Vec<u8>, TableError> {
        let written = serde_json::to_vec(&self.data);
        written.map_err(|error| TableError::Corrupt { what: "event", fault: error.into() })
    }
}

/// The content of an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) enum EventData {
    Registered(Registered),
    Changed(Changed),
    Activity(Activity),
    Charged(Fee),
    Corrected { day: Day, correction: FeeCorrection },
    Paid(Paid),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Registered {
    pub uid: Uid,
    pub registered_at: Timestamp,
    pub country: Country,
    pub region: Option<Subdivision>,
    pub main_uid: Option<Uid>,
    pub person_hash: Option<PersonHash>,
    #[serde(rename = "ref")]
    pub code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Changed {
    pub uid: Uid,
    pub country: Option<Country>,
    pub region: Option<Subdivision>,
    pub vip_level: Option<Vip>,
    pub futures_opened_at: Option<Timestamp>,
    pub affiliate: Option<bool>,
    pub person_hash: Option<PersonHash>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Activity {
    pub uid: Uid,
    pub product: String,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Paid {
    pub uid: Uid,
    pub day: Day,
    pub run_id: storage::RunId,
    pub paid_at: Timestamp,
    pub reference: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Charged {
    trade_id: TradeId,
    uid: Uid,
    product: Product,
    kind: FeeKind,
    asset: Asset,
    amount: String,
    amount_usd: String,
    volume_usd: String,
    vip_level: Vip,
    #[serde(default)]
    broker: bool,
    at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Corrected {
    trade_id: TradeId,
    uid: Uid,
    day: Day,
    amount: String,
    amount_usd: String,
    volume_usd: String,
    at: Timestamp,
    why: String,
}

/// A CloudEvent whose data are not decoded yet. Extension attributes are allowed by CloudEvents, so
/// the envelope takes unknown names.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a, D> {
    #[serde(borrow)]
    pub specversion: Cow<'a, str>,
    pub id: String,
    pub source: String,
    #[serde(rename = "type", borrow)]
    pub kind: Cow<'a, str>,
    #[serde(default)]
    pub time: Option<Timestamp>,
    pub data: D,
}

/// The data of an event, in the form that a reader has them.
pub(crate) trait Data {
    /// Decodes the data.
    ///
    /// # Errors
    /// A message that names the field, the fault and the expected value.
    fn decode<T: DeserializeOwned>(&self) -> Result<T, String>;
}

impl Data for Value {
    fn decode<T: DeserializeOwned>(&self) -> Result<T, String> {
        field_by_field(self, "data")
    }
}

/// Decodes an event. `latest` is the last instant that an event may have.
///
/// # Errors
/// A message that names the field, the fault and the expected value.
pub(crate) fn read(event: &Value, assets: &Assets, latest: Timestamp) -> Result<Event, String> {
    field_by_field::<Envelope<'_, Value>>(event, "")?.event(assets, latest)
}

impl<D: Data> Envelope<'_, D> {
    /// Decodes the event, by the rules of all readers.
    ///
    /// # Errors
    /// As [`read`].
    pub fn event(self, assets: &Assets, latest: Timestamp) -> Result<Event, String> {
        if self.specversion != "1.0" {
            return Err("specversion: expected \"1.0\"".to_owned());
        }
        for (name, text) in [("id", &self.id), ("source", &self.source)] {
            if text.is_empty() || text.len() > 256 {
                return Err(format!("{name}: expected 1 to 256 bytes"));
            }
        }
        let data = decode_data(&self.kind, &self.data, assets)?;
        check_times(&data, latest)?;
        Ok(Event { source: self.source, id: self.id, time: self.time, data })
    }
}

fn decode_data(kind: &str, data: &impl Data, assets: &Assets) -> Result<EventData, String> {
    Ok(match kind {
        "exchange.account.registered.v1" => {
            let registered: Registered = data.decode()?;
            check_place(Some(registered.country), registered.region.as_ref())?;
            EventData::Registered(registered)
        }
        "exchange.account.changed.v1" => EventData::Changed(changed(data)?),
        "exchange.activity.v1" => {
            let activity: Activity = data.decode()?;
            check_text("data.product", &activity.product, 64)?;
            EventData::Activity(activity)
        }
        "exchange.fee.charged.v1" => EventData::Charged(charged(data, assets)?),
        "exchange.fee.corrected.v1" => corrected(data, assets)?,
        "exchange.commission.paid.v1" => {
            let paid: Paid = data.decode()?;
            check_text("data.reference", &paid.reference, 200)?;
            if paid.run_id.day != paid.day {
                return Err("data.runId: expected a run of data.day".to_owned());
            }
            EventData::Paid(paid)
        }
        _ => return Err(format!("type: expected one of {}", TYPES.join(", "))),
    })
}

const TYPES: [&str; 6] = [
    "exchange.account.registered.v1",
    "exchange.account.changed.v1",
    "exchange.activity.v1",
    "exchange.fee.charged.v1",
    "exchange.fee.corrected.v1",
    "exchange.commission.paid.v1",
];

fn changed(data: &impl Data) -> Result<Changed, String> {
    let changed: Changed = data.decode()?;
    let tells_something = changed.country.is_some()
        || changed.vip_level.is_some()
        || changed.futures_opened_at.is_some()
        || changed.affiliate.is_some()
        || changed.person_hash.is_some();
    if changed.region.is_some() || tells_something {
        check_place(changed.country, changed.region.as_ref())?;
        return Ok(changed);
    }
    Err("data: expected at least one of country, region, vipLevel, futuresOpenedAt, affiliate, \
         personHash"
        .to_owned())
}

fn charged(data: &impl Data, assets: &Assets) -> Result<Fee, String> {
    let data: Charged = data.decode()?;
    check_trade_id(&data.trade_id)?;
    let texts = [&data.amount, &data.amount_usd, &data.volume_usd];
    let [amount, amount_usd, volume_usd] = amounts(assets.decimals(data.asset), texts, assets)?;
    let charge = Charge {
        product: data.product,
        kind: data.kind,
        asset: data.asset,
        amount,
        amount_usd,
        volume_usd,
        vip: data.vip_level,
        broker: data.broker,
        at: data.at,
    };
    Ok(Fee { trade_id: data.trade_id, uid: data.uid, charge })
}

fn corrected(data: &impl Data, assets: &Assets) -> Result<EventData, String> {
    let data: Corrected = data.decode()?;
    check_trade_id(&data.trade_id)?;
    check_text("data.why", &data.why, 200)?;
    let texts = [&data.amount, &data.amount_usd, &data.volume_usd];
    let [amount, amount_usd, volume_usd] = amounts(Decimals::FINEST, texts, assets)?;
    let correction = FeeCorrection {
        trade_id: data.trade_id,
        uid: data.uid,
        at: data.at,
        amount,
        amount_usd,
        volume_usd,
        why: data.why,
    };
    Ok(EventData::Corrected { day: data.day, correction })
}

/// The amount in the asset, its value and the volume in USD: exact, and of one sign.
fn amounts(
    decimals: Decimals,
    [amount, amount_usd, volume_usd]: [&String; 3],
    assets: &Assets,
) -> Result<[Amount; 3], String> {
    let read = |name: &str, text: &str, decimals| {
        Amount::parse(text, decimals).map_err(|error| format!("data.{name}: {error}"))
    };
    let amount = read("amount", amount, decimals)?;
    let amount_usd = read("amountUsd", amount_usd, assets.usd())?;
    let volume_usd = read("volumeUsd", volume_usd, assets.usd())?;
    if volume_usd < Amount::ZERO {
        return Err("data.volumeUsd: expected no negative volume".to_owned());
    }
    let opposite = (amount > Amount::ZERO && amount_usd < Amount::ZERO)
        || (amount < Amount::ZERO && amount_usd > Amount::ZERO);
    if opposite {
        return Err("data.amountUsd: expected the sign of data.amount".to_owned());
    }
    Ok([amount, amount_usd, volume_usd])
}

fn check_times(data: &EventData, latest: Timestamp) -> Result<(), String> {
    let (field, at) = match data {
        EventData::Registered(registered) => ("registeredAt", registered.registered_at),
        EventData::Changed(Changed { futures_opened_at: Some(at), .. }) if *at > latest => {
            ("futuresOpenedAt", *at)
        }
        EventData::Changed(changed) => ("at", changed.at),
        EventData::Activity(activity) => ("at", activity.at),
        EventData::Charged(fee) => ("at", fee.charge.at),
        EventData::Corrected { correction, .. } => ("at", correction.at),
        EventData::Paid(paid) => ("paidAt", paid.paid_at),
    };
    if at > latest {
        return Err(format!("data.{field}: expected a time that has come"));
    }
    match data {
        EventData::Corrected { day, correction } if *day > correction.at.day() => {
            Err("data.day: expected the day of the trade, not after the correction".to_owned())
        }
        _ => Ok(()),
    }
}

/// Checks that the codes are assigned, and that the region lies in the country if both are there.
fn check_place(country: Option<Country>, region: Option<&Subdivision>) -> Result<(), String> {
    let assigned =
        "expected a code that ISO 3166-1 assigns (the United Kingdom is GB, Greece is GR)";
    if country.is_some_and(|country| !country.is_assigned()) {
        return Err(format!("data.country: {assigned}"));
    }
    let Some(of_region) = region.map(Subdivision::country) else { return Ok(()) };
    if !of_region.is_some_and(|country| country.is_assigned()) {
        return Err(format!("data.region: {assigned} before the hyphen"));
    }
    if country.is_some() && country != of_region {
        return Err("data.region: expected a subdivision of data.country".to_owned());
    }
    Ok(())
}

/// Checks that a trade id does not have the stored form of a sub-account's trade id.
fn check_trade_id(trade_id: &TradeId) -> Result<(), String> {
    if trade_id.is_of_sub_account() {
        return Err("data.tradeId: expected a trade id without '/'".to_owned());
    }
    Ok(())
}

fn check_text(name: &str, text: &str, max: usize) -> Result<(), String> {
    let printable = !text.chars().any(char::is_control);
    if printable && (1..=max).contains(&text.len()) {
        return Ok(());
    }
    Err(format!("{name}: expected 1 to {max} bytes of printable text"))
}

/// Reads a value; the message repeats what was received, for the operator of the quarantine.
fn field_by_field<'a, T: Deserialize<'a>>(value: &'a Value, within: &str) -> Result<T, String> {
    strict_json::from_value(value, within).map_err(|error| error.with_value().to_owned())
}

impl Registered {
    /// Returns a digest of the registration's content, by which another registration of the same
    /// account is recognised.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub(crate) fn digest(&self) -> Result<String, TableError> {
        // Field by field: a member that a later version adds must not change the digest.
        let Self { uid, registered_at, country, region, main_uid, person_hash, code } = self;
        let told = (uid, registered_at, country, region, main_uid, person_hash, code);
        let written = serde_json::to_vec(&told);
        let written = written
            .map_err(|error| TableError::Corrupt { what: "registration", fault: error.into() })?;
        Ok(storage::short_sha256(&written))
    }

    pub(crate) fn location(&self) -> Location {
        Location { country: self.country, region: self.region.clone() }
    }
}

impl Changed {
    /// Returns whether the change can make an earlier sign-up by the account's link eligible.
    pub(crate) fn may_allow_inviting(&self) -> bool {
        self.affiliate == Some(true) || self.location().is_some()
    }

    /// Returns the reported place. A region implies its country.
    pub(crate) fn location(&self) -> Option<Location> {
        let of_region = || self.region.as_ref().and_then(Subdivision::country);
        let country = self.country.or_else(of_region)?;
        Some(Location { country, region: self.region.clone() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LATEST: &str = "2026-11-20T12:00:00.000Z";
    const LATER: &str = "2026-11-20T12:00:00.001Z";

    fn event(kind: &str, data: Value) -> Value {
        json!({
            "specversion": "1.0", "id": "1", "source": "exchange",
            "type": format!("exchange.{kind}.v1"), "data": data,
        })
    }

    /// Returns the field that is refused, if one is.
    fn refused(event: &Value) -> Option<String> {
        let programme = policy::Programme::parse(include_str!("../../../programme.toml")).unwrap();
        let read = read(event, &programme.commission.assets, LATEST.parse().unwrap());
        Some(read.err()?.split(':').next().unwrap_or_default().to_owned())
    }

    #[test]
    fn id_has_at_most_256_bytes() {
        let changed = json!({ "uid": "user", "country": "CH", "at": LATEST });
        for (bytes, expected) in [(0, Some("id")), (1, None), (256, None), (257, Some("id"))] {
            let mut event = event("account.changed", changed.clone());
            event["id"] = "x".repeat(bytes).into();
            assert_eq!(refused(&event).as_deref(), expected, "{bytes}");
        }
    }

    #[test]
    fn amounts_of_opposite_signs_are_refused() {
        let fee = |amount: &str, usd: &str| {
            refused(&event(
                "fee.charged",
                json!({
                    "tradeId": "t1", "uid": "user", "product": "spot", "kind": "trade",
                    "asset": "BTC", "amount": amount, "amountUsd": usd, "volumeUsd": "100",
                    "vipLevel": 0, "at": LATEST,
                }),
            ))
        };
        for (amount, usd) in [("1", "1"), ("-1", "-1"), ("0", "1"), ("0", "-1"), ("1", "0")] {
            assert_eq!(fee(amount, usd), None, "{amount} and {usd}");
        }
        assert_eq!(fee("-1", "0"), None);
        for (amount, usd) in [("1", "-1"), ("-1", "1")] {
            assert_eq!(fee(amount, usd).as_deref(), Some("data.amountUsd"));
        }
    }

    #[test]
    fn times_after_the_latest_are_refused() {
        let changed = |opened, at| {
            let data = json!({ "uid": "user", "futuresOpenedAt": opened, "at": at });
            refused(&event("account.changed", data))
        };
        let (opened, at) = (Some("data.futuresOpenedAt"), Some("data.at"));
        assert_eq!(changed(LATEST, LATEST), None);
        assert_eq!(changed(LATER, LATEST).as_deref(), opened);
        assert_eq!(changed("2026-11-20T12:00:01Z", LATEST).as_deref(), opened);
        assert_eq!(changed(LATEST, LATER).as_deref(), at);
        assert_eq!(changed("2020-01-01T00:00:00Z", LATER).as_deref(), at);
    }

    #[test]
    fn corrected_day_is_not_after_the_correction() {
        let corrected = |day| {
            let data = json!({
                "tradeId": "t1", "uid": "user", "day": day, "amount": "0", "amountUsd": "0",
                "volumeUsd": "0", "why": "busted", "at": LATEST,
            });
            refused(&event("fee.corrected", data))
        };
        assert_eq!(corrected("2026-11-20"), None);
        assert_eq!(corrected("2026-11-21").as_deref(), Some("data.day"));
    }
}

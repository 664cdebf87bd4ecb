//! The events' format and order.

use std::collections::{BTreeMap, BTreeSet};

use super::{events, fees, json, sign_ups};
use crate::sample::event::Data;

const ATTRIBUTES: [&str; 7] =
    ["specversion", "id", "source", "type", "time", "datacontenttype", "data"];
const CHARGED: [&str; 11] = [
    "tradeId",
    "uid",
    "product",
    "kind",
    "asset",
    "amount",
    "amountUsd",
    "volumeUsd",
    "vipLevel",
    "broker",
    "at",
];
const CORRECTED: [&str; 8] =
    ["tradeId", "uid", "day", "amount", "amountUsd", "volumeUsd", "at", "why"];

fn fields(kind: &str) -> &[&str] {
    match kind {
        "exchange.account.registered.v1" => {
            &["uid", "registeredAt", "country", "region", "mainUid", "personHash", "ref"]
        }
        "exchange.account.changed.v1" => {
            &["uid", "country", "vipLevel", "futuresOpenedAt", "affiliate", "at"]
        }
        "exchange.activity.v1" => &["uid", "product", "at"],
        "exchange.fee.charged.v1" => &CHARGED,
        "exchange.fee.corrected.v1" => &CORRECTED,
        other => panic!("{other}"),
    }
}

#[test]
fn events_have_contract_fields() {
    let mut types = BTreeSet::new();
    for (_, event) in events() {
        let event = json(event);
        assert!(event.as_object().unwrap().keys().eq(ATTRIBUTES));
        let kind = event["type"].as_str().unwrap();
        let data = event["data"].as_object().unwrap();
        assert!(data.keys().all(|key| fields(kind).contains(&key.as_str())), "{event}");
        types.insert(kind.to_owned());
    }
    assert_eq!(types.len(), 5);
}

#[test]
fn fee_has_contract_format() {
    let fee = events().find(|(_, it)| matches!(it.data, Data::Charged(_))).unwrap().1;
    let fee = json(fee);
    assert_eq!(fee["specversion"], "1.0");
    assert_eq!(fee["source"], "https://exchange.example/ledger");
    assert_eq!(fee["datacontenttype"], "application/json");
    assert_eq!(fee["time"], fee["data"]["at"]);
    assert!(fee["time"].as_str().unwrap().ends_with('Z'));
    assert!(fee["data"]["uid"].is_string() && fee["data"]["vipLevel"].is_u64());
}

#[test]
fn amounts_have_eight_decimals() {
    for (_, event) in events() {
        let event = json(event);
        for field in ["amount", "amountUsd", "volumeUsd"] {
            let Some(amount) = event["data"].get(field) else { continue };
            let text = amount.as_str().unwrap();
            let (whole, fraction) = text.strip_prefix('-').unwrap_or(text).split_once('.').unwrap();
            assert!(whole.parse::<u32>().is_ok() && fraction.parse::<u32>().is_ok(), "{text}");
            assert_eq!(fraction.len(), 8, "{text}");
        }
    }
}

#[test]
fn sign_up_has_the_given_code() {
    let sign_up = sign_ups().next().unwrap().1;
    assert_eq!(json(sign_up)["data"].get("ref"), None);
    let code = "ABCD2345".parse().unwrap();
    assert_eq!(json(&sign_up.clone().signed_up_with(&code))["data"]["ref"], "ABCD2345");
}

#[test]
fn no_event_arrives_early() {
    assert!(events().all(|(arrives, event)| event.time() < arrives));
}

#[test]
fn event_and_trade_ids_are_unique() {
    let (mut ids, mut trades) = (BTreeMap::new(), BTreeMap::new());
    for (_, event) in events() {
        assert_eq!(ids.entry(&event.id).or_insert(event), &event);
    }
    for (_, fee) in fees() {
        assert_eq!(trades.entry(&fee.trade_id).or_insert(fee), &fee);
    }
}

#[test]
fn accounts_are_registered_first() {
    let mut known = BTreeSet::new();
    for (_, event) in events() {
        let uid = match &event.data {
            Data::Registered(it) => {
                assert!(it.main_uid.is_none_or(|main| known.contains(&main)));
                assert!(known.insert(it.uid));
                it.uid
            }
            Data::Changed(it) => it.uid,
            Data::Activity(it) => it.uid,
            Data::Charged(it) => it.uid,
            Data::Corrected(it) => it.uid,
        };
        assert!(known.contains(&uid));
    }
}

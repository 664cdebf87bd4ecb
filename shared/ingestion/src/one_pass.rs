//! Reads an event in one pass over its text.
//!
//! Messages of refusals need the path of the faulty field and whole values, which cost several
//! times as much. So this reader refuses without a reason, and the reader of [`crate::event`] reads
//! the event again. The two accept the same events with the same content: the types of the data and
//! the rules are the same, and the checks below are stricter.

use std::borrow::Cow;
use std::fmt;

use commission::Assets;
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use types::Timestamp;

use crate::event::{Data, Envelope, Event};

/// The most unknown names in an event that this reader compares with one another.
const MAX_UNKNOWN: usize = 16;

/// Decodes an event; returns `None` for one that it refuses, or that has unknown members with
/// nested members.
pub(crate) fn read(text: &str, assets: &Assets, latest: Timestamp) -> Option<Event> {
    let envelope: Envelope<'_, &RawValue> = serde_json::from_str::<Strict<'_>>(text).ok()?.0;
    envelope.event(assets, latest).ok()
}

impl Data for &RawValue {
    fn decode<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_str(self.get()).map_err(|error| error.to_string())
    }
}

/// An envelope in which each name occurs once.
struct Strict<'a>(Envelope<'a, &'a RawValue>);

impl<'de> Deserialize<'de> for Strict<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Envelope<'de, &'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CloudEvent")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut specversion, mut id, mut source, mut kind) = (None, None, None, None);
        let (mut time, mut data) = (None, None);
        let mut unknown: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Text(name)) = members.next_key()? {
            match &*name {
                "specversion" => once(&mut specversion, members.next_value::<Text<'_>>()?.0)?,
                "id" => once(&mut id, members.next_value()?)?,
                "source" => once(&mut source, members.next_value()?)?,
                "type" => once(&mut kind, members.next_value::<Text<'_>>()?.0)?,
                "time" => once(&mut time, members.next_value()?)?,
                "data" => once(&mut data, members.next_value()?)?,
                _ if unknown.len() >= MAX_UNKNOWN || unknown.contains(&name) => {
                    return Err(refused());
                }
                _ => {
                    let Scalar = members.next_value()?;
                    unknown.push(name);
                }
            }
        }
        Ok(Envelope {
            specversion: specversion.ok_or_else(refused)?,
            id: id.ok_or_else(refused)?,
            source: source.ok_or_else(refused)?,
            kind: kind.ok_or_else(refused)?,
            time: time.flatten(),
            data: data.ok_or_else(refused)?,
        })
    }
}

/// The error of all refusals, whose text is never read.
fn refused<E: de::Error>() -> E {
    E::custom("")
}

fn once<T, E: de::Error>(member: &mut Option<T>, value: T) -> Result<(), E> {
    match member.replace(value) {
        None => Ok(()),
        Some(_) => Err(refused()),
    }
}

/// A text, borrowed unless it has escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A value without members, parsed and dropped: serde's `IgnoredAny` accepts numbers and escapes
/// that no value may have.
struct Scalar;

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl Visitor<'_> for Scalar {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without members")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use policy::Programme;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use strict_json::parse_value;

    const LATEST: &str = "2026-11-21T12:00:00Z";
    static PROGRAMME: LazyLock<Programme> =
        LazyLock::new(|| Programme::parse(include_str!("../../../programme.toml")).unwrap());

    /// Checks that both readers accept the event with the same content, or refuse it. Returns
    /// whether this reader read it.
    fn agree(text: &str) -> bool {
        let (assets, latest) = (&PROGRAMME.commission.assets, LATEST.parse().unwrap());
        let known = parse_value(text).ok();
        let by_field = known.and_then(|event| crate::event::read(&event, assets, latest).ok());
        let in_one_pass = read(text, assets, latest);
        if in_one_pass.is_some() {
            assert_eq!(in_one_pass, by_field, "{text}");
        }
        in_one_pass.is_some()
    }

    const ACTIVITY: &str = r#""data":{"uid":"u","product":"earn","at":"2026-11-20T10:00:00Z"}"#;

    fn activity(members: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"1","source":"s","type":"exchange.activity.v1",{members}}}"#
        )
    }

    #[test]
    fn usual_event_takes_one_pass() {
        for more in [
            "",
            r#","time":null"#,
            r#","time":"2026-11-20T10:00:00.5+01:00","datacontenttype":"application/json""#,
            r#","sequence":7,"rate":0.5,"flag":true,"none":null,"other":"\u00e9""#,
        ] {
            assert!(agree(&activity(&format!("{ACTIVITY}{more}"))), "{more}");
        }
        assert!(agree(&activity(&ACTIVITY.replace("earn", "\\u0065arn"))));
        assert!(agree(&activity(&ACTIVITY.replace("uid", "\\u0075id"))));
    }

    #[test]
    fn unusual_event_is_left_to_the_other_reader() {
        let many: String = (0..=MAX_UNKNOWN).map(|n| format!(r#","x{n}":1"#)).collect();
        for more in [
            r#","a":1,"a":2"#,
            r#","a":1,"\u0061":2"#,
            r#","id":"1""#,
            r#","a":{"b":1,"b":2}"#,
            r#","a":[]"#,
            r#","a":1e999"#,
            r#","a":"\ud800""#,
            r#","time":5"#,
            "} {",
            many.as_str(),
        ] {
            assert!(!agree(&activity(&format!("{ACTIVITY}{more}"))), "{more}");
        }
        for data in [
            r#""data":null"#,
            r#""data":{"uid":"u","uid":"u","product":"earn","at":"2026-11-20T10:00:00Z"}"#,
            r#""data":{"uid":"u","product":"earn","at":"2026-11-20T10:00:00Z","x":1}"#,
            r#""data":{"uid":"u","product":"earn","at":"2026-11-22T10:00:00Z"}"#,
        ] {
            assert!(!agree(&activity(data)), "{data}");
        }
    }

    /// Texts of members, as written in JSON: usual ones, and each with faults.
    fn member() -> impl Strategy<Value = String> {
        let name = select(vec![
            "specversion",
            "id",
            "source",
            "type",
            "time",
            "data",
            "uid",
            "product",
            "at",
            "x",
            "\\u0069d",
            "tradeId",
            "vipLevel",
            "amount",
        ]);
        let value = select(vec![
            r#""1.0""#,
            r#""u""#,
            r#""""#,
            "null",
            "true",
            "7",
            "-0",
            "0.5",
            "1e999",
            r#""\u0031""#,
            r#""\ud800""#,
            r#""2026-11-20T10:00:00Z""#,
            r#""exchange.activity.v1""#,
            "{}",
            "[]",
            r#"{"a":1,"a":1}"#,
            r#"["u","earn","2026-11-20T10:00:00Z"]"#,
            r#"{"spot":null}"#,
            "01",
        ]);
        (name, value).prop_map(|(name, value)| format!(r#""{name}":{value}"#))
    }

    /// A good event of each type, by the members of its envelope and of its data.
    fn good() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
        const AT: &str = r#""at":"2026-11-20T10:00:00Z""#;
        let amounts = r#""amount":"0.001","amountUsd":"100","volumeUsd":"100000""#;
        let fee = format!(
            r#""tradeId":"t","uid":"u","product":"spot","kind":"trade","asset":"BTC",{amounts},"vipLevel":0,{AT}"#
        );
        let correction =
            format!(r#""tradeId":"t","uid":"u","day":"2026-11-20",{amounts},"why":"tier",{AT}"#);
        select(vec![
            ("activity", format!(r#""uid":"u","product":"earn",{AT}"#)),
            ("fee.charged", fee),
            ("fee.corrected", correction),
            ("account.changed", format!(r#""uid":"u","vipLevel":1,"affiliate":true,{AT}"#)),
            (
                "account.registered",
                r#""uid":"u","registeredAt":"2026-11-20T10:00:00Z","country":"CH","ref":"A""#
                    .to_owned(),
            ),
            (
                "commission.paid",
                r#""uid":"u","day":"2026-11-19","runId":"2026-11-19.1","reference":"r","paidAt":"2026-11-20T10:00:00Z""#
                    .to_owned(),
            ),
        ])
        .prop_map(|(kind, data)| {
            let kind = format!(r#""type":"exchange.{kind}.v1""#);
            let envelope = [r#""specversion":"1.0""#, r#""id":"1""#, r#""source":"s""#, &kind];
            let members = |text: &str| text.split(',').map(str::to_owned).collect();
            (envelope.map(str::to_owned).to_vec(), members(&data))
        })
    }

    fn changed(members: Vec<String>) -> impl Strategy<Value = Vec<String>> {
        let more = prop::collection::vec((any::<prop::sample::Index>(), member()), 0..3);
        let less = prop::option::weighted(0.2, any::<prop::sample::Index>());
        (Just(members).prop_shuffle(), more, less).prop_map(|(mut members, more, less)| {
            if let Some(place) = less {
                members.remove(place.index(members.len()));
            }
            for (place, member) in more {
                members.insert(place.index(members.len() + 1), member);
            }
            members
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn readers_agree_on_any_event(
            (envelope, data) in good().prop_flat_map(|(envelope, data)| {
                (changed(envelope), changed(data))
            }),
            has_data in prop::bool::weighted(0.95),
        ) {
            let data = has_data.then(|| format!(r#""data":{{{}}}"#, data.join(",")));
            let members: Vec<String> = envelope.into_iter().chain(data).collect();
            agree(&format!("{{{}}}", members.join(",")));
        }
    }
}

//! `[commission]`, `[shared_commission]` and `[assets]`: earned and shared commission, and
//! decimals.

use std::collections::BTreeMap;

use commission::{
    Amount, Anchor, Asset, Assets, Decimals, FuturesWindow, MarketRules, Rate, Rules, SharedRules,
    Tier,
};
use eligibility::Regions;
use types::{Malformed, Timeline, Vip};

use crate::dated::{Begins, timeline};
use crate::section::{Section, entries};
use crate::value::Value;

const SPOT: &[&str] = &["from", "vip_limit", "tiers", "source", "as_of"];
const FUTURES: &[&str] = &["from", "vip_limit", "tiers", "tier0_window", "source", "as_of"];

/// A trillion USD: more is a slip of the hand. With any decimals it is an amount.
const MOST_VOLUME: i64 = 1_000_000_000_000;

pub(crate) fn read(root: &Section<'_>, regions: Option<Regions>) -> Option<Rules> {
    let assets = assets(root);
    let shared = shared(root);
    // Where the decimals are wrong, tiers are read without any, for the sake of their own problems.
    let usd = assets.as_ref().map_or_else(|| Decimals::new(0).ok(), |assets| Some(assets.usd()))?;
    let markets = root.section("commission", &["spot", "futures"])?;
    let spot = market(&markets, "spot", SPOT, usd);
    let futures = market(&markets, "futures", FUTURES, usd);
    Some(Rules {
        spot: spot?,
        futures: futures?,
        regions: regions?,
        shared: shared?,
        assets: assets?,
    })
}

fn market(
    markets: &Section<'_>,
    key: &str,
    known: &[&str],
    usd: Decimals,
) -> Option<Timeline<MarketRules>> {
    let entries = markets.entries(key, known)?;
    timeline(&entries, Begins::WithADay, |entry| market_rules(entry, usd))
}

fn market_rules(entry: &Section<'_>, usd: Decimals) -> Option<MarketRules> {
    let vip_limit = entry.number("vip_limit", 0..=i64::from(u8::MAX)).map(Vip);
    let window = entry.optional("tier0_window").map(|value| futures_window(&value));
    let tiers = entry.required("tiers", "the tiers, lowest first")?;
    let rules = table(&tiers, vip_limit.unwrap_or(Vip(0)), window.flatten(), usd);
    if window == Some(None) { None } else { vip_limit.and(rules) }
}

/// Adds the rows to the table one by one, so that one that does not fit is named by its own line.
fn table(
    value: &Value<'_>,
    vip_limit: Vip,
    window: Option<FuturesWindow>,
    usd: Decimals,
) -> Option<MarketRules> {
    let rows = entries(value, &["rate", "volume_usd", "new_traders"])?;
    let read: Vec<_> = rows.iter().map(|row| (row, tier(row, usd))).collect();
    let mut tiers = Vec::new();
    let mut rules = None;
    for (row, tier) in read {
        tiers.extend(tier);
        match MarketRules::new(tiers.clone(), vip_limit, window) {
            Ok(fitting) => rules = Some(fitting),
            Err(Malformed(right)) => {
                tier?;
                row.wrong("does not fit here", right.trim_start_matches("expected "));
                tiers.pop();
            }
        }
        // Nothing can be said of the rows above a tier 0 that is wrong itself.
        rules.as_ref()?;
    }
    rules
}

fn tier(row: &Section<'_>, usd: Decimals) -> Option<Tier> {
    let rate = row.term("rate");
    let volume: Option<i64> = row.number("volume_usd", 0..=MOST_VOLUME);
    let new_traders = row.number("new_traders", 0..=i64::from(u32::MAX));
    let volume_usd = Amount::parse(&volume?.to_string(), usd).ok();
    Some(Tier { rate: rate?, volume_usd: volume_usd?, new_traders: new_traders? })
}

fn futures_window(value: &Value<'_>) -> Option<FuturesWindow> {
    let section = value.section()?;
    section.only(&["days", "anchor"]);
    let days = section.number("days", 1..=3660);
    let anchor = section.required("anchor", ANCHORS).and_then(|value| anchor(&value));
    Some(FuturesWindow { days: days?, anchor: anchor? })
}

const ANCHORS: &str = "\"opening_or_binding\" (the later of both) or \"opening\"";

fn anchor(value: &Value<'_>) -> Option<Anchor> {
    match value.text()? {
        "opening_or_binding" => Some(Anchor::OpeningOrBinding),
        "opening" => Some(Anchor::Opening),
        other => {
            value.wrong(&format!("is \"{other}\""), ANCHORS);
            None
        }
    }
}

fn shared(root: &Section<'_>) -> Option<SharedRules> {
    let known = ["step", "cap", "part_of_tier0", "source", "as_of"];
    let section = root.section("shared_commission", &known)?;
    section.sourced();
    let step = section.required("step", "a rate in quotes");
    let rate: Option<Rate> = step.as_ref().and_then(Value::term);
    let cap = section.term("cap");
    let part_of_tier0 = section.term("part_of_tier0");
    let rules = SharedRules::new(rate?, cap?, part_of_tier0?);
    step?.accept(rules, || "is 0".to_owned())
}

fn assets(root: &Section<'_>) -> Option<Assets> {
    let known = ["decimals", "usd_decimals", "overrides", "source", "as_of"];
    let section = root.section("assets", &known)?;
    section.sourced();
    let usual = section.required("decimals", DECIMALS).and_then(|value| decimals(&value));
    let usd = section.required("usd_decimals", DECIMALS).and_then(|value| decimals(&value));
    let by_asset = section.names("overrides").and_then(|overrides| by_asset(&overrides));
    Some(Assets::new(usual?, by_asset?, usd?))
}

fn by_asset(overrides: &Section<'_>) -> Option<BTreeMap<Asset, Decimals>> {
    let read = |(ticker, value): (&str, Value<'_>)| {
        let asset = value.accept(ticker.parse(), || "is no asset's name".to_owned());
        asset.zip(decimals(&value))
    };
    let entries: Vec<_> = overrides.all().map(read).collect();
    entries.into_iter().collect()
}

const DECIMALS: &str = "a number of decimals";

fn decimals(value: &Value<'_>) -> Option<Decimals> {
    let count: u8 = value.number(0..=i64::from(Decimals::MAX))?;
    Decimals::new(count).ok()
}

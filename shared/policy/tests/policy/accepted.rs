use std::time::Duration;

use commission::{Anchor, Decimals, FuturesWindow, Rate};
use eligibility::RegionRule;
use policy::{Presentation, Programme, Retention};
use types::{Location, Market, Timestamp, Vip};

use crate::VALID;

fn programme() -> Programme {
    Programme::parse(VALID).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn blocks(rule: RegionRule, country: &str, time: &str) -> bool {
    let location = Location { country: country.parse().unwrap(), region: None };
    programme().eligibility.regions.blocks(rule, &location, at(time))
}

#[test]
fn windows_hold_from_their_instants() {
    let windows = programme().eligibility.windows;
    assert_eq!(windows.at(at("2024-12-31T23:59:59.999Z")), None);
    let older = windows.at(at("2026-01-01T11:59:59.999Z")).unwrap();
    assert_eq!((older.account_age_days, older.inactivity_days), (180, 181));
    let newer = windows.at(at("2026-01-01T12:00:00Z")).unwrap();
    assert_eq!((newer.rule.as_str(), newer.account_age_days), ("a-quarter", 90));
}

#[test]
fn rule_blocks_listed_places() {
    // Listed from January 2025, consulted from March to June.
    assert!(!blocks(RegionRule::Inviter, "GR", "2025-02-28T00:00:00Z"));
    assert!(blocks(RegionRule::Inviter, "GR", "2025-03-01T00:00:00Z"));
    assert!(!blocks(RegionRule::Inviter, "GR", "2025-06-01T00:00:00Z"));
    assert!(!blocks(RegionRule::Inviter, "AU", "2025-05-31T00:00:00Z"));
    assert!(blocks(RegionRule::Inviter, "AU", "2025-06-01T00:00:00Z"));
}

#[test]
fn place_leaves_list_and_comes_back() {
    let blocks = |time| blocks(RegionRule::InviteeSignup, "GR", time);
    assert!(blocks("2025-12-31T23:59:59.999Z"));
    assert!(!blocks("2026-01-01T00:00:00Z"));
    assert!(blocks("2026-06-01T00:00:00Z"));
}

#[test]
fn place_may_return_at_once() {
    let returning = VALID.replacen("from = 2026-06-01T00:00:00Z", "from = 2026-01-01T00:00:00Z", 1);
    assert!(Programme::parse(&returning).is_ok());
}

#[test]
fn rule_without_lists_blocks_no_one() {
    for country in ["GR", "AU"] {
        assert!(!blocks(RegionRule::InviteeRecall, country, "2025-06-01T00:00:00Z"));
    }
}

#[test]
fn parts_of_countries_are_listed_too() {
    let crimea =
        Location { country: "UA".parse().unwrap(), region: Some("UA-43".parse().unwrap()) };
    let regions = programme().commission.regions;
    assert!(regions.blocks(RegionRule::InviteeSignup, &crimea, at("2025-06-01T00:00:00Z")));
}

#[test]
fn tiers_are_read_for_each_market() {
    let rules = programme().commission;
    let of = |market| rules.market(market).at(at("2026-01-01T00:00:00Z")).unwrap();
    let spot = of(Market::Spot);
    assert_eq!(spot.tiers().len(), 3);
    assert_eq!(spot.vip_limit(), Vip(2));
    assert_eq!(spot.tier0_window(), None);
    let tier = spot.tiers()[1];
    assert_eq!(tier.rate, "0.3".parse::<Rate>().unwrap());
    assert_eq!(tier.volume_usd.display(rules.assets.usd()).to_string(), "200000.000000");
    assert_eq!(tier.new_traders, 3);
    let window = FuturesWindow { days: 365, anchor: Anchor::Opening };
    assert_eq!(of(Market::Futures).tier0_window(), Some(window));
}

#[test]
fn anchor_may_be_later_instant() {
    let text = VALID.replace("anchor = \"opening\"", "anchor = \"opening_or_binding\"");
    let rules = Programme::parse(&text).unwrap().commission;
    let window = rules.futures.latest().and_then(commission::MarketRules::tier0_window).unwrap();
    assert_eq!(window.anchor, Anchor::OpeningOrBinding);
}

#[test]
fn asset_may_have_own_decimals() {
    let assets = programme().commission.assets;
    assert_eq!(assets.decimals("BTC".parse().unwrap()), Decimals::new(8).unwrap());
    assert_eq!(assets.decimals("JPY".parse().unwrap()), Decimals::new(2).unwrap());
    assert_eq!(assets.usd(), Decimals::new(6).unwrap());
}

#[test]
fn choices_follow_from_step_and_cap() {
    let choices = programme().commission.shared_choices(Market::Spot, at("2026-01-01T00:00:00Z"));
    let texts: Vec<_> = choices.iter().map(Rate::to_string).collect();
    assert_eq!(texts, ["0", "0.05", "0.1"]);
}

#[test]
fn link_is_its_page_with_code_in_query() {
    let links = programme().links;
    let code = "ABCD2345".parse().unwrap();
    assert_eq!(links.recall_url(&code), "https://exchange.example/join?ref=ABCD2345");
    assert_eq!(links.original_url(&code), "https://exchange.example/register?ref=ABCD2345");
    assert_eq!(links.max_links, 20);
}

#[test]
fn spans_of_time_are_read_in_their_units() {
    let programme = programme();
    assert_eq!(programme.confirmation_valid_for, Duration::from_secs(600));
    assert_eq!(programme.event_clock_skew, Duration::from_secs(300));
    assert_eq!(programme.settle_after_days, 1);
}

#[test]
fn presentation_has_keys_that_are_given() {
    let presentation = programme().presentation;
    assert_eq!(presentation.brand.as_deref(), Some("Come Back"));
    assert_eq!(presentation.terms.as_deref(), Some("https://exchange.example/terms"));
    assert_eq!(presentation.privacy, None);
    assert_eq!(presentation.colour, None);
}

#[test]
fn colour_is_answered_if_it_is_given() {
    let coloured = VALID.replace("[presentation]", "[presentation]\ncolour = \"#2456C9\"");
    let presentation = Programme::parse(&coloured).unwrap().presentation;
    assert_eq!(presentation.colour.as_deref(), Some("#2456c9"));
    let answer = |it| serde_json::to_value(it).unwrap();
    assert_eq!(answer(presentation)["colour"], "#2456c9");
    assert_eq!(answer(programme().presentation).get("colour"), None);
}

#[test]
fn presentation_may_be_left_out() {
    let (rules, _) = VALID.split_once("[presentation]").unwrap();
    assert_eq!(Programme::parse(rules).unwrap().presentation, Presentation::default());
}

#[test]
fn retention_is_read_or_its_default() {
    assert_eq!(programme().retention, Retention { fees_days: 200 });
    let (rules, _) = VALID.split_once("[retention]").unwrap();
    assert_eq!(Programme::parse(rules).unwrap().retention, Retention::default());
}

//! The shipped policy agrees with the exchange's public pages.

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use commission::{Anchor, FuturesWindow};
    use eligibility::RegionRule;
    use policy::Programme;
    use types::{Location, Market, Timestamp, Vip};

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn shipped() -> Programme {
        programme::programme().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn blocks(rule: RegionRule, place: &str, time: &str) -> bool {
        let country = place[..2].parse().unwrap();
        let location = Location { country, region: place.parse().ok() };
        shipped().eligibility.regions.blocks(rule, &location, at(time))
    }

    /// The rules that block a place, of inviter, sign-up, recall and futures.
    fn blocked(place: &str, time: &str) -> [bool; 4] {
        RegionRule::ALL.map(|rule| blocks(rule, place, time))
    }

    #[test]
    fn windows_are_90_days_since_24_march() {
        let windows = shipped().eligibility.windows;
        let days =
            |time| windows.at(at(time)).map(|rule| (rule.account_age_days, rule.inactivity_days));
        assert_eq!(days("2025-07-31T23:59:59.999Z"), None);
        assert_eq!(days("2025-08-01T00:00:00Z"), Some((180, 180)));
        assert_eq!(days("2026-03-23T23:59:59.999Z"), Some((180, 180)));
        assert_eq!(days("2026-03-24T00:00:00Z"), Some((90, 90)));
    }

    #[test]
    fn mica_countries_are_restricted() {
        let mica = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES \
                    SE IS LI NO GF GP MQ RE YT MF AX";
        assert_eq!(mica.split(' ').count(), 30 + 7);
        for country in mica.split(' ') {
            assert_eq!(blocked(country, NOW), [true, true, false, true], "{country}");
        }
        assert_eq!(blocked("CH", NOW), [false; 4]);
    }

    #[test]
    fn prohibited_places_are_excluded() {
        for place in ["CU", "IR", "KP", "UA-43", "UA-40", "UA-14", "UA-09"] {
            assert_eq!(blocked(place, NOW), [true; 4], "{place}");
        }
        assert_eq!(blocked("UA-30", NOW), [false; 4]);
    }

    #[test]
    fn syria_is_not_prohibited() {
        assert_eq!(blocked("SY", NOW), [false; 4]);
        assert_eq!(blocked("SY", "2025-08-01T00:00:00Z"), [false; 4]);
    }

    #[test]
    fn united_kingdom_bans_incentives() {
        assert_eq!(blocked("GB", NOW), [true; 4]);
    }

    #[test]
    fn futures_have_own_restriction() {
        for country in ["US", "CA", "AU", "HK", "SG", "JP", "MY", "ZA", "CN", "BR"] {
            assert_eq!(blocked(country, NOW), [false, false, false, true], "{country}");
        }
        assert_eq!(blocked("TR", NOW), [false; 4]);
    }

    /// Rate, volume in whole USD, and new traders of each tier.
    fn tiers(market: Market) -> Vec<(String, String, u32)> {
        let rules = shipped().commission;
        let usd = rules.assets.usd();
        let market = rules.market(market).at(at(NOW)).unwrap();
        let row = |tier: &commission::Tier| {
            let volume = tier.volume_usd.display(usd).to_string();
            let whole = volume.strip_suffix(".00000000").unwrap().to_owned();
            (tier.rate.to_string(), whole, tier.new_traders)
        };
        market.tiers().iter().map(row).collect()
    }

    fn rows(rows: [(&str, &str, u32); 4]) -> Vec<(String, String, u32)> {
        rows.map(|(rate, volume, traders)| (rate.to_owned(), volume.to_owned(), traders)).to_vec()
    }

    #[test]
    fn tiers_match_performance_structure() {
        let spot = [("0.2", "0", 0), ("0.3", "200000", 3), ("0.41", "2500000", 10)];
        let [a, b, c] = spot;
        assert_eq!(tiers(Market::Spot), rows([a, b, c, ("0.5", "30000000", 15)]));
        let futures = [("0.1", "0", 0), ("0.3", "5000000", 3), ("0.41", "50000000", 10)];
        let [a, b, c] = futures;
        assert_eq!(tiers(Market::Futures), rows([a, b, c, ("0.5", "300000000", 15)]));
    }

    #[test]
    fn markets_have_start_days_and_limits() {
        let rules = shipped().commission;
        let begins = |market, time| {
            let timeline = rules.market(market);
            let before = timeline.at(at(time).plus_millis(-1)).is_some();
            (before, timeline.at(at(time)).map(commission::MarketRules::vip_limit))
        };
        assert_eq!(begins(Market::Spot, "2025-09-09T00:00:00Z"), (false, Some(Vip(2))));
        assert_eq!(begins(Market::Futures, "2025-08-01T00:00:00Z"), (false, Some(Vip(1))));
    }

    #[test]
    fn futures_tier_0_pays_for_a_year() {
        let rules = shipped().commission;
        let window = |market| rules.market(market).latest().unwrap().tier0_window();
        let year = FuturesWindow { days: 365, anchor: Anchor::OpeningOrBinding };
        assert_eq!(window(Market::Futures), Some(year));
        assert_eq!(window(Market::Spot), None);
    }

    #[test]
    fn half_of_tier_0_can_be_shared() {
        let rules = shipped().commission;
        let choices = |market| {
            let rates = rules.shared_choices(market, at(NOW));
            rates.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(choices(Market::Spot), "0 0.05 0.1");
        assert_eq!(choices(Market::Futures), "0 0.05");
    }

    #[test]
    fn links_have_public_format() {
        let links = shipped().links;
        let code = "ABCD2345".parse().unwrap();
        assert_eq!(links.max_links, 20);
        assert_eq!(links.recall_url(&code), "https://www.binance.com/join?ref=ABCD2345");
        assert_eq!(links.original_url(&code), "https://accounts.binance.com/register?ref=ABCD2345");
    }

    #[test]
    fn other_rules_are_as_documented() {
        let programme = shipped();
        let ten_minutes = Duration::from_secs(600);
        assert_eq!(programme.confirmation_valid_for, ten_minutes);
        assert_eq!(programme.event_clock_skew, ten_minutes);
        assert_eq!(programme.settle_after_days, 1);
        assert_eq!(programme.retention, policy::Retention::default());
        let assets = programme.commission.assets;
        assert_eq!(assets.decimals("USDT".parse().unwrap()).count(), 8);
        assert_eq!(assets.usd().count(), 8);
    }

    #[test]
    fn example_values_are_marked() {
        let futures = programme::POLICY.split("[[commission.futures]]").nth(1).unwrap();
        let rows = futures.lines().filter(|line| line.contains("EXAMPLE"));
        assert_eq!(rows.count(), 3);
    }

    /// Makes trading with oneself unprofitable, as docs/explanation/fraud.md calculates.
    #[test]
    fn no_rate_exceeds_half_of_a_fee() {
        for market in Market::ALL {
            let commission = shipped().commission;
            let rules = commission.market(*market).iter().flat_map(|(_, rules)| rules.tiers());
            let highest = rules.map(|tier| tier.rate).max().unwrap();
            assert_eq!(highest, "0.5".parse().unwrap());
        }
    }
}

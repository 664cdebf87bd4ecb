//! Shared test helpers of this crate: parsing, sample rules, and a sample pair.

use std::collections::BTreeMap;
use std::str::FromStr;

use eligibility::{Period, RegionRule, Regions};
use types::{Day, FeeKind, Location, Origin, Product, Timeline, Timestamp, Vip};

use crate::{
    AccountHistory, Amount, Anchor, Arrival, Assets, Booked, Charge, Decimals, Fee, FeeContext,
    FeeCorrection, Fees, Fold, FuturesWindow, Line, LineKey, MarketRules, Outcome, Rate, Relation,
    Relations, Rules, SharedCommission, SharedRules, Sums, Tier, TierInForce, evaluate, fold,
};

/// Parses a text that must be well-formed.
pub fn read<T: FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} should be well-formed"))
}

pub fn at(text: &str) -> Timestamp {
    read(text)
}

pub fn rate(text: &str) -> Rate {
    read(text)
}

/// Parses an amount of an asset with 8 decimals.
pub fn units(text: &str) -> Amount {
    Amount::parse(text, Decimals::new(8).unwrap()).unwrap()
}

pub fn usd(text: &str) -> Amount {
    units(text)
}

pub fn tier(rate: &str, volume: i128, new_traders: u32) -> Tier {
    Tier { rate: read(rate), volume_usd: usd(&volume.to_string()), new_traders }
}

pub fn location(country: &str) -> Location {
    Location { country: read(country), region: None }
}

pub const YEAR: FuturesWindow = FuturesWindow { days: 365, anchor: Anchor::OpeningOrBinding };

pub fn futures_rules(window: Option<FuturesWindow>) -> Timeline<MarketRules> {
    let tiers = vec![
        tier("0.1", 0, 0),
        tier("0.3", 5_000_000, 3),
        tier("0.41", 50_000_000, 10),
        tier("0.5", 300_000_000, 15),
    ];
    let rules = MarketRules::new(tiers, Vip(1), window).unwrap();
    Timeline::starting(at("2025-08-01T00:00:00Z"), rules)
}

fn spot_rules() -> Timeline<MarketRules> {
    let tiers = vec![
        tier("0.2", 0, 0),
        tier("0.3", 200_000, 3),
        tier("0.41", 2_500_000, 10),
        tier("0.5", 30_000_000, 15),
    ];
    let rules = MarketRules::new(tiers, Vip(2), None).unwrap();
    Timeline::starting(at("2025-09-09T00:00:00Z"), rules)
}

/// Returns the sample rules. Futures are restricted in the US.
pub fn rules() -> Rules {
    let mut regions = Regions::default();
    let always = Period { from: at("2025-01-01T00:00:00Z"), until: None };
    regions.block(RegionRule::Futures, read("US"), always);
    let eight = Decimals::new(8).unwrap();
    Rules {
        spot: spot_rules(),
        futures: futures_rules(Some(YEAR)),
        regions,
        shared: SharedRules::new(rate("0.05"), rate("0.2"), rate("0.5")).unwrap(),
        assets: Assets::new(eight, BTreeMap::new(), eight),
    }
}

/// Inviter and invitee, the rules, and the inviter's tiers.
pub struct Pair {
    pub relation: Relation,
    pub invitee: AccountHistory,
    pub inviter: AccountHistory,
    pub tier: TierInForce,
    pub rules: Rules,
}

/// Returns a pair whose trades of `DAY` earn in every market. The invitee was recalled in June
/// 2026, both are in Switzerland, and nothing is shared.
pub fn pair() -> Pair {
    let long_ago = at("2025-01-01T00:00:00Z");
    let party = AccountHistory {
        location: Timeline::starting(long_ago, location("CH")),
        affiliate: Timeline::starting(long_ago, true),
        futures_opened_at: Some(long_ago),
    };
    Pair {
        relation: Relation {
            inviter: read("inviter-1"),
            invitee: read("invitee-1"),
            code: read("K7M2XW9P"),
            origin: Origin::Recall,
            bound_at: at("2026-06-01T00:00:00Z"),
            shared: SharedCommission::default(),
            voided_at: None,
        },
        invitee: party.clone(),
        inviter: party,
        tier: TierInForce::default(),
        rules: rules(),
    }
}

pub const DAY: &str = "2026-11-22";

pub fn day() -> Day {
    read(DAY)
}

impl Pair {
    pub fn relations(&self) -> Relations {
        let mut relations = Relations::default();
        let inviter = self.relation.inviter.clone();
        relations.add_inviter(inviter, self.inviter.clone(), self.tier);
        relations.add_relation(self.relation.clone(), self.invitee.clone());
        relations
    }

    pub fn evaluate(&self, fee: &Fee) -> Outcome {
        let Self { relation, invitee, inviter, tier, .. } = self;
        evaluate(&fee.charge, &FeeContext { relation, invitee, inviter, tier: *tier }, &self.rules)
    }

    /// Folds `DAY` with the fees arriving in the given order.
    pub fn fold(&self, fees: &[Fee], corrections: &[FeeCorrection]) -> Fold {
        fold(day(), &arriving(fees), corrections, &self.relations(), &self.rules).unwrap()
    }

    pub fn key(&self, product: Product, asset: &str, outcome: Outcome) -> LineKey {
        LineKey {
            inviter: self.relation.inviter.clone(),
            invitee: self.relation.invitee.clone(),
            product,
            asset: read(asset),
            outcome,
        }
    }
}

pub fn arriving(fees: &[Fee]) -> Fees {
    let mut arriving = Fees::default();
    for (arrival, fee) in (0..).map(Arrival).zip(fees) {
        arriving.push(arrival, fee).unwrap();
    }
    arriving
}

/// Returns a fee of the pair's invitee at noon of `DAY`. Its value in USD is ten times the
/// amount, and its volume a thousand times.
pub fn fee(trade_id: &str, product: Product, amount: &str) -> Fee {
    let amount = units(amount);
    let times = |factor: i128| Amount::from_minor(amount.minor() * factor);
    let charge = Charge {
        product,
        kind: FeeKind::Trade,
        asset: read("XMR"),
        amount,
        amount_usd: times(10),
        volume_usd: times(1000),
        vip: Vip(0),
        broker: false,
        at: at("2026-11-22T12:00:00Z"),
    };
    Fee { trade_id: read(trade_id), uid: read("invitee-1"), charge }
}

impl Fee {
    /// Returns the fee with a changed charge.
    pub fn with(mut self, change: impl FnOnce(&mut Charge)) -> Self {
        change(&mut self.charge);
        self
    }
}

pub fn spot(trade_id: &str, amount: &str) -> Fee {
    fee(trade_id, Product::Spot, amount)
}

pub fn futures(trade_id: &str, amount: &str) -> Fee {
    fee(trade_id, Product::Futures, amount)
}

/// Converts an amount with 8 decimals to the finest decimals, which corrections use.
pub fn finest(amount: Amount) -> Amount {
    Amount::from_minor(amount.minor() * 10_i128.pow(10))
}

/// Returns a correction of a fee to another amount. Value and volume have the proportions of
/// [`fee`].
pub fn correction(trade_id: &str, amount: &str, why: &str) -> FeeCorrection {
    let Fee { trade_id, uid, charge } = spot(trade_id, amount);
    let Charge { amount, amount_usd, volume_usd, at, .. } = charge;
    let (at, amount) = (at.plus_days(1), finest(amount));
    FeeCorrection { trade_id, uid, at, amount, amount_usd, volume_usd, why: why.to_owned() }
}

pub fn earned(rate: &str, shared: &str) -> Outcome {
    Outcome::Earned { rate: read(rate), shared: read(shared) }
}

/// Returns the booked sums after these lines.
pub fn booked(lines: &[Line]) -> Booked {
    let mut booked = Booked::default();
    lines.iter().for_each(|line| booked.apply(line).unwrap());
    booked
}

/// Returns the due sums by key.
pub fn due_sums(fold: &Fold) -> Vec<(LineKey, Sums)> {
    fold.due.iter().map(|due| (due.key(), due.sums)).collect()
}

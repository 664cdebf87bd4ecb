//! Fees of trades and positions.

use types::{FeeKind, Product, Timestamp};

use super::account::Account;
use super::amount::Amount;
use super::event::Fee;
use super::prices::{Asset, BNB, BTC, ETH, SOL, USDT, XMR, XRP};
use super::scenario::Scenario;
use super::trader::Trader;

const ASSETS: [(i64, Asset); 6] =
    [(410, BNB), (90, BTC), (80, ETH), (45, SOL), (35, XRP), (25, XMR)];

/// The special properties of a trade's fee.
#[derive(Debug, Clone, Copy)]
struct Nature {
    kind: FeeKind,
    broker: bool,
    /// Charged part of the ordinary fee, in millionths.
    charged: i64,
}

const ORDINARY: Nature = Nature { kind: FeeKind::Trade, broker: false, charged: 1_000_000 };
const FREE: Nature = Nature { charged: 0, ..ORDINARY };
const MAKER: Nature = Nature { charged: -200_000, ..ORDINARY };
const BROKER: Nature = Nature { broker: true, ..ORDINARY };
const LIQUIDATION: Nature = Nature { kind: FeeKind::Liquidation, charged: 6_000_000, ..ORDINARY };

impl Nature {
    fn of(product: Product, scenario: &mut Scenario) -> Self {
        match product {
            Product::Spot => scenario.rng.pick(ORDINARY, &[(18, FREE), (12, BROKER)]),
            Product::Margin => scenario.rng.pick(ORDINARY, &[(12, BROKER), (6, LIQUIDATION)]),
            Product::Futures => {
                scenario.rng.pick(ORDINARY, &[(25, MAKER), (12, BROKER), (9, LIQUIDATION)])
            }
        }
    }
}

pub(super) fn of_trade(scenario: &mut Scenario, trader: &Trader, at: Timestamp) -> Fee {
    let product = trader.leaning.product(&mut scenario.rng);
    let nature = Nature::of(product, scenario);
    let volume = volume(scenario, trader, product);
    let asset = asset(scenario, product);
    let vip_level = trader.levels.at(at);
    let rate = rate(scenario, product, vip_level, asset);
    let uid = trader.account(&mut scenario.rng);
    let usd = volume.millionths(rate).millionths(nature.charged);
    let Nature { kind, broker, .. } = nature;
    let fee =
        Fee { product, kind, volume_usd: volume, vip_level, broker, ..blank(scenario, uid, at) };
    charged(fee, usd, asset, scenario)
}

/// Returns a fee on an open futures position; funding is received as often as paid.
pub(super) fn of_position(
    scenario: &mut Scenario,
    trader: &Trader,
    kind: FeeKind,
    at: Timestamp,
) -> Fee {
    let position = volume(scenario, trader, Product::Futures);
    let rate = match kind {
        FeeKind::Funding => scenario.rng.between(-150, 150),
        _ => 150,
    };
    let vip_level = trader.levels.at(at);
    let fee = Fee { kind, vip_level, ..blank(scenario, trader.main, at) };
    charged(fee, position.millionths(rate), USDT, scenario)
}

/// Returns a futures fee of zero.
fn blank(scenario: &mut Scenario, uid: Account, at: Timestamp) -> Fee {
    Fee {
        trade_id: scenario.trade_id(),
        uid,
        product: Product::Futures,
        kind: FeeKind::Trade,
        asset: USDT.ticker,
        amount: Amount::ZERO,
        amount_usd: Amount::ZERO,
        volume_usd: Amount::ZERO,
        vip_level: 0,
        broker: false,
        at,
    }
}

/// Returns the fee with `usd` charged in an asset. Its value is that of the asset's whole units.
fn charged(fee: Fee, usd: Amount, asset: Asset, scenario: &Scenario) -> Fee {
    let price = asset.price(fee.at, scenario.calendar.first.start());
    let amount = usd.at_price(price);
    Fee { asset: asset.ticker, amount, amount_usd: amount.worth(price), ..fee }
}

/// Returns the volume in whole cents; futures are traded with leverage.
fn volume(scenario: &mut Scenario, trader: &Trader, product: Product) -> Amount {
    let (least, most) = trader.size.volume;
    let leverage = if product == Product::Futures { 3 } else { 1 };
    Amount::cents(scenario.rng.mostly_low(least * 100, most * 100) * leverage)
}

/// Returns the asset of a fee. Most futures fees are charged in USDT.
fn asset(scenario: &mut Scenario, product: Product) -> Asset {
    match product {
        Product::Futures => scenario.rng.pick(USDT, &[(150, BNB)]),
        Product::Spot | Product::Margin => scenario.rng.pick(USDT, &ASSETS),
    }
}

/// Returns the exchange's fee in millionths of the volume: lower for higher levels, for makers of
/// futures orders, and for payment in the exchange's token.
fn rate(scenario: &mut Scenario, product: Product, vip: u8, asset: Asset) -> i64 {
    let level = i64::from(vip);
    let listed = match product {
        Product::Futures if scenario.rng.chance(350) => 200 - 20 * level,
        Product::Futures => 500 - 40 * level,
        Product::Spot | Product::Margin => 1_000 - 110 * level,
    };
    if asset == BNB { listed * 3 / 4 } else { listed }
}

//! What a trade, or a position, is charged.

use types::{FeeKind, Product, Timestamp};

use super::account::Account;
use super::amount::Amount;
use super::event::Fee;
use super::prices::{Asset, BNB, BTC, ETH, SOL, USDT, XMR, XRP};
use super::scenario::Script;
use super::trader::Trader;

const ASSETS: [(i64, Asset); 6] =
    [(410, BNB), (90, BTC), (80, ETH), (45, SOL), (35, XRP), (25, XMR)];

/// What is special about a trade's fee.
#[derive(Debug, Clone, Copy)]
struct Nature {
    kind: FeeKind,
    broker: bool,
    /// Millionths of the ordinary fee that are charged.
    charged: i64,
}

const ORDINARY: Nature = Nature { kind: FeeKind::Trade, broker: false, charged: 1_000_000 };
const FREE: Nature = Nature { charged: 0, ..ORDINARY };
const MAKER: Nature = Nature { charged: -200_000, ..ORDINARY };
const BROKER: Nature = Nature { broker: true, ..ORDINARY };
const LIQUIDATION: Nature = Nature { kind: FeeKind::Liquidation, charged: 6_000_000, ..ORDINARY };

impl Nature {
    fn of(product: Product, script: &mut Script) -> Self {
        match product {
            Product::Spot => script.dice.pick(ORDINARY, &[(18, FREE), (12, BROKER)]),
            Product::Margin => script.dice.pick(ORDINARY, &[(12, BROKER), (6, LIQUIDATION)]),
            Product::Futures => {
                script.dice.pick(ORDINARY, &[(25, MAKER), (12, BROKER), (9, LIQUIDATION)])
            }
        }
    }
}

pub(super) fn of_trade(script: &mut Script, trader: &Trader, at: Timestamp) -> Fee {
    let product = trader.leaning.product(&mut script.dice);
    let nature = Nature::of(product, script);
    let volume = volume(script, trader, product);
    let asset = asset(script, product);
    let vip_level = trader.levels.at(at);
    let rate = rate(script, product, vip_level, asset);
    let uid = trader.account(&mut script.dice);
    let usd = volume.millionths(rate).millionths(nature.charged);
    let Nature { kind, broker, .. } = nature;
    let fee =
        Fee { product, kind, volume_usd: volume, vip_level, broker, ..blank(script, uid, at) };
    charged(fee, usd, asset, script)
}

/// A fee on an open futures position; funding is as often received as paid.
pub(super) fn of_position(
    script: &mut Script,
    trader: &Trader,
    kind: FeeKind,
    at: Timestamp,
) -> Fee {
    let position = volume(script, trader, Product::Futures);
    let rate = match kind {
        FeeKind::Funding => script.dice.between(-150, 150),
        _ => 150,
    };
    let vip_level = trader.levels.at(at);
    let fee = Fee { kind, vip_level, ..blank(script, trader.main, at) };
    charged(fee, position.millionths(rate), USDT, script)
}

/// A futures fee of nothing.
fn blank(script: &mut Script, uid: Account, at: Timestamp) -> Fee {
    Fee {
        trade_id: script.trade_id(),
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

/// The fee with so many USD charged in an asset; its value is that of the asset's whole units.
fn charged(fee: Fee, usd: Amount, asset: Asset, script: &Script) -> Fee {
    let price = asset.price(fee.at, script.calendar.first.start());
    let amount = usd.at_price(price);
    Fee { asset: asset.ticker, amount, amount_usd: amount.worth(price), ..fee }
}

/// The volume in whole cents; futures are traded with leverage.
fn volume(script: &mut Script, trader: &Trader, product: Product) -> Amount {
    let (least, most) = trader.size.volume;
    let leverage = if product == Product::Futures { 3 } else { 1 };
    Amount::cents(script.dice.mostly_low(least * 100, most * 100) * leverage)
}

/// Futures are charged in USDT most of all.
fn asset(script: &mut Script, product: Product) -> Asset {
    match product {
        Product::Futures => script.dice.pick(USDT, &[(150, BNB)]),
        Product::Spot | Product::Margin => script.dice.pick(USDT, &ASSETS),
    }
}

/// The exchange's fee in millionths of the volume: less for higher levels, for makers of futures
/// orders, and for whoever pays in the exchange's own token.
fn rate(script: &mut Script, product: Product, vip: u8, asset: Asset) -> i64 {
    let level = i64::from(vip);
    let listed = match product {
        Product::Futures if script.dice.chance(350) => 200 - 20 * level,
        Product::Futures => 500 - 40 * level,
        Product::Spot | Product::Margin => 1_000 - 110 * level,
    };
    if asset == BNB { listed * 3 / 4 } else { listed }
}

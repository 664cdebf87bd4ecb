//! What traders do on each day: trades, funding, and the use of other products.

use types::{Day, FeeKind, Timestamp};

use super::calendar::{HOUR, weekday};
use super::delivery_faults;
use super::event::{Activity, Data};
use super::fees;
use super::scenario::Script;
use super::trader::Trader;

/// Products whose use is no trade, but activity.
const OTHER_PRODUCTS: [(i64, &str); 4] =
    [(250, "convert"), (150, "p2p"), (150, "card"), (100, "launchpool")];

/// Hours at which perpetual positions pay funding.
const FUNDING_HOURS: [i64; 3] = [0, 8, 16];

const FRIDAY: i64 = 4;

pub(super) fn simulate(script: &mut Script, traders: &[Trader]) {
    for day in script.calendar.days() {
        let volume_factor = script.calendar.volume_factor(day);
        for trader in traders {
            trade(script, trader, day, volume_factor);
            if trader.leaning.holds_futures() {
                fund(script, trader, day);
            }
            use_other_product(script, trader, day);
        }
    }
}

fn trade(script: &mut Script, trader: &Trader, day: Day, volume_factor: i64) {
    for _ in 0..script.dice.times(trader.size.trades * volume_factor / 1_000) {
        let at = instant_in(script, day);
        if trader.trades_at(at) {
            let fee = fees::of_trade(script, trader, at);
            delivery_faults::send(script, fee, trader.invited);
        }
    }
}

/// An instant of the day; more is traded around noon than at midnight.
fn instant_in(script: &mut Script, day: Day) -> Timestamp {
    let time = script.dice.between(0, 12 * HOUR - 1) + script.dice.between(0, 12 * HOUR);
    day.start().plus_millis(time)
}

/// Funding now and then; on Fridays at eight, contracts are delivered instead.
fn fund(script: &mut Script, trader: &Trader, day: Day) {
    for hour in FUNDING_HOURS {
        let at = day.start().plus_millis(hour * HOUR);
        if trader.trades_at(at) && script.dice.chance(40) {
            let delivers = weekday(day) == FRIDAY && hour == 8;
            let kind = if delivers { FeeKind::Delivery } else { FeeKind::Funding };
            let fee = fees::of_position(script, trader, kind, at);
            delivery_faults::send(script, fee, trader.invited);
        }
    }
}

fn use_other_product(script: &mut Script, trader: &Trader, day: Day) {
    let at = instant_in(script, day);
    if trader.trades_at(at) && script.dice.chance(15) {
        let product = script.dice.pick("earn", &OTHER_PRODUCTS);
        script.tell(Data::Activity(Activity { uid: trader.main, product, at }));
    }
}

//! The traders' days: trades, funding, and the use of other products.

use types::{Day, FeeKind, Timestamp};

use super::calendar::{HOUR, weekday};
use super::delivery_faults;
use super::event::{Activity, Data};
use super::fees;
use super::scenario::Scenario;
use super::trader::Trader;

/// Products whose use is activity but no trade.
const OTHER_PRODUCTS: [(i64, &str); 4] =
    [(250, "convert"), (150, "p2p"), (150, "card"), (100, "launchpool")];

/// Hours at which perpetual positions pay funding.
const FUNDING_HOURS: [i64; 3] = [0, 8, 16];

const FRIDAY: i64 = 4;

pub(super) fn simulate(scenario: &mut Scenario, traders: &[Trader]) {
    for day in scenario.calendar.days() {
        let volume_factor = scenario.calendar.volume_factor(day);
        for trader in traders {
            trade(scenario, trader, day, volume_factor);
            if trader.leaning.holds_futures() {
                fund(scenario, trader, day);
            }
            use_other_product(scenario, trader, day);
        }
    }
}

fn trade(scenario: &mut Scenario, trader: &Trader, day: Day, volume_factor: i64) {
    for _ in 0..scenario.rng.times(trader.size.trades * volume_factor / 1_000) {
        let at = instant_in(scenario, day);
        if trader.trades_at(at) {
            let fee = fees::of_trade(scenario, trader, at);
            delivery_faults::send(scenario, fee, trader.invited);
        }
    }
}

/// Returns an instant of the day; trades are more frequent at noon than at midnight.
fn instant_in(scenario: &mut Scenario, day: Day) -> Timestamp {
    let time = scenario.rng.between(0, 12 * HOUR - 1) + scenario.rng.between(0, 12 * HOUR);
    day.start().plus_millis(time)
}

/// Sends funding occasionally; on Fridays at eight, contracts are delivered instead.
fn fund(scenario: &mut Scenario, trader: &Trader, day: Day) {
    for hour in FUNDING_HOURS {
        let at = day.start().plus_millis(hour * HOUR);
        if trader.trades_at(at) && scenario.rng.chance(40) {
            let delivers = weekday(day) == FRIDAY && hour == 8;
            let kind = if delivers { FeeKind::Delivery } else { FeeKind::Funding };
            let fee = fees::of_position(scenario, trader, kind, at);
            delivery_faults::send(scenario, fee, trader.invited);
        }
    }
}

fn use_other_product(scenario: &mut Scenario, trader: &Trader, day: Day) {
    let at = instant_in(scenario, day);
    if trader.trades_at(at) && scenario.rng.chance(15) {
        let product = scenario.rng.pick("earn", &OTHER_PRODUCTS);
        scenario.tell(Data::Activity(Activity { uid: trader.main, product, at }));
    }
}

//! Delivery of fees: mostly immediate, sometimes late, duplicate, or corrected afterwards.

use types::{MILLIS_PER_DAY, Timestamp};

use super::Action;
use super::amount::Amount;
use super::event::{Correction, Data, Fee};
use super::scenario::Scenario;

/// Frequency of fees that are one to three days late, in thousandths.
const LATE: i64 = 12;
/// Frequency of duplicate deliveries.
const DELIVERED_TWICE: i64 = 8;
/// Frequency of a trade's fee in a second event.
const TOLD_TWICE: i64 = 3;
/// Frequency of corrections of an invitee's fee.
const CORRECTED: i64 = 4;

const MINUTE: i64 = 60_000;

/// Sends a fee with its delivery faults. Fees of the same minute may be reordered.
pub(super) fn send(scenario: &mut Scenario, fee: Fee, invited: bool) {
    let arrives = arrival(scenario, fee.at);
    let event = scenario.event(Data::Charged(fee.clone()));
    if scenario.rng.chance(DELIVERED_TWICE) {
        let again = arrives.plus_millis(scenario.rng.between(1_000, 2 * MILLIS_PER_DAY));
        scenario.step(again, Action::Deliver(event.clone()));
    }
    scenario.step(arrives, Action::Deliver(event));
    if scenario.rng.chance(TOLD_TWICE) {
        let event = scenario.event(Data::Charged(fee.clone()));
        scenario.step(arrives.plus_millis(5 * MINUTE), Action::Deliver(event));
    }
    if invited && scenario.rng.chance(CORRECTED) {
        correct(scenario, &fee, arrives);
    }
}

fn arrival(scenario: &mut Scenario, at: Timestamp) -> Timestamp {
    let days = if scenario.rng.chance(LATE) { scenario.rng.between(1, 3) } else { 0 };
    at.plus_days(days).plus_millis(scenario.rng.between(200, MINUTE))
}

/// Corrects a fee up to four days after its arrival: the trade is busted, or the fee is halved.
fn correct(scenario: &mut Scenario, fee: &Fee, arrived: Timestamp) {
    let at = arrived.plus_millis(scenario.rng.between(30 * MINUTE, 4 * MILLIS_PER_DAY));
    let none = (Amount::ZERO, Amount::ZERO);
    let (why, (amount, amount_usd), volume_usd) = if scenario.rng.chance(350) {
        ("trade busted", none, Amount::ZERO)
    } else {
        let halves = (fee.amount.millionths(500_000), fee.amount_usd.millionths(500_000));
        ("a discount was missing", halves, fee.volume_usd)
    };
    scenario.tell(Data::Corrected(Correction {
        trade_id: fee.trade_id.clone(),
        uid: fee.uid,
        day: fee.at.day(),
        amount,
        amount_usd,
        volume_usd,
        at,
        why,
    }));
}

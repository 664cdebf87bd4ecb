//! Payouts: each Wednesday the wallet pays the settled earnings of earlier weeks.

use super::Action;
use super::calendar::{HOUR, weekday};
use super::plans::PLANS;
use super::scenario::Scenario;

const WEDNESDAY: i64 = 2;
/// Days from a Wednesday back to the Sunday that ended the previous week.
const BACK_TO_SUNDAY: i32 = -3;

pub(super) fn pay_weekly(scenario: &mut Scenario) {
    let calendar = scenario.calendar;
    for day in calendar.days().filter(|day| weekday(*day) == WEDNESDAY) {
        let sunday = day.plus(BACK_TO_SUNDAY);
        if sunday < calendar.first {
            continue;
        }
        for plan in PLANS.iter().filter(|plan| plan.invites()) {
            let noon = day.start().plus_millis(12 * HOUR);
            scenario.step(noon, Action::PayUpTo(plan.account.uid(), sunday));
        }
    }
}

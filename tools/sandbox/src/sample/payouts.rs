//! The wallet pays each Wednesday what the weeks before have earned.

use super::Action;
use super::calendar::{HOUR, weekday};
use super::plans::PLANS;
use super::scenario::Script;

const WEDNESDAY: i64 = 2;
/// From a Wednesday back to the Sunday that ended the week before.
const BACK_TO_SUNDAY: i32 = -3;

pub(super) fn pay_weekly(script: &mut Script) {
    let calendar = script.calendar;
    for day in calendar.days().filter(|day| weekday(*day) == WEDNESDAY) {
        let sunday = day.plus(BACK_TO_SUNDAY);
        if sunday < calendar.first {
            continue;
        }
        for plan in PLANS.iter().filter(|plan| plan.invites()) {
            let noon = day.start().plus_millis(12 * HOUR);
            script.step(noon, Action::PayUpTo(plan.account.uid(), sunday));
        }
    }
}

//! `operator evaluate`: the tiers that a past quarter earned, worked out again.

use lambda::App;
use nightly::{Driver, Evaluated, NotEvaluated, not_evaluated};
use types::Quarter;

use crate::format::count;
use crate::rollup::RETRY;
use crate::{Console, Failure, Outcome};

/// Evaluates a quarter that has ended.
pub(crate) async fn evaluate(
    app: &App,
    target: &str,
    quarter: Quarter,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    if app.clock.now() < quarter.last_day().end() {
        let sentence = format!("{quarter} is not over yet; it ends with {}", quarter.last_day());
        return Err(Failure::InvalidInput(sentence));
    }
    let next = quarter.next();
    console.ask(
        target,
        format_args!("sets each affiliate's tiers of {next} by the results of {quarter}."),
    )?;
    let evaluated = Driver::new(app).retrying(RETRY).evaluate(quarter).await?;
    console.say(outcome_text(quarter, &evaluated));
    if evaluated.not_evaluated > 0 {
        for NotEvaluated { uid, reason } in not_evaluated(app, quarter).await? {
            console.say(format_args!("  left out: affiliate {uid}: {reason}"));
        }
    }
    console.say(format_args!(
        "Days of {next} that are booked stay as they are until they are run again; `verify` \
         tells which would change."
    ));
    Ok(Outcome::of(evaluated.not_evaluated == 0))
}

/// Returns the outcome of an evaluation in words.
pub(crate) fn outcome_text(quarter: Quarter, evaluated: &Evaluated) -> String {
    let Evaluated { affiliates, promoted, .. } = evaluated;
    let affiliates = count(*affiliates, "affiliate");
    format!("{quarter}  evaluated {affiliates}: {promoted} above tier 0 in {}", quarter.next())
}

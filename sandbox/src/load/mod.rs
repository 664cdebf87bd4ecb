//! Loads the sample programme day by day, through the functions' own handlers.
//!
//! Events go through `ingest` in batches; links and binds are made by the users themselves,
//! through the API's handlers; at 00:30 of the next day comes the nightly job. The clock stands
//! at the instant of each step, so that the rules judge as they would have judged then.

mod day;
mod error;
mod user;
mod wallet;

use runtime::{App, Dial, Entropy};
use serde::{Deserialize, Serialize};
use terms::{Day, Uid};

use crate::StartError;
use crate::load::day::Loader;
use crate::narrator::Narrator;
use crate::sample::Sample;

/// The sample's seed: every sandbox shows the same programme, up to its dates.
const SEED: u64 = 1;

/// What is worth looking at in the sample programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Highlights {
    /// The affiliate with most on the dashboard.
    pub(crate) affiliate: Uid,
    /// The first day of the programme.
    pub(crate) first_day: Day,
    /// The last one.
    pub(crate) last_day: Day,
}

/// Loads the sample that ends the day before the clock's. The dial is left standing somewhere.
pub(crate) async fn load(
    app: &App,
    dial: &Dial,
    narrator: Narrator,
) -> Result<Highlights, StartError> {
    let sample = Sample::generate(SEED, dial.now().day().previous());
    let highlights = highlights(&sample)?;
    narrator.say(format_args!(
        "Loading the sample programme, {} to {}: {}.",
        highlights.first_day,
        highlights.last_day,
        sample.figures()
    ));
    // Seeded, so that links have the same codes in every sandbox.
    let app = App { entropy: Entropy::seeded(SEED), ..app.clone() };
    let mut loader = Loader::new(&app, dial, highlights.first_day);
    let mut days = narrator.days(sample.days.len() as u64);
    for simulated in sample.days {
        let day = simulated.day;
        loader.live(simulated).await.map_err(|why| StartError::Sample(format!("{day}: {why}")))?;
        days.done(day);
    }
    days.finish();
    loader.finish().map_err(|why| StartError::Sample(why.to_string()))?;
    Ok(highlights)
}

fn highlights(sample: &Sample) -> Result<Highlights, StartError> {
    match (sample.cast.affiliates.first(), sample.days.first(), sample.days.last()) {
        (Some(affiliate), Some(first), Some(last)) => Ok(Highlights {
            affiliate: affiliate.uid.clone(),
            first_day: first.day,
            last_day: last.day,
        }),
        _ => Err(StartError::Sample("it is empty".into())),
    }
}

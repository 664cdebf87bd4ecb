//! Loads the sample programme day by day, through the functions' handlers.
//!
//! Events go through `ingest` in batches; links and binds are requests to the API's handlers; the
//! nightly job runs at 00:30 of the next day. The clock is set to the time of each step, so that
//! the rules apply as at that time.

mod day;
mod error;
mod user;
mod wallet;

use lambda::{ApiApp, ManualClock, RandomSource};
use serde::{Deserialize, Serialize};
use types::{Day, Uid};

use crate::StartError;
use crate::load::day::Loader;
use crate::progress::Progress;
use crate::sample::{Sample, SimulatedDay};

/// The sample's seed: every sandbox shows the same programme, up to its dates.
const SEED: u64 = 1;

/// Entry points to the sample programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Highlights {
    /// The affiliate with the most data on the dashboard.
    pub(crate) affiliate: Uid,
    /// The first day of the programme.
    pub(crate) first_day: Day,
    /// The last one.
    pub(crate) last_day: Day,
}

/// Loads the sample, which ends the day before the clock's day. The clock is not reset afterwards.
pub(crate) async fn load(
    app: &ApiApp,
    manual_clock: &ManualClock,
    progress: Progress,
) -> Result<Highlights, StartError> {
    let sample = Sample::generate(SEED, manual_clock.now().day().previous());
    let highlights = highlights(&sample)?;
    let Highlights { first_day, last_day, .. } = &highlights;
    let figures = sample.figures();
    progress.say(format_args!("Loading the sample programme, {first_day} to {last_day}:"));
    progress.say(format_args!("  {figures}."));
    live(app, manual_clock, sample.days, progress).await?;
    Ok(highlights)
}

/// Simulates the days, one after the other.
async fn live(
    app: &ApiApp,
    manual_clock: &ManualClock,
    days: Vec<SimulatedDay>,
    progress: Progress,
) -> Result<(), StartError> {
    // Seeded, so that links have the same codes in every sandbox.
    let mut app = app.clone();
    app.entropy = RandomSource::seeded(SEED);
    let mut progress = progress.days(days.len() as u64);
    let mut loader = Loader::new(&app, manual_clock);
    for simulated in days {
        let day = simulated.day;
        loader.live(simulated).await.map_err(|why| {
            StartError::Sample(format!("{day}: {}", types::error_chain(&why)).into())
        })?;
        progress.done(day);
    }
    progress.finish();
    loader.finish().map_err(|why| StartError::Sample(why.into()))
}

fn highlights(sample: &Sample) -> Result<Highlights, StartError> {
    match (sample.personas.affiliates.first(), sample.days.first(), sample.days.last()) {
        (Some(affiliate), Some(first), Some(last)) => Ok(Highlights {
            affiliate: affiliate.uid.clone(),
            first_day: first.day,
            last_day: last.day,
        }),
        _ => Err(StartError::Sample("it is empty".into())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dynamodb_embedded::{Engine, create_table};
    use http_api::Signer;
    use lambda::App;
    use sam_template::Template;
    use storage::Table;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    async fn app(manual_clock: &ManualClock) -> ApiApp {
        let engine = Engine::memory().unwrap();
        let definition = Template::embedded().unwrap().table;
        create_table(&engine.client(), "recall", &definition).await.unwrap();
        let app = App {
            table: Table::new(engine.config(), "recall"),
            programme: Arc::new(programme::programme().unwrap()),
            clock: manual_clock.clock(),
            entropy: RandomSource::system(),
            metrics: lambda::Metrics::off(),
        };
        let signer = Signer::from_keys_text("a key of at least thirty-two bytes").unwrap();
        ApiApp { app, signer }
    }

    #[tokio::test]
    async fn first_sample_days_are_booked() {
        let manual_clock = ManualClock::default();
        let app = app(&manual_clock).await;
        let mut sample = Sample::generate(SEED, day("2026-11-21"));
        let affiliate = highlights(&sample).unwrap().affiliate;
        sample.days.truncate(3);
        let (first, last) = (sample.days[0].day, sample.days[2].day);
        live(&app, &manual_clock, sample.days, Progress::new(true)).await.unwrap();
        let head = app.table.head().await.unwrap().value;
        assert_eq!(head.closed_through, Some(last));
        assert_eq!(manual_clock.now(), last.end().plus_millis(30 * 60 * 1000));
        let booked = app.table.summaries(&affiliate, first, last, head.visible).await.unwrap();
        assert!(booked.iter().any(|summary| summary.summary.lines > 0), "{booked:?}");
    }
}

//! A viral link, through the handlers: many dormant users open it and confirm, without pause or at
//! a fixed rate.

use std::time::Duration;

use lambda::ApiApp;
use serde_json::{Value, json};
use storage::Shard;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use types::Uid;

use crate::Failure;
use crate::ask::{ask, default_link};
use crate::engine::TestApp;
use crate::made::MadeDay;
use crate::measure::{Figures, Latencies, Watch, forget_peak_memory};

/// Concurrent users where no rate is given.
const AT_ONCE: usize = 32;

/// Binds users: `a_second` of them, each at a fixed instant, whether or not earlier users are
/// served; or `AT_ONCE` concurrently without pause.
pub async fn run(users: u64, a_second: Option<u32>, capacity: bool) -> Result<(), Failure> {
    let made = MadeDay::of_one_inviter(1)?;
    let app = TestApp::after(&made, capacity).await?;
    app.open_accounts(&made).await?;
    app.open_dormant(&made, users).await?;
    let target = format!("/v1/bind?ref={}", default_link(&app.context).await?);
    let _before = app.engine.take_call_stats();
    forget_peak_memory()?;
    let watch = Watch::start();
    let crowd = all_press(&app.context, &target, users, a_second).await?;
    let mut figures = Figures::of("viral", users);
    figures.note("binds", watch.stop());
    let stats = app.engine.take_call_stats();
    figures.note("bound", crowd.press.count());
    figures.note("window", crowd.window.percentiles());
    figures.note("press", crowd.press.percentiles());
    figures.note("engineSeconds", stats.busy.as_secs_f64());
    figures.note("calls", stats.calls.values().sum::<usize>());
    figures.note("halfUnitsRead", stats.half_units_read());
    figures.note("halfUnitsWritten", stats.half_units_written());
    figures.note("listed", listed(&app.context).await?);
    figures.print();
    Ok(())
}

/// Waiting times of the bound users.
#[derive(Default)]
struct Crowd {
    window: Latencies,
    press: Latencies,
}

impl Crowd {
    fn note(&mut self, waited: Option<(Duration, Duration)>) {
        if let Some((window, press)) = waited {
            self.window.add(window);
            self.press.add(press);
        }
    }
}

async fn all_press(
    app: &ApiApp,
    target: &str,
    users: u64,
    a_second: Option<u32>,
) -> Result<Crowd, Failure> {
    let (mut under_way, mut crowd) = (JoinSet::new(), Crowd::default());
    let begun = Instant::now();
    for number in 0..users {
        let due = match a_second {
            Some(pace) => begun + Duration::from_secs(number) / pace,
            None => Instant::now(),
        };
        sleep_until(due).await;
        while a_second.is_none() && under_way.len() >= AT_ONCE {
            let Some(done) = under_way.join_next().await else { break };
            crowd.note(done??);
        }
        while let Some(done) = under_way.try_join_next() {
            crowd.note(done??);
        }
        let press = press(app.clone(), MadeDay::dormant(number)?, target.to_owned(), due);
        under_way.spawn(press);
    }
    while let Some(done) = under_way.join_next().await {
        crowd.note(done??);
    }
    Ok(crowd)
}

/// Opens the window and confirms immediately. Returns both durations if the user was bound; the
/// first counts from `due`.
async fn press(
    app: ApiApp,
    user: Uid,
    target: String,
    due: Instant,
) -> Result<Option<(Duration, Duration)>, Failure> {
    let window = ask(&app, &user, "GET", &target, &Value::Null).await?;
    let opened = Instant::now();
    let body = json!({ "confirmation": window.json()?.get("confirmation") });
    let answer = ask(&app, &user, "POST", "/v1/bind", &body).await?;
    Ok((answer.status == 201).then(|| (opened - due, opened.elapsed())))
}

/// Returns the number of bindings on the day's lists.
async fn listed(app: &ApiApp) -> Result<usize, Failure> {
    let (day, mut listed) = (app.clock.now().day(), 0);
    for shard in Shard::all() {
        listed += app.table.new_bindings(day, shard).await?.len();
    }
    Ok(listed)
}

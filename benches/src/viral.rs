//! A viral link: dormant users who all open it and press at the same time, through the handlers.

use std::time::Instant;

use http_api::gateway::Incoming;
use http_api::jwt::Claims;
use lambda_http::Body;
use runtime::App;
use serde_json::{Value, json};
use table::Shard;
use terms::Uid;
use tokio::task::JoinSet;

use crate::Failure;
use crate::engine::World;
use crate::made::MadeDay;
use crate::measure::{Figures, Watch};

/// Requests that are under way at the same time.
const AT_ONCE: u64 = 32;

pub async fn run(users: u64, capacity: bool) -> Result<(), Failure> {
    let made = MadeDay::of_one_inviter(1)?;
    let world = World::after(&made, capacity).await?;
    world.open_accounts(&made).await?;
    world.open_dormant(&made, users).await?;
    let (_, link) =
        call(&world.app, &MadeDay::inviter(0)?, "GET", "/v1/link", &Value::Null).await?;
    let target =
        format!("/v1/bind?ref={}", link.get("code").and_then(Value::as_str).ok_or("no link")?);
    let _before = world.engine.take_spent();
    let watch = Watch::start();
    let mut latencies = all_press(&world.app, &target, users).await?;
    let mut figures = Figures::of("viral", users);
    figures.note("binds", watch.stop());
    let spent = world.engine.take_spent();
    latencies.sort_unstable();
    for (name, per_mille) in [("p50", 500), ("p99", 990), ("p999", 999)] {
        let place = latencies.len() * per_mille / 1000;
        figures.note(&format!("{name}Micros"), latencies.get(place).copied().unwrap_or_default());
    }
    figures.note("engineSeconds", spent.busy.as_secs_f64());
    figures.note("calls", spent.calls.values().sum::<usize>());
    figures.note("halfUnitsRead", spent.half_units_read());
    figures.note("halfUnitsWritten", spent.half_units_written());
    figures.note("bound", latencies.len());
    figures.note("listed", listed(&world.app).await?);
    figures.print();
    Ok(())
}

/// Answers the microseconds of each bind that was answered 201.
async fn all_press(app: &App, target: &str, users: u64) -> Result<Vec<u64>, Failure> {
    let (mut under_way, mut latencies) = (JoinSet::new(), Vec::new());
    for number in 0..users {
        if number >= AT_ONCE
            && let Some(bound) = under_way.join_next().await
        {
            latencies.extend(bound??);
        }
        under_way.spawn(press(app.clone(), MadeDay::dormant(number)?, target.to_owned()));
    }
    while let Some(bound) = under_way.join_next().await {
        latencies.extend(bound??);
    }
    Ok(latencies)
}

/// Opens the window and presses; answers how long the press took, if it bound.
async fn press(app: App, user: Uid, target: String) -> Result<Option<u64>, Failure> {
    let (_, window) = call(&app, &user, "GET", &target, &Value::Null).await?;
    let press = json!({ "confirmation": window.get("confirmation") });
    let started = Instant::now();
    let (status, _) = call(&app, &user, "POST", "/v1/bind", &press).await?;
    let took = u64::try_from(started.elapsed().as_micros())?;
    Ok((status == 201).then_some(took))
}

async fn call(
    app: &App,
    user: &Uid,
    method: &str,
    target: &str,
    body: &Value,
) -> Result<(u16, Value), Failure> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = &[("content-type", "application/json")];
    let (body, at) = (body.as_bytes(), app.clock.now());
    let incoming = Incoming { method, target, headers, body, at };
    let request = incoming.request(Some(&Claims::of(user.clone())))?;
    let response = match target {
        "/v1/link" => get_link::handle(app, request).await,
        _ => bind::handle(app, request).await,
    };
    let status = response.status().as_u16();
    let body = match response.into_body() {
        Body::Text(text) => serde_json::from_str(&text)?,
        _ => Value::Null,
    };
    Ok((status, body))
}

/// How many bindings the night will find on the day's lists.
async fn listed(app: &App) -> Result<usize, Failure> {
    let (day, mut listed) = (app.clock.now().day(), 0);
    for shard in Shard::all() {
        listed += app.table.new_bindings(day, shard).await?.len();
    }
    Ok(listed)
}

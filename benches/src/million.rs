//! An affiliate with very many invitees, through the functions' own handlers: they sign up through
//! one link, many of them trade on the next day, and the affiliate reads the dashboard.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};
use types::{Day, Uid};

use crate::Failure;
use crate::ask::{Answer, ask, ask_for, default_link};
use crate::engine::{HALF_PAST_MIDNIGHT, TestApp};
use crate::ingest_events::{EVENTS_PER_BATCH, batches, charged, ingest_all};
use crate::made::MadeDay;
use crate::measure::{Figures, Latencies, Watch, forget_peak_memory, peak_memory_mb};

/// Repetitions of each request.
const TIMES: u64 = 300;
const MILLIS_PER_DAY: u64 = 86_400_000;

pub async fn run(invitees: u64, active: u64, file: &Path) -> Result<(), Failure> {
    let made = MadeDay::of_one_inviter(active)?;
    let app = TestApp::in_file(&made, file, false).await?;
    app.open_inviters(&made).await?;
    let mut figures = Figures::of("million", invitees);
    let joining = made.day.previous();

    let (events, signing_up) = (sign_ups(&app, joining, invitees).await?, Watch::start());
    ingest_all(&app, batches(events, &app, EVENTS_PER_BATCH)).await?;
    figures.note("signUps", signing_up.stop());
    night(&app, joining, &mut figures, "listing").await?;

    app.clock.stop_at(made.day.end());
    let events = made.fees().map(|fee| Ok(charged(&fee?.1, &app)));
    ingest_all(&app, batches(events, &app, EVENTS_PER_BATCH)).await?;
    let lines = night(&app, made.day, &mut figures, "booking").await?;
    figures.note("lines", lines);

    forget_peak_memory()?;
    let affiliate = Affiliate { app: &app, uid: MadeDay::inviter(0)? };
    affiliate.asks_everything(&made, joining, invitees, &mut figures).await?;
    affiliate.exports(&made, lines, &mut figures).await?;
    figures.note("dashboardPeakMemoryMb", peak_memory_mb());
    figures.print();
    Ok(())
}

/// Returns registrations through the inviter's link, over a whole day.
async fn sign_ups(
    app: &TestApp,
    day: Day,
    invitees: u64,
) -> Result<impl Iterator<Item = Result<Value, Failure>>, Failure> {
    app.clock.stop_at(day.end().plus_millis(HALF_PAST_MIDNIGHT));
    let code = default_link(&app.context).await?;
    Ok((0..invitees).map(move |number| {
        let at = day.start().plus_millis((number * MILLIS_PER_DAY / invitees).cast_signed());
        Ok(json!({
            "specversion": "1.0",
            "source": "/exchange/accounts",
            "id": format!("joined-{number}"),
            "type": "exchange.account.registered.v1",
            "data": {
                "uid": MadeDay::uid(number)?, "registeredAt": at, "country": "CH", "ref": code,
            },
        }))
    }))
}

/// Runs the night after a day. Returns the number of lines that it booked for that day.
async fn night(app: &TestApp, day: Day, figures: &mut Figures, what: &str) -> Result<u64, Failure> {
    app.clock.stop_at(day.end().plus_millis(HALF_PAST_MIDNIGHT));
    forget_peak_memory()?;
    let watch = Watch::start();
    let night = nightly::Driver::new(&app.context).run_night(day).await?;
    figures.note(what, watch.stop());
    figures.note(&format!("{what}PeakMemoryMb"), peak_memory_mb());
    Ok(night.days.iter().filter(|report| report.day == day).map(|report| report.lines).sum())
}

struct Affiliate<'a> {
    app: &'a TestApp,
    uid: Uid,
}

impl Affiliate<'_> {
    async fn asks_everything(
        &self,
        made: &MadeDay,
        joining: Day,
        invitees: u64,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        let year = format!("/v1/dashboard?from={}&to={}", made.day.plus(-364), made.day);
        let dashboard = self.asks("dashboard", figures, |_| Ok(year.clone())).await?;
        let counts = dashboard.get("counts").cloned().unwrap_or_default();
        if counts.get("invitees") != Some(&invitees.into()) {
            return Err(format!("{invitees} invitees are counted as {counts}").into());
        }
        figures.note("counts", counts);
        let list = "/v1/dashboard/referrals?limit=200";
        self.asks("firstInvitees", figures, |_| Ok(list.to_owned())).await?;
        self.walks("furtherInvitees", figures, list).await?;
        let one = |number| {
            let uid = MadeDay::uid(number * 7919 % invitees)?;
            Ok(format!("/v1/dashboard/referrals?uid={uid}"))
        };
        self.asks("oneInvitee", figures, one).await?;
        let lines = format!("/v1/dashboard/commissions?from={joining}&to={}&limit=200", made.day);
        self.asks("firstLines", figures, |_| Ok(lines.clone())).await?;
        self.walks("furtherLines", figures, &lines).await
    }

    /// Sends a request repeatedly and records the durations. Returns the last answer.
    async fn asks(
        &self,
        what: &str,
        figures: &mut Figures,
        target: impl Fn(u64) -> Result<String, Failure>,
    ) -> Result<Value, Failure> {
        let (mut latencies, mut last) = (Latencies::default(), Value::Null);
        for number in 0..TIMES {
            last = self.timed(&target(number)?, &mut latencies).await?;
        }
        figures.note(what, latencies.percentiles());
        Ok(last)
    }

    /// Reads a list page by page, up to `TIMES` pages.
    async fn walks(&self, what: &str, figures: &mut Figures, list: &str) -> Result<(), Failure> {
        let (mut latencies, mut target) = (Latencies::default(), list.to_owned());
        for _ in 0..TIMES {
            let page = self.timed(&target, &mut latencies).await?;
            let Some(cursor) = page.get("nextCursor").and_then(Value::as_str) else { break };
            target = format!("{list}&cursor={cursor}");
        }
        figures.note(what, latencies.percentiles());
        Ok(())
    }

    async fn timed(&self, target: &str, latencies: &mut Latencies) -> Result<Value, Failure> {
        let begun = Instant::now();
        let answer = ask(&self.app.context, &self.uid, "GET", target, &Value::Null).await?;
        latencies.add(begun.elapsed());
        good(target, &answer)?;
        answer.json()
    }

    /// Exports the day and compares its rows with the dashboard, to the last digit.
    async fn exports(
        &self,
        made: &MadeDay,
        lines: u64,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        let range = format!("from={}&to={}", made.day, made.day);
        let mut sums: BTreeMap<String, i128> = BTreeMap::new();
        let (mut latencies, mut rows, mut bytes) = (Latencies::default(), 0, 0);
        let mut next = Some(format!("/v1/dashboard/commissions?{range}"));
        while let Some(target) = next {
            let begun = Instant::now();
            let answer =
                ask_for(&self.app.context, &self.uid, &target, "application/x-ndjson").await?;
            latencies.add(begun.elapsed());
            good(&target, &answer)?;
            bytes += answer.text.len();
            for line in answer.text.lines() {
                let line: Value = serde_json::from_str(line)?;
                let asset = text(&line, "asset")?.to_owned();
                *sums.entry(asset).or_default() += minor(text(&line, "commission")?)?;
                rows += 1;
            }
            next = answer.link.as_deref().map(target_of).transpose()?;
        }
        figures.note("exportAnswers", latencies.count());
        figures.note("exportBytes", bytes);
        figures.note("exportAnswer", latencies.percentiles());
        let target = format!("/v1/dashboard?{range}");
        let dashboard = self.timed(&target, &mut Latencies::default()).await?;
        if rows != lines || sums != commissions(&dashboard)? {
            return Err(format!("{rows} rows of {lines} lines, or their sums, are wrong").into());
        }
        Ok(())
    }
}

fn good(target: &str, answer: &Answer) -> Result<(), Failure> {
    match answer.status {
        200 => Ok(()),
        status => Err(format!("{target} is answered {status}: {}", answer.text).into()),
    }
}

/// Returns the target of a header `Link: <target>; rel="next"`.
fn target_of(link: &str) -> Result<String, Failure> {
    let target = link.split(['<', '>']).nth(1).ok_or("a link without a target")?;
    Ok(target.to_owned())
}

/// Returns the commission of each asset, in minor units.
fn commissions(dashboard: &Value) -> Result<BTreeMap<String, i128>, Failure> {
    let by_asset = dashboard.pointer("/totals/byAsset").and_then(Value::as_object);
    let by_asset = by_asset.ok_or("no totals")?.iter();
    by_asset.map(|(asset, sums)| Ok((asset.clone(), minor(text(sums, "commission")?)?))).collect()
}

fn text<'v>(value: &'v Value, member: &str) -> Result<&'v str, Failure> {
    let text = value.get(member).and_then(Value::as_str);
    Ok(text.ok_or_else(|| format!("no {member} in {value}"))?)
}

/// Converts a decimal text with the asset's decimals to minor units.
fn minor(decimal: &str) -> Result<i128, Failure> {
    Ok(decimal.replace('.', "").parse()?)
}

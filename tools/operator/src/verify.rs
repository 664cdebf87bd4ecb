//! `operator verify`: proves booked days from their fees.

use std::collections::BTreeMap;

use commission::{Asset, Assets, LineKey, Sums};
use lambda::App;
use nightly::{Difference, UnreadableRecord, Verified, verify_day};
use storage::{Money, SHARDS, chain_breaks};
use types::Timestamp;

use crate::archive::OperatorArchive;
use crate::format::{amount, count, line, usd};
use crate::{Console, Days, Failure, Outcome};

const BAR: &str = "  {bar:40} {pos}/{len} shards, {msg}";
/// Differences of one day that are printed; further ones add no information.
const MAX_PRINTED: usize = 50;

/// Verifies each of the days.
pub(crate) async fn verify(
    app: &App,
    archive: &OperatorArchive<'_>,
    days: Days,
    console: &mut Console<'_>,
) -> Result<Outcome, Failure> {
    let bar = console.bar(days.count() * u64::from(SHARDS), BAR);
    let (mut lines, mut wrong) = (0_u64, 0_u64);
    let mut links = BTreeMap::new();
    for day in days.iter() {
        bar.set_message(day.to_string());
        let verified = match verify_day(app, archive, day, || bar.inc(1)).await {
            Ok(verified) => verified,
            Err(error) => {
                bar.finish_and_clear();
                return Err(error.into());
            }
        };
        lines = lines.saturating_add(verified.lines);
        wrong += u64::from(!is_well(&verified));
        links.extend(verified.links.clone());
        bar.suspend(|| {
            report(&verified, &app.programme.commission.assets)
                .into_iter()
                .for_each(|line| console.say(line));
        });
    }
    bar.finish_and_clear();
    let broken = chain_breaks(&links);
    for seq in &broken {
        console.say(format_args!("  run {seq} does not follow the run before in the chain"));
    }
    if days.count() > 1 {
        let lines = count(lines, "line");
        console.say(match wrong {
            0 => format!("\n{days}: {lines}, every one as booked"),
            wrong => format!("\n{days}: {lines}, and {} to look at", count(wrong, "day")),
        });
    }
    Ok(Outcome::of(wrong == 0 && broken.is_empty()))
}

fn is_well(verified: &Verified) -> bool {
    verified.runs > 0 && verified.differences.is_empty()
}

fn report(verified: &Verified, assets: &Assets) -> Vec<String> {
    let Verified { day, runs, differences, .. } = verified;
    let fees = count(verified.fees, "fee");
    if *runs == 0 {
        let due = count(differences.len(), "line");
        return vec![format!("{day}  not booked yet: {fees} make {due} due")];
    }
    let (lines, inviters) = (count(verified.lines, "line"), count(verified.inviters, "affiliate"));
    let runs = count(*runs, "run");
    let mut text = vec![match differences.len() {
        0 => format!("{day}  {fees}, {lines} of {inviters} by {runs}: every one as booked"),
        n => format!("{day}  {fees}, {lines} of {inviters} by {runs}: {}", count(n, "difference")),
    }];
    text.extend(
        differences.iter().take(MAX_PRINTED).map(|difference| in_words(difference, assets)),
    );
    if let Some(more @ 1..) = differences.len().checked_sub(MAX_PRINTED) {
        text.push(format!("  and {more} more"));
    }
    if !verified.waiting.is_empty() {
        let shards: Vec<_> = verified.waiting.iter().map(u8::to_string).collect();
        text.push(format!(
            "  fees, corrections or a void binding arrived since, in shard {}: the next night \
             processes them",
            shards.join(", ")
        ));
    }
    text
}

fn in_words(difference: &Difference, assets: &Assets) -> String {
    match difference {
        Difference::Line { shard, key, booked, due } => {
            let who = format!("invitee {}, inviter {}", key.invitee, key.inviter);
            let figures = line_figures(key, booked, due, assets);
            format!("  {who}, {} (shard {shard}):\n{}", line(key), figures.join("\n"))
        }
        Difference::Statement {
            inviter,
            cell: (product, asset, origin),
            booked,
            lines,
            summary,
        } => {
            let figures = money_figures(
                *asset,
                assets,
                &[("booked", booked), ("in the lines", lines), ("in the summary", summary)],
            );
            let what = format!("{product} {asset} of {origin} invitees");
            format!("  the view of affiliate {inviter}, {what}:\n{}", figures.join("\n"))
        }
        Difference::Report { asset, booked, reported } => {
            let sides = [("booked", booked), ("reported by the runs", reported)];
            format!("  the total in {asset}:\n{}", money_figures(*asset, assets, &sides).join("\n"))
        }
        Difference::Count { booked, reported } => {
            format!("  {} are booked, and the runs report {reported}", count(*booked, "line"))
        }
        Difference::Proof { seq } => {
            format!("  the report of run {seq} is missing, or not the one it was committed with")
        }
        Difference::Chain { seq } => {
            format!(
                "  the lines of run {seq}, or its place behind the run before, are not as committed"
            )
        }
        Difference::ConservationError(breach) => {
            format!("  the amounts due do not add up: {breach}")
        }
        Difference::Unreadable { shard, record } => {
            let record = match record {
                UnreadableRecord::Account(uid) => format!("the account of {uid}"),
                UnreadableRecord::FeeChunk(name) => format!("the fee chunk {name}"),
            };
            format!("  {record} cannot be read (shard {shard}): dependent records are not compared")
        }
    }
}

/// Each figure of a line that is booked otherwise than due.
fn line_figures(key: &LineKey, booked: &Sums, due: &Sums, assets: &Assets) -> Vec<String> {
    let only = |sums: &Sums, what: &str| {
        let commission = amount(sums.commission, key.asset, assets);
        vec![format!("    {what}: {}, commission {commission}", count(sums.fee_count, "fee"))]
    };
    if *booked == Sums::default() {
        return only(due, "is not booked, and due");
    }
    if *due == Sums::default() {
        return only(booked, "is booked, and not due");
    }
    let [booked, due] = [booked, due].map(|sums| figures_of_line(sums, key.asset, assets));
    let differing = booked.into_iter().zip(due).filter(|(booked, due)| booked != due);
    differing
        .map(|((name, booked), (_, due))| format!("    {name}: booked {booked}, due {due}"))
        .collect()
}

fn figures_of_line(sums: &Sums, asset: Asset, assets: &Assets) -> [(&'static str, String); 12] {
    let time = |at: Option<Timestamp>| at.map_or("none".to_owned(), |at| at.to_string());
    [
        ("fees", amount(sums.fees, asset, assets)),
        ("commission", amount(sums.commission, asset, assets)),
        ("shared", amount(sums.shared, asset, assets)),
        ("fees in USD", usd(sums.fees_usd, assets)),
        ("commission in USD", usd(sums.commission_usd, assets)),
        ("shared in USD", usd(sums.shared_usd, assets)),
        ("volume", usd(sums.volume_usd, assets)),
        ("volume for the tier", usd(sums.counted_volume_usd, assets)),
        ("number of fees", sums.fee_count.to_string()),
        ("number of corrected fees", sums.corrected_count.to_string()),
        ("first trade", time(sums.first_trade_at)),
        ("last trade", time(sums.last_trade_at)),
    ]
}

/// Each figure in which the sides do not agree.
fn money_figures(asset: Asset, assets: &Assets, sides: &[(&str, &Money)]) -> Vec<String> {
    let figures = |money: &Money| {
        [
            ("fees", amount(money.in_asset.fees, asset, assets)),
            ("commission", amount(money.in_asset.commission, asset, assets)),
            ("shared", amount(money.in_asset.shared, asset, assets)),
            ("fees in USD", usd(money.in_usd.fees, assets)),
            ("commission in USD", usd(money.in_usd.commission, assets)),
            ("shared in USD", usd(money.in_usd.shared, assets)),
            ("volume", usd(money.volume_usd, assets)),
        ]
    };
    let sides: Vec<_> = sides.iter().map(|(name, money)| (*name, figures(money))).collect();
    let Some((_, first)) = sides.first() else { return Vec::new() };
    let mut lines = Vec::new();
    for (place, (figure, value)) in first.iter().enumerate() {
        let values = sides.iter().filter_map(|(side, all)| Some((side, &all.get(place)?.1)));
        if values.clone().any(|(_, other)| other != value) {
            let values: Vec<_> = values.map(|(side, value)| format!("{side} {value}")).collect();
            lines.push(format!("    {figure}: {}", values.join(", ")));
        }
    }
    lines
}

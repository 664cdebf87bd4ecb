//! Items at the limits that `docs/reference/limits.md` declares, with the engine's real limit of
//! 400 KB.

use std::collections::{BTreeMap, BTreeSet};

use commission::{
    Amount, Asset, Cause, Conservation, Line, LineKey, Outcome, Rate, Split, Sums, Trades,
};
use ingestion::EventOutcome as Ingested;
use nightly::{NoArchive, verify_day};
use outbound_events::events;
use serde_json::{Value, json};
use storage::{
    ASSETS_PER_SUMMARY, ChainLink, Change, CommitOutcome, CommittedRun, DayRecord,
    ENTRIES_PER_CHUNK, ExcludedCounts, Found, Money, NewWork, Payment, PaymentOutcome, Pending,
    Referral, ReferralActivity, RunReport, SHARED_DAYS_KEPT, Shard, ShardReport, SharedByDay,
    Summary, TRADING_DAYS_KEPT, TouchedInvitee, TradingDays, TwoVersionCell, Versioned, Work,
};
use types::{Day, Market, Origin, Product, Reason, Timestamp, Uid};

use crate::announced::schema_of;
use crate::stream::Stream;
use crate::test_app::{TestApp, at, day, event, fee, uid};

/// The most assets that ingest accepts.
const ASSETS: usize = 1000;
/// The number of runs of one day that fit into its record in any case.
const RUNS_PER_DAY: u64 = 1000;
const DAY: &str = "2026-11-20";

/// Sends events in messages of at most 200 KB.
async fn send_all(app: &TestApp, kind: &str, data: impl IntoIterator<Item = Value>) {
    let data: Vec<Value> = data.into_iter().collect();
    for batch in data.chunks(400) {
        let events: Vec<Value> = batch
            .iter()
            .map(|data| {
                event(&storage::short_sha256(data.to_string().as_bytes()), kind, data.clone())
            })
            .collect();
        let reports = app.send_raw(&Value::from(events).to_string()).await;
        let refused = reports.iter().find(|report| report.outcome != Ingested::Ingested);
        assert!(refused.is_none(), "{refused:?}");
    }
}

/// An affiliate whose invitees signed up on the first day.
async fn app_with(invitees: &[String]) -> TestApp {
    let app = TestApp::at("2026-11-20T09:00:00Z").await;
    let code = app.affiliate("affiliate").await;
    let signed_up = |uid: &String| {
        let registered_at = "2026-11-20T08:00:00Z";
        json!({ "uid": uid, "registeredAt": registered_at, "country": "CH", "ref": code })
    };
    send_all(&app, "account.registered", invitees.iter().map(signed_up)).await;
    app.now("2026-11-20T23:00:00Z");
    app
}

#[tokio::test]
async fn long_correction_reasons_are_published() {
    let invitees: Vec<String> = (0..14).map(|n| format!("invitee-{n}")).collect();
    let app = app_with(&invitees).await;
    let trades = || {
        let of = |uid: &String| {
            let uid = uid.clone();
            (0..50).flat_map(move |asset| {
                let uid = uid.clone();
                (0..3).map(move |n| (uid.clone(), format!("A{asset}"), format!("{asset}-{n}")))
            })
        };
        invitees.iter().flat_map(of)
    };
    let charged = trades().map(|(uid, asset, trade)| {
        let mut fee = fee(&trade, &uid, "2026-11-20T10:00:00Z");
        fee["asset"] = json!(asset);
        fee
    });
    send_all(&app, "fee.charged", charged).await;
    app.night(DAY).await;
    app.now("2026-11-21T12:00:00Z");
    let corrected = trades().map(|(uid, _, trade)| {
        let why = format!("{uid} {trade} {}", "w".repeat(200));
        json!({
            "tradeId": trade, "uid": uid, "day": DAY, "amount": "0.0005", "amountUsd": "50",
            "volumeUsd": "50000", "at": "2026-11-21T11:00:00Z", "why": &why[..200],
        })
    });
    send_all(&app, "fee.corrected", corrected).await;

    let night = app.night("2026-11-21").await;
    assert_eq!(night.days.iter().map(|day| day.lines).sum::<u64>(), 14 * 50);
    let summaries = app.summaries("affiliate", DAY).await;
    assert_eq!((summaries[1].summary.lines, summaries[1].summary.chunks), (700, 2));
    let lines = app.lines("affiliate", DAY, DAY).await;
    let whys = lines.iter().filter_map(|line| line["why"].as_str());
    assert_eq!(whys.filter(|why| why.len() == 3 * 200 + 2 * "; ".len()).count(), 700);
    assert_eq!(
        verify_day(&app.context, &NoArchive, day(DAY), || ()).await.unwrap().differences,
        []
    );

    app.now("2026-11-22T10:00:01Z");
    app.charged(fee("next", "invitee-0", "2026-11-22T10:00:00Z")).await;
    let night = app.night("2026-11-22").await;
    assert_eq!(night.days.iter().map(|day| day.lines).sum::<u64>(), 1);
}

/// Fees of a product in this number of assets, with every outcome that a single fee can have: five
/// for each asset, with the largest amounts.
fn fees_of_every_outcome(product: &str, assets: usize) -> impl Iterator<Item = Value> {
    let amount = "999999999999999999999.99999999";
    let mut earning = fee("", "invitee", "2026-11-20T10:00:00Z");
    for (name, value) in [("product", product), ("amount", amount), ("amountUsd", amount)] {
        earning[name] = json!(value);
    }
    let with = |changes: &[(&str, Value)]| {
        let mut fee = earning.clone();
        changes.iter().for_each(|(name, value)| fee[*name] = value.clone());
        fee
    };
    let amounts = |amount: Value| [("amount", amount.clone()), ("amountUsd", amount)];
    let outcomes = [
        with(&[]),
        with(&[("vipLevel", json!(9))]),
        with(&amounts(json!("0"))),
        with(&amounts(json!(format!("-{amount}")))),
        with(&[("broker", json!(true))]),
    ];
    let product = product.to_owned();
    (0..assets).flat_map(move |asset| {
        let product = product.clone();
        outcomes.clone().into_iter().enumerate().map(move |(outcome, mut fee)| {
            fee["asset"] = json!(format!("ASSET{asset}"));
            fee["tradeId"] = json!(format!("{product}-{asset}-{outcome}"));
            fee
        })
    })
}

/// A nightly run whose reports are too large for an item.
pub async fn night_of_large_reports(app: &TestApp, code: &str) {
    let signed_up = json!({
        "uid": "invitee", "registeredAt": "2026-11-20T08:00:00Z", "country": "CH", "ref": code,
    });
    app.taken("account.registered", signed_up).await;
    app.now("2026-11-20T23:00:00Z");
    send_all(app, "fee.charged", fees_of_every_outcome("spot", 900)).await;
    app.night(DAY).await;
    app.book(DAY).await;
}

#[tokio::test]
async fn largest_conservation_report_is_kept() {
    let app = app_with(&["invitee".to_owned()]).await;
    let fees = ["spot", "futures"].into_iter().flat_map(|of| fees_of_every_outcome(of, ASSETS));
    send_all(&app, "fee.charged", fees).await;
    let booked = app.night(DAY).await;
    assert_eq!(booked.days.iter().map(|day| day.lines).sum::<u64>(), 10 * ASSETS as u64);
    let report = app.context.table.run_report(day(DAY), 1).await.unwrap().unwrap();
    assert_eq!(report.due.cells().count(), 10 * ASSETS);
    let proof = report.due.canonical_bytes().unwrap();
    assert!(proof.len() > 400 * 1024, "{} bytes", proof.len());
    let verified = verify_day(&app.context, &NoArchive, day(DAY), || ()).await.unwrap();
    assert_eq!((verified.lines, verified.differences), (10 * ASSETS as u64, Vec::new()));
    let shown = app.get("affiliate", &format!("/v1/dashboard?from={DAY}&to={DAY}")).await.json();
    assert_eq!(shown["totals"]["byAsset"].as_object().unwrap().len(), ASSETS);
}

/// Returns the latest timestamp.
fn latest() -> Timestamp {
    at("9999-12-31T23:59:59.999Z")
}

/// Returns the largest amounts that an item can hold.
fn most() -> Amount {
    Amount::from_minor(i128::MAX)
}

fn money() -> Money {
    let most = most();
    let split = Split { fees: most, commission: most, shared: most };
    Money { in_asset: split, in_usd: split, volume_usd: most }
}

fn sums() -> Sums {
    let most = most();
    let (first_trade_at, last_trade_at) = (Some(latest()), Some(latest()));
    Sums {
        fee_count: i64::MIN,
        corrected_count: i64::MIN,
        fees: most,
        fees_usd: most,
        commission: most,
        commission_usd: most,
        shared: most,
        shared_usd: most,
        volume_usd: most,
        counted_volume_usd: most,
        first_trade_at,
        last_trade_at,
    }
}

fn assets() -> impl Iterator<Item = Asset> {
    (0..ASSETS).map(|n| format!("{n:016}").parse().unwrap())
}

/// Returns an id of the greatest length.
fn long_uid(number: usize) -> Uid {
    uid(&format!("{number:064}"))
}

fn long_line(number: usize) -> Line {
    let rate: Rate = "0.123456".parse().unwrap();
    Line {
        key: LineKey {
            inviter: long_uid(7),
            invitee: long_uid(number),
            product: Product::Futures,
            asset: assets().next().unwrap(),
            outcome: Outcome::Earned { rate, shared: rate },
        },
        code: "ABCD2345".parse().unwrap(),
        origin: Origin::Signup,
        sums: sums(),
        cause: Cause::FeeCorrected,
        // A character of four bytes, repeated to the limit of a correction's reason.
        why: (0..3).map(|n| format!("{n}{}", "\u{1F4B8}".repeat(199))).collect(),
    }
}

fn touched(number: usize) -> TouchedInvitee {
    let trades = Trades { first: latest(), last: latest() };
    TouchedInvitee {
        inviter: long_uid(7),
        invitee: long_uid(number),
        code: "ABCD2345".parse().unwrap(),
        origin: Origin::Signup,
        bound_at: latest(),
        voided_at: Some(latest()),
        newly_bound: true,
        newly_active: true,
        newly_inactive: true,
        trades: Some(Market::ALL.iter().map(|market| (*market, trades)).collect()),
    }
}

/// Returns work of more entries than fit into one chunk, each of the greatest size.
fn long_work() -> Work {
    let many = 0..=ENTRIES_PER_CHUNK;
    let (lines, invitees) = (many.clone().map(long_line), many.map(touched));
    Work { lines: lines.collect(), invitees: invitees.collect() }
}

#[tokio::test]
async fn longest_work_fits_items() {
    let app = TestApp::at("2026-11-21T00:30:00Z").await;
    let (table, shard, now) = (&app.context.table, Shard::new(5).unwrap(), app.context.clock.now());
    let work = long_work();
    let Work { lines, invitees } = work.clone();
    let new = NewWork { lines: lines.into(), invitees };
    let kept = table.keep_work("run", shard, "attempt", &new, now).await.unwrap();
    let report = ShardReport {
        shard: shard.number(),
        attempt: "attempt".to_owned(),
        chunks: kept.chunks.clone(),
        lines: work.lines.len() as u64,
        lines_digest: Some(kept.lines_digest.clone()),
        day_revision: 0,
        touched: None,
        due: Conservation::default(),
        booked: BTreeMap::new(),
        excluded: ExcludedCounts::default(),
    };
    let found = table.work("run", &[report], |_| 0..=u16::MAX).await.unwrap();
    let read = |found: &[Found]| Work {
        lines: found.iter().flat_map(|found| found.work.lines.clone()).collect(),
        invitees: found.iter().flat_map(|found| found.work.invitees.clone()).collect(),
    };
    assert_eq!(read(&found), work);
    table.keep_booked(&found, day(DAY), 1).await.unwrap();
    let booked = table.booked(day(DAY), shard).await.unwrap();
    assert_eq!(booked.iter().map(|work| work.lines.len()).sum::<usize>(), work.lines.len());
    let digests = table.booked_digests(day(DAY), shard).await.unwrap();
    assert_eq!(digests, [(1, kept.lines_digest)].into());
}

/// Returns a summary of all assets, products and origins, with the largest amounts.
fn long_summary() -> Summary {
    let cells = assets().flat_map(|asset| {
        let products = Product::ALL.iter();
        products.flat_map(move |product| {
            Origin::ALL.iter().map(move |origin| ((*product, asset, *origin), money()))
        })
    });
    let codes = || (0..20).map(|n| format!("ABCD23{:02}", n + 22).parse().unwrap());
    let bound = Origin::ALL.iter().flat_map(|origin| codes().map(|code| ((*origin, code), 9)));
    Summary {
        cells: cells.collect(),
        links: codes().map(|code| (code, money())).collect(),
        zeros: Reason::ALL.iter().map(|reason| (*reason, i64::MIN)).collect(),
        fee_count: i64::MIN,
        bound: bound.collect(),
        active: u32::MAX,
        inactive: u32::MAX,
        counted_volume_usd: Market::ALL.iter().map(|market| (*market, most())).collect(),
        new_traders: Market::ALL.iter().map(|market| (*market, i64::MIN)).collect(),
        booked_at: Some(at("2026-11-21T00:30:00Z")),
        ..Summary::default()
    }
}

#[tokio::test]
async fn summary_of_all_assets_is_split() {
    let app = TestApp::at("2026-11-21T00:30:00Z").await;
    let mut stream = Stream::of(&app);
    let (table, affiliate) = (&app.context.table, long_uid(7));
    let lines: Vec<Line> = (0..=ENTRIES_PER_CHUNK).map(long_line).collect();
    let summary = Summary { lines: lines.len() as u64, ..long_summary() };
    table.publish_day(&affiliate, day(DAY), 1, summary.clone(), &lines).await.unwrap();
    table.publish_day(&affiliate, day(DAY), 2, Summary::default(), &[]).await.unwrap();

    let read = table.summaries(&affiliate, day(DAY), day(DAY), 2).await.unwrap();
    let Summary { chunks, further_parts, .. } = read[0].summary;
    assert!(further_parts >= 2 && chunks > 2, "{further_parts} parts, {chunks} chunks");
    assert_eq!(read[0].summary, Summary { chunks, further_parts, ..summary });
    let chunks: Vec<_> = (0..chunks).map(|chunk| (1, chunk)).collect();
    assert_eq!(table.lines(&affiliate, &chunks).await.unwrap().concat(), lines);
    assert_eq!(read.len(), 2);
    let hidden = table.summaries(&affiliate, day(DAY), day(DAY), 0).await.unwrap();
    assert_eq!(hidden, []);

    let payment = Payment { paid_at: latest(), reference: "w1".into(), known_at: None };
    let kept = table.keep_payment(&affiliate, day(DAY), 1, &payment).await.unwrap();
    assert_eq!(kept, PaymentOutcome::Kept);
    let read = table.summaries(&affiliate, day(DAY), day(DAY), 2).await.unwrap();
    assert_eq!((&read[0].payment, &read[1].payment), (&Some(payment), &None));

    let told: Vec<Value> = announced(&app, &mut stream);
    assert_eq!(told.len(), usize::from(further_parts) + 1);
    let distinct = |member: fn(&Value) -> &Value| {
        told.iter().map(|event| member(event).to_string()).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(distinct(|event| &event["id"]), told.len());
    assert_eq!(distinct(|event| &event["data"]["part"]), told.len());
    assert_eq!(distinct(|event| &event["data"]["runId"]), 1);
    assert!(told.iter().all(|event| event["data"]["parts"] == json!(told.len())));
    let assets: Vec<&str> = told
        .iter()
        .flat_map(|event| event["data"]["amounts"].as_array().unwrap())
        .map(|amount| amount["asset"].as_str().unwrap())
        .collect();
    assert_eq!(assets.len(), ASSETS);
    assert_eq!(assets.iter().collect::<BTreeSet<_>>().len(), ASSETS);
    let schema = schema_of("recall.commission.settled.v1");
    assert!(told.iter().all(|event| schema.is_valid(event)));
    // EventBridge accepts 256 KB.
    assert!(told.iter().all(|event| event.to_string().len() < 250_000));
    const { assert!(ASSETS <= ASSETS_PER_SUMMARY) };
}

/// Returns the events for all writes since the previous call.
fn announced(app: &TestApp, stream: &mut Stream) -> Vec<Value> {
    let writes = stream.batch(app).into_iter().filter_map(|record| {
        Change::read(record.change.old_image, record.change.new_image).unwrap()
    });
    let now = app.context.clock.now();
    // Sums of amounts near the limit overflow, so each asset has one of each kind.
    let events = writes.flat_map(|change| match &change {
        Change::Booked(booked) => {
            let mut booked = booked.clone();
            booked.summary.cells.retain(|(product, _, origin), _| {
                (*product, *origin) == (Product::Spot, Origin::Recall)
            });
            events(&Change::Booked(booked), now, &app.context.programme).unwrap()
        }
        _ => Vec::new(),
    });
    events.map(|event| serde_json::to_value(event).unwrap()).collect()
}

#[tokio::test]
async fn invitee_of_all_assets_fits() {
    let app = TestApp::at("2026-11-21T00:30:00Z").await;
    let table = &app.context.table;
    let days = || (0..TRADING_DAYS_KEPT).map(|n| at("2026-11-20T10:00:00Z").plus_days(n as i64));
    let activity = ReferralActivity {
        by_asset: assets().map(|asset| (asset, money())).collect(),
        first_trades: Market::ALL.iter().map(|of| (*of, TradingDays::of(days()))).collect(),
        last_trades: TradingDays::of(days()),
        voided_at: Some(latest()),
    };
    let bound_at = at("2026-11-20T10:00:00Z");
    let referral = Referral {
        uid: long_uid(1),
        code: "ABCD2345".parse().unwrap(),
        origin: Origin::Signup,
        bound_at,
        activity: TwoVersionCell::new(1, activity.clone()).next(2, activity),
        shared_by_day: most_shared_days(),
    };
    let written = Versioned::new(referral.clone());
    assert!(table.save_referral(&long_uid(7), &written).await.unwrap().is_done());
    let (inviter, invitee) = (long_uid(7), long_uid(1));
    let read = table.referrals_at(&[(&inviter, bound_at, &invitee)]).await.unwrap();
    assert_eq!(read[&long_uid(1)].value, referral);
}

/// Returns as many days as are kept, with the largest amounts, and one more that is not visible.
fn most_shared_days() -> SharedByDay {
    let latest = latest().day();
    (0..=SHARED_DAYS_KEPT).fold(SharedByDay::default(), |days, n| {
        days.next(u64::MAX, latest.plus(-(n as i32)), most()).unwrap()
    })
}

/// Returns a report with every cell that a day can have, with the largest amounts that can be
/// parsed.
fn long_report() -> RunReport {
    use commission::{Cell, Parts};
    let reasons = || Reason::ALL.iter().filter(|reason| reason.zeroes_fee());
    let keys = assets().flat_map(|asset| {
        Product::ALL.iter().flat_map(move |product| {
            let outcomes = reasons().map(|reason| Some(*reason)).chain([None]);
            outcomes.map(move |reason| Cell { asset, product: *product, reason })
        })
    });
    let most = most();
    let parts = Parts {
        fee_count: i64::MIN,
        fees: most,
        commission: most,
        shared: most,
        retained: most,
        fees_usd: most,
        commission_usd: most,
        shared_usd: most,
        retained_usd: most,
    };
    let cells: Vec<(Cell, Parts)> = keys.map(|key| (key, parts)).collect();
    // The encoding of the conservation report: cells and charges, as lists.
    let charged: Vec<(Asset, (i64, Amount, Amount))> = Vec::new();
    let bytes = storage::pack(&(cells, charged)).unwrap();
    let due: Conservation = storage::unpack("proof", &bytes).unwrap();
    RunReport {
        due,
        booked: assets().map(|a| (a, money())).collect(),
        excluded: ExcludedCounts::default(),
    }
}

#[tokio::test]
async fn largest_reports_are_split() {
    let app = TestApp::at("2026-11-21T00:30:00Z").await;
    let (table, day, now) = (&app.context.table, day(DAY), app.context.clock.now());
    let report = long_report();
    assert!(storage::pack(&report).unwrap().len() > 5_000_000);
    let shard = Shard::new(5).unwrap();
    let of_shard = ShardReport {
        shard: shard.number(),
        attempt: "attempt".to_owned(),
        chunks: vec![(0, u16::MAX); ENTRIES_PER_CHUNK],
        lines: u64::MAX,
        lines_digest: Some("d".repeat(32)),
        day_revision: u64::MAX,
        touched: None,
        due: report.due.clone(),
        booked: report.booked.clone(),
        excluded: report.excluded,
    };
    table.report_shard("run", shard, of_shard.clone(), now).await.unwrap();
    let second = ShardReport { attempt: "second".to_owned(), ..of_shard.clone() };
    let first = table.report_shard("run", shard, second, now).await.unwrap();
    assert_eq!(first, of_shard, "the first report stands");
    let reports = table.shard_reports("run").await.unwrap();
    assert!(reports.iter().eq([&of_shard]));
    let state = table.shard_state(day, "run", shard).await.unwrap();
    assert_eq!(state.report, Some(of_shard));

    let committed = CommittedRun {
        seq: 1,
        run: "run".to_owned(),
        committed_at: now,
        lines: 1,
        digest: String::new(),
        chain: None,
    };
    let pending = pending(day, now);
    let (head, record) = (table.head().await.unwrap(), table.day(day).await.unwrap());
    let outcome = table.commit(&head, &record, committed, &report, pending).await.unwrap();
    assert_eq!(outcome, CommitOutcome::Committed(1));
    assert_eq!(table.run_report(day, 1).await.unwrap(), Some(report));
}

#[tokio::test]
async fn day_of_1000_runs_takes_another() {
    let app = TestApp::at("2026-11-21T00:30:00Z").await;
    let (table, day, now) = (&app.context.table, day(DAY), app.context.clock.now());
    let run = |seq: u64| CommittedRun {
        seq,
        run: format!("{day}-{seq:032}"),
        committed_at: now,
        lines: 1_000_000,
        digest: "d".repeat(32),
        chain: Some(ChainLink { previous: Some("c".repeat(32)), digest: "e".repeat(32) }),
    };
    let head = table.head().await.unwrap();
    let runs = (0..RUNS_PER_DAY).map(|n| run(u64::MAX - n)).collect();
    let before = DayRecord { runs, archived: None };
    let (before, report) = (Versioned::new(before), RunReport::default());
    let pending = pending(day, now);
    let outcome = table.commit(&head, &before, run(1), &report, pending).await.unwrap();
    assert_eq!(outcome, CommitOutcome::Committed(1));
    let record = table.day(day).await.unwrap().value;
    assert_eq!(record.runs.len() as u64, RUNS_PER_DAY + 1);
    assert_eq!(table.head().await.unwrap().value.chain, Some("e".repeat(32)));
}

fn pending(day: Day, now: Timestamp) -> Pending {
    Pending { seq: 1, day, run: "run".to_owned(), parts: 1, committed_at: Some(now) }
}

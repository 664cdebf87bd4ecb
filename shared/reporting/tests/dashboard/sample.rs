//! A small ledger that has one of everything.

use commission::{Amount, Cause, Line, LineKey, Outcome, Rate, Sums};
use storage::{Money, ReferralActivity, Summary, Totals, TradingDays};
use types::{Market, Origin, Product, Reason};

use crate::test_app::{AFFILIATE, Invitee, TestApp, read, summary_of};

pub const RECALL_LINK: &str = "K7M2XW9P";
pub const OTHER_LINK: &str = "Q4N8TZ3R";
pub const EARNED: Outcome = Outcome::Earned { rate: TWENTY_PERCENT, shared: FIVE_PERCENT };
const TWENTY_PERCENT: Rate = Rate::from_millionths(200_000).unwrap();
const FIVE_PERCENT: Rate = Rate::from_millionths(50_000).unwrap();

/// A line on fees of so many minor units, of which the USD values are ten times as many.
pub fn line(invitee: &str, product: Product, asset: &str, fees: i128, outcome: Outcome) -> Line {
    let rates = match outcome {
        Outcome::Earned { rate, shared } => (rate, shared),
        Outcome::Zero { .. } => (Rate::ZERO, Rate::ZERO),
    };
    let parts = |fees: i128| {
        let fees = Amount::from_minor(fees);
        let shared = rates.1.of(fees);
        (fees, rates.0.of(fees).minus(shared).unwrap(), shared)
    };
    let ((fees, commission, shared), usd) = (parts(fees), parts(fees * 10));
    let volume_usd = Amount::from_minor(usd.0.minor() * 1000);
    let sums = Sums {
        fee_count: 2,
        fees,
        commission,
        shared,
        fees_usd: usd.0,
        commission_usd: usd.1,
        shared_usd: usd.2,
        volume_usd,
        counted_volume_usd: volume_usd,
        ..Sums::default()
    };
    let key = LineKey {
        inviter: read(AFFILIATE),
        invitee: read(invitee),
        product,
        asset: read(asset),
        outcome,
    };
    let recalled = invitee.starts_with('r');
    Line {
        key,
        code: read(if recalled { RECALL_LINK } else { OTHER_LINK }),
        origin: if recalled { Origin::Recall } else { Origin::Signup },
        sums,
        cause: Cause::Booked,
        why: Vec::new(),
    }
}

/// The same line taken back: a part of a negative amount is rounded towards zero too.
fn taken_back(booked: &Line, cause: Cause, why: &[&str]) -> Line {
    let LineKey { invitee, product, asset, outcome, .. } = &booked.key;
    let fees = -booked.sums.fees.minor();
    let mut line = line(invitee.as_str(), *product, asset.as_str(), fees, *outcome);
    line.sums.fee_count = -booked.sums.fee_count;
    let why = why.iter().map(|text| (*text).to_owned()).collect();
    Line { cause, why, ..line }
}

fn zero(reason: Reason) -> Outcome {
    Outcome::Zero { reason }
}

fn bound(mut summary: Summary) -> Summary {
    summary.bound.insert((Origin::Recall, read(RECALL_LINK)), 1);
    summary.bound.insert((Origin::Signup, read(OTHER_LINK)), 2);
    summary.active = 2;
    summary.new_traders.insert(Market::Spot, 1);
    summary
}

/// Two days, of which the first was corrected and paid in part, and a third that is not visible
/// yet.
pub async fn ledger() -> TestApp {
    let mut app = TestApp::new().await;
    app.account(AFFILIATE, true, &[("2026-07-01", 1), ("2026-10-01", 1)]).await;
    let first = [
        line("r1", Product::Spot, "BTC", 524_900, EARNED),
        line("r1", Product::Futures, "USDT", 700_000_003, EARNED),
        line("s1", Product::Spot, "JPY", 12_345, EARNED),
        line("s1", Product::Futures, "USDT", 90_000, zero(Reason::VipAboveLimit)),
    ];
    let seq = app.run(AFFILIATE, "2026-11-12", bound(summary_of(&first)), &first).await;
    app.pay(AFFILIATE, "2026-11-12", seq, "=wallet-1").await;
    let second = [
        line("r1", Product::Margin, "BTC", 77_700, EARNED),
        line("s1", Product::Spot, "BTC", -40_000, zero(Reason::NegativeFee)),
    ];
    app.run(AFFILIATE, "2026-11-20", summary_of(&second), &second).await;
    let why = ["=HYPERLINK(\"x\"), busted", "duplicate order"];
    let third = [
        taken_back(&first[1], Cause::TradeBusted, &why),
        Line { cause: Cause::LateFee, ..line("s1", Product::Spot, "JPY", 100, EARNED) },
    ];
    let seen = app.run(AFFILIATE, "2026-11-12", summary_of(&third), &third).await;
    app.close_through("2026-11-20").await;
    let totals = Totals {
        invitees: [(Origin::Recall, 1), (Origin::Signup, 2)].into(),
        by_link: [(read(RECALL_LINK), 1), (read(OTHER_LINK), 2)].into(),
        active: 2,
    };
    app.totals(AFFILIATE, totals).await;
    invitees(&app, seen).await;
    let hidden = [line("r1", Product::Spot, "BTC", 999_999_999, EARNED)];
    app.hidden_run(AFFILIATE, "2026-11-20", summary_of(&hidden), &hidden).await;
    app
}

async fn invitees(app: &TestApp, seen: u64) {
    let money = |fees: i128| {
        let sums = line("r1", Product::Spot, "BTC", fees, EARNED).sums;
        let mut money = Money::default();
        crate::test_app::add(&mut money, &sums);
        money
    };
    let traded = ReferralActivity {
        by_asset: [(read("BTC"), money(602_600)), (read("USDT"), money(0))].into(),
        first_trades: [
            (Market::Spot, TradingDays::of([read("2026-11-12T08:00:00Z")])),
            (Market::Futures, TradingDays::of([read("2026-11-12T07:00:00Z")])),
        ]
        .into(),
        last_trades: TradingDays::of([read("2026-11-20T23:59:59.999Z")]),
        voided_at: None,
    };
    let voided = ReferralActivity {
        voided_at: Some(read("2026-11-19T00:00:00Z")),
        ..ReferralActivity::default()
    };
    let rows = [
        ("r1", RECALL_LINK, Origin::Recall, "2026-11-12T06:00:00.001Z", traded),
        ("s1", OTHER_LINK, Origin::Signup, "2026-11-12T06:00:00.002Z", voided),
        ("s2", OTHER_LINK, Origin::Signup, "2026-11-12T06:00:00.003Z", ReferralActivity::default()),
    ];
    for (uid, code, origin, bound_at, activity) in rows {
        app.invitee(AFFILIATE, seen, Invitee { uid, code, origin, bound_at, activity }).await;
    }
    let unseen = Invitee {
        uid: "s3",
        code: OTHER_LINK,
        origin: Origin::Signup,
        bound_at: "2026-11-21T06:00:00Z",
        activity: ReferralActivity::default(),
    };
    app.invitee(AFFILIATE, seen + 1, unseen).await;
}

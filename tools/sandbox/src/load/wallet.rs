//! The wallet: it pays the booked runs, and reports the payments in events.

use lambda::App;
use serde_json::{Value, json};
use storage::{DaySummary, RunId, TableError};
use types::{Day, Timestamp, Uid};

/// The sample is two months long: no unpaid line is older.
const LOOK_BACK_DAYS: i32 = 100;

/// Returns the wallet's payment confirmations for an affiliate's committed and unpaid lines of the
/// days up to `last`.
pub(super) async fn payments(
    app: &App,
    affiliate: &Uid,
    last: Day,
) -> Result<Vec<Value>, TableError> {
    let visible = app.table.head().await?.value.visible;
    let first = last.plus(-LOOK_BACK_DAYS);
    let booked = app.table.summaries(affiliate, first, last, visible).await?;
    let unpaid = booked.into_iter().filter(|summary| summary.payment.is_none());
    let paid_at = app.clock.now();
    Ok(unpaid.map(|summary| payment(affiliate, &summary, paid_at)).collect())
}

fn payment(affiliate: &Uid, summary: &DaySummary, paid_at: Timestamp) -> Value {
    let run = RunId { day: summary.day, seq: summary.seq };
    let reference = format!("W-{affiliate}-{run}");
    json!({
        "specversion": "1.0",
        "id": reference,
        "source": "https://exchange.example/wallet",
        "type": "exchange.commission.paid.v1",
        "time": paid_at,
        "data": {
            "uid": affiliate,
            "day": summary.day,
            "runId": run,
            "paidAt": paid_at,
            "reference": reference,
        },
    })
}

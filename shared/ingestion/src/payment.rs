//! Payment confirmations of the wallet.

use std::collections::BTreeMap;

use lambda::App;
use storage::{Payment, PaymentOutcome, TableError, bounded_concurrency};
use types::{Day, Timestamp, Uid};

use crate::CALLS_AT_ONCE;
use crate::event::{EventData, Paid};
use crate::message::Item;

/// An affiliate, and a run by its day and number.
type Payee<'a> = (&'a Uid, Day, u64);

/// Stores the payment confirmations among the events. Those of one run and affiliate are stored in
/// the order of the batch, because the first one holds.
///
/// # Errors
/// If the table fails.
pub(crate) async fn keep(
    app: &App,
    now: Timestamp,
    items: &mut [Item<'_>],
) -> Result<(), TableError> {
    let mut paid: BTreeMap<Payee<'_>, Vec<(usize, &Paid)>> = BTreeMap::new();
    for (place, item) in items.iter().enumerate() {
        if let Some(EventData::Paid(event)) = item.data() {
            let run = (&event.uid, event.run_id.day, event.run_id.seq);
            paid.entry(run).or_default().push((place, event));
        }
    }
    let work: Vec<_> = paid.into_values().map(|events| keep_in_order(app, now, events)).collect();
    let kept = bounded_concurrency(CALLS_AT_ONCE, work).await?;
    for (place, outcome) in kept.into_iter().flatten() {
        let Some(item) = items.get_mut(place) else { continue };
        match outcome {
            PaymentOutcome::Kept | PaymentOutcome::Repeated => {}
            PaymentOutcome::NothingBooked => item.refuse(
                "nothing_booked",
                "data.runId: expected a run that booked something for data.uid",
            ),
            PaymentOutcome::Conflicting => item.refuse(
                "paid_otherwise",
                "the run was reported paid before, at another time or by another reference",
            ),
        }
    }
    Ok(())
}

async fn keep_in_order(
    app: &App,
    now: Timestamp,
    events: Vec<(usize, &Paid)>,
) -> Result<Vec<(usize, PaymentOutcome)>, TableError> {
    let mut outcomes = Vec::with_capacity(events.len());
    for (place, Paid { uid, run_id, paid_at, reference, .. }) in events {
        let payment =
            Payment { paid_at: *paid_at, reference: reference.clone(), known_at: Some(now) };
        let kept = app.table.keep_payment(uid, run_id.day, run_id.seq, &payment).await?;
        outcomes.push((place, kept));
    }
    Ok(outcomes)
}

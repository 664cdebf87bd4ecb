//! The lines that an affiliate reads of one invitee's day.

use commission::{Line, Relation};
use lambda::App;
use reporting::{RunStatus, Status, line_id};
use storage::{Payment, RunId};
use types::{Day, Timestamp};

use crate::Failure;

/// A booked line as its affiliate reads it.
pub(crate) struct BookedLine {
    /// Its id in the affiliate's list and export.
    pub id: String,
    /// The run that booked it.
    pub run: RunId,
    /// When that run was committed.
    pub committed_at: Option<Timestamp>,
    /// The line.
    pub line: Line,
    /// Where its amount is on the way to the wallet.
    pub status: Status,
    /// The wallet's word.
    pub payment: Option<Payment>,
}

/// An invitee's lines of a day, run by run. Cost: all that the affiliate's runs of the day booked,
/// since a line's id is its place among all the affiliate's.
pub(crate) async fn lines(
    app: &App,
    relation: &Relation,
    day: Day,
) -> Result<Vec<BookedLine>, Failure> {
    let (inviter, now) = (&relation.inviter, app.clock.now());
    let head = app.table.head().await?.value;
    let visible = app.table.seen_by(inviter, head).await?.visible;
    let committed = app.table.day(day).await?.value.runs;
    let mut booked = Vec::new();
    for summary in app.table.summaries(inviter, day, day, visible).await? {
        let status = RunStatus::of(&summary, app.programme.settle_after_days, now)?;
        let seq = summary.seq;
        let committed_at = committed.iter().find(|run| run.seq == seq).map(|run| run.committed_at);
        for chunk in 0..summary.summary.chunks {
            let lines = app.table.lines(inviter, &[(seq, chunk)]).await?;
            for (index, line) in lines.into_iter().flatten().enumerate() {
                if line.key.invitee != relation.invitee {
                    continue;
                }
                booked.push(BookedLine {
                    id: line_id(inviter, seq, chunk, index),
                    run: RunId { day, seq },
                    committed_at,
                    status: status.in_asset(line.key.asset),
                    line,
                    payment: summary.payment.clone(),
                });
            }
        }
    }
    Ok(booked)
}

//! Applies deferred activity to its accounts, as if its events arrived now.

use lambda::{App, Deadline, Metric, MetricSet};
use serde::Serialize;
use storage::{ActivityMarker, ActivityPart, TableError, bounded_concurrency};
use types::{Day, Timestamp, Uid};

use crate::CALLS_AT_ONCE;
use crate::account::{Deferral, Update};
use crate::account_writer::{AccountWriter, Updated};

/// Accounts that are read in one call.
const ACCOUNTS_READ_AT_ONCE: usize = 100;

/// The result of applying the deferred activity of a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedActivity {
    /// The accounts with deferred activity, counted once for each date.
    pub accounts: u64,
    /// The accounts, chunks and markers that cannot be read or written; the next night tries them
    /// again.
    pub unreadable: u64,
    /// Whether the time ended before all activity was applied.
    #[serde(skip)]
    pub stopped: bool,
}

/// Applies the activity of one part of the accounts that was deferred through a date. Repeated
/// activity changes nothing. An account, chunk or marker that cannot be read or written is
/// counted, and leaves its date to the next night.
///
/// # Errors
/// If the table fails.
pub async fn apply_deferred(
    app: &App,
    through: Day,
    part: ActivityPart,
    deadline: Deadline,
) -> Result<AppliedActivity, TableError> {
    let mut applied = AppliedActivity::default();
    for marker in app.table.activity_markers(through, part).await? {
        apply_date(app, marker, part, deadline, &mut applied).await?;
        if applied.stopped {
            break;
        }
    }
    let unreadable = MetricSet::of([(Metric::RecordsUnreadable, applied.unreadable)]);
    app.metrics.record(app.clock.now(), &unreadable);
    Ok(applied)
}

async fn apply_date(
    app: &App,
    marker: ActivityMarker,
    part: ActivityPart,
    deadline: Deadline,
    applied: &mut AppliedActivity,
) -> Result<(), TableError> {
    let date = marker.date;
    let stored = app.table.activity_of(date, part).await?;
    let mut errors = stored.unreadable;
    let newest: Vec<(Uid, Timestamp)> = stored.newest.into_iter().collect();
    for group in newest.chunks(ACCOUNTS_READ_AT_ONCE) {
        if deadline.has_passed(&app.clock) {
            applied.stopped = true;
            return Ok(());
        }
        applied.accounts += group.len() as u64;
        errors.extend(apply_group(app, group).await?);
    }
    match marker.state {
        Ok(read) if errors.is_empty() => {
            return app.table.clear_activity_marker(date, part, &read).await;
        }
        Ok(_) => {}
        Err(error) => errors.push(error),
    }
    let first = errors.first().map(TableError::name);
    let records = errors.len();
    tracing::error!(%date, part = part.number(), records, first, "activity is left");
    applied.unreadable += records as u64;
    Ok(())
}

/// Applies the newest activity of some accounts; returns the errors of those that cannot be read or
/// written.
async fn apply_group(app: &App, group: &[(Uid, Timestamp)]) -> Result<Vec<TableError>, TableError> {
    let writer = AccountWriter {
        app,
        now: app.clock.now(),
        // A group that has begun is completed.
        deadline: Deadline::NONE,
        deferral: Deferral::Never,
    };
    let mut accounts = app.table.each_account(group.iter().map(|(uid, _)| uid)).await?;
    let (mut errors, mut work) = (Vec::new(), Vec::new());
    for (uid, at) in group {
        match accounts.remove(uid) {
            Some(Ok(account)) => {
                work.push(writer.write(uid.clone(), Some(account), vec![Update::Active(*at)]));
            }
            Some(Err(error)) => errors.push(error),
            // An account is never removed, and only known ones have deferred activity.
            None => {}
        }
    }
    for (_, updated) in bounded_concurrency(CALLS_AT_ONCE, work).await? {
        if let Updated::Unchangeable(error) = updated {
            errors.push(error);
        }
    }
    Ok(errors)
}

//! Sign-ups that a kill switch holds.
//!
//! An event cannot be refused for now. An eligible sign-up by a stopped link, or while binds are
//! stopped, is therefore stored as a pending one, and listed as held. `operator start` evaluates
//! the list after it has turned the switch off. A process that lists a sign-up reads the switches
//! afterwards, past its cache: of the two, at least one sees the other's write.

use std::sync::Arc;

use lambda::App;
use storage::{
    Account, Attempt, HeldSignUp, Shard, SwitchReading, Switches, TableError, Versioned,
    bounded_concurrency,
};
use types::LinkCode;

use crate::CALLS_AT_ONCE;
use crate::sign_up::{Listing, evaluate_again};

/// Returns whether sign-ups by a link are stopped, as far as this process knows.
pub(crate) async fn is_stopped(app: &App, code: &LinkCode) -> bool {
    app.switches().await.stops_binds_by(code)
}

/// Returns whether an account's pending sign-up is listed as held, and still stopped.
pub(crate) fn is_held(account: &Account, switches: &Switches) -> bool {
    let pending = account.pending_sign_up.as_ref().filter(|_| account.sign_up_refused.is_none());
    pending.is_some_and(|pending| switches.stops_binds_by(&pending.code))
}

/// Lists an account's pending sign-up as held. It conflicts if the account was changed, or if the
/// switch was turned off meanwhile: evaluate the sign-up again.
///
/// # Errors
/// If the table fails.
pub(crate) async fn hold(
    app: &App,
    mut account: Versioned<Account>,
) -> Result<Attempt, TableError> {
    let Some(pending) = &account.value.pending_sign_up else { return Ok(Attempt::Conflict) };
    let invitee = account.value.facts.uid.clone();
    let (inviter, code) = (pending.inviter.clone(), pending.code.clone());
    let held = HeldSignUp { invitee, inviter, code };
    app.table.hold_sign_up(&held, pending.until).await?;
    // It is refused no more. Written after the list, so that an account that `is_held` is listed.
    if account.value.sign_up_refused.take().is_some()
        && !app.table.save_account(&account).await?.is_done()
    {
        return Ok(Attempt::Conflict);
    }
    Ok(match newest_switches(app).await?.stops_binds_by(&held.code) {
        true => Attempt::Done(()),
        false => Attempt::Conflict,
    })
}

/// Returns the switches as the last command left them; where they do not decode, as this process
/// read them last.
async fn newest_switches(app: &App) -> Result<Arc<Switches>, TableError> {
    let SwitchReading { switches, failure } = app.table.read_switches(app.clock.now()).await;
    match failure {
        Some(error) if !error.is_unreadable() => Err(error),
        _ => Ok(switches),
    }
}

/// The outcome of evaluating the held sign-ups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldEvaluation {
    /// Sign-ups that are bound now, or cannot be bound any more.
    pub ended: usize,
    /// Sign-ups that still wait: for another switch, or for a late fact of their inviter.
    pub waiting: usize,
    /// Sign-ups that cannot be read or written.
    pub unreadable: usize,
}

/// Evaluates the held sign-ups that no switch stops any more. A repetition resumes wherever an
/// earlier one stopped. Writes the error of each that cannot be read to the log.
///
/// # Errors
/// If the table fails.
pub async fn evaluate_held(app: &App) -> Result<HeldEvaluation, TableError> {
    let switches = newest_switches(app).await?;
    let mut evaluation = HeldEvaluation::default();
    for shard in Shard::all() {
        let held = app.table.held_sign_ups(shard, app.clock.now()).await?;
        let work: Vec<_> =
            held.into_iter().map(|held| evaluate_one(app, &switches, held)).collect();
        for outcome in bounded_concurrency(CALLS_AT_ONCE, work).await? {
            match outcome {
                Outcome::Ended => evaluation.ended += 1,
                Outcome::Waiting => evaluation.waiting += 1,
                Outcome::Unreadable => evaluation.unreadable += 1,
            }
        }
    }
    Ok(evaluation)
}

enum Outcome {
    Ended,
    Waiting,
    Unreadable,
}

async fn evaluate_one(
    app: &App,
    switches: &Switches,
    held: Result<HeldSignUp, TableError>,
) -> Result<Outcome, TableError> {
    let ended = match held {
        Ok(held) if switches.stops_binds_by(&held.code) => return Ok(Outcome::Waiting),
        Ok(held) => end_one(app, &held).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(Listing::Ends) => Ok(Outcome::Ended),
        Ok(Listing::Stays) => Ok(Outcome::Waiting),
        Err(error) if error.is_of_item() => {
            let error = types::error_chain(&error);
            tracing::error!(error, "a held sign-up cannot be evaluated");
            Ok(Outcome::Unreadable)
        }
        Err(error) => Err(error),
    }
}

async fn end_one(app: &App, held: &HeldSignUp) -> Result<Listing, TableError> {
    let listing = evaluate_again(app, &held.inviter, &held.invitee).await?;
    if listing == Listing::Ends {
        app.table.release_sign_up(&held.invitee).await?;
    }
    Ok(listing)
}

//! Admits the caller of a dashboard.

use http_api::{Call, Problem};
use lambda::{App, OrProblem};
use storage::{Account, AffiliateState, Head, Totals};
use types::{Reason, Timestamp};

/// The caller, and the state of the ledger that the caller sees.
pub(crate) struct Affiliate {
    pub(crate) head: Head,
    pub(crate) account: Account,
    pub(crate) totals: Totals,
}

/// Returns the caller if they are or were in the affiliate programme, or have invitees: former
/// affiliates can still read their earnings.
///
/// # Errors
/// `unknown_account`, or `inviter_not_affiliate`.
pub(crate) async fn affiliate<R>(app: &App, call: &Call<R>) -> Result<Affiliate, Problem> {
    let state = app.table.affiliate_state(&call.caller).await.or_problem()?;
    let AffiliateState { head, account, totals } = state;
    let account = account.ok_or(Reason::UnknownAccount)?;
    if was_affiliate(&account, call.now) || totals.invitees.values().any(|count| *count > 0) {
        return Ok(Affiliate { head, account, totals });
    }
    Err(Problem::new(Reason::InviterNotAffiliate)
        .detail("You were never in the affiliate programme, so there is no dashboard for you."))
}

fn was_affiliate(account: &Account, now: Timestamp) -> bool {
    account.facts.affiliate.iter().any(|(from, is_affiliate)| from <= now && *is_affiliate)
}

//! Admits the owner of links: an account that is in the programme now.

use http_api::{Call, Problem};
use lambda::{App, OrProblem};
use storage::{Account, Links, Versioned};
use types::{Reason, Timestamp};

/// Returns the caller's links if the caller is in the programme at the instant of the call.
///
/// # Errors
/// `unknown_account`, or `inviter_not_affiliate`.
pub(crate) async fn links<R>(app: &App, call: &Call<R>) -> Result<Versioned<Links>, Problem> {
    let owner = app.table.link_owner(&call.caller).await.or_problem()?;
    admit(owner.account.as_ref(), call.now)?;
    Ok(owner.links)
}

fn admit(account: Option<&Account>, now: Timestamp) -> Result<(), Problem> {
    let account = account.ok_or(Reason::UnknownAccount)?;
    if account.facts.affiliate.at(now) == Some(&true) {
        return Ok(());
    }
    Err(Problem::new(Reason::InviterNotAffiliate)
        .detail("You are not in the affiliate programme, so you have no referral links."))
}

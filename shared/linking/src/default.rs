//! The default link: made at the first call, the same ever after.

use http_api::{Call, Code, Problem};
use lambda::{App, OrProblem};
use storage::{Attempt, Link, LinkOutcome, retry_on_conflict};

use crate::add::{self, NewLink};
use crate::{MAX_ATTEMPTS, affiliate, stopped};

/// The caller's default link. Of many first calls at once one makes it, and all answer it.
///
/// # Errors
/// `unknown_account`, `inviter_not_affiliate`, `links_stopped`, or `conflict` after the last try.
pub(crate) async fn link<R>(app: &App, call: &Call<R>) -> Result<Link, Problem> {
    let conflict = || Problem::from(Code::Conflict);
    retry_on_conflict(MAX_ATTEMPTS, conflict, || async {
        let links = affiliate::links(app, call).await?;
        if let Some(link) = links.value.default_link() {
            return Ok(Attempt::Done(link.clone()));
        }
        stopped::check(app, &call.caller).await?;
        let Some(draft) = add::draft(app, call, links, &NewLink::default())? else {
            return Ok(Attempt::Conflict);
        };
        let made = app.table.make_link(&call.caller, &draft.link, &draft.links).await;
        Ok(match made.or_problem()? {
            LinkOutcome::Made => Attempt::Done(draft.link),
            LinkOutcome::Changed | LinkOutcome::CodeTaken | LinkOutcome::Answered(_) => {
                Attempt::Conflict
            }
        })
    })
    .await
}

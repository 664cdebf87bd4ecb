//! The default link: made at the first call, the same ever after.

use http_api::{Call, Code, Problem};
use lambda::{App, OrProblem};
use storage::{Link, LinkOutcome};

use crate::add::{self, NewLink};
use crate::{MAX_ATTEMPTS, affiliate};

/// The caller's default link. Of many first calls at once one makes it, and all answer it.
///
/// # Errors
/// `unknown_account`, `inviter_not_affiliate`, or `conflict` after the last try.
pub(crate) async fn link<R>(app: &App, call: &Call<R>) -> Result<Link, Problem> {
    for _ in 0..MAX_ATTEMPTS {
        let links = affiliate::links(app, call).await?;
        if let Some(link) = links.value.default_link() {
            return Ok(link.clone());
        }
        let Some(draft) = add::draft(app, call, links, &NewLink::default())? else { continue };
        let made = app.table.make_link(&call.caller, &draft.link, &draft.links).await;
        if made.or_problem()? == LinkOutcome::Made {
            return Ok(draft.link);
        }
    }
    Err(Code::Conflict.into())
}

//! What a confirmation confirms.

use http_api::{Problem, Signer};
use lambda::{ApiApp, OrProblem};
use serde::{Deserialize, Serialize};
use storage::Link;
use types::{LinkCode, Uid};

/// The payload of a confirmation. Its user is sealed in as well, outside of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfirmationToken {
    pub(crate) code: LinkCode,
    /// The link's owner, so that the bind can read him together with all else; hidden from the
    /// invitee, who may see him masked only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inviter: Option<String>,
}

impl ConfirmationToken {
    /// The confirmation of a bind of `invitee` by `link`.
    pub(crate) fn of(link: &Link, signer: &Signer, invitee: &Uid) -> Self {
        let code = link.facts.code.clone();
        let inviter = signer.encrypt_id(invitee, code.as_str(), &link.facts.owner);
        Self { code, inviter }
    }

    /// The link's owner: from the confirmation, or where it does not tell, by another call.
    pub(crate) async fn owner(&self, app: &ApiApp, invitee: &Uid) -> Result<Option<Uid>, Problem> {
        let hidden = self.inviter.as_deref();
        let told = hidden.and_then(|it| app.signer.decrypt_id(invitee, self.code.as_str(), it));
        if told.is_some() {
            return Ok(told);
        }
        let link = app.table.link(&self.code).await.or_problem()?;
        Ok(link.map(|link| link.facts.owner))
    }
}

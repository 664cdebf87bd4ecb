//! The payload of a confirmation.

use http_api::{Problem, Signer};
use lambda::{ApiApp, OrProblem};
use serde::{Deserialize, Serialize};
use storage::Link;
use types::{LinkCode, Uid};

/// The payload of a confirmation. Its user is sealed in as well, outside of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfirmationToken {
    pub(crate) code: LinkCode,
    /// The link's owner, so that one call reads both accounts of the bind. Encrypted, since the
    /// invitee may see the owner masked only.
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

    /// Returns the link's owner: from the confirmation, or if it has none, by a further call.
    pub(crate) async fn owner(&self, app: &ApiApp, invitee: &Uid) -> Result<Option<Uid>, Problem> {
        let encrypted = self.inviter.as_deref();
        let owner = encrypted.and_then(|it| app.signer.decrypt_id(invitee, self.code.as_str(), it));
        if owner.is_some() {
            return Ok(owner);
        }
        let link = app.table.link(&self.code).await.or_problem()?;
        Ok(link.map(|link| link.facts.owner))
    }
}

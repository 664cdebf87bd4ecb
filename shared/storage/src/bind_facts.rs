//! All that a bind is judged by, in one call.

use types::{LinkCode, Uid};

use crate::access::Table;
use crate::account::{Account, Versioned, read_account};
use crate::error::TableError;
use crate::keys;
use crate::link::Link;

/// Who would be bound to whom by which link; `None` where the table does not know of something.
#[derive(Debug, Clone, Default)]
pub struct BindFacts {
    /// The account to be bound.
    pub invitee: Option<Versioned<Account>>,
    /// The link.
    pub link: Option<Link>,
    /// The link's owner.
    pub inviter: Option<Account>,
}

impl Table {
    /// The account to be bound, the link, and its `owner`, where the caller knows him. Cost: 1
    /// call, 2 read units, and 1 more where the link was not lately seen; 1 call and unit more a
    /// level above a sub-account.
    ///
    /// The items are not of one instant. That of the account is told by its revision, on which a
    /// [`Table::bind`] depends; the link never changes; and the owner is judged by his history.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn parties(
        &self,
        invitee: &Uid,
        code: &LinkCode,
        owner: Option<&Uid>,
    ) -> Result<BindFacts, TableError> {
        let link = self.seen_links.get(code);
        let mut wanted = vec![keys::account(invitee)];
        // No key may be asked for twice.
        wanted.extend(owner.filter(|owner| *owner != invitee).map(keys::account));
        wanted.extend(link.is_none().then(|| keys::link(code)));
        let mut found = BindFacts { link, ..BindFacts::default() };
        for item in self.get_many(&wanted).await? {
            if keys::is_at(&item, &keys::link(code)) {
                found.link = Some(self.read_link(item)?);
            } else if keys::is_at(&item, &keys::account(invitee)) {
                found.invitee = Some(read_account(item)?);
            } else {
                found.inviter = Some(read_account(item)?.value);
            }
        }
        // Of sub-accounts only, which are few.
        let accounts = found.invitee.iter_mut().map(|account| &mut account.value);
        for account in accounts.chain(found.inviter.as_mut()) {
            if account.facts.main_uid.is_some() {
                account.facts.top_uid = Some(self.top_account(&account.facts).await?);
            }
        }
        if owner == Some(invitee) {
            found.inviter = found.invitee.as_ref().map(|account| account.value.clone());
        }
        Ok(found)
    }
}

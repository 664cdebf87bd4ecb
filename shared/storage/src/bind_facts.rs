//! All facts that a bind is evaluated on, in one call.

use types::{LinkCode, Uid};

use crate::access::Table;
use crate::account::{Account, Versioned, read_account};
use crate::error::TableError;
use crate::keys;
use crate::link::Link;

/// The accounts and the link of a possible bind; `None` where the table has no such item.
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
    /// Returns the account to be bound, the link, and the link's `owner` where the caller knows it.
    /// Cost: 1 call, 2 read units, and 1 more where the link is not cached; 1 call and unit more
    /// per level above a sub-account.
    ///
    /// The items are not of one instant. The revision identifies the account's state, and
    /// [`Table::bind`] depends on it; the link never changes; and the owner is evaluated by
    /// history.
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
        // DynamoDB refuses a request that repeats a key.
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
        // Only sub-accounts need further reads, and they are few.
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

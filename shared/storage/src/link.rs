//! Referral links: by code for users who open them, and in one item for their owner.

use commission::SharedCommission;
use eligibility::LinkFacts;
use serde::{Deserialize, Serialize};
use types::{Day, LinkCode, Timestamp, Uid};

use crate::access::{Action, Condition, Table, Transaction};
use crate::account::{Account, Versioned};
use crate::answer::{NewAnswer, RecordedAnswer, read_answer};
use crate::attempt::Attempt;
use crate::error::TableError;
use crate::item::{Item, plain, read_plain, revision};
use crate::keys;

/// A referral link. Owner, shared commission and kinds of invitees never change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Code, owner, and whether existing users may be invited.
    pub facts: LinkFacts,
    /// The owner's own name for the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The invitee's part of the rate.
    pub shared: SharedCommission,
    /// When the link was made.
    pub created_at: Timestamp,
    /// Whether its owner has archived it. It is as usable as before. In the owner's list only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

/// An affiliate's links.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Links {
    /// The code of the link that is shown first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<LinkCode>,
    /// All links, oldest first.
    pub links: Vec<Link>,
    /// The changes of labels, default and archive, on the newest day that has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<DayChanges>,
}

/// An owner of links.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkOwner {
    /// The account, if it is known.
    pub account: Option<Account>,
    /// The links; none at revision 0 before the first one is made.
    pub links: Versioned<Links>,
}

/// The number of changes on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayChanges {
    /// The day, in UTC.
    pub day: Day,
    /// Their number.
    pub count: u32,
}

impl Links {
    /// The link with this code.
    #[must_use]
    pub fn get(&self, code: &LinkCode) -> Option<&Link> {
        self.links.iter().find(|link| link.facts.code == *code)
    }

    /// Counts a change on a day; returns its number on that day, from 1.
    pub fn count_change(&mut self, day: Day) -> u32 {
        let before = self.changes.filter(|changes| changes.day == day);
        let count = before.map_or(0, |changes| changes.count).saturating_add(1);
        self.changes = Some(DayChanges { day, count });
        count
    }

    /// The link that is shown first.
    #[must_use]
    pub fn default_link(&self) -> Option<&Link> {
        self.default.as_ref().and_then(|code| self.get(code))
    }
}

/// The outcome of making a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkOutcome {
    /// The link is made.
    Made,
    /// The owner's links were changed since they were read: read them and decide again.
    Changed,
    /// The code is taken: draw another.
    CodeTaken,
    /// The request was answered before: nothing is made.
    Answered(RecordedAnswer),
}

fn read_links(item: Item) -> Result<Versioned<Links>, TableError> {
    let revision = revision(&item);
    Ok(Versioned { value: read_plain("list of links", item)?, revision })
}

impl Table {
    /// Returns the link of a code. Cost: 1 read unit; nothing for a cached link.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn link(&self, code: &LinkCode) -> Result<Option<Link>, TableError> {
        if let Some(link) = self.seen_links.get(code) {
            return Ok(Some(link));
        }
        let item = self.get(&keys::link(code)).await?;
        item.map(|item| self.read_link(item)).transpose()
    }

    pub(crate) fn read_link(&self, item: Item) -> Result<Link, TableError> {
        let link: Link = read_plain("link", item)?;
        self.seen_links.keep(&link);
        Ok(link)
    }

    /// Returns an owner's account and links. Cost: 1 call, about 2 to 5 read units.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn link_owner(&self, owner: &Uid) -> Result<LinkOwner, TableError> {
        let wanted = [keys::account(owner), keys::links(owner)];
        let mut found = LinkOwner { account: None, links: Versioned::new(Links::default()) };
        for item in self.get_many(&wanted).await? {
            if keys::is_at(&item, &keys::links(owner)) {
                found.links = read_links(item)?;
            } else {
                found.account = Some(read_plain("account", item)?);
            }
        }
        Ok(found)
    }

    /// Makes a link: the code is taken for ever, and the owner's list has it.
    /// `links` are the owner's links as read, with the new one added last. Cost: 1 transaction of
    /// 2 items.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn make_link(
        &self,
        owner: &Uid,
        link: &Link,
        links: &Versioned<Links>,
    ) -> Result<LinkOutcome, TableError> {
        self.make_link_once(owner, link, links, None).await
    }

    /// Makes a link as [`Table::make_link`] does, and records the answer with it, unless the
    /// request was answered before. Cost: 1 transaction of 2 or 3 items.
    ///
    /// # Errors
    /// If the table fails or the recorded answer does not decode.
    pub async fn make_link_once(
        &self,
        owner: &Uid,
        link: &Link,
        links: &Versioned<Links>,
        answer: Option<&NewAnswer<'_>>,
    ) -> Result<LinkOutcome, TableError> {
        let list = plain(&keys::links(owner), &links.value)?;
        // Only the owner sees the label and what is archived.
        let public = Link { label: None, archived: false, ..link.clone() };
        let mut actions = vec![
            Action::Put(list, Condition::Revision(links.revision)),
            Action::Put(plain(&keys::link(&link.facts.code), &public)?, Condition::Absent),
        ];
        actions.extend(answer.map(NewAnswer::put).transpose()?);
        Ok(match self.transact(actions).await? {
            Transaction::Made => LinkOutcome::Made,
            Transaction::Refused { place: 0, .. } => LinkOutcome::Changed,
            Transaction::Refused { place: 1, .. } => LinkOutcome::CodeTaken,
            Transaction::Refused { item: Some(item), .. } => {
                LinkOutcome::Answered(read_answer(item)?)
            }
            Transaction::Refused { item: None, .. } => {
                return Err(TableError::Contended("a recorded answer"));
            }
        })
    }

    /// Writes an affiliate's list of links after a change, unless it was changed since it was read.
    /// Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn save_links(
        &self,
        owner: &Uid,
        links: &Versioned<Links>,
    ) -> Result<Attempt, TableError> {
        let item = plain(&keys::links(owner), &links.value)?;
        self.put_revision(item, links.revision).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::table;

    #[tokio::test]
    async fn public_link_has_no_facts_of_its_owner() {
        let table = table().await;
        let owner: Uid = "owner".parse().unwrap();
        let public = Link {
            facts: LinkFacts {
                code: "ABCD2345".parse().unwrap(),
                owner: owner.clone(),
                invites_existing: true,
            },
            label: None,
            shared: SharedCommission::default(),
            created_at: Timestamp::EPOCH,
            archived: false,
        };
        let link = Link { label: Some("label".to_owned()), archived: true, ..public.clone() };
        let links = Links { links: vec![link.clone()], ..Links::default() };
        let made = table.make_link(&owner, &link, &Versioned::new(links)).await.unwrap();
        assert!(matches!(made, LinkOutcome::Made));
        assert_eq!(table.link(&link.facts.code).await.unwrap(), Some(public));
    }
}

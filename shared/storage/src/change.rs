//! Reads the table's stream: the writes that outbound events report.

use commission::Relation;
use types::{Day, Uid};

use crate::account::Account;
use crate::affiliate_view::Summary;
use crate::binding::Binding;
use crate::error::TableError;
use crate::item::{Item, read_packed, read_plain, revision};
use crate::keys::{self, Place};

/// A write of an item that outbound events report.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// An account was bound to its inviter.
    Bound(Relation),
    /// An account was changed.
    Account(Box<AccountChange>),
    /// A committed run was published for an affiliate's day.
    Booked(Box<Booked>),
}

/// An account before and after a write.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountChange {
    /// Before.
    pub before: Account,
    /// After.
    pub after: Account,
    /// The number of writes of the account, this one included: it identifies the write.
    pub revision: u64,
}

/// The amounts of a committed run for an affiliate's day.
#[derive(Debug, Clone, PartialEq)]
pub struct Booked {
    /// The affiliate.
    pub affiliate: Uid,
    /// The booked day.
    pub day: Day,
    /// The run's number in the ledger.
    pub seq: u64,
    /// The number of this part, from 0.
    pub part: u16,
    /// The sums of its lines; in a part those of some assets.
    pub summary: Summary,
}

impl Change {
    /// Reads a write from the old and the new item, each empty where there was none. Returns `None`
    /// for writes that no event reports: other items, and removals.
    ///
    /// # Errors
    /// [`TableError::Corrupt`] or [`TableError::UnknownSchemaVersion`] if such an item does not
    /// decode.
    pub fn read(
        before: serde_dynamo::Item,
        after: serde_dynamo::Item,
    ) -> Result<Option<Self>, TableError> {
        let (before, after): (Item, Item) = (before.into(), after.into());
        let is_new = before.is_empty();
        Ok(match keys::place(&after) {
            Place::Binding if is_new => {
                Some(Self::Bound(read_plain::<Binding>("binding", after)?.relation))
            }
            Place::Account if !is_new => {
                let revision = revision(&after);
                let before = read_plain("account", before)?;
                let after = read_plain("account", after)?;
                Some(Self::Account(Box::new(AccountChange { before, after, revision })))
            }
            Place::Summary { affiliate, day, seq, part } if is_new => {
                let summary = read_packed("summary", &after)?;
                Some(Self::Booked(Box::new(Booked { affiliate, day, seq, part, summary })))
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affiliate_view::Summary;
    use crate::item::packed;

    #[test]
    fn only_a_new_summary_is_reported() {
        let key = keys::summary(&"affiliate".parse().unwrap(), "2026-11-20".parse().unwrap(), 7);
        let item = packed(&key, &Summary::default()).unwrap();
        let read =
            |before: Item| Change::read(before.into(), item.clone().into()).unwrap().map(|_| ());
        assert_eq!(read(Item::new()), Some(()));
        assert_eq!(read(item.clone()), None);
    }
}

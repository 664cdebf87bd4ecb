//! Identities of events, and the quarantine of those that cannot be taken in.

use serde::{Deserialize, Serialize};
use terms::{Day, Timestamp};

use crate::access::{Condition, Table};
use crate::error::TableError;
use crate::item::{expire, plain, read_plain};
use crate::keys::{self, fingerprint};

/// An event that could not be taken in, whole, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quarantined {
    /// A stable word for the kind of trouble.
    pub reason: String,
    /// What is wrong and what would be right.
    pub detail: String,
    /// The event as it came.
    pub body: String,
    /// When it came.
    pub at: Timestamp,
}

impl Quarantined {
    /// The name of the entry within its day: a digest of its reason and content.
    #[must_use]
    pub fn digest(&self) -> String {
        fingerprint(format!("{}\n{}", self.reason, self.body).as_bytes())
    }
}

/// What is known of an event's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// It was not seen before.
    New,
    /// It came before with the same body; so does one of a batch that is brought again.
    Repeated,
    /// The same source and id came before with another body.
    Conflicting,
}

#[derive(Serialize, Deserialize)]
struct Seen {
    digest: String,
}

/// How long an event's identity is remembered, in days; queues redeliver for at most 14.
const IDENTITY_DAYS: i64 = 30;

impl Table {
    /// Remembers an event by source and id, and tells whether it came before with another body.
    /// Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn identify(
        &self,
        source: &str,
        id: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Identity, TableError> {
        let digest = fingerprint(body);
        let item = plain(&keys::event(source, id), &Seen { digest: digest.clone() })?;
        let item = expire(item, now.plus_days(IDENTITY_DAYS));
        match self.put_if(item, Condition::Absent).await? {
            Ok(()) => Ok(Identity::New),
            Err(Some(seen)) => {
                let seen: Seen = read_plain("event identity", seen)?;
                let same = seen.digest == digest;
                Ok(if same { Identity::Repeated } else { Identity::Conflicting })
            }
            Err(None) => Err(TableError::Contended("an event's identity")),
        }
    }

    /// Keeps what could not be taken in, where an operator finds it by day. The same content again
    /// is the same item. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn quarantine(&self, entry: &Quarantined) -> Result<(), TableError> {
        self.put(plain(&keys::quarantined(entry.at.day(), &entry.digest()), entry)?).await
    }

    /// All that could not be taken in on a day. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn quarantined(&self, day: Day) -> Result<Vec<Quarantined>, TableError> {
        let items = self.query(&keys::quarantine(day)).await?;
        items.into_iter().map(|item| read_plain("quarantine entry", item)).collect()
    }

    /// Takes an entry out of the quarantine. Answers `false` where it was not there (any more).
    /// Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn release(&self, entry: &Quarantined) -> Result<bool, TableError> {
        let key = keys::quarantined(entry.at.day(), &entry.digest());
        self.delete_if(&key, ("reason", &entry.reason), None).await
    }
}

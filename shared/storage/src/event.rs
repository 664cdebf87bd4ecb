//! Identities of events, and the quarantine of those that cannot be ingested.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use types::{Day, Timestamp};

use crate::access::{Condition, Conditional, Table};
use crate::error::TableError;
use crate::item::{Item, expire, plain, read_plain};
use crate::keys::{self, Key, short_sha256, sort_key};

/// An event that was not ingested, whole, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quarantined {
    /// A stable word for the kind of trouble.
    pub reason: String,
    /// The problem and the expected value.
    pub detail: String,
    /// The event as it came.
    pub body: String,
    /// When it came.
    pub at: Timestamp,
}

/// The most bytes of an entry's `detail`.
pub const MAX_DETAIL_BYTES: usize = 500;

/// Bytes of a body in one item; an item has at most 400 KB.
const PART_BYTES: usize = 300_000;

/// An entry as its first item holds it.
#[derive(Serialize, Deserialize)]
struct FirstPart {
    #[serde(flatten)]
    entry: Quarantined,
    /// The number of further items with the rest of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parts: Option<usize>,
}

/// A further part of a body.
#[derive(Serialize, Deserialize)]
struct BodyPart {
    /// The digest of the entry.
    entry: String,
    body: String,
}

impl Quarantined {
    /// Returns an entry whose `detail` is cut to [`MAX_DETAIL_BYTES`].
    #[must_use]
    pub fn new(reason: &str, detail: &str, body: String, at: Timestamp) -> Self {
        Self { reason: reason.to_owned(), detail: shorten_detail(detail), body, at }
    }

    /// The name of the entry within its day: a digest of its reason and content.
    #[must_use]
    pub fn digest(&self) -> String {
        short_sha256(format!("{}\n{}", self.reason, self.body).as_bytes())
    }
}

/// Cuts a sentence to [`MAX_DETAIL_BYTES`], so that it never repeats a large event.
#[must_use]
pub fn shorten_detail(detail: &str) -> String {
    const MARK: &str = "…";
    if detail.len() <= MAX_DETAIL_BYTES {
        return detail.to_owned();
    }
    let end = detail.floor_char_boundary(MAX_DETAIL_BYTES - MARK.len());
    detail.get(..end).unwrap_or_default().to_owned() + MARK
}

/// A text in parts of at most [`PART_BYTES`], none of which ends within a character.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > PART_BYTES {
        let (part, after) = rest.split_at(rest.floor_char_boundary(PART_BYTES));
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

/// Whether an event's source and id are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// It was not seen before.
    New,
    /// They are known with the same body: the event was delivered before, or its batch is a
    /// redelivery.
    Repeated,
    /// They are known with another body.
    Conflicting,
}

#[derive(Serialize, Deserialize)]
struct Seen {
    digest: String,
}

/// How long an event's identity is remembered, in days; queues redeliver for at most 14.
const IDENTITY_DAYS: i64 = 30;

/// The outcome of taking an entry out of the quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// It is out.
    Released,
    /// It was not there (any more).
    Absent,
}

impl Table {
    /// Stores an event's source, id and digest, and returns whether they were stored before. An
    /// expired identity counts as new. Cost: 1 write unit.
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
        let digest = short_sha256(body);
        let item = plain(&keys::event(source, id), &Seen { digest: digest.clone() })?;
        let item = expire(item, now.plus_days(IDENTITY_DAYS));
        match self.put_if(item, Condition::AbsentOrExpired(now)).await? {
            Conditional::Written => Ok(Identity::New),
            Conditional::Refused(Some(seen)) => {
                let seen: Seen = read_plain("event identity", seen)?;
                let same = seen.digest == digest;
                Ok(if same { Identity::Repeated } else { Identity::Conflicting })
            }
            Conditional::Refused(None) => Err(TableError::Contended("an event's identity")),
        }
    }

    /// Stores an event that was not ingested, by day. The same content again is the same item. A
    /// body that does not fit into one item is split; the further items are written first, so that
    /// an entry is either whole or absent. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn quarantine(&self, entry: &Quarantined) -> Result<(), TableError> {
        let (day, digest) = (entry.at.day(), entry.digest());
        let parts = parts(&entry.body);
        let (first, further) = parts.split_first().map_or(("", &[][..]), |(it, rest)| (*it, rest));
        for (number, body) in further.iter().enumerate() {
            let part = BodyPart { entry: digest.clone(), body: (*body).to_owned() };
            self.put(plain(&keys::quarantined_part(day, &digest, number), &part)?).await?;
        }
        let entry = Quarantined { body: first.to_owned(), ..entry.clone() };
        let parts = Some(further.len()).filter(|further| *further > 0);
        self.put(plain(&keys::quarantined(day, &digest), &FirstPart { entry, parts })?).await
    }

    /// Returns all quarantined events of a day. Cost: 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn quarantined(&self, day: Day) -> Result<Vec<Quarantined>, TableError> {
        let items = self.query(&keys::quarantine(day)).await?;
        let key = |item: Item| (sort_key(&item).to_owned(), item);
        let mut by_key: BTreeMap<String, Item> = items.into_iter().map(key).collect();
        let is_entry = |key: &&String| !key.contains('#');
        let digests: Vec<String> = by_key.keys().filter(is_entry).cloned().collect();
        let mut entries = Vec::with_capacity(digests.len());
        for digest in digests {
            let Some(item) = by_key.remove(&digest) else { continue };
            let FirstPart { mut entry, parts } = read_plain("quarantine entry", item)?;
            for number in 0..parts.unwrap_or_default() {
                let key = keys::quarantined_part(day, &digest, number);
                let part = by_key.remove(&key.sk).ok_or_else(|| {
                    TableError::corrupt("quarantine entry", "a part of its body is missing")
                })?;
                entry.body += &read_plain::<BodyPart>("part of a quarantine entry", part)?.body;
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Takes those of some entries out of the quarantine that are in it. Cost: 1 read unit per 4 KB
    /// and 1 call a hundred, then 1 write unit per KB of those that are there.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn release_all(&self, entries: &[Quarantined]) -> Result<(), TableError> {
        let by_key: HashMap<Key, &Quarantined> = entries
            .iter()
            .map(|entry| (keys::quarantined(entry.at.day(), &entry.digest()), entry))
            .collect();
        let wanted: Vec<Key> = by_key.keys().cloned().collect();
        for item in self.get_many(&wanted).await? {
            if let Some(entry) = keys::key_of(&item).and_then(|key| by_key.get(&key)) {
                self.release(entry).await?;
            }
        }
        Ok(())
    }

    /// Takes an entry out of the quarantine.
    /// Parts that stay because the process ends in between belong to no entry and are not read.
    /// Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn release(&self, entry: &Quarantined) -> Result<Release, TableError> {
        let (day, digest) = (entry.at.day(), entry.digest());
        let key = keys::quarantined(day, &digest);
        let released = self.delete_if(&key, ("reason", &entry.reason), None).await?;
        for number in 0..parts(&entry.body).len().saturating_sub(1) {
            let key = keys::quarantined_part(day, &digest, number);
            self.delete_if(&key, ("entry", &digest), None).await?;
        }
        Ok(if released { Release::Released } else { Release::Absent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::table;

    #[test]
    fn body_is_split_only_beyond_a_part() {
        let sizes = |bytes| parts(&"x".repeat(bytes)).iter().map(|it| it.len()).collect::<Vec<_>>();
        assert_eq!(sizes(PART_BYTES), [PART_BYTES]);
        assert_eq!(sizes(PART_BYTES + 1), [PART_BYTES, 1]);
    }

    #[tokio::test]
    async fn listed_entries_are_released() {
        let table = table().await;
        let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let entry = |body: &str| Quarantined::new("reason", "detail", body.to_owned(), at);
        for body in ["a", "b"] {
            table.quarantine(&entry(body)).await.unwrap();
        }
        table.release_all(&[entry("a"), entry("absent")]).await.unwrap();
        assert_eq!(table.quarantined(at.day()).await.unwrap(), [entry("b")]);
    }

    #[test]
    fn detail_is_cut_to_its_bytes() {
        assert_eq!(shorten_detail(&"x".repeat(500)), "x".repeat(500));
        assert_eq!(shorten_detail(&"x".repeat(501)), "x".repeat(497) + "…");
    }
}

//! Activity that waits for the night, which applies it to its accounts.

use std::collections::{BTreeMap, HashMap};

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use types::{Day, Timestamp, Uid};

use crate::access::Table;
use crate::chunks::chunks;
use crate::error::TableError;
use crate::item::{
    Item, Packed, checked_by_name, content, expire, pack, packed_bytes, plain, read_plain, unpack,
};
use crate::keys::{self, ActivityPart, short_sha256, sort_key};

const CHUNK: &str = "activity chunk";
const MARKER: &str = "marker of deferred activity";

/// How long deferred activity is kept, in days. A night normally applies it on the next day; without
/// a successful night in this time it is lost.
pub const ACTIVITY_DAYS: i64 = 45;

/// An account's activity in a chunk.
type Entry<'a> = (&'a Uid, Timestamp);

/// A chunk's content: the newest activity of some accounts, in the order of their ids.
#[derive(Serialize, Deserialize)]
struct Entries(Vec<(Uid, Timestamp)>);

impl Packed for Entries {}

/// The marker of a date and part with activity that no night has applied.
#[derive(Debug)]
pub struct ActivityMarker {
    /// The date on which the activity was deferred.
    pub date: Day,
    /// The state of the marker, or the reason why it cannot be read. Its activity can be applied in
    /// any case, but only a marker that can be read can be removed.
    pub state: Result<MarkerState, TableError>,
}

/// The state of a marker, by which it is seen whether it was renewed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkerState {
    /// Names the content that was stored before the marker was written.
    pub token: String,
    /// The number of writes of the marker since it was last removed.
    #[serde(rename = "rev")]
    pub count: u64,
}

/// A marker as it is written; the table counts the writes.
#[derive(Serialize)]
struct Mark<'a> {
    date: Day,
    token: &'a str,
}

/// The deferred activity of a date and part as it is stored.
#[derive(Debug, Default)]
pub struct StoredActivity {
    /// The newest activity of each account.
    pub newest: HashMap<Uid, Timestamp>,
    /// The errors of the chunks that cannot be read.
    pub unreadable: Vec<TableError>,
}

impl StoredActivity {
    fn read(&mut self, item: &Item) {
        match read_chunk(item) {
            Ok(Entries(entries)) => {
                for (uid, at) in entries {
                    let newest = self.newest.entry(uid).or_insert(at);
                    *newest = at.max(*newest);
                }
            }
            Err(error) => self.unreadable.push(error),
        }
    }
}

fn read_chunk(item: &Item) -> Result<Entries, TableError> {
    unpack(CHUNK, checked_by_name(CHUNK, item, content(CHUNK, item)?)?)
}

impl Table {
    /// Stores activity under the date of `now`, with a marker for each part of the accounts. The
    /// same activity produces the same chunks again. Cost: 1 call per 25 chunks, 1 write unit per
    /// KB of 60 accounts; 1 call and 1 write unit for each of 8 parts with activity.
    ///
    /// # Errors
    /// If the table fails; then the events have to be redelivered.
    pub async fn defer_activity(
        &self,
        newest: &BTreeMap<Uid, Timestamp>,
        now: Timestamp,
    ) -> Result<(), TableError> {
        let date = now.day();
        let mut parts: BTreeMap<ActivityPart, Vec<Entry<'_>>> = BTreeMap::new();
        for (uid, at) in newest {
            parts.entry(ActivityPart::of(uid)).or_default().push((uid, *at));
        }
        let (mut items, mut marks) = (Vec::new(), Vec::new());
        for (part, entries) in &parts {
            let mut names = String::new();
            for chunk in chunks(entries)? {
                let bytes = pack(&chunk)?;
                let name = short_sha256(&bytes);
                let key = keys::activity_chunk(date, *part, &name);
                let item = packed_bytes(&key, Entries::FORM, bytes);
                items.push(expire(item, now.plus_days(ACTIVITY_DAYS)));
                names.push_str(&name);
            }
            marks.push((*part, short_sha256(names.as_bytes())));
        }
        self.put_many(items).await?;
        try_join_all(marks.iter().map(|(part, token)| self.mark_activity(date, *part, token)))
            .await?;
        Ok(())
    }

    async fn mark_activity(
        &self,
        date: Day,
        part: ActivityPart,
        token: &str,
    ) -> Result<(), TableError> {
        let key = keys::activity_marker(date, part);
        self.put_counted(&key, plain(&key, &Mark { date, token })?).await
    }

    /// Returns the markers of a part up to and including a date, oldest first. Cost: 1 read unit
    /// per 4 KB.
    ///
    /// # Errors
    /// If the table fails or a marker's key is malformed.
    pub async fn activity_markers(
        &self,
        through: Day,
        part: ActivityPart,
    ) -> Result<Vec<ActivityMarker>, TableError> {
        let items = self.query(&keys::activity_markers_through(through, part)).await?;
        let marker = |item: Item| {
            let malformed = || TableError::corrupt(MARKER, "its sort key is malformed");
            let date = keys::activity_marker_date(sort_key(&item)).ok_or_else(malformed)?;
            Ok(ActivityMarker { date, state: read_plain(MARKER, item) })
        };
        items.into_iter().map(marker).collect()
    }

    /// Returns the activity that was deferred on a date. Cost: 1 call per MB, 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn activity_of(
        &self,
        date: Day,
        part: ActivityPart,
    ) -> Result<StoredActivity, TableError> {
        let mut stored = StoredActivity::default();
        self.query_each(&keys::activity(date, part), |item| {
            stored.read(&item);
            Ok(())
        })
        .await?;
        Ok(stored)
    }

    /// Removes a marker, unless it was renewed since it was read. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn clear_activity_marker(
        &self,
        date: Day,
        part: ActivityPart,
        read: &MarkerState,
    ) -> Result<(), TableError> {
        let key = keys::activity_marker(date, part);
        self.delete_if(&key, ("token", read.token.as_str()), Some(read.count)).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::table;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-21T12:00:00Z";

    /// Accounts of one part, with the part.
    fn accounts(count: usize) -> (ActivityPart, Vec<Uid>) {
        let all = (0..).map(|n| format!("u{n}").parse::<Uid>().unwrap());
        let part = ActivityPart::new(3).unwrap();
        (part, all.filter(|uid| ActivityPart::of(uid) == part).take(count).collect())
    }

    #[tokio::test]
    async fn newest_activity_of_all_chunks_is_read() {
        let table = table().await;
        let (part, uids) = accounts(1_500);
        let (early, late) = (at("2026-11-21T10:00:00Z"), at("2026-11-21T11:00:00Z"));
        let of = |at: Timestamp, uids: &[Uid]| uids.iter().map(|uid| (uid.clone(), at)).collect();
        table.defer_activity(&of(late, &uids[..10]), at(NOW)).await.unwrap();
        table.defer_activity(&of(early, &uids), at(NOW)).await.unwrap();
        let stored = table.activity_of(day("2026-11-21"), part).await.unwrap();
        assert_eq!((stored.newest.len(), stored.unreadable.len()), (1_500, 0));
        assert_eq!((stored.newest[&uids[9]], stored.newest[&uids[10]]), (late, early));
    }

    #[tokio::test]
    async fn marker_is_cleared_unless_renewed() {
        let table = table().await;
        let (part, uids) = accounts(1);
        let activity = BTreeMap::from([(uids[0].clone(), at("2026-11-21T10:00:00Z"))]);
        table.defer_activity(&activity, at(NOW)).await.unwrap();
        let marks = async |through| table.activity_markers(day(through), part).await.unwrap();
        assert!(marks("2026-11-20").await.is_empty());
        let first = marks("2026-11-21").await.pop().unwrap();
        table.defer_activity(&activity, at(NOW)).await.unwrap();
        let read = first.state.unwrap();
        table.clear_activity_marker(first.date, part, &read).await.unwrap();
        let renewed = marks("2026-11-22").await.pop().unwrap().state.unwrap();
        assert_eq!((&renewed.token, renewed.count), (&read.token, 2));
        table.clear_activity_marker(first.date, part, &renewed).await.unwrap();
        assert!(marks("2026-11-22").await.is_empty());
    }

    #[tokio::test]
    async fn damaged_chunk_leaves_others() {
        let table = table().await;
        let (part, uids) = accounts(2);
        let activity = |uid: &Uid| BTreeMap::from([(uid.clone(), at("2026-11-21T10:00:00Z"))]);
        table.defer_activity(&activity(&uids[0]), at(NOW)).await.unwrap();
        let key = keys::activity_chunk(day("2026-11-21"), part, "0123456789abcdef");
        let other = pack(&Entries(vec![(uids[1].clone(), at(NOW))])).unwrap();
        table.put(packed_bytes(&key, Entries::FORM, other)).await.unwrap();
        let stored = table.activity_of(day("2026-11-21"), part).await.unwrap();
        assert_eq!(stored.newest.keys().collect::<Vec<_>>(), [&uids[0]]);
        assert!(matches!(stored.unreadable[..], [TableError::Corrupt { .. }]));
    }

    #[test]
    fn parts_are_numbered_below_their_count() {
        let all: Vec<u8> = ActivityPart::all().map(ActivityPart::number).collect();
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(ActivityPart::new(7).map(ActivityPart::number), Some(7));
        assert_eq!(ActivityPart::new(8), None);
    }
}

//! Recorded answers of requests that carry an `Idempotency-Key`.

use serde::{Deserialize, Serialize};
use types::{Timestamp, Uid};

use crate::access::{Action, Condition, Table, Transaction};
use crate::error::TableError;
use crate::item::{Item, expire, is_expired, plain, read_plain};
use crate::keys::{self, Key};

/// How long an answer is kept, in hours.
pub const ANSWER_HOURS: i64 = 24;

const MILLIS_PER_HOUR: i64 = 60 * 60 * 1000;

/// A request that its caller may repeat: caller, route and key together identify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The caller.
    pub caller: Uid,
    /// Method and path pattern, as `POST /v1/links`.
    pub route: String,
    /// The caller's key.
    pub key: String,
    /// The digest of the body.
    pub body_digest: String,
    /// The instant of the request.
    pub at: Timestamp,
}

/// The answer that a request was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedAnswer {
    /// The digest of the request's body.
    pub body_digest: String,
    /// The answer's status.
    pub status: u16,
    /// The answer's JSON text.
    pub text: String,
}

/// An answer to record, and the request that it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnswer<'a> {
    /// The request.
    pub request: &'a KeyedRequest,
    /// The answer's status.
    pub status: u16,
    /// The answer's JSON text.
    pub text: String,
}

impl KeyedRequest {
    fn item_key(&self) -> Key {
        keys::answer(&self.caller, &self.route, &self.key)
    }
}

impl NewAnswer<'_> {
    /// Returns the write of this answer: it fails where an answer is recorded that has not expired.
    pub(crate) fn put(&self) -> Result<Action, TableError> {
        let Self { request, status, text } = self;
        let answer = RecordedAnswer {
            body_digest: request.body_digest.clone(),
            status: *status,
            text: text.clone(),
        };
        let item = plain(&request.item_key(), &answer)?;
        let item = expire(item, request.at.plus_millis(ANSWER_HOURS * MILLIS_PER_HOUR));
        Ok(Action::Put(item, Condition::AbsentOrExpired(request.at)))
    }
}

/// Reads the item that kept an answer from being recorded.
pub(crate) fn read_answer(item: Item) -> Result<RecordedAnswer, TableError> {
    read_plain("recorded answer", item)
}

impl Table {
    /// Returns the recorded answer of a request, unless it has expired at the request's instant.
    /// Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn recorded_answer(
        &self,
        request: &KeyedRequest,
    ) -> Result<Option<RecordedAnswer>, TableError> {
        let item = self.get(&request.item_key()).await?;
        item.filter(|item| !is_expired(item, request.at)).map(read_answer).transpose()
    }

    /// Records an answer, unless one is recorded: then that one is returned.
    /// Cost: 1 transaction of 1 item.
    ///
    /// # Errors
    /// If the table fails or the recorded answer does not decode.
    pub async fn record_answer(
        &self,
        answer: &NewAnswer<'_>,
    ) -> Result<Option<RecordedAnswer>, TableError> {
        match self.transact(vec![answer.put()?]).await? {
            Transaction::Made => Ok(None),
            Transaction::Refused { item: Some(item), .. } => read_answer(item).map(Some),
            Transaction::Refused { item: None, .. } => {
                Err(TableError::Contended("a recorded answer"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dynamodb_embedded::Engine;

    use super::*;

    const NOON: &str = "2026-11-22T12:00:00.001Z";

    async fn table() -> Table {
        let engine = Engine::with_table().await.unwrap();
        Table::new(engine.config(), engine.table_name())
    }

    fn request(caller: &str, route: &str, key: &str, at: &str) -> KeyedRequest {
        KeyedRequest {
            caller: caller.parse().unwrap(),
            route: route.to_owned(),
            key: key.to_owned(),
            body_digest: "d".to_owned(),
            at: at.parse().unwrap(),
        }
    }

    fn post(at: &str) -> KeyedRequest {
        request("u1", "POST /v1/links", "k1", at)
    }

    async fn record(table: &Table, request: &KeyedRequest, text: &str) -> Option<String> {
        let answer = NewAnswer { request, status: 201, text: text.to_owned() };
        table.record_answer(&answer).await.unwrap().map(|earlier| earlier.text)
    }

    async fn recorded(table: &Table, request: &KeyedRequest) -> Option<String> {
        table.recorded_answer(request).await.unwrap().map(|answer| answer.text)
    }

    #[tokio::test]
    async fn first_answer_is_kept_until_it_expires() {
        let table = table().await;
        assert_eq!(recorded(&table, &post(NOON)).await, None);
        assert_eq!(record(&table, &post(NOON), "first").await, None);
        // Expiry has whole seconds: an answer is kept for a day and at most a second more.
        for (at, kept) in [
            (NOON, true),
            ("2026-11-23T12:00:00.001Z", true),
            ("2026-11-23T12:00:00.999Z", true),
            ("2026-11-23T12:00:01.000Z", false),
        ] {
            assert_eq!(recorded(&table, &post(at)).await.is_some(), kept, "{at}");
        }
        let late = post("2026-11-23T12:00:00.999Z");
        assert_eq!(record(&table, &late, "second").await.as_deref(), Some("first"));
        let expired = post("2026-11-23T12:00:01.000Z");
        assert_eq!(record(&table, &expired, "third").await, None);
        assert_eq!(recorded(&table, &expired).await.as_deref(), Some("third"));
    }

    #[tokio::test]
    async fn callers_routes_and_keys_are_told_apart() {
        let table = table().await;
        record(&table, &post(NOON), "first").await;
        for (caller, route, key) in [
            ("u2", "POST /v1/links", "k1"),
            ("u1", "POST /v1/bind", "k1"),
            ("u1", "POST /v1/links", "k2"),
        ] {
            assert_eq!(recorded(&table, &request(caller, route, key, NOON)).await, None);
        }
    }
}

//! What the network and the service do to calls: faults of every kind, at the rate of the trial.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{AsyncSleep, Builder, Sleep, StalledStreamProtectionConfig};
use dynamodb_embedded::{Engine, Fault, Faults};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The kinds of faults, by the names under which they are counted.
pub const KINDS: [&str; 9] = [
    "throttled",
    "transaction conflict",
    "transaction in progress",
    "internal server error",
    "request lost",
    "request late",
    "reply lost",
    "unprocessed items",
    "short page",
];

/// A late request arrives before so many other calls were made.
pub const LATEST: usize = 60;

/// Weather over the calls of one client.
#[derive(Debug)]
pub struct Weather(Mutex<State>);

#[derive(Debug)]
struct State {
    dice: StdRng,
    /// How many calls in a thousand go wrong.
    per_mille: u32,
    counts: BTreeMap<&'static str, u64>,
}

impl Weather {
    pub fn of(seed: u64, per_mille: u32) -> Arc<Self> {
        let dice = StdRng::seed_from_u64(seed);
        Arc::new(Self(Mutex::new(State { dice, per_mille, counts: BTreeMap::new() })))
    }

    /// From now on nothing goes wrong any more.
    pub fn clears_up(&self) {
        self.0.lock().unwrap().per_mille = 0;
    }

    /// How many faults there were, by kind.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap().counts.clone()
    }

    /// What a client of the engine under this weather is made of. The SDK tries a call so many
    /// times; between its tries others get their turn, and no time is lost.
    pub fn config(self: &Arc<Self>, engine: &Engine, attempts: u32) -> Builder {
        // Clients share a budget of retries by default: one trial would depend on another.
        let budget = RetryPartition::custom("simulation").token_bucket(TokenBucket::unlimited());
        engine
            .faulty_config(self.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .retry_partition(budget.build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(OthersTurn)
    }
}

impl Faults for Weather {
    fn next(&self, operation: &str) -> Option<Fault> {
        let State { dice, per_mille, counts } = &mut *self.0.lock().unwrap();
        // Transactions are few, and matter most.
        let luck = if operation == "TransactWriteItems" { 400 } else { 1000 };
        if dice.random_range(0..luck) >= *per_mille {
            return None;
        }
        let (kind, fault) = draw(dice, operation);
        *counts.entry(kind).or_default() += 1;
        Some(fault)
    }
}

/// One of the faults that the operation can have.
fn draw(dice: &mut StdRng, operation: &str) -> (&'static str, Fault) {
    let of_operation = match operation {
        "TransactWriteItems" if dice.random() => {
            ("transaction in progress", Fault::Refused("TransactionInProgressException"))
        }
        "TransactWriteItems" | "PutItem" | "UpdateItem" | "DeleteItem" => {
            ("transaction conflict", Fault::Conflict)
        }
        "BatchGetItem" | "BatchWriteItem" => {
            ("unprocessed items", Fault::EndsAfter(dice.random_range(0..4)))
        }
        "Query" => ("short page", Fault::EndsAfter(dice.random_range(1..4))),
        _ => ("throttled", Fault::Refused("ThrottlingException")),
    };
    match dice.random_range(0..8) {
        0 => ("throttled", Fault::Refused("ThrottlingException")),
        1 => ("internal server error", Fault::Failed),
        2 => ("request lost", Fault::RequestLost),
        3 => ("request late", Fault::RequestLate(dice.random_range(1..LATEST))),
        4 | 5 => ("reply lost", Fault::ReplyLost),
        _ => of_operation,
    }
}

/// Waiting, where time is what the trial says: others get their turn.
#[derive(Debug)]
struct OthersTurn;

impl AsyncSleep for OthersTurn {
    fn sleep(&self, _: std::time::Duration) -> Sleep {
        Sleep::new(tokio::task::yield_now())
    }
}

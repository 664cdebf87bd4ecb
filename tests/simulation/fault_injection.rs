//! Faults of network and service: every kind, at the trial's rate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_dynamodb::config::{AsyncSleep, Builder, Sleep, StalledStreamProtectionConfig};
use dynamodb_embedded::{Engine, Fault, Faults};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// The kinds of faults, by their names in the counts.
pub const KINDS: [&str; 10] = [
    "throttled",
    "transaction conflict",
    "transaction in progress",
    "internal server error",
    "request lost",
    "request late",
    "reply lost",
    "unprocessed items",
    "throttled statements",
    "short page",
];

/// A late request arrives before this number of other calls.
pub const LATEST: usize = 60;

/// Injects faults into the calls of one client.
#[derive(Debug)]
pub struct FaultInjector(Mutex<State>);

#[derive(Debug)]
struct State {
    rng: StdRng,
    /// Faults per thousand calls.
    per_mille: u32,
    counts: BTreeMap<&'static str, u64>,
}

impl FaultInjector {
    pub fn of(seed: u64, per_mille: u32) -> Arc<Self> {
        let rng = StdRng::seed_from_u64(seed);
        Arc::new(Self(Mutex::new(State { rng, per_mille, counts: BTreeMap::new() })))
    }

    /// Stops injecting faults.
    pub fn stop(&self) {
        self.0.lock().unwrap().per_mille = 0;
    }

    /// Returns the number of faults by kind.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap().counts.clone()
    }

    /// Returns the configuration of a faulty client of the engine. The SDK retries a call up to
    /// `attempts`; between attempts other tasks continue, and no time passes.
    pub fn config(self: &Arc<Self>, engine: &Engine, attempts: u32) -> Builder {
        // Clients share a budget of retries by default, which would make trials depend on each
        // other.
        let budget = RetryPartition::custom("simulation").token_bucket(TokenBucket::unlimited());
        engine
            .faulty_config(self.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .retry_partition(budget.build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .sleep_impl(OthersTurn)
    }
}

impl Faults for FaultInjector {
    fn next(&self, operation: &str) -> Option<Fault> {
        let State { rng, per_mille, counts } = &mut *self.0.lock().unwrap();
        // Transactions are rare and critical.
        let luck = if operation == "TransactWriteItems" { 400 } else { 1000 };
        if rng.random_range(0..luck) >= *per_mille {
            return None;
        }
        let (kind, fault) = draw(rng, operation);
        *counts.entry(kind).or_default() += 1;
        Some(fault)
    }
}

/// Draws one of the faults that the operation can have.
fn draw(rng: &mut StdRng, operation: &str) -> (&'static str, Fault) {
    let of_operation = match operation {
        "TransactWriteItems" if rng.random() => {
            ("transaction in progress", Fault::Refused("TransactionInProgressException"))
        }
        "TransactWriteItems" | "PutItem" | "UpdateItem" | "DeleteItem" => {
            ("transaction conflict", Fault::Conflict)
        }
        "BatchGetItem" | "BatchWriteItem" => {
            ("unprocessed items", Fault::EndsAfter(rng.random_range(0..4)))
        }
        "BatchExecuteStatement" => {
            ("throttled statements", Fault::EndsAfter(rng.random_range(0..4)))
        }
        "Query" => ("short page", Fault::EndsAfter(rng.random_range(1..4))),
        _ => ("throttled", Fault::Refused("ThrottlingException")),
    };
    match rng.random_range(0..8) {
        0 => ("throttled", Fault::Refused("ThrottlingException")),
        1 => ("internal server error", Fault::Failed),
        2 => ("request lost", Fault::RequestLost),
        3 => ("request late", Fault::RequestLate(rng.random_range(1..LATEST))),
        4 | 5 => ("reply lost", Fault::ReplyLost),
        _ => of_operation,
    }
}

/// A sleep in simulated time: other tasks continue.
#[derive(Debug)]
struct OthersTurn;

impl AsyncSleep for OthersTurn {
    fn sleep(&self, _: std::time::Duration) -> Sleep {
        Sleep::new(tokio::task::yield_now())
    }
}

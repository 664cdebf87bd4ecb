//! The cost of calls: their number, the capacity that DynamoDB would charge, and the engine's time.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// The calls since the last reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallStats {
    /// Calls by operation.
    pub calls: BTreeMap<String, usize>,
    /// Capacity by operation, in halves of a unit; only where the engine was asked to count it.
    pub half_units: BTreeMap<String, u64>,
    /// The time that the engine itself took.
    pub busy: Duration,
}

impl CallStats {
    /// Capacity units that were read: half of them are those of a read that may be stale.
    #[must_use]
    pub fn half_units_read(&self) -> u64 {
        self.half_units.iter().filter(|(name, _)| reads(name)).map(|(_, units)| units).sum()
    }

    /// Capacity units that were written, in halves.
    #[must_use]
    pub fn half_units_written(&self) -> u64 {
        self.half_units.iter().filter(|(name, _)| !reads(name)).map(|(_, units)| units).sum()
    }

    pub(crate) fn add(&mut self, operation: &str, half_units: u64, busy: Duration) {
        if half_units > 0 {
            *self.half_units.entry(operation.to_owned()).or_default() += half_units;
        }
        self.busy += busy;
    }
}

fn reads(operation: &str) -> bool {
    matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "TransactGetItems")
}

/// Returns the request with a request for the consumed capacity.
pub(crate) fn asking_for_capacity(body: &[u8]) -> Vec<u8> {
    let members = body.strip_prefix(b"{").unwrap_or(body);
    let comma: &[u8] = if members.starts_with(b"}") { b"" } else { b"," };
    [br#"{"ReturnConsumedCapacity":"TOTAL""#, comma, members].concat()
}

/// Returns the consumed capacity in the engine's answer, in half units.
pub(crate) fn half_units(answer: &str) -> u64 {
    let Ok(answer) = serde_json::from_str::<Value>(answer) else { return 0 };
    match answer.get("ConsumedCapacity") {
        Some(Value::Array(tables)) => tables.iter().map(of_table).sum(),
        Some(table) => of_table(table),
        None => 0,
    }
}

#[expect(clippy::float_arithmetic, reason = "the engine tells units as a float; halves are exact")]
fn of_table(consumed: &Value) -> u64 {
    let units = consumed.get("CapacityUnits").and_then(Value::as_f64).unwrap_or_default();
    (units * 2.0) as u64
}

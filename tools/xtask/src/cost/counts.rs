//! The counts that `benches cost` prints.

use serde::{Deserialize, Serialize};

/// Calls and capacity of each kind of work.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Fees of bound users, ingested.
    pub ingest_bound: Ingest,
    /// The same in the batches of a day of a million fees.
    pub ingest_small_batches: Ingest,
    /// Fees of users without inviter, ingested.
    pub ingest_unbound: Ingest,
    /// The application of these users' last activity, by the fees.
    pub night_of_unbound: Ingest,
    /// A night without fees.
    pub empty_night: Night,
    /// A night with fees.
    pub night: Night,
}

/// Calls and capacity of ingested events.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ingest {
    pub events: u64,
    pub batches: u64,
    pub calls: u64,
    pub read_half_units: u64,
    pub write_half_units: u64,
    /// Bytes of items with expiry.
    pub expiring_bytes: u64,
}

/// Calls and capacity of a night, and the bytes that its day leaves.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Night {
    pub fees: u64,
    pub affiliates: u64,
    pub calls: u64,
    pub read_half_units: u64,
    pub write_half_units: u64,
    /// Bytes of an account, as DynamoDB bills them.
    pub account_bytes: u64,
    /// Bytes of items without expiry.
    pub kept_bytes: u64,
    /// Bytes of items with expiry.
    pub expiring_bytes: u64,
}

/// Units and calls for a million fees: the figures that no change may raise unnoticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PerMillionFees {
    /// Write units of ingesting fees of bound users.
    pub ingest_bound_write_units: u64,
    /// The same in small batches.
    pub ingest_small_batches_write_units: u64,
    /// Write units of ingesting fees of users without inviter, and of applying their last activity.
    pub ingest_unbound_write_units: u64,
    /// Write units of a night.
    pub night_write_units: u64,
    /// Read units of a night.
    pub night_read_units: u64,
    /// Calls of a night.
    pub night_calls: u64,
    /// Bytes that stay in the table.
    pub kept_bytes: u64,
}

impl Counts {
    /// Returns the figures for a million fees.
    pub const fn per_million_fees(&self) -> PerMillionFees {
        let (bound, unbound, night) = (&self.ingest_bound, &self.ingest_unbound, &self.night);
        let small = &self.ingest_small_batches;
        PerMillionFees {
            ingest_bound_write_units: per_million(bound.write_half_units, bound.events) / 2,
            ingest_small_batches_write_units: per_million(small.write_half_units, small.events) / 2,
            ingest_unbound_write_units: per_million(
                unbound.write_half_units + self.night_of_unbound.write_half_units,
                unbound.events,
            ) / 2,
            night_write_units: per_million(night.write_half_units, night.fees) / 2,
            night_read_units: per_million(night.read_half_units, night.fees) / 2,
            night_calls: per_million(night.calls, night.fees),
            kept_bytes: per_million(night.kept_bytes, night.fees),
        }
    }
}

const fn per_million(count: u64, of: u64) -> u64 {
    match of {
        0 => 0,
        _ => count * 1_000_000 / of,
    }
}

//! Prices on demand in us-east-1, in billionths of a dollar.
//!
//! Source: the public price lists of the services, read in November 2026. Free tiers and discounts
//! are left out.

/// The prices of a class of DynamoDB tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableClass {
    /// Its name, as the template's parameter `TableClass` has it.
    pub name: &'static str,
    /// A write request unit.
    pub write_unit: u64,
    /// A read request unit.
    pub read_unit: u64,
    /// A gigabyte for a month, and in the backup for point-in-time recovery.
    pub stored_gb: u64,
}

/// The classes of tables.
pub const TABLE_CLASSES: [TableClass; 2] = [
    TableClass {
        name: "STANDARD",
        write_unit: 625,
        read_unit: 125,
        stored_gb: 250_000_000 + 200_000_000,
    },
    TableClass {
        // Not from a price list: documented is that units cost a quarter more and storage up to 60 %
        // less; the backup is assumed to cost the same.
        name: "STANDARD_INFREQUENT_ACCESS",
        write_unit: 782,
        read_unit: 157,
        stored_gb: 100_000_000 + 200_000_000,
    },
];
/// A request of SQS, up to 64 KB.
pub const QUEUE_REQUEST: u64 = 400;
/// An invocation of a function.
pub const INVOCATION: u64 = 200;
/// A gigabyte-second of a function on arm64.
pub const GB_SECOND: u64 = 13_333;
/// A request to the HTTP API, and through CloudFront.
pub const API_REQUEST: u64 = 1_000 + 1_000;
/// An event on a bus of EventBridge.
pub const BUS_EVENT: u64 = 1_000;
/// A transition of a standard workflow.
pub const TRANSITION: u64 = 25_000;
/// An alarm for a month.
pub const ALARM: u64 = 100_000_000;
/// A composite alarm for a month.
pub const COMPOSITE_ALARM: u64 = 500_000_000;
/// A custom metric for a month.
pub const METRIC: u64 = 300_000_000;
/// A dashboard for a month.
pub const DASHBOARD: u64 = 3_000_000_000;
/// A gigabyte of logs, ingested.
pub const LOG_GB: u64 = 500_000_000;
/// A secret for a month.
pub const SECRET: u64 = 400_000_000;

//! A month's bill of one load.

use super::counts::{Counts, Ingest, Night};
use super::prices::{self, TABLE_CLASSES, TableClass};

/// Days of a month and of a year, for the bill.
const DAYS: u64 = 30;
const YEAR: u64 = 12 * DAYS;
/// Days after which items of nights and deferred activity expire. Source: the crate `storage`.
const NIGHT_DAYS: u64 = 14;
const ACTIVITY_DAYS: u64 = 45;
/// The share of bound users, in percent, above which a batch reads accounts at half the price.
const MOSTLY_BOUND_PERCENT: u64 = 66;
/// Events in a message of the queue: the producer sends arrays.
const EVENTS_PER_MESSAGE: u64 = 100;
/// Requests to the queue for a message: sent, received and deleted.
const REQUESTS_PER_MESSAGE: u64 = 3;
/// Calls to the table that run at once, and the duration of one.
const CALLS_AT_ONCE: u64 = 8;
const CALL_MILLIS: u64 = 5;
/// Processor time of the function itself for an event, in microseconds, in the released build.
/// Rounded up from docs/reports/2026-11-25-load.md.
const INGEST_MICROS: u64 = 45;
/// Processor time of the function itself for a fee of the night, in microseconds. Same source.
const NIGHT_MICROS: u64 = 8;
/// Memory of `ingest`, of a night's worker, and of an API function, in MB. Source: template.yaml.
const INGEST_MB: u64 = 1024;
const NIGHT_MB: u64 = 3008;
const API_MB: u64 = 512;
/// Memory that gives a function a whole core.
const CORE_MB: u64 = 1769;
/// Duration of an API request in milliseconds, and its capacity.
const REQUEST_MILLIS: u64 = 15;
const REQUEST_READ_UNITS: u64 = 3;
/// Bytes of a log record: a request, a batch or a step logs one.
const LOG_BYTES: u64 = 700;
/// Transitions of a night's workflow: 64 shards in two phases of two states, and the frame.
const TRANSITIONS: u64 = 64 * 2 * 2 + 30;
/// Custom metrics with all their dimensions.
const METRICS: u64 = 40;
const SECRETS: u64 = 2;
const GB: u64 = 1_000_000_000;

/// A load of the programme.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Its name in the output.
    pub name: &'static str,
    /// Fees a day.
    pub fees: u64,
    /// Whether fees fill the batches of the queue.
    pub batches: Batches,
    /// Share of fees that bound users paid, in percent.
    pub bound_percent: u64,
    /// Accounts in the table.
    pub accounts: u64,
    /// Requests a day to the API.
    pub requests: u64,
}

/// Size of the queue's batches.
#[derive(Debug, Clone, Copy)]
pub enum Batches {
    /// As many events as an invocation may have.
    Full,
    /// The events of a few seconds.
    Small,
}

/// Numbers of the template's resources that watch the programme.
#[derive(Debug, Clone, Copy)]
pub struct Watching {
    /// Plain alarms.
    pub alarms: u64,
    /// Composite alarms.
    pub composite_alarms: u64,
    /// Dashboards.
    pub dashboards: u64,
}

/// Billionths of a dollar a month, by kind. The last month of the first year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    /// The class of the table.
    pub table_class: TableClass,
    pub writes_of_ingest: u64,
    pub writes_of_unbound: u64,
    pub writes_of_night: u64,
    pub reads: u64,
    pub queue: u64,
    pub functions: u64,
    pub api: u64,
    pub events_and_workflow: u64,
    pub operations: u64,
    pub storage: u64,
}

impl Bill {
    /// Computes a load's bill from the counted work, with the class of tables that is cheapest.
    pub fn of(load: &Load, counts: &Counts, watching: Watching) -> Self {
        let bills = TABLE_CLASSES.map(|class| Self::in_class(class, load, counts, watching));
        let [standard, infrequent] = bills;
        if infrequent.total() < standard.total() { infrequent } else { standard }
    }

    /// Computes a load's bill with a class of tables.
    fn in_class(table_class: TableClass, load: &Load, counts: &Counts, watching: Watching) -> Self {
        let bound = load.fees * load.bound_percent / 100;
        let counts = &match load.batches {
            Batches::Full => *counts,
            Batches::Small => Counts { ingest_bound: counts.ingest_small_batches, ..*counts },
        };
        let month = Month { bound: bound * DAYS, unbound: (load.fees - bound) * DAYS };
        let requests = load.requests * DAYS;
        let night_writes = of_nights(counts, month.bound, |night| night.write_half_units);
        let affiliates = of_nights(counts, month.bound, |night| night.affiliates);
        let TableClass { write_unit, read_unit, .. } = table_class;
        Self {
            table_class,
            writes_of_ingest: of_ingest(&counts.ingest_bound, month.bound, write_half_units)
                * write_unit
                / 2,
            writes_of_unbound: of_unbound(counts, month.unbound, write_half_units) * write_unit / 2,
            writes_of_night: night_writes * write_unit / 2,
            reads: reads(load, counts, month, requests) * read_unit,
            queue: (month.bound + month.unbound) / EVENTS_PER_MESSAGE
                * REQUESTS_PER_MESSAGE
                * prices::QUEUE_REQUEST,
            functions: functions(counts, month, requests),
            api: requests * prices::API_REQUEST,
            events_and_workflow: affiliates * prices::BUS_EVENT
                + TRANSITIONS * DAYS * prices::TRANSITION,
            operations: operations(counts, month, requests, watching),
            storage: storage(load, counts, bound, table_class),
        }
    }

    /// Returns the kinds by name.
    pub const fn kinds(&self) -> [(&'static str, u64); 10] {
        [
            ("writes: fees", self.writes_of_ingest),
            ("writes: users without inviter", self.writes_of_unbound),
            ("writes: nights", self.writes_of_night),
            ("reads", self.reads),
            ("queue", self.queue),
            ("functions", self.functions),
            ("API and CloudFront", self.api),
            ("events, workflow", self.events_and_workflow),
            ("alarms, metrics, logs", self.operations),
            ("storage, month 12", self.storage),
        ]
    }

    /// Returns the sum of all kinds.
    pub fn total(&self) -> u64 {
        self.kinds().iter().map(|(_, amount)| amount).sum()
    }
}

/// Fees of a month.
#[derive(Debug, Clone, Copy)]
struct Month {
    bound: u64,
    unbound: u64,
}

const fn write_half_units(ingest: &Ingest) -> u64 {
    ingest.write_half_units
}

/// Scales a count of ingested events.
fn of_ingest(counted: &Ingest, events: u64, count: impl Fn(&Ingest) -> u64) -> u64 {
    scaled(count(counted), events, counted.events)
}

/// Scales a count of a month's nights: each has the count of an empty night, and more by its fees.
fn of_nights(counts: &Counts, fees: u64, count: impl Fn(&Night) -> u64) -> u64 {
    let empty = count(&counts.empty_night);
    let by_fees = count(&counts.night).saturating_sub(empty);
    empty * DAYS + scaled(by_fees, fees, counts.night.fees)
}

/// Scales a count of the fees of users without inviter, and of the nights after them.
fn of_unbound(counts: &Counts, fees: u64, count: impl Fn(&Ingest) -> u64) -> u64 {
    of_ingest(&counts.ingest_unbound, fees, &count)
        + of_ingest(&counts.night_of_unbound, fees, count)
}

fn scaled(count: u64, to: u64, from: u64) -> u64 {
    let scaled = u128::from(count) * u128::from(to) / u128::from(from.max(1));
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

fn reads(load: &Load, counts: &Counts, month: Month, requests: u64) -> u64 {
    let mostly_bound = load.bound_percent > MOSTLY_BOUND_PERCENT;
    let of_bound = if mostly_bound { &counts.ingest_bound } else { &counts.ingest_unbound };
    let ingested = of_ingest(of_bound, month.bound, |ingest| ingest.read_half_units)
        + of_unbound(counts, month.unbound, |ingest| ingest.read_half_units);
    let nights = of_nights(counts, month.bound, |night| night.read_half_units);
    (ingested + nights) / 2 + requests * REQUEST_READ_UNITS
}

fn functions(counts: &Counts, month: Month, requests: u64) -> u64 {
    let events = month.bound + month.unbound;
    let calls = of_ingest(&counts.ingest_bound, month.bound, |ingest| ingest.calls)
        + of_unbound(counts, month.unbound, |ingest| ingest.calls);
    let ingest = (waiting_micros(calls) + events * INGEST_MICROS * CORE_MB / INGEST_MB) * INGEST_MB;
    let night_calls = of_nights(counts, month.bound, |night| night.calls);
    let night = (waiting_micros(night_calls) + month.bound * NIGHT_MICROS) * NIGHT_MB;
    let api = requests * REQUEST_MILLIS * 1000 * API_MB;
    let gb_seconds = (ingest + night + api) / 1024 / 1_000_000;
    let invocations = batches(counts, month) + TRANSITIONS * DAYS + requests;
    gb_seconds * prices::GB_SECOND + invocations * prices::INVOCATION
}

const fn waiting_micros(calls: u64) -> u64 {
    calls * CALL_MILLIS * 1000 / CALLS_AT_ONCE
}

/// Returns the number of batches in a month.
fn batches(counts: &Counts, month: Month) -> u64 {
    of_ingest(&counts.ingest_bound, month.bound + month.unbound, |ingest| ingest.batches)
}

fn operations(counts: &Counts, month: Month, requests: u64, watching: Watching) -> u64 {
    let records = batches(counts, month) + TRANSITIONS * DAYS + requests;
    watching.alarms * prices::ALARM
        + watching.composite_alarms * prices::COMPOSITE_ALARM
        + METRICS * prices::METRIC
        + watching.dashboards * prices::DASHBOARD
        + SECRETS * prices::SECRET
        + scaled(prices::LOG_GB, records * LOG_BYTES, GB)
}

/// Returns the price of the stored bytes at the end of the first year. Expiring bytes are those of the
/// last days: of nights, and of the activity of users without inviter.
fn storage(load: &Load, counts: &Counts, bound_a_day: u64, class: TableClass) -> u64 {
    let (empty, night) = (&counts.empty_night, &counts.night);
    let by_fees = night.kept_bytes.saturating_sub(empty.kept_bytes);
    let days = empty.kept_bytes * YEAR + scaled(by_fees, bound_a_day * YEAR, night.fees);
    let nights = scaled(night.expiring_bytes, bound_a_day * NIGHT_DAYS, night.fees);
    let unbound = &counts.ingest_unbound;
    let unbound_a_day = load.fees - bound_a_day;
    let activity = scaled(unbound.expiring_bytes, unbound_a_day * ACTIVITY_DAYS, unbound.events);
    let days = days + nights + activity;
    scaled(class.stored_gb, days + load.accounts * night.account_bytes, GB)
}

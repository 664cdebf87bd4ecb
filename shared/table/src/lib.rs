//! The one DynamoDB table: its keys, its items, and each access pattern as a function that names
//! its cost. No other crate knows the SDK's types, and no function here makes a decision of the
//! programme: what a failed condition means comes back as a typed outcome.
//!
//! `docs/TABLE.md` shows entities, keys and access patterns in one table.

mod access;
mod account;
mod binding;
mod change;
mod chunk;
mod error;
mod event;
mod fees;
mod item;
pub mod keys;
mod ledger;
mod link;
mod meter;
mod parties;
mod run;
mod run_id;
mod seen_links;
mod slots;
mod statement;

pub use access::Table;
pub use account::{Account, Versioned};
pub use binding::{BindOutcome, Binding};
pub use change::{AccountChange, Booked, Change};
pub use error::TableError;
pub use event::{Identity, Quarantined};
pub use fees::{FeeBatch, Touched};
pub use item::{pack, unpack};
pub use keys::{BUCKETS, SHARDS, Shard, bucket, fingerprint};
pub use ledger::{Aside, CommitOutcome, CommittedRun, DayRecord, Head, Pending, RunReport};
pub use link::{Link, LinkOutcome, Links};
pub use meter::Spent;
pub use parties::Parties;
pub use run::{Found, ShardReport, ShardState, TouchedInvitee, Work};
pub use run_id::RunId;
pub use slots::Slots;
pub use statement::{
    DaySummary, Money, Payment, PaymentOutcome, Referral, ReferralActivity, Referrals, Summary,
    Totals,
};

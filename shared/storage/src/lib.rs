//! The one DynamoDB table: its keys, its items, and each access pattern as a function that names
//! its cost. No other crate knows the SDK's types, and no function here makes a decision of the
//! programme: what a failed condition means comes back as a typed outcome.
//!
//! `docs/TABLE.md` shows entities, keys and access patterns in one table.

mod access;
mod account;
mod answer;
mod assets;
mod binding;
mod change;
mod chunk;
mod chunks;
mod error;
mod event;
mod fees;
mod finished;
mod form1;
mod item;
pub mod keys;
mod ledger;
mod link;
mod meter;
mod parked;
mod parties;
mod parts;
mod readable;
mod run;
mod run_id;
mod seen_links;
mod slots;
mod statement;
mod trading_days;
mod void;

pub use access::Table;
pub use account::{Account, MAX_ACCOUNT_LEVELS, MAX_TIER_CHANGES, MAX_VIP_CHANGES, Versioned};
pub use answer::{ANSWER_HOURS, KeyedRequest, NewAnswer, RecordedAnswer};
pub use assets::{Admission, MAX_ASSETS};
pub use binding::{BindOutcome, Binding};
pub use change::{AccountChange, Booked, Change};
pub use chunks::ENTRIES_PER_CHUNK;
pub use error::TableError;
pub use event::{Identity, MAX_DETAIL_BYTES, Quarantined, shorten_detail};
pub use fees::{FeeBatch, StoredFees, Touched, TouchedShard, UnreadableChunk};
pub use finished::FinishedRun;
pub use item::{MAX_CONTENT, Packed, pack, unpack, unpack_form};
pub use keys::{BUCKETS, SHARDS, Shard, bucket, fingerprint};
pub use ledger::{
    Aside, ChainLink, CommitOutcome, CommittedRun, DayRecord, Head, Pending, RunReport, SetAside,
    chain_breaks,
};
pub use link::{Link, LinkOutcome, Links};
pub use meter::Spent;
pub use parked::{ParkOutcome, ParkedMark, ParkedRun, Withdrawal};
pub use parties::Parties;
pub use readable::StoredAccounts;
pub use run::{Found, KeptWork, ShardReport, ShardState, TouchedInvitee, Work};
pub use run_id::RunId;
pub use slots::Slots;
pub use statement::{
    ASSETS_PER_SUMMARY, DaySummary, Money, Payment, PaymentOutcome, Referral, ReferralActivity,
    Referrals, StoredTotals, Summary, Totals,
};
pub use trading_days::{TRADING_DAYS_KEPT, TradingDays};
pub use void::{VoidedBinding, VoidedBindings};

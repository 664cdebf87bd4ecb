//! The one DynamoDB table: keys, items, and each access pattern as a function that documents its
//! cost. No other crate knows the SDK's types. No function here decides by the programme's rules: a
//! failed condition is returned as a typed outcome.
//!
//! `docs/reference/table.md` shows entities, keys and access patterns in one table.

mod access;
mod account;
mod affiliate_batch;
mod affiliate_view;
mod answer;
mod archived;
mod assets;
mod attempt;
mod bind_facts;
mod binding;
mod bounded_concurrency;
mod call_meter;
mod change;
mod chunks;
mod conditional_batch;
mod deferred_activity;
mod error;
mod event;
mod fees;
mod finished;
mod held_sign_up;
mod item;
pub mod keys;
mod ledger;
mod link;
mod link_cache;
mod older_forms;
mod packed_lines;
mod parked;
mod partition;
mod parts;
mod pending_sign_up;
mod readable;
mod readable_work;
mod referral;
mod run;
mod run_id;
mod shared_by_day;
mod switch_cache;
mod switches;
#[cfg(test)]
mod testing;
mod trading_days;
mod two_version_cell;
mod void;

pub use access::Table;
pub use account::{Account, MAX_ACCOUNT_LEVELS, MAX_TIER_CHANGES, MAX_VIP_CHANGES, Versioned};
pub use affiliate_batch::NewDay;
pub use affiliate_view::{
    ASSETS_PER_SUMMARY, AffiliateState, DaySummary, Money, Payment, PaymentOutcome, Referrals,
    StoredTotals, Summary, Totals,
};
pub use answer::{ANSWER_HOURS, KeyedRequest, NewAnswer, RecordedAnswer};
pub use archived::{ArchivedDay, BookedDelta, FeeChunk, FeeChunkPage};
pub use assets::{Admission, MAX_ASSETS};
pub use attempt::{Attempt, MAX_ATTEMPTS, retry_on_conflict};
pub use bind_facts::BindFacts;
pub use binding::{BindOutcome, Binding};
pub use bounded_concurrency::{bounded_concurrency, take_bounded};
pub use call_meter::CallStats;
pub use change::{AccountChange, Booked, Change};
pub use chunks::ENTRIES_PER_CHUNK;
pub use deferred_activity::{ACTIVITY_DAYS, ActivityMarker, MarkerState, StoredActivity};
pub use error::{CallError, ItemFault, RequestError, TableError};
pub use event::{Identity, MAX_DETAIL_BYTES, Quarantined, Release, shorten_detail};
pub use fee_chunks::FeeBatch;
pub use fees::{DirtyShard, DirtyShardState, StoredFees, UnreadableChunk};
pub use finished::{FINISHED_RUN_DAYS, FinishedRun};
pub use held_sign_up::HeldSignUp;
pub use item::{MAX_CONTENT, Packed, pack, unpack, unpack_version};
pub use keys::short_sha256;
pub use ledger::{
    ChainLink, CommitOutcome, CommittedRun, DayRecord, ExcludedCounts, Head, HeadState, Pending,
    RunReport, SetAside, chain_breaks,
};
pub use link::{DayChanges, Link, LinkOutcome, LinkOwner, Links};
pub use packed_lines::LineChunk;
pub use parked::{ParkOutcome, ParkedMark, ParkedRun, Withdrawal};
pub use partition::{ActivityPart, BUCKETS, SHARDS, Shard, bucket};
pub use pending_sign_up::{
    MAX_PENDING_FEE_DAYS, PENDING_SIGN_UP_DAYS, PENDING_SIGN_UPS_PER_PAGE, PendingSignUp,
    PendingSignUps,
};
pub use readable::StoredAccounts;
pub use readable_work::{StoredReports, StoredWork, UnreadableWork, WorkPlace};
pub use referral::{Referral, ReferralActivity};
pub use run::{Found, KeptWork, NewWork, ShardReport, ShardState, TouchedInvitee, Work};
pub use run_id::RunId;
pub use shared_by_day::{SHARED_DAYS_KEPT, SharedByDay, SharedDays};
pub use switches::{
    MAX_STOPPED, MAX_SWITCH_REASON_BYTES, Stop, StoppedLink, Switch, SwitchAction, SwitchChange,
    SwitchOutcome, SwitchReading, Switches,
};
pub use trading_days::{TRADING_DAYS_KEPT, TradingDays};
pub use two_version_cell::TwoVersionCell;
pub use void::{VoidedBinding, VoidedBindings};

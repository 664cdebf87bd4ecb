//! Money and commission: computes the commission on the fees of invitees, with reasons.
//!
//! A nightly run consists of four pure steps:
//!
//! 1. [`fold`] evaluates each fee of a day by the facts and rules at the time of its trade, and
//!    sums the fees into accruals.
//! 2. [`Lines::of`] subtracts the sums that earlier runs booked, and returns the lines of this run.
//!    [`prove_lines`] checks them by addition.
//! 3. [`Conservation`] proves that no unit was created or lost.
//! 4. [`evaluate_tier`] returns the tier of the next quarter.
//!
//! All arithmetic is checked and uses integers of 128 bits. [`Rate::of`] is the only rounding of
//! amounts. The crate uses no I/O, no clock and no AWS.

mod asset;
mod cases;
mod compact_line;
mod conservation;
mod deduplicate;
mod difference;
mod due;
mod evaluate;
mod evaluation_cache;
mod explain;
mod fee;
mod fees;
mod fold;
mod line;
mod lines;
mod money;
mod number_table;
mod proof;
#[cfg(test)]
mod proptests;
mod rate;
mod record;
mod relation;
mod rules;
mod shared;
mod split;
mod sums;
#[cfg(test)]
mod testing;
mod tier_evaluation;
mod trade_key;

pub use asset::{Asset, Assets};
pub use conservation::{Cell, Conservation, ConservationError, Parts};
pub use difference::{Booked, difference};
pub use due::{Accrual, Accruals, Charged, Corrections};
pub use evaluate::evaluate;
pub use explain::{Evidence, explain};
pub use fee::{Arrival, BorrowedFee, Charge, Fee, FeeCorrection};
pub use fees::{CompactFee, FeeRef, Fees, Payer, TooMany};
pub use fold::{Fold, fold};
pub use line::{Cause, Line, LineKey, Outcome};
pub use lines::{LineReader, Lines};
pub use money::{Amount, Decimals, Displayed, Overflow};
pub use proof::prove_lines;
pub use rate::Rate;
pub use record::{AssetNumber, Class};
pub use relation::{AccountHistory, FeeContext, Relation, Relations, TierInForce};
pub use rules::{Anchor, FuturesWindow, MarketRules, Rules, Tier};
pub use shared::{SharedCommission, SharedRules};
pub use split::Split;
pub use sums::{Sums, Trades, trades};
pub use tier_evaluation::{NextTier, evaluate_tier, progress};
pub use trade_key::{TradeKey, canonical_number};

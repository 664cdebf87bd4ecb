//! Money and commission: what an inviter earns on an invitee's fees, and why.
//!
//! A night's work is four pure steps. [`fold`] judges each fee of a day by what held at its own
//! time and sums the fees into what is due; [`difference`] subtracts what earlier runs booked
//! and gives the lines of this run, which [`prove_lines`] adds up again; [`Conservation`] proves
//! that no unit was made or lost; and
//! [`evaluate`] finds the tier of the next quarter. All arithmetic is on integers in 128 bits,
//! checked; [`Rate::of`] is the only rounding. The crate knows no I/O, no clock, no AWS.

mod asset;
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
mod money;
mod proof;
#[cfg(test)]
mod proptests;
mod rate;
mod record;
mod relation;
mod rules;
mod shared;
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
pub use fee::{Arrival, Charge, Fee, FeeCorrection};
pub use fees::{CompactFee, FeeRef, Fees, Payer, TooMany};
pub use fold::{Fold, fold};
pub use line::{Cause, Line, LineKey, Outcome};
pub use money::{Amount, Decimals, Displayed, Overflow};
pub use proof::prove_lines;
pub use rate::Rate;
pub use record::{AssetNumber, Class};
pub use relation::{AccountHistory, FeeContext, Relation, Relations, TierInForce};
pub use rules::{Anchor, FuturesWindow, MarketRules, Rules, Tier};
pub use shared::{SharedCommission, SharedRules};
pub use sums::{Sums, Trades, trades};
pub use tier_evaluation::{NextTier, evaluate_tier, progress};
pub use trade_key::{TradeKey, canonical_number};

//! Lines: booked amounts, each with its outcome and cause.

use serde::{Deserialize, Serialize};
use types::{LinkCode, Origin, Product, Reason, Uid};

use crate::{Asset, Rate, Sums};

/// Outcome of a fee: the rates that it earns, or the reason why it earns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The fee earns.
    Earned {
        /// Base rate: the inviter's part plus the invitee's part.
        rate: Rate,
        /// Invitee's part, never above the base rate.
        shared: Rate,
    },
    /// The fee earns nothing.
    Zero {
        /// Reason.
        reason: Reason,
    },
}

impl Outcome {
    /// Returns the reason why the fee earns nothing; `None` if it earns.
    #[must_use]
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Earned { .. } => None,
            Self::Zero { reason } => Some(reason),
        }
    }

    /// Returns the base rate and the invitee's part.
    pub(crate) const fn rates(self) -> (Rate, Rate) {
        match self {
            Self::Earned { rate, shared } => (rate, shared),
            Self::Zero { .. } => (Rate::ZERO, Rate::ZERO),
        }
    }

    /// Returns the applied base rate.
    #[must_use]
    pub const fn rate(self) -> Rate {
        match self {
            Self::Earned { rate, .. } => rate,
            Self::Zero { .. } => Rate::ZERO,
        }
    }
}

/// Key of a line. The fees of a day with the same key form one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineKey {
    /// Account that earns the commission.
    pub inviter: Uid,
    /// Account that paid the fees.
    pub invitee: Uid,
    /// Traded product.
    pub product: Product,
    /// Asset of the fees, in which the line is settled.
    pub asset: Asset,
    /// Outcome of the fees.
    pub outcome: Outcome,
}

/// Cause of a line. Lines with a cause other than [`Cause::Booked`] correct earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// First booking of the day.
    Booked,
    /// Fees arrived after an earlier run.
    LateFee,
    /// Fees were corrected.
    FeeCorrected,
    /// Trades were cancelled completely.
    TradeBusted,
    /// New facts changed the evaluation of the same fees.
    FactsChanged,
    /// The binding was voided.
    BindingVoided,
}

/// A booked line. It is immutable: later lines correct it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Key of the line.
    pub key: LineKey,
    /// Code of the link that bound the invitee.
    pub code: LinkCode,
    /// Origin of the binding.
    pub origin: Origin,
    /// Counts and sums; in a correcting line the changes, negative for a reversal.
    pub sums: Sums,
    /// Cause of the line.
    pub cause: Cause,
    /// A few reasons of the corrections as worded by the exchange, sorted and distinct.
    pub why: Vec<String>,
}

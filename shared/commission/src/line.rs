//! Lines: the booked amounts, each with its outcome and the cause of its existence.

use serde::{Deserialize, Serialize};
use types::{LinkCode, Origin, Product, Reason, Uid};

use crate::{Asset, Rate, Sums};

/// What a fee comes to: rates that pay, or the reason why it earns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The fee earns.
    Earned {
        /// The base rate: the inviter's and the invitee's part together.
        rate: Rate,
        /// The invitee's part, never above the base rate.
        shared: Rate,
    },
    /// The fee earns nothing.
    Zero {
        /// Why.
        reason: Reason,
    },
}

impl Outcome {
    /// Why nothing was earned, if so.
    #[must_use]
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Earned { .. } => None,
            Self::Zero { reason } => Some(reason),
        }
    }

    /// The base rate and the invitee's part.
    pub(crate) const fn rates(self) -> (Rate, Rate) {
        match self {
            Self::Earned { rate, shared } => (rate, shared),
            Self::Zero { .. } => (Rate::ZERO, Rate::ZERO),
        }
    }

    /// The base rate that was applied.
    #[must_use]
    pub const fn rate(self) -> Rate {
        match self {
            Self::Earned { rate, .. } => rate,
            Self::Zero { .. } => Rate::ZERO,
        }
    }
}

/// What a line is about; the fees of a day that agree in all of it make one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineKey {
    /// Who earns.
    pub inviter: Uid,
    /// Whose fees they are.
    pub invitee: Uid,
    /// What was traded.
    pub product: Product,
    /// The fees' asset, in which the line is settled.
    pub asset: Asset,
    /// What the fees came to.
    pub outcome: Outcome,
}

/// Why a line exists. All but [`Cause::Booked`] correct what an earlier run booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The day's first booking.
    Booked,
    /// Fees came after an earlier run.
    LateFee,
    /// Fees were corrected.
    FeeCorrected,
    /// Trades were taken back whole.
    TradeBusted,
    /// Facts became known by which the same fees are judged otherwise.
    FactsChanged,
    /// The binding was found void.
    BindingVoided,
}

/// A booked line: never edited, only followed by others that correct it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// What it is about.
    pub key: LineKey,
    /// The link by which the invitee was bound.
    pub code: LinkCode,
    /// How the invitee came.
    pub origin: Origin,
    /// Its amounts; in a correction the change, negative where it takes back.
    pub sums: Sums,
    /// Why it exists.
    pub cause: Cause,
    /// The exchange's words for the corrections behind it: sorted, distinct, a few.
    pub why: Vec<String>,
}

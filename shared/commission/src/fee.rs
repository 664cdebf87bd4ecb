//! Fees and fee corrections as the exchange reports them.

use serde::{Deserialize, Serialize};
use types::{FeeKind, Product, Timestamp, TradeId, Uid, Vip};

use crate::{Amount, Asset};

/// A charged fee, identified by its trade id.
///
/// The amount is the fee actually charged: after VIP and token discounts, before vouchers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fee {
    /// Trade id, which identifies the fee.
    pub trade_id: TradeId,
    /// Account that paid the fee: the main account, also for a trade of a sub-account.
    pub uid: Uid,
    /// Traded product.
    pub product: Product,
    /// Kind of event for which the fee was charged.
    pub kind: FeeKind,
    /// Asset in which the fee was charged and in which its commission is paid.
    pub asset: Asset,
    /// Amount in minor units of the asset; negative if the trader was paid.
    pub amount: Amount,
    /// Value of the fee at the time of the trade, in minor units of USD.
    pub amount_usd: Amount,
    /// Volume of the trade, in minor units of USD.
    pub volume_usd: Amount,
    /// VIP level of the payer at the time of the trade.
    pub vip: Vip,
    /// Whether a broker placed the order.
    pub broker: bool,
    /// Time of the trade.
    pub at: Timestamp,
}

/// The charge of a fee, without trade id and payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Charge {
    /// Traded product.
    pub product: Product,
    /// Kind of event for which the fee was charged.
    pub kind: FeeKind,
    /// Asset in which the fee was charged.
    pub asset: Asset,
    /// Amount in minor units of the asset.
    pub amount: Amount,
    /// Value of the fee at the time of the trade, in minor units of USD.
    pub amount_usd: Amount,
    /// Volume of the trade, in minor units of USD.
    pub volume_usd: Amount,
    /// VIP level of the payer at the time of the trade.
    pub vip: Vip,
    /// Whether a broker placed the order.
    pub broker: bool,
    /// Time of the trade.
    pub at: Timestamp,
}

impl Fee {
    /// Creates a fee from a trade id, a payer and a charge.
    #[must_use]
    pub const fn new(trade_id: TradeId, uid: Uid, charge: Charge) -> Self {
        let Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at } =
            charge;
        Self {
            trade_id,
            uid,
            product,
            kind,
            asset,
            amount,
            amount_usd,
            volume_usd,
            vip,
            broker,
            at,
        }
    }

    /// Returns the charge, without trade id and payer.
    #[must_use]
    pub const fn charge(&self) -> Charge {
        let Self { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at, .. } =
            *self;
        Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at }
    }
}

/// A correction of a fee. If all amounts are zero, the trade was busted.
///
/// If a fee has several corrections, the latest one applies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeCorrection {
    /// Trade id of the corrected fee.
    pub trade_id: TradeId,
    /// Account that paid the corrected fee.
    pub uid: Uid,
    /// Time of the correction.
    pub at: Timestamp,
    /// Corrected amount in units of [`Decimals::FINEST`](crate::Decimals::FINEST), because a
    /// correction does not name its asset and may arrive before its fee.
    pub amount: Amount,
    /// Corrected value, in minor units of USD.
    pub amount_usd: Amount,
    /// Corrected volume, in minor units of USD.
    pub volume_usd: Amount,
    /// Reason for the correction, as worded by the exchange.
    pub why: String,
}

impl FeeCorrection {
    /// Returns whether the correction cancels the whole trade.
    #[must_use]
    pub fn busts(&self) -> bool {
        [self.amount, self.amount_usd, self.volume_usd] == [Amount::ZERO; 3]
    }
}

/// Position of a fee in the order of arrival. If two different fees have the same trade id, the
/// first to arrive is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Arrival(pub u64);

//! What the exchange tells of fees: charged once, perhaps corrected later.

use serde::{Deserialize, Serialize};
use types::{FeeKind, Product, Timestamp, TradeId, Uid, Vip};

use crate::{Amount, Asset};

/// One charged fee. Its identity is its trade id.
///
/// The amount is what was actually charged: after VIP and token discounts, before vouchers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fee {
    /// The identity.
    pub trade_id: TradeId,
    /// Who paid it: the main account, also for a sub-account's trade.
    pub uid: Uid,
    /// What was traded.
    pub product: Product,
    /// What it was charged for.
    pub kind: FeeKind,
    /// The asset in which it was charged, and in which commission on it is paid.
    pub asset: Asset,
    /// How much, in minor units of the asset; negative if the trader was paid.
    pub amount: Amount,
    /// Its value at the trade, in minor units of USD.
    pub amount_usd: Amount,
    /// The volume of the trade, in minor units of USD.
    pub volume_usd: Amount,
    /// The payer's VIP level at the trade.
    pub vip: Vip,
    /// Whether a broker placed the order.
    pub broker: bool,
    /// When the trade was made.
    pub at: Timestamp,
}

/// What was charged: a fee without its identity and its payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Charge {
    /// What was traded.
    pub product: Product,
    /// What it was charged for.
    pub kind: FeeKind,
    /// The asset in which it was charged.
    pub asset: Asset,
    /// How much, in minor units of the asset.
    pub amount: Amount,
    /// Its value at the trade, in minor units of USD.
    pub amount_usd: Amount,
    /// The volume of the trade, in minor units of USD.
    pub volume_usd: Amount,
    /// The payer's VIP level at the trade.
    pub vip: Vip,
    /// Whether a broker placed the order.
    pub broker: bool,
    /// When the trade was made.
    pub at: Timestamp,
}

impl Fee {
    /// A fee of these parts.
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

    /// What was charged.
    #[must_use]
    pub const fn charge(&self) -> Charge {
        let Self { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at, .. } =
            *self;
        Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at }
    }
}

/// What a fee should have been. All amounts zero: the trade was busted.
///
/// Of several corrections of one fee the latest holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeCorrection {
    /// The fee that it corrects.
    pub trade_id: TradeId,
    /// Who paid that fee.
    pub uid: Uid,
    /// When the correction was made.
    pub at: Timestamp,
    /// The right amount, in units of [`Decimals::FINEST`](crate::Decimals::FINEST): a correction
    /// does not name its asset, and may come before its fee.
    pub amount: Amount,
    /// The right value, in minor units of USD.
    pub amount_usd: Amount,
    /// The right volume, in minor units of USD.
    pub volume_usd: Amount,
    /// Why, in the exchange's words.
    pub why: String,
}

impl FeeCorrection {
    /// Whether the correction takes the whole trade back.
    #[must_use]
    pub fn busts(&self) -> bool {
        [self.amount, self.amount_usd, self.volume_usd] == [Amount::ZERO; 3]
    }
}

/// The place of a fee in the order of arrival: of two bodies with one identity the first stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Arrival(pub u64);

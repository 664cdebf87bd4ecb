//! Fees and fee corrections as the exchange reports them.

use serde::{Deserialize, Serialize};
use types::{FeeKind, Product, Timestamp, TradeId, Uid, Vip};

use crate::{Amount, Asset};

/// A charged fee. Payer, trade id and the UTC day of the trade identify it.
///
/// The amount is the fee actually charged: after VIP and token discounts, before vouchers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fee {
    /// Id of the trade for which the fee was charged.
    pub trade_id: TradeId,
    /// Account that paid the fee: the main account, also for a trade of a sub-account.
    pub uid: Uid,
    /// What was charged.
    #[serde(flatten)]
    pub charge: Charge,
}

/// A borrowed [`Fee`].
#[derive(Debug, Clone, Copy)]
pub struct BorrowedFee<'a> {
    /// Id of the trade: a valid [`TradeId`].
    pub trade_id: &'a str,
    /// Account that paid the fee.
    pub uid: &'a Uid,
    /// What was charged.
    pub charge: Charge,
}

/// The charge of a fee, without trade id and payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charge {
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

impl Fee {
    /// Returns the fee without ownership of its ids.
    #[must_use]
    pub fn borrowed(&self) -> BorrowedFee<'_> {
        BorrowedFee { trade_id: self.trade_id.as_str(), uid: &self.uid, charge: self.charge }
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

#[cfg(test)]
mod tests {
    use crate::testing::spot;

    #[test]
    fn fee_is_one_flat_json_object() {
        // Ingestion recognises a redelivered event by a digest of this text.
        let flat = r#"{"tradeId":"t1","uid":"invitee-1","product":"spot","kind":"trade","asset":"XMR","amount":"150000000","amountUsd":"1500000000","volumeUsd":"150000000000","vip":0,"broker":false,"at":"2026-11-22T12:00:00.000Z"}"#;
        let fee = spot("t1", "1.5");
        assert_eq!(serde_json::to_string(&fee).unwrap(), flat);
        assert_eq!(serde_json::from_str::<crate::Fee>(flat).unwrap(), fee);
    }
}

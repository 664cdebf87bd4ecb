//! Reference to a fee in [`Fees`].

use std::borrow::Cow;

use types::{Timestamp, TradeId, Uid};

use super::{Fees, Origin, WideFee};
use crate::record::{Class, Record, TradeForm};
use crate::trade_key::TradeKey;
use crate::{Amount, Arrival, Charge, Fee};

/// Reference to a fee in [`Fees`].
#[derive(Clone, Copy)]
pub struct FeeRef<'a> {
    pub(super) fees: &'a Fees,
    pub(super) record: &'a Record,
}

impl<'a> FeeRef<'a> {
    /// Returns the trade key of the fee.
    #[must_use]
    pub fn trade(self) -> TradeKey<'a> {
        let rest = self.fees.texts.get((self.record.trade & 0xFFFF_FFFF) as usize..);
        match self.record.class.trade_form() {
            TradeForm::Number => TradeKey::Number(self.record.trade),
            TradeForm::Uuid => {
                let bytes = rest.and_then(|rest| rest.first_chunk());
                TradeKey::Uuid(bytes.copied().unwrap_or_default())
            }
            TradeForm::Text => {
                let text = rest.and_then(<[u8]>::split_first).and_then(|(length, rest)| {
                    std::str::from_utf8(rest.get(..usize::from(*length))?).ok()
                });
                TradeKey::Text(text.unwrap_or_default())
            }
        }
    }

    /// Returns the trade id as text.
    #[must_use]
    pub fn trade_id(self) -> Cow<'a, str> {
        match self.trade() {
            TradeKey::Text(text) => Cow::Borrowed(text),
            key => Cow::Owned(key.to_string()),
        }
    }

    /// Returns the payer of the fee.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "the list only grows, and records name its entries"
    )]
    pub fn invitee(self) -> &'a Uid {
        &self.fees.payers.uids()[self.record.payer as usize]
    }

    fn wide(self) -> Option<&'a WideFee> {
        let place = self.record.class.is_wide().then_some(self.record.amount)?;
        self.fees.wide.get(usize::try_from(place).ok()?)
    }

    fn origin(self) -> Origin {
        self.fees.origin.unwrap_or_default()
    }

    /// Returns the arrival of the fee.
    #[must_use]
    pub fn arrival(self) -> Arrival {
        let offset = u64::from(self.record.arrival);
        self.wide().map_or_else(
            || Arrival(self.origin().arrival.wrapping_add(offset)),
            |wide| wide.arrival,
        )
    }

    pub(crate) fn at(self) -> Timestamp {
        let at = self.origin().at.wrapping_add(i64::from(self.record.at));
        self.wide().map_or_else(|| Timestamp::from_millis(at).unwrap_or(Timestamp::EPOCH), |w| w.at)
    }

    pub(crate) const fn class(self) -> Class {
        self.record.class
    }

    pub(crate) fn amounts(self) -> [Amount; 3] {
        let Record { amount, amount_usd, volume_usd, .. } = *self.record;
        let narrow = [amount, amount_usd, volume_usd];
        self.wide().map_or_else(
            || narrow.map(|amount| Amount::from_minor(i128::from(amount))),
            |wide| wide.amounts,
        )
    }

    /// Returns the charge.
    #[must_use]
    pub fn charge(self) -> Charge {
        let [amount, amount_usd, volume_usd] = self.amounts();
        let class = self.record.class;
        Charge {
            product: class.product(),
            kind: class.kind(),
            asset: self.fees.assets.asset(class.asset()),
            amount,
            amount_usd,
            volume_usd,
            vip: class.vip(),
            broker: class.broker(),
            at: self.at(),
        }
    }

    /// Returns the fee as delivered.
    #[must_use]
    #[expect(clippy::expect_used, reason = "only trade ids are added")]
    pub fn fee(self) -> Fee {
        let trade_id: TradeId = self.trade_id().parse().expect("a trade id");
        Fee { trade_id, uid: self.invitee().clone(), charge: self.charge() }
    }
}

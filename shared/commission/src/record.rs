//! Compact in-memory record of a fee, because a worker holds millions of fees.

use types::{FeeKind, Product, Vip};

use crate::Asset;

/// A fee in 48 bytes. Texts and values that do not fit are in tables of [`Fees`](crate::Fees).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Record {
    /// Charged amount, or the index in the table of wide fees if [`Class::is_wide`].
    pub amount: i64,
    pub amount_usd: i64,
    pub volume_usd: i64,
    /// Numeric trade id, or digest and offset of other ids in the upper and lower 32 bits.
    pub trade: u64,
    pub payer: u32,
    /// Milliseconds since the origin of the fees.
    pub at: u32,
    /// Arrival relative to the origin of the fees.
    pub arrival: u32,
    pub class: Class,
}

impl Record {
    /// Returns whether both have the same charge and the same form of trade id. A wide fee is never
    /// the same, because its values are elsewhere.
    pub(crate) fn has_same_charge(&self, other: &Self) -> bool {
        let charge = |of: &Self| (of.at, of.class, of.amount, of.amount_usd, of.volume_usd);
        !self.class.is_wide() && charge(self) == charge(other)
    }

    /// Returns a digest of the trade id. Equal trade ids have equal digests, and different trade
    /// ids rarely have equal digests.
    pub(crate) const fn digest(&self) -> u32 {
        match self.class.trade_form() {
            TradeForm::Number => {
                let mixed = self.trade ^ self.trade >> 32;
                (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
            }
            TradeForm::Uuid | TradeForm::Text => (self.trade >> 32) as u32,
        }
    }
}

/// Form of the trade id in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TradeForm {
    Number,
    Uuid,
    Text,
}

/// Number of an asset in [`Fees`](crate::Fees).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetNumber(pub(crate) u16);

/// Product, kind, VIP level, broker and asset of a fee, packed into bits. Fees with the same class
/// differ only in trade id, payer, time and amounts.
///
/// From the lowest bit: asset (16), VIP level (8), product (2), kind (2), broker (1). In records
/// only: form of the trade id (2), whether the fee is wide (1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Class(u32);

const RECORD_BITS: u32 = 29;
const WIDE: u32 = 1 << 31;

impl Class {
    /// Creates the class of a fee in the first asset.
    #[must_use]
    pub const fn new(product: Product, kind: FeeKind, vip: Vip, broker: bool) -> Self {
        let (vip, broker) = (vip.0 as u32, broker as u32);
        Self(vip << 16 | (product as u32) << 24 | (kind as u32) << 26 | broker << 28)
    }

    /// Returns the same class in another asset.
    #[must_use]
    pub const fn in_asset(self, asset: AssetNumber) -> Self {
        Self(self.0 & !0xFFFF | asset.0 as u32)
    }

    /// Returns the class without the bits used only in records.
    pub(crate) const fn of_fee(self) -> u32 {
        self.0 & ((1 << RECORD_BITS) - 1)
    }

    pub(crate) const fn asset(self) -> AssetNumber {
        AssetNumber((self.0 & 0xFFFF) as u16)
    }

    pub(crate) const fn vip(self) -> Vip {
        Vip((self.0 >> 16 & 0xFF) as u8)
    }

    pub(crate) const fn product(self) -> Product {
        match self.0 >> 24 & 3 {
            0 => Product::Spot,
            1 => Product::Margin,
            _ => Product::Futures,
        }
    }

    pub(crate) const fn kind(self) -> FeeKind {
        match self.0 >> 26 & 3 {
            0 => FeeKind::Trade,
            1 => FeeKind::Liquidation,
            2 => FeeKind::Funding,
            _ => FeeKind::Delivery,
        }
    }

    pub(crate) const fn broker(self) -> bool {
        self.0 >> 28 & 1 == 1
    }

    pub(crate) const fn with_trade(self, form: TradeForm) -> Self {
        Self(self.of_fee() | self.0 & WIDE | (form as u32) << RECORD_BITS)
    }

    pub(crate) const fn trade_form(self) -> TradeForm {
        match self.0 >> RECORD_BITS & 3 {
            0 => TradeForm::Number,
            1 => TradeForm::Uuid,
            _ => TradeForm::Text,
        }
    }

    pub(crate) const fn wide(self) -> Self {
        Self(self.0 | WIDE)
    }

    pub(crate) const fn is_wide(self) -> bool {
        self.0 & WIDE != 0
    }
}

/// Table of assets and their numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct AssetTable {
    assets: Vec<Asset>,
    numbers: std::collections::HashMap<Asset, AssetNumber, foldhash::fast::RandomState>,
}

impl AssetTable {
    /// Returns the number of an asset, and adds it if it is new. Returns `None` if the table
    /// already has 65,536 other assets.
    pub(crate) fn number(&mut self, asset: Asset) -> Option<AssetNumber> {
        if let Some(number) = self.numbers.get(&asset) {
            return Some(*number);
        }
        let number = AssetNumber(u16::try_from(self.assets.len()).ok()?);
        self.assets.push(asset);
        self.numbers.insert(asset, number);
        Some(number)
    }

    #[expect(clippy::indexing_slicing, reason = "numbers name entries, of which none is removed")]
    pub(crate) fn asset(&self, number: AssetNumber) -> Asset {
        self.assets[usize::from(number.0)]
    }

    pub(crate) const fn len(&self) -> usize {
        self.assets.len()
    }

    /// Returns the assets in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Asset> {
        self.assets.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_keeps_each_of_its_parts() {
        for product in Product::ALL {
            for kind in FeeKind::ALL {
                for (vip, broker, asset) in [(0, true, 0), (255, false, u16::MAX), (9, true, 300)] {
                    let class = Class::new(*product, *kind, Vip(vip), broker);
                    let class = class.in_asset(AssetNumber(7)).in_asset(AssetNumber(asset));
                    let class = class.wide().with_trade(TradeForm::Text);
                    assert_eq!((class.product(), class.kind()), (*product, *kind));
                    assert_eq!((class.vip(), class.broker()), (Vip(vip), broker));
                    assert_eq!((class.asset(), class.is_wide()), (AssetNumber(asset), true));
                    assert_eq!(class.trade_form(), TradeForm::Text);
                    let other = Class::new(*product, *kind, Vip(vip), broker);
                    assert_eq!(class.of_fee(), other.in_asset(AssetNumber(asset)).of_fee());
                }
            }
        }
    }

    #[test]
    fn record_takes_48_bytes() {
        assert_eq!(size_of::<Record>(), 48);
    }
}

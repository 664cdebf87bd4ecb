//! Compact in-memory storage for the fees of a day's shard, because a worker holds millions.

mod fee_ref;
mod parts;
mod payers;

use std::fmt;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use types::{Timestamp, Uid};

pub use self::fee_ref::FeeRef;
use self::parts::{Grouping, PARTS, Records};
use self::payers::Payers;
use crate::record::{AssetNumber, AssetTable, Class, Record, TradeForm};
use crate::trade_key::TradeKey;
use crate::{Amount, Arrival, Asset, BorrowedFee, Charge, Fee};

/// Offset of the first fee's time and arrival in a record, so that other fees may be up to 24
/// days earlier.
const BEFORE: u64 = 1 << 31;

/// Fees as delivered, unordered and with duplicates.
///
/// Payer ids and assets are stored once. Trade ids that are not numbers are concatenated in one
/// buffer. The rest of a fee is a 48-byte record in the partition of its payer. The few fees with
/// values beyond 64 bits, or with times far from the others, are in a separate table.
#[derive(Clone, Default)]
pub struct Fees {
    payers: Payers,
    assets: AssetTable,
    texts: Vec<u8>,
    wide: Vec<WideFee>,
    origin: Option<Origin>,
    records: Records,
    length: usize,
}

/// Values of a fee that do not fit into a record.
#[derive(Clone)]
struct WideFee {
    arrival: Arrival,
    at: Timestamp,
    amounts: [Amount; 3],
}

/// Origin of the times and arrivals in records.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Origin {
    at: i64,
    arrival: u64,
}

/// Number of a payer in [`Fees`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payer(u32);

/// Input of [`Fees::push_compact`]. The amounts are in the order amount, value, volume.
#[derive(Debug, Clone, Copy)]
pub struct CompactFee<'a> {
    /// Payer of the fee.
    pub payer: Payer,
    /// Trade key of the fee. A text must be a valid trade id.
    pub trade: TradeKey<'a>,
    /// Class of the fee, with the number of its asset in the same [`Fees`].
    pub class: Class,
    /// Charged amount, its value in USD, and the trade's volume in USD.
    pub amounts: [i64; 3],
    /// Time of the trade.
    pub at: Timestamp,
    /// Arrival of the fee.
    pub arrival: Arrival,
}

/// Error if a limit of [`Fees`] is exceeded: 4 GiB of trade ids, 2³² fees or payers, 2¹⁶ assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are more fees than one worker can hold")]
pub struct TooMany;

impl Fees {
    /// Adds a fee.
    ///
    /// # Errors
    /// Returns [`TooMany`] if a limit is exceeded.
    pub fn push(&mut self, arrival: Arrival, fee: &Fee) -> Result<(), TooMany> {
        self.push_borrowed(arrival, fee.borrowed())
    }

    /// Adds a borrowed fee.
    ///
    /// # Errors
    /// Returns [`TooMany`] if a limit is exceeded.
    pub fn push_borrowed(&mut self, arrival: Arrival, fee: BorrowedFee<'_>) -> Result<(), TooMany> {
        let (payer, trade) = (self.payer(fee.uid)?, TradeKey::of(fee.trade_id));
        let Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at } =
            fee.charge;
        let class = Class::new(product, kind, vip, broker).in_asset(self.asset(asset)?);
        let amounts = [amount, amount_usd, volume_usd];
        match amounts.map(|amount| i64::try_from(amount.minor())) {
            [Ok(amount), Ok(amount_usd), Ok(volume_usd)] => {
                let amounts = [amount, amount_usd, volume_usd];
                self.push_compact(&CompactFee { payer, trade, class, amounts, at, arrival })
            }
            _ => self.push_wide(payer, trade, class, WideFee { arrival, at, amounts }),
        }
    }

    /// Adds a fee whose amounts fit into 64 bits.
    ///
    /// # Errors
    /// Returns [`TooMany`] if a limit is exceeded.
    #[inline(always)]
    pub fn push_compact(&mut self, fee: &CompactFee<'_>) -> Result<(), TooMany> {
        let CompactFee { payer, trade, class, amounts, at, arrival } = *fee;
        let origin = *self.origin.get_or_insert(Origin {
            at: at.millis().wrapping_sub_unsigned(BEFORE),
            arrival: arrival.0.wrapping_sub(BEFORE),
        });
        let offsets = (
            u32::try_from(at.millis().wrapping_sub(origin.at)),
            u32::try_from(arrival.0.wrapping_sub(origin.arrival)),
        );
        let (Ok(at_offset), Ok(arrival_offset)) = offsets else {
            let amounts = amounts.map(|amount| Amount::from_minor(i128::from(amount)));
            return self.push_wide(payer, trade, class, WideFee { arrival, at, amounts });
        };
        let [amount, amount_usd, volume_usd] = amounts;
        let (form, trade) = self.keep_trade(trade)?;
        let class = class.with_trade(form);
        let (payer, at, arrival) = (payer.0, at_offset, arrival_offset);
        self.add(Record { amount, amount_usd, volume_usd, trade, payer, at, arrival, class })
    }

    #[cold]
    fn push_wide(
        &mut self,
        payer: Payer,
        trade: TradeKey<'_>,
        class: Class,
        fee: WideFee,
    ) -> Result<(), TooMany> {
        let (form, trade) = self.keep_trade(trade)?;
        let amount = i64::from(number(self.wide.len())?);
        self.wide.push(fee);
        let class = class.with_trade(form).wide();
        self.add(Record { amount, trade, payer: payer.0, class, ..Record::default() })
    }

    /// Stores a trade id and returns its form and its value in a record.
    #[inline(always)]
    fn keep_trade(&mut self, trade: TradeKey<'_>) -> Result<(TradeForm, u64), TooMany> {
        match trade {
            TradeKey::Number(number) => Ok((TradeForm::Number, number)),
            other => self.keep_text(other),
        }
    }

    fn keep_text(&mut self, trade: TradeKey<'_>) -> Result<(TradeForm, u64), TooMany> {
        let (form, bytes): (_, &[u8]) = match &trade {
            TradeKey::Number(number) => return Ok((TradeForm::Number, *number)),
            TradeKey::Uuid(bytes) => (TradeForm::Uuid, bytes),
            TradeKey::Text(text) => (TradeForm::Text, text.as_bytes()),
        };
        let place = u64::from(number(self.texts.len())?);
        if form == TradeForm::Text {
            self.texts.push(u8::try_from(bytes.len()).map_err(|_| TooMany)?);
        }
        self.texts.extend_from_slice(bytes);
        // A fixed seed gives the same order of additions, and thus any error, in each run.
        let digest = FixedState::with_seed(2026).hash_one(bytes);
        Ok((form, digest & 0xFFFF_FFFF_0000_0000 | place))
    }

    #[inline(always)]
    fn add(&mut self, record: Record) -> Result<(), TooMany> {
        self.records.push(record)?;
        self.length += 1;
        Ok(())
    }

    /// Checks the capacity for the given numbers of additional fees, trade id bytes and assets.
    ///
    /// # Errors
    /// Returns [`TooMany`] if a limit is exceeded.
    pub fn check_room(&self, fees: usize, texts: usize, assets: usize) -> Result<(), TooMany> {
        let total = |now: usize, more: usize| now.checked_add(more).ok_or(TooMany);
        self.records.check_room(fees)?;
        number(total(self.texts.len(), texts)?)?;
        u16::try_from(total(self.assets.len(), assets)?).map_err(|_| TooMany)?;
        Ok(())
    }

    /// Returns the number of an asset, for [`Class::in_asset`].
    ///
    /// # Errors
    /// Returns [`TooMany`] if a limit is exceeded.
    pub fn asset(&mut self, asset: Asset) -> Result<AssetNumber, TooMany> {
        self.assets.number(asset).ok_or(TooMany)
    }

    /// Returns the payer of an account, and adds it if it is new.
    ///
    /// # Errors
    /// Returns [`TooMany`] if a limit is exceeded.
    pub fn payer(&mut self, uid: &Uid) -> Result<Payer, TooMany> {
        let payer = self.payers.of(uid)?;
        self.records.add_parts(self.payers.uids().len());
        Ok(payer)
    }

    /// Returns the payers with some numeric ids, and adds those that are new.
    ///
    /// # Errors
    /// Returns [`TooMany`] if a limit is exceeded.
    pub fn numbered_payers(&mut self, ids: &[u64]) -> Result<Vec<Payer>, TooMany> {
        let payers = self.payers.of_numbers(ids)?;
        self.records.add_parts(self.payers.uids().len());
        Ok(payers)
    }

    /// Returns the number of fees, including duplicates.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Returns whether there are no fees.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns the distinct payers of the fees.
    pub fn invitees(&self) -> impl Iterator<Item = &Uid> {
        self.payers.uids().iter()
    }

    /// Returns all fees. The fees of one payer are in the order of their addition.
    pub fn iter(&self) -> impl Iterator<Item = FeeRef<'_>> {
        let records = self.records.parts().iter().flat_map(|part| self.records.of(part));
        records.map(|(_, record)| FeeRef { fees: self, record })
    }

    /// Returns the fees of one payer.
    pub fn of<'a>(&'a self, uid: &Uid) -> impl Iterator<Item = FeeRef<'a>> + use<'a> {
        self.records_of(uid).map(|(_, record)| FeeRef { fees: self, record })
    }

    /// Returns the places of the records of one payer.
    pub(crate) fn places_of(&self, uid: &Uid) -> Vec<u32> {
        self.records_of(uid).map(|(place, _)| place).collect()
    }

    fn records_of<'a>(&'a self, uid: &Uid) -> impl Iterator<Item = (u32, &'a Record)> + use<'a> {
        let payer = self.payers.get(uid).map(|payer| payer.0);
        let part = payer.and_then(|payer| self.records.part_of(payer));
        let records = part.into_iter().flat_map(|part| self.records.of(part));
        records.filter(move |(_, record)| payer == Some(record.payer))
    }

    pub(crate) const fn assets(&self) -> &AssetTable {
        &self.assets
    }

    /// Returns the record at a place.
    #[inline]
    pub(crate) fn record(&self, place: u32) -> Option<&Record> {
        self.records.at(place)
    }

    pub(crate) const fn fee<'a>(&'a self, record: &'a Record) -> FeeRef<'a> {
        FeeRef { fees: self, record }
    }

    /// Returns a time relative to the origin of the records.
    pub(crate) fn offset(&self, at: Timestamp) -> i64 {
        at.millis().saturating_sub(self.origin.unwrap_or_default().at)
    }

    /// Calls `each` with the payers of every partition, one partition after the other.
    pub(crate) fn each_part<E>(
        &self,
        mut each: impl FnMut(&PayersOfPart<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (step, payers) = (PARTS as usize, self.payers.uids().len());
        let mut grouping = Grouping::default();
        for (first, part) in (0..).zip(self.records.parts()) {
            let count = payers.saturating_sub(first).div_ceil(step);
            grouping.gather(&self.records, part, count);
            each(&PayersOfPart { payers: &self.payers, grouping: &grouping, first })?;
        }
        Ok(())
    }
}

/// Payers of one partition.
pub(crate) struct PayersOfPart<'a> {
    payers: &'a Payers,
    grouping: &'a Grouping,
    first: usize,
}

impl<'a> PayersOfPart<'a> {
    /// Returns the ids of the payers, and the ids as numbers if they are numeric.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (&'a Uid, Option<u64>)> {
        let ids = self.payers.uids().iter().zip(self.payers.numeric().iter().copied());
        ids.skip(self.first).step_by(PARTS as usize)
    }

    /// Returns the places of each payer's records, in the same order.
    pub(crate) fn places(&self) -> impl Iterator<Item = &'a [u32]> {
        self.grouping.by_payer()
    }
}

fn number(length: usize) -> Result<u32, TooMany> {
    u32::try_from(length).map_err(|_| TooMany)
}

impl fmt::Debug for Fees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fees({} of {} invitees)", self.length, self.payers.uids().len())
    }
}

#[cfg(test)]
mod tests;

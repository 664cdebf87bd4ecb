//! Compact in-memory storage for the fees of a day's shard, because a worker holds millions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;

use foldhash::fast::{FixedState, RandomState};
use types::{Timestamp, TradeId, Uid};

use crate::record::{AssetNumber, AssetTable, Class, Record, TradeForm};
use crate::trade_key::{TradeKey, canonical_number};
use crate::{Amount, Arrival, Asset, Charge, Fee};

/// Number of partitions by payer, chosen so that the records of one partition fit into a cache.
const PARTS: u32 = 128;
/// Number of records in a full block.
const BLOCK: usize = 256;
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
    /// The payer with number n is in partition n modulo [`PARTS`].
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
        let payer = self.payer(&fee.uid)?;
        self.push_charge(arrival, payer, TradeKey::of(fee.trade_id.as_str()), &fee.charge())
    }

    /// Adds a fee of a known payer. A trade key that is a text must be a valid trade id.
    ///
    /// # Errors
    /// Returns [`TooMany`] if a limit is exceeded.
    pub fn push_charge(
        &mut self,
        arrival: Arrival,
        payer: Payer,
        trade: TradeKey<'_>,
        charge: &Charge,
    ) -> Result<(), TooMany> {
        let Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at } =
            *charge;
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
    fn keep_trade(&mut self, trade: TradeKey<'_>) -> Result<(TradeForm, u64), TooMany> {
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

    fn add(&mut self, record: Record) -> Result<(), TooMany> {
        number(self.length)?;
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
        number(total(self.length, fees)?)?;
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
        match canonical_number(uid.as_str()) {
            Some(number) => self.numbered_payer(number),
            None => match self.payers.by_text.get(uid) {
                Some(payer) => Ok(*payer),
                None => {
                    let payer = self.add_payer(uid.clone())?;
                    self.payers.by_text.insert(uid.clone(), payer);
                    Ok(payer)
                }
            },
        }
    }

    /// Returns the payer with a numeric id, and adds it if it is new.
    ///
    /// # Errors
    /// Returns [`TooMany`] if a limit is exceeded.
    pub fn numbered_payer(&mut self, id: u64) -> Result<Payer, TooMany> {
        if let Some(payer) = self.payers.by_number.get(&id) {
            return Ok(*payer);
        }
        let payer = self.add_payer(id.to_string().parse().map_err(|_| TooMany)?)?;
        self.payers.by_number.insert(id, payer);
        Ok(payer)
    }

    fn add_payer(&mut self, uid: Uid) -> Result<Payer, TooMany> {
        let payer = Payer(number(self.payers.uids.len())?);
        self.payers.uids.push(uid);
        if self.records.parts.len() < PARTS as usize {
            self.records.parts.push(Part::default());
        }
        Ok(payer)
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
        self.payers.uids.iter()
    }

    /// Returns all fees. The fees of one payer are in the order of their addition.
    pub fn iter(&self) -> impl Iterator<Item = FeeRef<'_>> {
        let records = self.records.parts.iter().flat_map(|part| self.records.of(part));
        records.map(|record| FeeRef { fees: self, record })
    }

    /// Returns the fees of one payer.
    pub fn of<'a>(&'a self, uid: &Uid) -> impl Iterator<Item = FeeRef<'a>> + use<'a> {
        let records = self.records_of(uid);
        records.map(|record| FeeRef { fees: self, record })
    }

    pub(crate) fn records_of<'a>(
        &'a self,
        uid: &Uid,
    ) -> impl Iterator<Item = &'a Record> + use<'a> {
        let payer = self.payers.get(uid);
        let part = payer.and_then(|payer| self.records.parts.get((payer.0 % PARTS) as usize));
        let records = part.into_iter().flat_map(|part| self.records.of(part));
        records.filter(move |record| payer == Some(Payer(record.payer)))
    }

    pub(crate) const fn assets(&self) -> &AssetTable {
        &self.assets
    }

    pub(crate) const fn fee<'a>(&'a self, record: &'a Record) -> FeeRef<'a> {
        FeeRef { fees: self, record }
    }

    /// Calls `each` with every payer and its fees, one partition after the other.
    pub(crate) fn each_payer<'a, E>(
        &'a self,
        mut each: impl FnMut(&'a Uid, &[Record]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut group = Grouped::default();
        for (first, part) in (0..).zip(&self.records.parts) {
            group.gather(
                &self.records,
                part,
                self.payers.uids.len().saturating_sub(first).div_ceil(PARTS as usize),
            );
            let uids = self.payers.uids.iter().skip(first).step_by(PARTS as usize);
            for (uid, records) in uids.zip(group.by_payer()) {
                each(uid, records)?;
            }
        }
        Ok(())
    }
}

fn number(length: usize) -> Result<u32, TooMany> {
    u32::try_from(length).map_err(|_| TooMany)
}

/// Payers: ids by number, and numbers by id.
#[derive(Clone, Default)]
struct Payers {
    uids: Vec<Uid>,
    by_number: HashMap<u64, Payer, RandomState>,
    by_text: HashMap<Uid, Payer, RandomState>,
}

impl Payers {
    fn get(&self, uid: &Uid) -> Option<Payer> {
        match canonical_number(uid.as_str()) {
            Some(number) => self.by_number.get(&number).copied(),
            None => self.by_text.get(uid).copied(),
        }
    }
}

/// Records of all partitions, in blocks. A single allocation holds them, so that it is freed in
/// one step.
#[derive(Clone, Default)]
struct Records {
    records: Vec<Record>,
    parts: Vec<Part>,
}

/// Blocks of one partition, in the order of their addition.
#[derive(Clone, Default)]
struct Part {
    starts: Vec<usize>,
    /// Number of used records in the last block.
    used: usize,
}

/// Returns the number of records in a block. The first blocks of a partition are small, because a
/// small batch has few fees in each of many partitions.
const fn block_size(place: usize) -> usize {
    if place < 6 { 4 << place } else { BLOCK }
}

impl Records {
    fn push(&mut self, record: Record) -> Result<(), TooMany> {
        let part = self.parts.get_mut((record.payer % PARTS) as usize).ok_or(TooMany)?;
        let last = part.starts.len().wrapping_sub(1);
        let start = match part.starts.last() {
            Some(start) if part.used < block_size(last) => *start,
            _ => {
                let start = self.records.len();
                let size = block_size(part.starts.len());
                self.records.resize(start + size, Record::default());
                part.starts.push(start);
                part.used = 0;
                start
            }
        };
        *self.records.get_mut(start + part.used).ok_or(TooMany)? = record;
        part.used += 1;
        Ok(())
    }

    fn of(&self, part: &Part) -> impl Iterator<Item = &Record> {
        let last = part.starts.len().wrapping_sub(1);
        let blocks = part.starts.iter().enumerate().map(move |(place, start)| {
            let used = if place == last { part.used } else { block_size(place) };
            self.records.get(*start..*start + used).unwrap_or_default()
        });
        blocks.flatten()
    }
}

/// Records of one partition, grouped by payer. The buffers are reused for all partitions.
#[derive(Default)]
struct Grouped {
    records: Vec<Record>,
    /// End of each payer's records, which is also the start of the next payer's records.
    ends: Vec<usize>,
}

impl Grouped {
    fn gather(&mut self, records: &Records, part: &Part, payers: usize) {
        self.ends.clear();
        self.ends.resize(payers, 0);
        let mut length = 0;
        for record in records.of(part) {
            if let Some(count) = self.ends.get_mut((record.payer / PARTS) as usize) {
                *count += 1;
            }
            length += 1;
        }
        let mut start = 0;
        for end in &mut self.ends {
            (*end, start) = (start, start + *end);
        }
        self.records.resize(length, Record::default());
        for record in records.of(part) {
            let Some(end) = self.ends.get_mut((record.payer / PARTS) as usize) else { continue };
            if let Some(place) = self.records.get_mut(*end) {
                *place = *record;
            }
            *end += 1;
        }
    }

    fn by_payer(&self) -> impl Iterator<Item = &[Record]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.records.get(*start..*end).unwrap_or_default())
    }
}

/// Reference to a fee in [`Fees`].
#[derive(Clone, Copy)]
pub struct FeeRef<'a> {
    fees: &'a Fees,
    record: &'a Record,
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
        &self.fees.payers.uids[self.record.payer as usize]
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
        Fee::new(trade_id, self.invitee().clone(), self.charge())
    }
}

impl fmt::Debug for Fees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fees({} of {} invitees)", self.length, self.payers.uids.len())
    }
}

#[cfg(test)]
mod tests;

//! A compact store of a day's fees in one shard: a worker holds millions of them.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use commission::{Amount, Arrival, Asset, Charge, Fee};
use types::{FeeKind, Malformed, Product, Timestamp, TradeId, Uid, Vip};

/// Delivered fees, in any order and with repetitions.
///
/// Each invitee's id is stored once. Trade ids are concatenated in one buffer. The rest of a fee is
/// a record of 96 bytes.
#[derive(Clone, Default)]
pub struct Fees {
    invitees: Vec<Uid>,
    known: HashMap<Uid, u32>,
    trade_ids: String,
    records: Vec<Record>,
}

/// One fee, without its texts.
#[derive(Clone)]
struct Record {
    amount: Amount,
    amount_usd: Amount,
    volume_usd: Amount,
    arrival: Arrival,
    at: Timestamp,
    asset: Asset,
    invitee: u32,
    trade_id_start: u32,
    trade_id_length: u8,
    product: Product,
    kind: FeeKind,
    vip: Vip,
    broker: bool,
}

/// Index of an invitee in [`Fees`], which saves a look-up for each of their fees.
#[derive(Debug, Clone, Copy)]
pub struct Payer(u32);

/// More fees than [`Fees`] holds: 4 GiB of trade ids, or 2³² fees or invitees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are more fees than one worker can hold")]
pub struct TooMany;

impl Fees {
    /// Adds a fee.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn push(&mut self, arrival: Arrival, fee: &Fee) -> Result<(), TooMany> {
        let payer = self.payer(&fee.uid)?;
        self.add(arrival, payer, fee.trade_id.as_str(), &fee.charge)
    }

    /// Returns the index of a new or known invitee, for [`Fees::push_stored`].
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn payer(&mut self, uid: &Uid) -> Result<Payer, TooMany> {
        if let Some(number) = self.known.get(uid) {
            return Ok(Payer(*number));
        }
        let number = number(self.invitees.len())?;
        self.invitees.push(uid.clone());
        self.known.insert(uid.clone(), number);
        Ok(Payer(number))
    }

    /// Adds a fee whose trade id is a text.
    ///
    /// # Errors
    /// The text is no trade id, or there are too many fees.
    pub fn push_stored(
        &mut self,
        arrival: Arrival,
        payer: Payer,
        trade_id: &str,
        charge: &Charge,
    ) -> Result<(), Malformed> {
        TradeId::check(trade_id)?;
        let added = self.add(arrival, payer, trade_id, charge);
        added.map_err(|too_many| Malformed(too_many.to_string()))
    }

    fn add(
        &mut self,
        arrival: Arrival,
        Payer(invitee): Payer,
        trade_id: &str,
        charge: &Charge,
    ) -> Result<(), TooMany> {
        number(self.records.len())?;
        let Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at } =
            *charge;
        self.records.push(Record {
            amount,
            amount_usd,
            volume_usd,
            arrival,
            at,
            asset,
            invitee,
            trade_id_start: number(self.trade_ids.len())?,
            trade_id_length: u8::try_from(trade_id.len()).map_err(|_| TooMany)?,
            product,
            kind,
            vip,
            broker,
        });
        self.trade_ids.push_str(trade_id);
        Ok(())
    }

    /// Returns the number of fees, repetitions included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Returns whether there are no fees.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns the payers, each once.
    pub fn invitees(&self) -> impl Iterator<Item = &Uid> {
        self.invitees.iter()
    }

    /// Returns the fees in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = FeeRef<'_>> {
        self.records.iter().map(|record| FeeRef { fees: self, record })
    }

    /// Returns the fee at a place.
    #[expect(clippy::indexing_slicing, reason = "the list only grows, and places name its entries")]
    pub(crate) fn at(&self, place: Place) -> FeeRef<'_> {
        FeeRef { fees: self, record: &self.records[place.record()] }
    }

    /// Groups the fees by invitee with a counting sort, without comparisons.
    pub(crate) fn by_invitee(&self) -> ByInvitee<'_> {
        let mut ends = vec![0_usize; self.invitees.len()];
        for record in &self.records {
            if let Some(count) = ends.get_mut(record.invitee as usize) {
                *count += 1;
            }
        }
        let mut start = 0;
        for end in &mut ends {
            (*end, start) = (start, start + *end);
        }
        let mut places = vec![Place(0); self.records.len()];
        for (number, fee) in (0..).zip(self.iter()) {
            let Some(end) = ends.get_mut(fee.record.invitee as usize) else { continue };
            if let Some(place) = places.get_mut(*end) {
                *place = fee.place(number);
            }
            *end += 1;
        }
        ByInvitee { fees: self, places, ends }
    }
}

fn number(length: usize) -> Result<u32, TooMany> {
    u32::try_from(length).map_err(|_| TooMany)
}

/// Fees grouped by invitee.
pub(crate) struct ByInvitee<'a> {
    fees: &'a Fees,
    places: Vec<Place>,
    /// End of each invitee's fees, which is the start of the next invitee's.
    ends: Vec<usize>,
}

impl<'a> ByInvitee<'a> {
    /// Returns the invitees and their fees, ordered by a key and then by id.
    pub(crate) fn in_order_of<K: Ord>(
        &mut self,
        key: impl Fn(&'a Uid) -> K,
    ) -> impl Iterator<Item = (&'a Uid, &mut [Place])> {
        let mut rest = self.places.as_mut_slice();
        let mut groups = Vec::with_capacity(self.ends.len());
        let mut start = 0;
        for (uid, end) in self.fees.invitees.iter().zip(&self.ends) {
            let (group, tail) = rest.split_at_mut(end - start);
            groups.push((key(uid), uid, group));
            (rest, start) = (tail, *end);
        }
        groups.sort_unstable_by(|(a, a_uid, _), (b, b_uid, _)| (a, a_uid).cmp(&(b, b_uid)));
        groups.into_iter().map(|(_, uid, group)| (uid, group))
    }
}

/// A stored fee.
#[derive(Clone, Copy)]
pub struct FeeRef<'a> {
    fees: &'a Fees,
    record: &'a Record,
}

/// The digest of a fee's identity, followed by the index of its record.
///
/// Equal identities have equal digests, and different ones hardly ever do. Sorted places group the
/// fees of one identity. Most fees differ by their digests, which saves a memory access for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

impl Place {
    fn new(digest: u64, record: u32) -> Self {
        Self(digest << 32 | u64::from(record))
    }

    pub(crate) const fn digest(self) -> u64 {
        self.0 >> 32
    }

    const fn record(self) -> usize {
        (self.0 & 0xFFFF_FFFF) as usize
    }
}

impl<'a> FeeRef<'a> {
    /// Returns the fee's identity.
    #[must_use]
    pub fn trade_id(self) -> &'a str {
        let start = self.record.trade_id_start as usize;
        &self.fees.trade_ids[start..start + usize::from(self.record.trade_id_length)]
    }

    /// Returns the payer.
    #[must_use]
    #[expect(
        clippy::indexing_slicing,
        reason = "the list only grows, and records name its entries"
    )]
    pub fn invitee(self) -> &'a Uid {
        &self.fees.invitees[self.record.invitee as usize]
    }

    /// Returns the arrival.
    #[must_use]
    pub const fn arrival(self) -> Arrival {
        self.record.arrival
    }

    /// Returns the charge.
    #[must_use]
    pub const fn charge(self) -> Charge {
        let Record { product, kind, asset, vip, broker, at, .. } = *self.record;
        let Record { amount, amount_usd, volume_usd, .. } = *self.record;
        Charge { product, kind, asset, amount, amount_usd, volume_usd, vip, broker, at }
    }

    /// Returns the fee as delivered.
    #[must_use]
    #[expect(clippy::expect_used, reason = "only what is a trade id is taken in")]
    pub fn fee(self) -> Fee {
        let trade_id = self.trade_id().parse().expect("a trade id");
        Fee { trade_id, uid: self.invitee().clone(), charge: self.charge() }
    }

    fn place(self, number: u32) -> Place {
        let mut hasher = DefaultHasher::new();
        self.trade_id().hash(&mut hasher);
        Place::new(hasher.finish(), number)
    }
}

impl fmt::Debug for Fees {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fees({} of {} invitees)", self.records.len(), self.invitees.len())
    }
}

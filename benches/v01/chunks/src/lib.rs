//! The stored format of fees of version 0.1 (commit e7a3f4f), frozen for comparisons: see [`v01`].

use std::collections::HashMap;
use std::hash::Hash;

use commission::{Amount, Arrival, Asset, Charge};
use serde::{Deserialize, Serialize};
use types::{FeeKind, Product, Timestamp, Uid, Vip};
use v01::{FeeRef, Fees, Payer};

/// Reason why a chunk is refused.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Size of a chunk, in bytes, at which the next one begins: an item has at most 400 KB.
const FULL: usize = 256 * 1024;

#[derive(Serialize, Deserialize)]
struct Head {
    invitees: Vec<Uid>,
    assets: Vec<Asset>,
    first_at: i64,
    first_arrival: u64,
    fees: u32,
    corrections: u32,
}

#[derive(Serialize, Deserialize)]
struct StoredFee<'a> {
    trade_id: &'a str,
    invitee: u32,
    asset: u32,
    product: Product,
    kind: FeeKind,
    vip: Vip,
    broker: bool,
    amount: i128,
    amount_usd: i128,
    volume_usd: i128,
    at: i64,
    arrival: i64,
}

/// Writes fees as chunks.
///
/// # Errors
/// If a value cannot be encoded.
pub fn write(fees: &Fees) -> Result<Vec<Vec<u8>>, Failure> {
    let mut chunks = Vec::new();
    let mut writer = Writer::default();
    for fee in fees.iter() {
        writer.fee(fee)?;
        writer.end_if_full(&mut chunks)?;
    }
    writer.end(&mut chunks)?;
    Ok(chunks)
}

/// Adds the fees of a chunk.
///
/// # Errors
/// If the chunk cannot be decoded.
pub fn read(bytes: &[u8], fees: &mut Fees) -> Result<(), Failure> {
    let (head, mut rest): (Head, _) = postcard::take_from_bytes(bytes)?;
    let payers = head.invitees.iter().map(|uid| fees.payer(uid));
    let payers: Vec<Payer> = payers.collect::<Result<_, _>>()?;
    for _ in 0..head.fees {
        let (fee, after): (StoredFee<'_>, _) = postcard::take_from_bytes(rest)?;
        rest = after;
        head.take_in(&fee, &payers, fees)?;
    }
    if rest.is_empty() { Ok(()) } else { Err("more bytes than its head tells of".into()) }
}

impl Head {
    fn take_in(
        &self,
        fee: &StoredFee<'_>,
        payers: &[Payer],
        fees: &mut Fees,
    ) -> Result<(), Failure> {
        let strange = || "a fee names what its head does not have";
        let payer = payers.get(fee.invitee as usize).ok_or_else(strange)?;
        let asset = self.assets.get(fee.asset as usize).ok_or_else(strange)?;
        let at = self.first_at.checked_add(fee.at).and_then(Timestamp::from_millis);
        let arrival = Arrival(self.first_arrival.wrapping_add_signed(fee.arrival));
        let charge = Charge {
            product: fee.product,
            kind: fee.kind,
            asset: *asset,
            amount: Amount::from_minor(fee.amount),
            amount_usd: Amount::from_minor(fee.amount_usd),
            volume_usd: Amount::from_minor(fee.volume_usd),
            vip: fee.vip,
            broker: fee.broker,
            at: at.ok_or("a fee of no time")?,
        };
        Ok(fees.push_stored(arrival, *payer, fee.trade_id, &charge)?)
    }
}

#[derive(Default)]
struct Writer<'a> {
    invitees: Places<&'a Uid>,
    assets: Places<Asset>,
    /// Characters of the invitees' ids.
    ids: usize,
    first: Option<(i64, u64)>,
    fees: u32,
    corrections: u32,
    body: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn fee(&mut self, fee: FeeRef<'a>) -> Result<(), Failure> {
        let charge = fee.charge();
        let (at, arrival) = (charge.at.millis(), fee.arrival().0);
        let (first_at, first_arrival) = *self.first.get_or_insert((at, arrival));
        let stored = StoredFee {
            trade_id: fee.trade_id(),
            invitee: self.invitee(fee.invitee()),
            asset: self.assets.of(charge.asset),
            product: charge.product,
            kind: charge.kind,
            vip: charge.vip,
            broker: charge.broker,
            amount: charge.amount.minor(),
            amount_usd: charge.amount_usd.minor(),
            volume_usd: charge.volume_usd.minor(),
            at: at - first_at,
            arrival: arrival.wrapping_sub(first_arrival).cast_signed(),
        };
        self.fees += 1;
        self.append(&stored)
    }

    fn invitee(&mut self, uid: &'a Uid) -> u32 {
        let known = self.invitees.list.len();
        let place = self.invitees.of(uid);
        if self.invitees.list.len() > known {
            self.ids += uid.as_str().len();
        }
        place
    }

    fn append<T: Serialize>(&mut self, value: &T) -> Result<(), Failure> {
        let body = std::mem::take(&mut self.body);
        self.body = postcard::to_extend(value, body)?;
        Ok(())
    }

    fn end_if_full(&mut self, chunks: &mut Vec<Vec<u8>>) -> Result<(), Failure> {
        if self.body.len() + self.ids >= FULL { self.end(chunks) } else { Ok(()) }
    }

    fn end(&mut self, chunks: &mut Vec<Vec<u8>>) -> Result<(), Failure> {
        let Self { invitees, assets, first, fees, corrections, body, .. } = std::mem::take(self);
        if body.is_empty() {
            return Ok(());
        }
        let (first_at, first_arrival) = first.unwrap_or_default();
        let invitees = invitees.list.into_iter().cloned().collect();
        let assets = assets.list;
        let head = Head { invitees, assets, first_at, first_arrival, fees, corrections };
        let mut chunk = postcard::to_stdvec(&head)?;
        chunk.extend(body);
        chunks.push(chunk);
        Ok(())
    }
}

/// Values that are referred to by their index in a list.
struct Places<T> {
    list: Vec<T>,
    known: HashMap<T, u32>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { list: Vec::new(), known: HashMap::new() }
    }
}

impl<T: Copy + Eq + Hash> Places<T> {
    fn of(&mut self, value: T) -> u32 {
        let next = self.known.len() as u32;
        *self.known.entry(value).or_insert_with(|| {
            self.list.push(value);
            next
        })
    }
}

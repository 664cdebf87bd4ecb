//! Row form of version 0.1: one fee after the other, about 45 bytes each.
//!
//! New chunks use this form only for corrections and for fees with values beyond 64 bits. A chunk
//! consists of a head, which lists each invitee and asset once, followed by the fees and the
//! corrections. Fees reference invitees and assets by index. Times and arrivals are differences
//! from the first fee. All parts are encoded with `postcard`, so that small numbers take few
//! bytes.

use std::collections::HashMap;
use std::hash::Hash;

use commission::{Amount, Arrival, Asset, BorrowedFee, Charge, FeeCorrection, FeeRef};
use serde::{Deserialize, Serialize};
use types::{FeeKind, Product, Timestamp, TradeId, Uid, Vip};

use crate::{ChunkError, FeeBatch};

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

/// Writes fees and corrections as chunks slightly larger than `full` bytes.
pub(super) fn write(
    fees: &[FeeRef<'_>],
    corrections: &[FeeCorrection],
    full: usize,
    chunks: &mut Vec<Vec<u8>>,
) -> Result<(), ChunkError> {
    let mut writer = Writer::default();
    for fee in fees {
        writer.fee(*fee)?;
        writer.end_if_full(full, chunks)?;
    }
    for correction in corrections {
        writer.correction(correction)?;
        writer.end_if_full(full, chunks)?;
    }
    writer.end(chunks)
}

/// Reads a chunk into `batch`. Adds all of its fees and corrections or none.
pub(super) fn read(bytes: &[u8], batch: &mut FeeBatch) -> Result<(), ChunkError> {
    let (head, mut rest): (Head, _) = postcard::take_from_bytes(bytes)?;
    let (mut fees, mut corrections) = (Vec::new(), Vec::new());
    for _ in 0..head.fees {
        let (fee, after): (StoredFee<'_>, _) = postcard::take_from_bytes(rest)?;
        rest = after;
        fees.push(head.fee(&fee)?);
    }
    for _ in 0..head.corrections {
        let (correction, after) = postcard::take_from_bytes(rest)?;
        rest = after;
        corrections.push(correction);
    }
    if !rest.is_empty() {
        return Err(ChunkError::Damaged("more bytes than its head says"));
    }
    let texts = fees.iter().map(|(_, fee)| fee.trade_id.len() + 1).sum();
    batch.fees.check_room(fees.len(), texts, head.assets.len())?;
    for (arrival, fee) in fees {
        batch.fees.push_borrowed(arrival, fee)?;
    }
    batch.corrections.extend(corrections);
    Ok(())
}

/// Returns the payers of a chunk that cannot be read, from its head. Returns `None` if the chunk
/// has corrections, because the head does not list their payers, or if the head cannot be read.
pub(super) fn payers(bytes: &[u8]) -> Option<Vec<Uid>> {
    let (head, _): (Head, _) = postcard::take_from_bytes(bytes).ok()?;
    (head.corrections == 0).then_some(head.invitees)
}

impl Head {
    fn fee<'a>(&'a self, fee: &StoredFee<'a>) -> Result<(Arrival, BorrowedFee<'a>), ChunkError> {
        let unknown = || ChunkError::Damaged("a fee names what its head does not have");
        let uid = self.invitees.get(fee.invitee as usize).ok_or_else(unknown)?;
        let asset = self.assets.get(fee.asset as usize).ok_or_else(unknown)?;
        let at = self.first_at.checked_add(fee.at).and_then(Timestamp::from_millis);
        let arrival = Arrival(self.first_arrival.wrapping_add_signed(fee.arrival));
        TradeId::check(fee.trade_id)?;
        let charge = Charge {
            product: fee.product,
            kind: fee.kind,
            asset: *asset,
            amount: Amount::from_minor(fee.amount),
            amount_usd: Amount::from_minor(fee.amount_usd),
            volume_usd: Amount::from_minor(fee.volume_usd),
            vip: fee.vip,
            broker: fee.broker,
            at: at.ok_or(ChunkError::Damaged("a fee of no time"))?,
        };
        Ok((arrival, BorrowedFee { trade_id: fee.trade_id, uid, charge }))
    }
}

#[derive(Default)]
struct Writer<'a> {
    invitees: Places<&'a Uid>,
    assets: Places<Asset>,
    /// Total length of the invitees' ids, in bytes.
    ids: usize,
    first: Option<(i64, u64)>,
    fees: u32,
    corrections: u32,
    body: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn fee(&mut self, fee: FeeRef<'a>) -> Result<(), ChunkError> {
        let (charge, trade_id) = (fee.charge(), fee.trade_id());
        let (at, arrival) = (charge.at.millis(), fee.arrival().0);
        let (first_at, first_arrival) = *self.first.get_or_insert((at, arrival));
        let stored = StoredFee {
            trade_id: &trade_id,
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

    fn correction(&mut self, correction: &FeeCorrection) -> Result<(), ChunkError> {
        self.corrections += 1;
        self.append(correction)
    }

    fn append<T: Serialize>(&mut self, value: &T) -> Result<(), ChunkError> {
        let body = std::mem::take(&mut self.body);
        self.body = postcard::to_extend(value, body)?;
        Ok(())
    }

    fn end_if_full(&mut self, full: usize, chunks: &mut Vec<Vec<u8>>) -> Result<(), ChunkError> {
        if self.body.len() + self.ids >= full { self.end(chunks) } else { Ok(()) }
    }

    fn end(&mut self, chunks: &mut Vec<Vec<u8>>) -> Result<(), ChunkError> {
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

/// Values referenced by their index in a list.
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

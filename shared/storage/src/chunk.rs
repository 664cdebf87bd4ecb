//! The form in which fees are stored: many in one binary attribute, some 40 bytes each.
//!
//! A chunk is a head, in which each invitee and asset stands once, and after it the fees and the
//! corrections, which name them by their place. Instants and arrivals are differences to the
//! first fee's. Everything is in `postcard`, so that small numbers are small.

use std::collections::HashMap;
use std::hash::Hash;

use commission::{Amount, Arrival, Asset, Charge, FeeCorrection, FeeRef, Fees, Payer};
use serde::{Deserialize, Serialize};
use types::{FeeKind, Product, Timestamp, Uid, Vip};

use crate::FeeBatch;
use crate::error::TableError;

/// The size of a chunk, in bytes, at which the next one is begun: an item has at most 400 KB.
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

/// Writes a batch as chunks: one, unless it is very large.
pub(crate) fn write(batch: &FeeBatch) -> Result<Vec<Vec<u8>>, TableError> {
    let mut chunks = Vec::new();
    let mut writer = Writer::default();
    for fee in batch.fees.iter() {
        writer.fee(fee)?;
        writer.end_if_full(&mut chunks)?;
    }
    for correction in &batch.corrections {
        writer.correction(correction)?;
        writer.end_if_full(&mut chunks)?;
    }
    writer.end(&mut chunks)?;
    Ok(chunks)
}

/// Reads a chunk into `batch`, whole or not at all.
pub(crate) fn read(bytes: &[u8], batch: &mut FeeBatch) -> Result<(), TableError> {
    let (fees, corrections) = (batch.fees.checkpoint(), batch.corrections.len());
    read_into(bytes, batch).inspect_err(|_| {
        batch.fees.roll_back(fees);
        batch.corrections.truncate(corrections);
    })
}

/// The invitees whose fees are in a chunk that cannot be read, as far as its head tells: `None`
/// where it holds corrections, which the head does not tell of, or the head cannot be read.
pub(crate) fn payers(bytes: &[u8]) -> Option<Vec<Uid>> {
    let (head, _): (Head, _) = postcard::take_from_bytes(bytes).ok()?;
    (head.corrections == 0).then_some(head.invitees)
}

fn read_into(bytes: &[u8], batch: &mut FeeBatch) -> Result<(), TableError> {
    let (head, mut rest): (Head, _) = postcard::take_from_bytes(bytes).map_err(corrupt)?;
    let payers = head.invitees.iter().map(|uid| batch.fees.payer(uid));
    let payers: Vec<Payer> = payers.collect::<Result<_, _>>().map_err(corrupt)?;
    for _ in 0..head.fees {
        let (fee, after): (StoredFee<'_>, _) = postcard::take_from_bytes(rest).map_err(corrupt)?;
        rest = after;
        head.take_in(&fee, &payers, &mut batch.fees)?;
    }
    for _ in 0..head.corrections {
        let (correction, after) = postcard::take_from_bytes(rest).map_err(corrupt)?;
        rest = after;
        batch.corrections.push(correction);
    }
    if rest.is_empty() { Ok(()) } else { Err(corrupt("more bytes than its head tells of")) }
}

impl Head {
    fn take_in(
        &self,
        fee: &StoredFee<'_>,
        payers: &[Payer],
        fees: &mut Fees,
    ) -> Result<(), TableError> {
        let strange = || corrupt("a fee names what its head does not have");
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
            at: at.ok_or_else(|| corrupt("a fee of no time"))?,
        };
        fees.push_stored(arrival, *payer, fee.trade_id, &charge).map_err(corrupt)
    }
}

#[derive(Default)]
struct Writer<'a> {
    invitees: Places<&'a Uid>,
    assets: Places<Asset>,
    /// The letters of the invitees' ids.
    ids: usize,
    first: Option<(i64, u64)>,
    fees: u32,
    corrections: u32,
    body: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn fee(&mut self, fee: FeeRef<'a>) -> Result<(), TableError> {
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

    fn correction(&mut self, correction: &FeeCorrection) -> Result<(), TableError> {
        self.corrections += 1;
        self.append(correction)
    }

    fn append<T: Serialize>(&mut self, value: &T) -> Result<(), TableError> {
        let body = std::mem::take(&mut self.body);
        self.body = postcard::to_extend(value, body).map_err(corrupt)?;
        Ok(())
    }

    fn end_if_full(&mut self, chunks: &mut Vec<Vec<u8>>) -> Result<(), TableError> {
        if self.body.len() + self.ids >= FULL { self.end(chunks) } else { Ok(()) }
    }

    fn end(&mut self, chunks: &mut Vec<Vec<u8>>) -> Result<(), TableError> {
        let Self { invitees, assets, first, fees, corrections, body, .. } = std::mem::take(self);
        if body.is_empty() {
            return Ok(());
        }
        let (first_at, first_arrival) = first.unwrap_or_default();
        let invitees = invitees.list.into_iter().cloned().collect();
        let assets = assets.list;
        let head = Head { invitees, assets, first_at, first_arrival, fees, corrections };
        let mut chunk = postcard::to_stdvec(&head).map_err(corrupt)?;
        chunk.extend(body);
        chunks.push(chunk);
        Ok(())
    }
}

/// Values that are named by their place in a list.
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

fn corrupt(why: impl std::fmt::Display) -> TableError {
    TableError::corrupt("fee chunk", why)
}

#[cfg(test)]
mod tests {
    use commission::Fee;

    use super::*;

    fn fee(number: i64, uid: &str, trade_id: &str) -> Fee {
        let amount = |factor: i64| Amount::from_minor(i128::from(number * factor));
        Fee {
            trade_id: trade_id.parse().unwrap(),
            uid: uid.parse().unwrap(),
            product: Product::ALL[number as usize % 3],
            kind: FeeKind::ALL[number as usize % 4],
            asset: ["BTC", "USDT", "XMR"][number as usize % 3].parse().unwrap(),
            amount: amount(-7),
            amount_usd: amount(1 << 40),
            volume_usd: amount(i64::MAX / 10_000),
            vip: Vip(number as u8 % 10),
            broker: number % 2 == 0,
            at: Timestamp::from_millis(1_800_000_000_000 - number * 1000).unwrap(),
        }
    }

    fn correction(fee: &Fee, why: &str) -> FeeCorrection {
        let Fee { trade_id, uid, amount, amount_usd, volume_usd, at, .. } = fee.clone();
        FeeCorrection { trade_id, uid, at, amount, amount_usd, volume_usd, why: why.to_owned() }
    }

    fn batch(fees: &[Fee]) -> FeeBatch {
        let mut batch = FeeBatch::default();
        for (arrival, fee) in (0..).zip(fees) {
            // The second comes before the first.
            batch.push(Arrival(1_000_000 - arrival), fee).unwrap();
        }
        batch
    }

    fn content(batch: &FeeBatch) -> (Vec<(Arrival, Fee)>, &[FeeCorrection]) {
        (batch.fees.iter().map(|f| (f.arrival(), f.fee())).collect(), &batch.corrections)
    }

    fn read_back(chunks: &[Vec<u8>]) -> FeeBatch {
        let mut all = FeeBatch::default();
        chunks.iter().for_each(|chunk| read(chunk, &mut all).unwrap());
        all
    }

    #[test]
    fn what_is_written_is_read_again() {
        let fees: Vec<Fee> =
            (0..50).map(|n| fee(n, &format!("u{}", n % 7), &format!("t{n}"))).collect();
        let mut batch = batch(&fees);
        batch.corrections = fees.iter().take(5).map(|fee| correction(fee, "typed wrong")).collect();
        let chunks = write(&batch).unwrap();
        assert_eq!(chunks.len(), 1);
        assert_eq!(content(&read_back(&chunks)), content(&batch));
    }

    #[test]
    fn nothing_is_no_chunk() {
        assert!(write(&FeeBatch::default()).unwrap().is_empty());
    }

    #[test]
    fn no_chunk_outgrows_an_item_however_long_its_texts() {
        let long = |n: i64| format!("{n:064}");
        let fees: Vec<Fee> = (0..4000).map(|n| fee(n, &long(n), &long(n))).collect();
        let mut batch = batch(&fees);
        let why = "\u{1F4B8}".repeat(200);
        batch.corrections = fees.iter().map(|fee| correction(fee, &why)).collect();
        let chunks = write(&batch).unwrap();
        assert!(chunks.len() > 5);
        assert!(chunks.iter().all(|chunk| chunk.len() < 380 * 1024));
        assert_eq!(content(&read_back(&chunks)), content(&batch));
    }

    #[test]
    fn a_trade_takes_some_forty_bytes() {
        let fees: Vec<Fee> = (0..1000)
            .map(|n| Fee {
                amount: Amount::from_minor(i128::from(524_900 + n)),
                amount_usd: Amount::from_minor(i128::from(82_500_000 + n)),
                volume_usd: Amount::from_minor(i128::from(82_500_000_000 + n)),
                ..fee(n, &(35_912_846 + n % 300).to_string(), &(4_127_365_000 + n).to_string())
            })
            .collect();
        let size: usize = write(&batch(&fees)).unwrap().iter().map(Vec::len).sum();
        assert!((35_000..45_000).contains(&size), "{size} bytes for a thousand");
    }

    #[test]
    fn chunk_that_breaks_off_leaves_the_batch_as_it_was() {
        let mut first = batch(&[fee(1, "u1", "t1")]);
        first.corrections = vec![correction(&fee(1, "u1", "t1"), "typed wrong")];
        let mut second = batch(&[fee(2, "u1", "t2"), fee(3, "u2", "t3")]);
        second.corrections = vec![correction(&fee(2, "u1", "t2"), "typed wrong")];
        let (good, broken) = (write(&first).unwrap().remove(0), write(&second).unwrap().remove(0));
        let mut read_back = read_back(std::slice::from_ref(&good));
        assert!(read(&broken[..broken.len() - 1], &mut read_back).is_err());
        assert_eq!(content(&read_back), content(&first));
        assert_eq!(read_back.fees.invitees().count(), 1);
        read(&broken, &mut read_back).unwrap();
        assert_eq!(read_back.fees.len(), 3);
    }

    #[test]
    fn payers_are_known_unless_corrections_or_the_head_hide_them() {
        let mut batch = batch(&[fee(1, "u1", "t1"), fee(2, "u2", "t2")]);
        let chunk = write(&batch).unwrap().remove(0);
        let uids = ["u1", "u2"].map(|uid| uid.parse().unwrap());
        assert_eq!(payers(&chunk[..chunk.len() - 1]), Some(uids.to_vec()));
        assert_eq!(payers(&[]), None);
        batch.corrections = vec![correction(&fee(1, "u3", "t3"), "typed wrong")];
        assert_eq!(payers(&write(&batch).unwrap().remove(0)), None);
    }

    #[test]
    fn a_chunk_that_was_cut_or_goes_on_is_refused() {
        let chunk = write(&batch(&[fee(1, "u1", "t1")])).unwrap().remove(0);
        let longer = [chunk.as_slice(), &[0]].concat();
        for bytes in [&chunk[..chunk.len() - 1], &longer, &[]] {
            assert!(read(bytes, &mut FeeBatch::default()).is_err());
        }
    }
}

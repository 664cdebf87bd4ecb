//! Storage forms of fees: many fees in one binary attribute.
//!
//! Columns take about 18 bytes per fee. Rows, the form of version 0.1, take about 45 bytes per
//! fee. They hold corrections, and fees whose values do not fit into columns.

mod bits;
mod codec;
mod columns;
mod rows;

pub use columns::{VERSION, framed};

use commission::{Arrival, Fee, FeeCorrection, Fees, TooMany};
use types::{Malformed, Uid};

/// Form number of rows.
pub const ROWS: u8 = 1;
/// Form number of columns.
pub const COLUMNS: u8 = 2;

/// Size of a chunk, in bytes, at which the next one starts. A DynamoDB item has at most 400 KB.
const FULL: usize = 256 * 1024;

/// Error of reading or writing a chunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The data is damaged, or is not a chunk.
    #[error("{0}")]
    Damaged(&'static str),
    /// A column has an unknown number.
    #[error("column {0} is not known")]
    UnknownColumn(u8),
    /// A part of the rows is damaged, or cannot be encoded.
    #[error(transparent)]
    Rows(#[from] postcard::Error),
    /// A trade id is not of its form.
    #[error(transparent)]
    TradeId(#[from] Malformed),
    /// The batch cannot hold the fees.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The columns have an unknown version, for example one written by a newer release.
    #[error("its columns have version {version}, and this code reads version {known}")]
    UnknownVersion {
        /// Version of the columns.
        version: u8,
        /// Version that this code reads.
        known: u8,
    },
}

/// Fees and corrections of one day and shard, as delivered.
#[derive(Debug, Clone, Default)]
pub struct FeeBatch {
    /// Charged fees.
    pub fees: Fees,
    /// Corrections of fees, which may arrive before the fee.
    pub corrections: Vec<FeeCorrection>,
}

impl FeeBatch {
    /// Adds a fee.
    ///
    /// # Errors
    /// Returns [`TooMany`] if the batch cannot hold more fees.
    pub fn push(&mut self, arrival: Arrival, fee: &Fee) -> Result<(), TooMany> {
        self.fees.push(arrival, fee)
    }

    /// Encodes the batch as chunks that fit into an item.
    ///
    /// The result is one chunk, unless the batch is very large or has corrections or fees that do
    /// not fit into columns. The same fees in any order give the same chunks.
    ///
    /// # Errors
    /// Returns [`ChunkError::Rows`] if a value cannot be encoded.
    pub fn to_chunks(&self) -> Result<Vec<Vec<u8>>, ChunkError> {
        let mut chunks = Vec::new();
        let wide = columns::write(self.fees.iter(), FULL, &mut chunks);
        rows::write(&wide, &self.corrections, FULL, &mut chunks)?;
        Ok(chunks)
    }

    /// Adds the fees and corrections of a chunk, all or none.
    ///
    /// # Errors
    /// Returns [`ChunkError`] if the chunk cannot be decoded.
    pub fn read_chunk(&mut self, chunk: &[u8]) -> Result<(), ChunkError> {
        match form(chunk) {
            COLUMNS => columns::read(chunk, &mut self.fees),
            _ => rows::read(chunk, self),
        }
    }
}

/// Returns the form number of a chunk.
#[must_use]
pub fn form(chunk: &[u8]) -> u8 {
    if chunk.starts_with(&columns::MAGIC) { COLUMNS } else { ROWS }
}

/// Returns the invitees of a chunk that cannot be read, from its head. Returns `None` if the head
/// does not list them all or cannot be read.
#[must_use]
pub fn payers(chunk: &[u8]) -> Option<Vec<Uid>> {
    match form(chunk) {
        COLUMNS => columns::payers(chunk),
        _ => rows::payers(chunk),
    }
}

#[cfg(test)]
mod tests {
    use commission::{Amount, Charge};
    use types::{FeeKind, Product, Timestamp, Vip};

    use super::*;

    fn fee(number: i64, uid: &str, trade_id: &str) -> Fee {
        let amount = |factor: i64| Amount::from_minor(i128::from(number * factor));
        let charge = Charge {
            product: Product::ALL[number as usize % 3],
            kind: FeeKind::ALL[number as usize % 4],
            asset: ["BTC", "USDT", "XMR"][number as usize % 3].parse().unwrap(),
            amount: amount(-7),
            amount_usd: amount(1 << 40),
            volume_usd: amount(i64::MAX / 10_000),
            vip: Vip(number as u8 % 10),
            broker: number % 2 == 0,
            at: Timestamp::from_millis(1_800_000_000_000 - number * 1000).unwrap(),
        };
        Fee { trade_id: trade_id.parse().unwrap(), uid: uid.parse().unwrap(), charge }
    }

    fn with(mut fee: Fee, change: impl FnOnce(&mut Charge)) -> Fee {
        change(&mut fee.charge);
        fee
    }

    fn correction(fee: &Fee, why: &str) -> FeeCorrection {
        let Fee { trade_id, uid, charge } = fee.clone();
        let Charge { amount, amount_usd, volume_usd, at, .. } = charge;
        FeeCorrection { trade_id, uid, at, amount, amount_usd, volume_usd, why: why.to_owned() }
    }

    fn batch(fees: &[Fee]) -> FeeBatch {
        let mut batch = FeeBatch::default();
        for (arrival, fee) in (0..).zip(fees) {
            // The second fee arrives before the first.
            batch.push(Arrival(1_000_000 - arrival), fee).unwrap();
        }
        batch
    }

    /// Returns the content of a batch, sorted.
    fn content(batch: &FeeBatch) -> (Vec<(Arrival, Fee)>, &[FeeCorrection]) {
        let mut fees: Vec<_> = batch.fees.iter().map(|f| (f.arrival(), f.fee())).collect();
        fees.sort_unstable();
        (fees, &batch.corrections)
    }

    /// Encodes the batch as version 0.1 did.
    fn rows_of(batch: &FeeBatch) -> Vec<Vec<u8>> {
        let mut chunks = Vec::new();
        let fees: Vec<_> = batch.fees.iter().collect();
        rows::write(&fees, &batch.corrections, FULL, &mut chunks).unwrap();
        chunks
    }

    fn write(batch: &FeeBatch) -> Result<Vec<Vec<u8>>, ChunkError> {
        batch.to_chunks()
    }

    fn read(chunk: &[u8], batch: &mut FeeBatch) -> Result<(), ChunkError> {
        batch.read_chunk(chunk)
    }

    fn read_back(chunks: &[Vec<u8>]) -> FeeBatch {
        let mut all = FeeBatch::default();
        chunks.iter().for_each(|chunk| read(chunk, &mut all).unwrap());
        all
    }

    /// Returns a chunk of columns with numeric ids, which most exchanges use.
    fn columns() -> Vec<u8> {
        let fees: Vec<Fee> = (0..30)
            .map(|n| fee(n, &(35_000_000 + n % 7).to_string(), &(4_127_365_000 + n).to_string()))
            .collect();
        let mut chunks = write(&batch(&fees)).unwrap();
        assert_eq!(chunks.len(), 1);
        chunks.remove(0)
    }

    #[test]
    fn both_forms_read_back() {
        let fees: Vec<Fee> =
            (0..50).map(|n| fee(n, &format!("u{}", n % 7), &format!("t{n}"))).collect();
        let mut batch = batch(&fees);
        batch.corrections = fees.iter().take(5).map(|fee| correction(fee, "typed wrong")).collect();
        let (chunks, rows) = (write(&batch).unwrap(), rows_of(&batch));
        assert_eq!(chunks.iter().map(|chunk| form(chunk)).collect::<Vec<_>>(), [COLUMNS, ROWS]);
        assert_eq!(rows.iter().map(|chunk| form(chunk)).collect::<Vec<_>>(), [ROWS]);
        assert_eq!(content(&read_back(&chunks)), content(&batch));
        assert_eq!(content(&read_back(&rows)), content(&batch));
    }

    #[test]
    fn empty_batch_is_no_chunk() {
        assert!(write(&FeeBatch::default()).unwrap().is_empty());
    }

    #[test]
    fn chunk_is_independent_of_fee_order() {
        let fees: Vec<Fee> = (0..40).map(|n| fee(n, &format!("u{}", n % 7), "7")).collect();
        let chunks = [false, true].map(|is_reversed| {
            let mut arriving: Vec<_> = fees.iter().collect();
            if is_reversed {
                arriving.reverse();
            }
            let mut batch = FeeBatch::default();
            arriving.into_iter().for_each(|fee| batch.push(Arrival(5), fee).unwrap());
            write(&batch).unwrap()
        });
        assert_eq!(chunks[0], chunks[1]);
    }

    #[test]
    fn large_batch_is_split_to_fit_items() {
        let long = |n: i64| format!("{n:064}");
        let fees: Vec<Fee> = (0..4000).map(|n| fee(n, &long(n), &long(n * 7919))).collect();
        let mut batch = batch(&fees);
        let why = "\u{1F4B8}".repeat(200);
        batch.corrections = fees.iter().map(|fee| correction(fee, &why)).collect();
        let chunks = write(&batch).unwrap();
        assert!(chunks.len() > 5);
        assert!(chunks.iter().all(|chunk| chunk.len() < 380 * 1024));
        assert_eq!(content(&read_back(&chunks)), content(&batch));
        let numbered: Vec<Fee> =
            (0..40_000).map(|n| fee(n % 99, &n.to_string(), &n.to_string())).collect();
        let numbered = self::batch(&numbered);
        let chunks = write(&numbered).unwrap();
        assert!(chunks.len() > 2 && chunks.iter().all(|chunk| chunk.len() <= FULL));
        assert_eq!(content(&read_back(&chunks)), content(&numbered));
    }

    #[test]
    fn more_than_255_assets_take_two_chunks() {
        let asset = |n: i64| format!("A{n}").parse().unwrap();
        let fees: Vec<Fee> =
            (0..600).map(|n| with(fee(n, "1", "1"), |charge| charge.asset = asset(n))).collect();
        let chunks = write(&batch(&fees)).unwrap();
        assert_eq!(chunks.len(), 3);
        assert_eq!(content(&read_back(&chunks)), content(&batch(&fees)));
    }

    #[test]
    fn wide_values_become_rows() {
        let wide =
            |amount| with(fee(1, "1", "1"), |charge| charge.amount = Amount::from_minor(amount));
        let fees = [i128::MAX, i128::from(i64::MAX) + 1, i64::MAX.into(), i64::MIN.into()];
        let fees = fees.map(wide);
        let chunks = write(&batch(&fees)).unwrap();
        assert_eq!(chunks.iter().map(|chunk| form(chunk)).collect::<Vec<_>>(), [COLUMNS, ROWS]);
        assert_eq!(content(&read_back(&chunks)), content(&batch(&fees)));
    }

    /// Returns a pseudo-random amount of at most `bits` bits.
    fn scattered(n: i64, bits: u32) -> Amount {
        let mixed = (n * n).cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Amount::from_minor(i128::from(mixed >> (64 - bits)))
    }

    fn bytes_a_fee(trade_id: impl Fn(i64) -> String) -> usize {
        let fees: Vec<Fee> = (0..1000)
            .map(|n| {
                let fee = fee(n, &(35_912_846 + n * n % 300).to_string(), &trade_id(n));
                with(fee, |charge| {
                    charge.amount = scattered(n, 30);
                    charge.amount_usd = scattered(n + 1000, 30);
                    charge.volume_usd = scattered(n + 2000, 40);
                })
            })
            .collect();
        let size: usize = write(&batch(&fees)).unwrap().iter().map(Vec::len).sum();
        size / 1000
    }

    #[test]
    fn fee_takes_under_20_bytes() {
        let bytes = bytes_a_fee(|n| (4_127_365_000 + n).to_string());
        assert!((12..20).contains(&bytes), "{bytes}");
    }

    #[test]
    fn scattered_number_takes_its_bits() {
        let (ascending, scattered) = (
            bytes_a_fee(|n| (4_127_365_000 + n).to_string()),
            bytes_a_fee(|n| scattered(n, 34).minor().to_string()),
        );
        assert!((ascending + 3..=ascending + 5).contains(&scattered), "{scattered}");
    }

    #[test]
    fn wide_values_of_long_ids_stay_within_a_chunk() {
        let wide = Amount::from_minor(i128::MAX);
        let fees: Vec<Fee> = (0..6_000)
            .map(|n| with(fee(n % 900, &format!("{n:064}"), "1"), |charge| charge.amount = wide))
            .collect();
        let chunks = write(&batch(&fees)).unwrap();
        assert!(chunks.iter().all(|chunk| form(chunk) == ROWS));
        // A chunk ends with the fee by which it is full; the lengths of ids and the head are little.
        assert!(chunks.iter().all(|chunk| chunk.len() < FULL + 8 * 1024));
        assert_eq!(content(&read_back(&chunks)), content(&batch(&fees)));
    }

    #[test]
    fn uuid_takes_16_bytes() {
        let bytes = bytes_a_fee(|n| format!("0190a5c1-7f3e-7abc-8def-00ff{:08x}", n * n));
        assert!((28..36).contains(&bytes), "{bytes}");
    }

    #[test]
    fn each_flipped_bit_is_refused() {
        let chunk = columns();
        for bit in 0..chunk.len() * 8 {
            let mut flipped = chunk.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut into = FeeBatch::default();
            assert!(read(&flipped, &mut into).is_err(), "{bit}");
            assert!(into.fees.is_empty() && into.fees.invitees().count() == 0);
        }
    }

    #[test]
    fn each_cut_and_extension_is_refused() {
        let chunk = columns();
        for length in 0..chunk.len() {
            assert!(read(&chunk[..length], &mut FeeBatch::default()).is_err(), "{length}");
        }
        let longer = [chunk.as_slice(), &[0]].concat();
        assert!(read(&longer, &mut FeeBatch::default()).is_err());
        let row = rows_of(&batch(&[fee(1, "u1", "t1")])).remove(0);
        for bytes in [&row[..row.len() - 1], &[&row[..], &[0]].concat()] {
            assert!(read(bytes, &mut FeeBatch::default()).is_err());
        }
    }

    #[test]
    fn unreadable_chunk_leaves_batch_unchanged() {
        let first = batch(&[fee(1, "u1", "t1")]);
        let mut second = batch(&[fee(2, "u1", "t2"), fee(3, "u2", "t3")]);
        second.corrections = vec![correction(&fee(2, "u1", "t2"), "typed wrong")];
        let mut into = read_back(&write(&first).unwrap());
        for chunk in rows_of(&second).iter().chain(&write(&second).unwrap()) {
            assert!(read(&chunk[..chunk.len() - 1], &mut into).is_err());
            assert_eq!(content(&into), content(&first));
            assert_eq!(into.fees.invitees().count(), 1);
        }
    }

    #[test]
    fn payers_are_known_while_the_head_is_sound() {
        let mut batch = batch(&[fee(1, "u1", "t1"), fee(2, "u2", "t2")]);
        let uids = ["u1", "u2"].map(|uid| uid.parse().unwrap()).to_vec();
        for chunk in [write(&batch).unwrap().remove(0), rows_of(&batch).remove(0)] {
            assert_eq!(payers(&chunk[..chunk.len() - 1]), Some(uids.clone()));
        }
        assert_eq!(payers(&[]), None);
        let numbered = columns();
        assert_eq!(payers(&numbered).unwrap().len(), 7);
        let mut damaged = numbered;
        damaged[20] ^= 1;
        assert_eq!(payers(&damaged), None);
        batch.corrections = vec![correction(&fee(1, "u3", "t3"), "typed wrong")];
        assert_eq!(payers(&rows_of(&batch).remove(0)), None);
    }
}

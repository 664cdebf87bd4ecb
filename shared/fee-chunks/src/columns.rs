//! The columnar form of a chunk: one column for each part of a fee, in as few bits as it needs.
//!
//! ```text
//! magic (2 bytes) · version (1) · length of the head (4) · checksum of head and all before it (4)
//!   · checksum of the columns (4) · head · columns
//! head: number of fees · number of columns · id and length of each column · payers
//! ```
//!
//! All of it is little-endian; numbers without a width take seven bits a byte. The checksums are
//! CRC-32. The payers are in the head, so that they are known where a column is damaged. A later
//! release may add columns under new ids: this one refuses what it does not know.

mod read;
mod write;

pub(super) use self::read::{payers, read};
pub(super) use self::write::write;

/// The first bytes. No chunk of rows begins with them: it would have assets and no payers.
pub(super) const MAGIC: [u8; 2] = [0, 0xC5];
/// The version of the columns.
pub const VERSION: u8 = 1;
/// The bytes before the head.
const PREFIX: usize = 15;
/// The most fees of a chunk: bounds what reading a chunk allocates.
const MAX_FEES: usize = 1 << 14;
/// The most assets of a chunk.
const MAX_ASSETS: usize = 255;
/// The longest trade id: with its sub-account, and a stroke between them.
const LONGEST_TRADE_ID: usize = 129;
const LONGEST_UID: usize = 64;

/// The columns after the head, in their order.
const COLUMNS: [u8; 9] = [PAYER, ASSET, CLASS, TRADE, AMOUNT, AMOUNT_USD, VOLUME_USD, AT, ARRIVAL];
const PAYER: u8 = 1;
const ASSET: u8 = 2;
const CLASS: u8 = 3;
const TRADE: u8 = 4;
const AMOUNT: u8 = 5;
const AMOUNT_USD: u8 = 6;
const VOLUME_USD: u8 = 7;
const AT: u8 = 8;
const ARRIVAL: u8 = 9;

const NUMBERS: u8 = 0;
const TEXTS: u8 = 1;
const UUIDS: u8 = 2;

/// Returns a chunk of head and columns: puts them behind their lengths and checksums.
#[must_use]
pub fn framed(version: u8, head: &[u8], columns: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(PREFIX + head.len() + columns.len());
    chunk.extend(MAGIC);
    chunk.push(version);
    chunk.extend((head.len() as u32).to_le_bytes());
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&chunk);
    checksum.update(head);
    chunk.extend(checksum.finalize().to_le_bytes());
    chunk.extend(crc32fast::hash(columns).to_le_bytes());
    chunk.extend_from_slice(head);
    chunk.extend_from_slice(columns);
    chunk
}

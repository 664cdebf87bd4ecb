//! Columnar form of a chunk: one column per field of a fee, in as few bits as needed.
//!
//! ```text
//! magic (2 bytes) · version (1) · length of the head (4) · checksum of head and all before it (4)
//!   · checksum of the columns (4) · head · columns
//! head: number of fees · number of columns · id and length of each column · payers
//! ```
//!
//! All integers are little-endian. Integers without a width are varints with seven bits per byte.
//! The checksums are CRC-32. The payers are in the head, so that they are known even if a column
//! is damaged. A later release may add columns with new ids. This release rejects unknown ids.

mod read;
mod write;

pub(super) use self::read::{payers, read};
pub(super) use self::write::write;

/// First bytes of a chunk of columns. A chunk of rows never begins with them, because it would
/// have assets and no payers.
pub(super) const MAGIC: [u8; 2] = [0, 0xC5];
/// Version of the columns.
pub const VERSION: u8 = 1;
/// Number of bytes before the head.
const PREFIX: usize = 15;
/// Maximum number of fees in a chunk. It limits the allocation when a chunk is read.
const MAX_FEES: usize = 1 << 14;
/// Maximum number of assets in a chunk.
const MAX_ASSETS: usize = 255;
/// Maximum length of a trade id in bytes: with its sub-account and a slash between them.
const LONGEST_TRADE_ID: usize = 129;
const LONGEST_UID: usize = 64;

/// Ids of the columns after the head, in order.
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

/// Builds a chunk: magic, version, head length and checksums, followed by head and columns.
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

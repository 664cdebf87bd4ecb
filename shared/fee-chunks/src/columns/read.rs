//! Decoder of columns as fees. It adds all fees of a chunk or none.

use commission::{Arrival, Asset, AssetNumber, Class, CompactFee, Fees, Payer, TooMany, TradeKey};
use types::{FeeKind, Product, Timestamp, TradeId, Uid, Vip};

use super::{COLUMNS, LONGEST_TRADE_ID, LONGEST_UID, MAX_FEES, NUMBERS, TEXTS, UUIDS, VERSION};
use crate::ChunkError;
use crate::codec::{Reader, integers, places, texts};

/// A chunk with a valid head.
struct Chunk<'a> {
    fees: usize,
    /// Ids and lengths of the columns.
    lengths: Vec<(u8, usize)>,
    payers: PayerIds,
    columns: &'a [u8],
    columns_checksum: u32,
}

/// Payers of a chunk.
enum PayerIds {
    Numbers(Vec<u64>),
    Texts(Vec<Uid>),
}

impl PayerIds {
    const fn len(&self) -> usize {
        match self {
            Self::Numbers(ids) => ids.len(),
            Self::Texts(ids) => ids.len(),
        }
    }

    fn among(&self, fees: &mut Fees) -> Result<Vec<Payer>, TooMany> {
        match self {
            Self::Numbers(ids) => fees.numbered_payers(ids),
            Self::Texts(uids) => uids.iter().map(|uid| fees.payer(uid)).collect(),
        }
    }
}

/// Returns the payers of a chunk that cannot be read; `None` if its head is not valid.
pub(crate) fn payers(bytes: &[u8]) -> Option<Vec<Uid>> {
    match open(bytes).ok()?.payers {
        PayerIds::Texts(uids) => Some(uids),
        PayerIds::Numbers(ids) => ids.iter().map(|id| id.to_string().parse().ok()).collect(),
    }
}

fn open(bytes: &[u8]) -> Result<Chunk<'_>, ChunkError> {
    let cut = || ChunkError::Damaged("it ends before its head does");
    let mut reader = Reader(bytes);
    let described = bytes.get(..7).ok_or_else(cut)?;
    let (_magic, version) = (reader.take(2), reader.byte());
    let mut number = || Some(u32::from_le_bytes(reader.take(4)?.try_into().ok()?));
    let (length, head_checksum) = (number().ok_or_else(cut)?, number().ok_or_else(cut)?);
    let columns_checksum = number().ok_or_else(cut)?;
    let head = reader.take(length as usize).ok_or_else(cut)?;
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(described);
    checksum.update(head);
    if checksum.finalize() != head_checksum {
        return Err(ChunkError::Damaged("its head does not have its checksum"));
    }
    if version != Some(VERSION) {
        let version = version.unwrap_or_default();
        return Err(ChunkError::UnknownVersion { version, known: VERSION });
    }
    let (fees, lengths, payers) =
        read_head(head).ok_or(ChunkError::Damaged("its head is malformed"))?;
    Ok(Chunk { fees, lengths, payers, columns: reader.0, columns_checksum })
}

type Head = (usize, Vec<(u8, usize)>, PayerIds);

fn read_head(head: &[u8]) -> Option<Head> {
    let mut reader = Reader(head);
    let fees = reader.length().filter(|fees| (1..=MAX_FEES).contains(fees))?;
    let columns = reader.byte()?;
    let lengths = (0..columns).map(|_| Some((reader.byte()?, reader.length()?)));
    let lengths = lengths.collect::<Option<Vec<_>>>()?;
    let payers = reader.length().filter(|payers| (1..=fees).contains(payers))?;
    let payers = match reader.byte()? {
        NUMBERS => {
            let numbers = integers(&mut reader, payers)?;
            PayerIds::Numbers(numbers.into_iter().map(i64::cast_unsigned).collect())
        }
        TEXTS => {
            let uids = texts(&mut reader, payers, LONGEST_UID)?;
            PayerIds::Texts(uids.iter().map(|uid| uid.parse().ok()).collect::<Option<_>>()?)
        }
        _ => return None,
    };
    reader.is_empty().then_some((fees, lengths, payers))
}

/// Reads a chunk into `fees`. Adds all of its fees or none.
pub(crate) fn read(bytes: &[u8], fees: &mut Fees) -> Result<(), ChunkError> {
    let chunk = open(bytes)?;
    if crc32fast::hash(chunk.columns) != chunk.columns_checksum {
        return Err(ChunkError::Damaged("its columns do not have their checksum"));
    }
    let columns = chunk.split()?;
    let malformed = ChunkError::Damaged("a column is malformed");
    let decoded = Decoded::of(&chunk, columns).ok_or(malformed)?;
    Ok(decoded.add_to(&chunk, fees)?)
}

impl<'a> Chunk<'a> {
    /// Returns the bytes of each column, in the order of [`COLUMNS`].
    fn split(&self) -> Result<[Reader<'a>; COLUMNS.len()], ChunkError> {
        if let Some((id, _)) = self.lengths.iter().find(|(id, _)| !COLUMNS.contains(id)) {
            return Err(ChunkError::UnknownColumn(*id));
        }
        if !self.lengths.iter().map(|(id, _)| id).eq(&COLUMNS) {
            return Err(ChunkError::Damaged("its columns are not all there, or in another order"));
        }
        let mut rest = Reader(self.columns);
        let mut columns = self.lengths.iter().map_while(|(_, length)| rest.take(*length));
        let columns = COLUMNS.map(|_| columns.next().map(Reader));
        let [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f), Some(g), Some(h), Some(i)] =
            columns
        else {
            return Err(ChunkError::Damaged("its columns are longer than it is"));
        };
        if !rest.is_empty() {
            return Err(ChunkError::Damaged("more bytes than its columns have"));
        }
        Ok([a, b, c, d, e, f, g, h, i])
    }
}

/// Decoded columns of a chunk. Each has one valid entry per fee.
struct Decoded {
    payers: Vec<u32>,
    assets: Vec<Asset>,
    asset_places: Vec<u32>,
    classes: Vec<Class>,
    class_places: Vec<u32>,
    trades: Trades,
    amounts: [Vec<i64>; 3],
    at: Vec<i64>,
    arrival: Vec<i64>,
}

enum Trades {
    Numbers(Vec<i64>),
    Uuids(Vec<[u8; 16]>),
    Texts(Vec<String>),
}

impl Decoded {
    fn of(chunk: &Chunk<'_>, columns: [Reader<'_>; COLUMNS.len()]) -> Option<Self> {
        let count = chunk.fees;
        let [
            mut payer,
            mut asset,
            mut class,
            mut trade,
            amount,
            amount_usd,
            volume_usd,
            at,
            arrival,
        ] = columns;
        let payers = places(&mut payer, count, chunk.payers.len())?;
        let assets = read_assets(&mut asset)?;
        let asset_places = places(&mut asset, count, assets.len())?;
        let classes = read_classes(&mut class)?;
        let class_places = places(&mut class, count, classes.len())?;
        let trades = Trades::of(&mut trade, count)?;
        let all_read = [payer, asset, class, trade].iter().all(Reader::is_empty);
        let whole =
            |mut column: Reader<'_>| integers(&mut column, count).filter(|_| column.is_empty());
        let amounts = [whole(amount)?, whole(amount_usd)?, whole(volume_usd)?];
        let (at, arrival) = (whole(at)?, whole(arrival)?);
        let are_times = at.iter().all(|at| Timestamp::from_millis(*at).is_some());
        (all_read && are_times).then_some(Self {
            payers,
            assets,
            asset_places,
            classes,
            class_places,
            trades,
            amounts,
            at,
            arrival,
        })
    }

    fn add_to(&self, chunk: &Chunk<'_>, fees: &mut Fees) -> Result<(), TooMany> {
        fees.check_room(chunk.fees, self.trades.bytes(), self.assets.len())?;
        let payers = chunk.payers.among(fees)?;
        let assets = self.assets.iter().map(|asset| fees.asset(*asset));
        let assets = assets.collect::<Result<Vec<_>, _>>()?;
        let parties = (payers.as_slice(), assets.as_slice());
        match &self.trades {
            Trades::Numbers(numbers) => {
                let trades = numbers.iter().map(|number| TradeKey::Number(number.cast_unsigned()));
                self.push(trades, parties, fees)
            }
            Trades::Uuids(uuids) => {
                self.push(uuids.iter().map(|uuid| TradeKey::Uuid(*uuid)), parties, fees)
            }
            Trades::Texts(texts) => {
                self.push(texts.iter().map(|text| TradeKey::of(text)), parties, fees)
            }
        }
    }

    fn push<'a>(
        &self,
        trades: impl Iterator<Item = TradeKey<'a>>,
        (payers, assets): (&[Payer], &[AssetNumber]),
        fees: &mut Fees,
    ) -> Result<(), TooMany> {
        let [amounts, amounts_usd, volumes_usd] = &self.amounts;
        let amounts = amounts.iter().zip(amounts_usd).zip(volumes_usd);
        let places = self.payers.iter().zip(&self.asset_places).zip(&self.class_places);
        let times = self.at.iter().zip(&self.arrival);
        for (((trade, amounts), places), times) in trades.zip(amounts).zip(places).zip(times) {
            let ((amount, amount_usd), volume_usd) = amounts;
            let ((payer, asset), class) = places;
            let (at, arrival) = times;
            let entries = (
                payers.get(*payer as usize),
                assets.get(*asset as usize),
                self.classes.get(*class as usize),
                Timestamp::from_millis(*at),
            );
            // Indexes and times are validated before any fee is added.
            let (Some(payer), Some(asset), Some(class), Some(at)) = entries else { continue };
            fees.push_compact(&CompactFee {
                payer: *payer,
                trade,
                class: class.in_asset(*asset),
                amounts: [*amount, *amount_usd, *volume_usd],
                at,
                arrival: Arrival(arrival.cast_unsigned()),
            })?;
        }
        Ok(())
    }
}

fn read_assets(column: &mut Reader<'_>) -> Option<Vec<Asset>> {
    let count = column.byte()?;
    let asset = |_| {
        let length = usize::from(column.byte()?);
        std::str::from_utf8(column.take(length)?).ok()?.parse().ok()
    };
    (0..count).map(asset).collect()
}

fn read_classes(column: &mut Reader<'_>) -> Option<Vec<Class>> {
    let count = column.length()?;
    let class = |_| {
        let class = u16::from_le_bytes(column.take(2)?.try_into().ok()?);
        let product = Product::ALL.get(usize::from(class >> 8 & 3))?;
        let kind = FeeKind::ALL.get(usize::from(class >> 10 & 3))?;
        let (vip, broker) = (Vip((class & 0xFF) as u8), class >> 12 & 1 == 1);
        (class >> 13 == 0).then(|| Class::new(*product, *kind, vip, broker))
    };
    (0..count).map(class).collect()
}

impl Trades {
    fn of(column: &mut Reader<'_>, count: usize) -> Option<Self> {
        match column.byte()? {
            NUMBERS => Some(Self::Numbers(integers(column, count)?)),
            UUIDS => {
                let uuids = (0..count).map(|_| column.take(16)?.try_into().ok());
                Some(Self::Uuids(uuids.collect::<Option<_>>()?))
            }
            TEXTS => {
                let texts = texts(column, count, LONGEST_TRADE_ID)?;
                let are_ids = texts.iter().all(|text| TradeId::check(text).is_ok());
                are_ids.then_some(Self::Texts(texts))
            }
            _ => None,
        }
    }

    /// Returns the memory size of the trade ids in bytes, in addition to the records.
    fn bytes(&self) -> usize {
        match self {
            Self::Numbers(_) => 0,
            Self::Uuids(uuids) => uuids.len() * 16,
            Self::Texts(texts) => texts.iter().map(|text| text.len() + 1).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MAGIC, framed};
    use super::*;
    use crate::codec::put_varint;

    /// Builds a chunk of one fee of payer 7 with the given columns and valid checksums.
    fn chunk_with(version: u8, columns: &[(u8, &[u8])]) -> Vec<u8> {
        let mut head = vec![1, columns.len() as u8];
        for (id, column) in columns {
            head.push(*id);
            put_varint(column.len() as u64, &mut head);
        }
        // One numeric payer, in a frame of zero bits with the minimum 7 (zigzag 14).
        head.extend([1, NUMBERS, 0, 14, 0]);
        let columns: Vec<&[u8]> = columns.iter().map(|(_, column)| *column).collect();
        framed(version, &head, &columns.concat())
    }

    /// Columns of a fee of 5 units in BTC, at 1 millisecond after the epoch.
    const SAMPLE: [(u8, &[u8]); 9] = [
        (1, &[]),
        (2, b"\x01\x03BTC"),
        (3, &[1, 0, 0]),
        (4, &[NUMBERS, 0, 18, 0]),
        (5, &[0, 10, 0]),
        (6, &[0, 10, 0]),
        (7, &[0, 10, 0]),
        (8, &[0, 2, 0]),
        (9, &[0, 2, 0]),
    ];

    fn refusal(chunk: &[u8]) -> String {
        let mut fees = Fees::default();
        let refusal = read(chunk, &mut fees).unwrap_err().to_string();
        assert!(fees.is_empty() && fees.invitees().count() == 0, "{refusal}");
        refusal
    }

    fn changed(place: usize, column: (u8, &'static [u8])) -> Vec<u8> {
        let mut columns = SAMPLE;
        columns[place] = column;
        chunk_with(VERSION, &columns)
    }

    #[test]
    fn chunk_written_by_hand_is_read() {
        let mut fees = Fees::default();
        read(&chunk_with(VERSION, &SAMPLE), &mut fees).unwrap();
        let fee = fees.iter().next().unwrap().fee();
        let text = (fee.uid.as_str(), fee.trade_id.as_str(), fee.charge.asset.as_str());
        assert_eq!((fees.len(), text), (1, ("7", "9", "BTC")));
        assert_eq!((fee.charge.amount.minor(), fee.charge.at.millis()), (5, 1));
    }

    #[test]
    fn unknown_version_is_named() {
        let refusal = refusal(&chunk_with(9, &SAMPLE));
        assert!(refusal.contains("version 9, and this code reads version 1"), "{refusal}");
    }

    #[test]
    fn unknown_column_is_named() {
        let columns = [&SAMPLE[..], &[(10, b"side")]].concat();
        assert!(refusal(&chunk_with(VERSION, &columns)).contains("column 10 is not known"));
    }

    #[test]
    fn missing_or_swapped_columns_are_refused() {
        assert!(refusal(&chunk_with(VERSION, &SAMPLE[..8])).contains("not all there"));
        let mut swapped = SAMPLE;
        swapped.swap(4, 5);
        assert!(refusal(&chunk_with(VERSION, &swapped)).contains("another order"));
    }

    #[test]
    fn malformed_columns_are_refused() {
        let malformed: [(usize, &[u8]); 10] = [
            (0, &[0]),
            (1, b"\x01\x03btc"),
            (1, b"\x00"),
            (2, &[1, 0, 0x20]),
            (2, &[1, 0, 0x03]),
            (3, &[9, 0, 18, 0]),
            (3, &[TEXTS, 3, b'a', b' ', b'b', 0, 0, 0]),
            (4, &[0, 10, 65]),
            (4, &[0, 10, 0, 0]),
            (7, &[0, 1, 0]),
        ];
        for (place, column) in malformed {
            let refusal = refusal(&changed(place, (SAMPLE[place].0, column)));
            assert!(refusal.contains("a column is malformed"), "{place}: {refusal}");
        }
    }

    #[test]
    fn head_that_promises_too_much_is_refused() {
        for fees in [0, MAX_FEES as u64 + 1, u64::MAX] {
            let mut head = Vec::new();
            put_varint(fees, &mut head);
            head.extend([0, 1, NUMBERS, 0, 14, 0]);
            assert!(refusal(&framed(VERSION, &head, &[])).contains("its head is malformed"));
        }
        assert_eq!(framed(VERSION, &[], &[])[..2], MAGIC);
    }
}

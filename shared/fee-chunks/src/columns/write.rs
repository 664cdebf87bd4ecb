//! Encoder of fees as columns.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use commission::{Amount, Asset, FeeRef, TradeKey, canonical_number};
use types::Uid;

use super::{
    AMOUNT, AMOUNT_USD, ARRIVAL, ASSET, AT, CLASS, COLUMNS, MAX_ASSETS, MAX_FEES, NUMBERS, PAYER,
    TEXTS, TRADE, UUIDS, VERSION, VOLUME_USD, framed,
};
use crate::codec::{put_integers, put_places, put_texts, put_varint};

/// Writes fees as chunks of at most `full` bytes. Returns the fees with values beyond 64 bits,
/// which do not fit into columns. The same fees in any order give the same chunks.
pub(crate) fn write<'a>(
    fees: impl Iterator<Item = FeeRef<'a>>,
    full: usize,
    chunks: &mut Vec<Vec<u8>>,
) -> Vec<FeeRef<'a>> {
    let mut wide = Vec::new();
    let mut narrow = Vec::new();
    for fee in fees {
        match Row::of(fee) {
            Some(row) => narrow.push(row),
            None => wide.push(fee),
        }
    }
    narrow.sort_unstable_by(Row::cmp);
    let mut rest = narrow.as_slice();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(longest_start(rest));
        put_within(chunk, full, chunks);
        rest = after;
    }
    wide
}

/// Returns the number of rows, from the first on, that stay within the limits of a chunk for
/// assets and fees.
fn longest_start(rows: &[Row<'_>]) -> usize {
    let mut assets = BTreeSet::new();
    let fits = |row: &&Row<'_>| {
        assets.insert(row.asset);
        assets.len() <= MAX_ASSETS
    };
    rows.iter().take(MAX_FEES).take_while(fits).count()
}

/// Writes rows as one chunk, or splits them in halves if the chunk is too long.
fn put_within(rows: &[Row<'_>], full: usize, chunks: &mut Vec<Vec<u8>>) {
    let chunk = encode(rows);
    if chunk.len() <= full || rows.len() < 2 {
        chunks.push(chunk);
        return;
    }
    let (first, second) = rows.split_at(rows.len() / 2);
    put_within(first, full, chunks);
    put_within(second, full, chunks);
}

/// A fee as a row of the columns.
struct Row<'a> {
    fee: FeeRef<'a>,
    trade: TradeKey<'a>,
    asset: Asset,
    class: u16,
    amounts: [i64; 3],
    at: i64,
    arrival: i64,
}

impl<'a> Row<'a> {
    fn of(fee: FeeRef<'a>) -> Option<Self> {
        let charge = fee.charge();
        let narrow = |amount: Amount| i64::try_from(amount.minor()).ok();
        let amounts =
            [narrow(charge.amount)?, narrow(charge.amount_usd)?, narrow(charge.volume_usd)?];
        let (product, kind) = (charge.product as u16, charge.kind as u16);
        Some(Self {
            fee,
            trade: fee.trade(),
            asset: charge.asset,
            class: u16::from(charge.vip.0)
                | product << 8
                | kind << 10
                | u16::from(charge.broker) << 12,
            amounts,
            at: charge.at.millis(),
            arrival: fee.arrival().0.cast_signed(),
        })
    }

    /// Compares by time first, because most columns then have small steps.
    fn cmp(&self, other: &Self) -> Ordering {
        let first =
            (self.at, self.trade, self.arrival).cmp(&(other.at, other.trade, other.arrival));
        first.then_with(|| {
            let rest = |row: &Self| (row.asset, row.class, row.amounts);
            let payers = self.fee.invitee().cmp(other.fee.invitee());
            payers.then_with(|| rest(self).cmp(&rest(other)))
        })
    }
}

fn encode(rows: &[Row<'_>]) -> Vec<u8> {
    let (mut directory, mut columns) = (Vec::new(), Vec::new());
    let (payers, payer_places) = dictionary(rows.iter().map(|row| PayerKey::of(row.fee.invitee())));
    let mut put = |id: u8, put: &dyn Fn(&mut Vec<u8>)| {
        let start = columns.len();
        put(&mut columns);
        directory.push(id);
        put_varint((columns.len() - start) as u64, &mut directory);
    };
    put(PAYER, &|out| put_places(&payer_places, payers.len(), out));
    put(ASSET, &|out| put_assets(rows, out));
    put(CLASS, &|out| put_classes(rows, out));
    put(TRADE, &|out| put_trades(rows, out));
    let column = |value: &dyn Fn(&Row<'_>) -> i64, out: &mut Vec<u8>| {
        put_integers(&rows.iter().map(value).collect::<Vec<_>>(), out);
    };
    put(AMOUNT, &|out| column(&|row| row.amounts[0], out));
    put(AMOUNT_USD, &|out| column(&|row| row.amounts[1], out));
    put(VOLUME_USD, &|out| column(&|row| row.amounts[2], out));
    put(AT, &|out| column(&|row| row.at, out));
    put(ARRIVAL, &|out| column(&|row| row.arrival, out));

    let mut head = Vec::new();
    put_varint(rows.len() as u64, &mut head);
    head.push(COLUMNS.len() as u8);
    head.extend(directory);
    put_payers(&payers, &mut head);
    framed(VERSION, &head, &columns)
}

/// Returns the distinct keys in order, and the index of each key among them.
fn dictionary<K: Ord + Copy>(keys: impl Iterator<Item = K> + Clone) -> (Vec<K>, Vec<u32>) {
    let distinct: BTreeSet<K> = keys.clone().collect();
    let numbers: BTreeMap<K, u32> = distinct.iter().copied().zip(0..).collect();
    let places = keys.filter_map(|key| numbers.get(&key).copied()).collect();
    (distinct.into_iter().collect(), places)
}

/// Id of a payer. In the dictionary, numbers are ordered by value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PayerKey<'a> {
    Number(u64),
    Text(&'a str),
}

impl<'a> PayerKey<'a> {
    fn of(uid: &'a Uid) -> Self {
        canonical_number(uid.as_str()).map_or(Self::Text(uid.as_str()), Self::Number)
    }
}

fn put_payers(payers: &[PayerKey<'_>], out: &mut Vec<u8>) {
    put_varint(payers.len() as u64, out);
    let number = |payer: &PayerKey<'_>| match payer {
        PayerKey::Number(number) => Some(number.cast_signed()),
        PayerKey::Text(_) => None,
    };
    if let Some(numbers) = payers.iter().map(number).collect::<Option<Vec<i64>>>() {
        out.push(NUMBERS);
        return put_integers(&numbers, out);
    }
    out.push(TEXTS);
    let texts = payers.iter().map(|payer| match payer {
        PayerKey::Number(number) => number.to_string(),
        PayerKey::Text(text) => (*text).to_owned(),
    });
    let texts: Vec<String> = texts.collect();
    put_texts(&texts.iter().map(String::as_str).collect::<Vec<_>>(), out);
}

fn put_assets(rows: &[Row<'_>], out: &mut Vec<u8>) {
    let (assets, asset_places) = dictionary(rows.iter().map(|row| row.asset));
    out.push(assets.len() as u8);
    for asset in &assets {
        out.push(asset.as_str().len() as u8);
        out.extend(asset.as_str().bytes());
    }
    put_places(&asset_places, assets.len(), out);
}

fn put_classes(rows: &[Row<'_>], out: &mut Vec<u8>) {
    let (classes, class_places) = dictionary(rows.iter().map(|row| row.class));
    put_varint(classes.len() as u64, out);
    classes.iter().for_each(|class| out.extend(class.to_le_bytes()));
    put_places(&class_places, classes.len(), out);
}

fn put_trades(rows: &[Row<'_>], out: &mut Vec<u8>) {
    let number = |row: &Row<'_>| match row.trade {
        TradeKey::Number(number) => Some(number.cast_signed()),
        _ => None,
    };
    let uuid = |row: &Row<'_>| match row.trade {
        TradeKey::Uuid(bytes) => Some(bytes),
        _ => None,
    };
    if let Some(numbers) = rows.iter().map(number).collect::<Option<Vec<i64>>>() {
        out.push(NUMBERS);
        put_integers(&numbers, out);
    } else if let Some(uuids) = rows.iter().map(uuid).collect::<Option<Vec<_>>>() {
        out.push(UUIDS);
        out.extend(uuids.concat());
    } else {
        out.push(TEXTS);
        let texts: Vec<String> = rows.iter().map(|row| row.trade.to_string()).collect();
        put_texts(&texts.iter().map(String::as_str).collect::<Vec<_>>(), out);
    }
}

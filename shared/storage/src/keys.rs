//! Every key of the table, as a type. No other file spells a key.
//!
//! Numbers in keys are zero-padded and days are ISO, so that text order is time order. A key that
//! many writers share carries the shard of the invitee, so that no partition heats up.

use std::collections::HashMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};
use types::{Day, LinkCode, Timestamp, Uid};

/// The partition key's attribute.
pub const PK: &str = "pk";
/// The sort key's attribute.
pub const SK: &str = "sk";
/// The attribute that DynamoDB's time-to-live reads, in seconds since 1970.
pub const EXPIRES_AT: &str = "expiresAt";

/// In how many shards the invitees are split. Fixed for the life of a table: it is in its keys.
pub const SHARDS: u8 = 64;
/// In how many buckets the inviters are split; a publishing worker takes a range of them.
pub const BUCKETS: u16 = 1024;

/// The shard of an invitee: a worker folds one shard of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u8);

impl Shard {
    /// The shard that holds an invitee's fees.
    #[must_use]
    pub fn of(invitee: &Uid) -> Self {
        Self(digest(invitee.as_str()).first().map_or(0, |byte| byte % SHARDS))
    }

    /// A shard by its number, if there is one.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < SHARDS { Some(Self(number)) } else { None }
    }

    /// The shard's number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// All shards.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARDS).map(Self)
    }
}

/// The bucket of an inviter, below [`BUCKETS`].
#[must_use]
pub fn bucket(inviter: &Uid) -> u16 {
    match digest(inviter.as_str()).as_slice() {
        [_, high, low, ..] => u16::from_be_bytes([*high, *low]) % BUCKETS,
        _ => 0,
    }
}

fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

/// The first 16 bytes of a SHA-256 in hexadecimal: a short name for some content.
#[must_use]
pub fn short_sha256(content: &[u8]) -> String {
    hexadecimal(&Sha256::digest(content))
}

/// The first 16 bytes of a digest in hexadecimal.
pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().take(16).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An item's primary key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// The key as the SDK takes it.
    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// Whether an item is the one under `key`.
pub(crate) fn is_at(item: &HashMap<String, AttributeValue>, key: &Key) -> bool {
    item.get(PK) == Some(&AttributeValue::S(key.pk.clone()))
        && item.get(SK) == Some(&AttributeValue::S(key.sk.clone()))
}

/// An item's primary key.
pub(crate) fn key_of(item: &HashMap<String, AttributeValue>) -> Option<Key> {
    let part = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Some(Key { pk: part(PK)?, sk: part(SK)? })
}

/// An item's sort key.
pub(crate) fn sort_key(item: &HashMap<String, AttributeValue>) -> &str {
    item.get(SK).and_then(|sk| sk.as_s().ok()).map_or("", String::as_str)
}

/// What an item is by its key, as far as others are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// An account.
    Account,
    /// The evidence of a binding.
    Binding,
    /// What a run booked for an affiliate's day, or a part of it.
    Summary { affiliate: Uid, day: Day, seq: u64, part: u16 },
    /// Anything else, and no item at all.
    Other,
}

/// What an item is by its key.
pub(crate) fn place(item: &HashMap<String, AttributeValue>) -> Place {
    let Some(Key { pk, sk }) = key_of(item) else { return Place::Other };
    match (pk.split_once('#'), sk.as_str()) {
        (Some(("U", _)), "ACCOUNT") => Place::Account,
        (Some(("U", _)), "BINDING") => Place::Binding,
        (Some(("A", affiliate)), sk) => summary_place(affiliate, sk).unwrap_or(Place::Other),
        _ => Place::Other,
    }
}

fn summary_place(affiliate: &str, sk: &str) -> Option<Place> {
    let affiliate = affiliate.parse().ok()?;
    match OfRun::read(sk)? {
        OfRun { day, seq, what: RunItem::Summary { part } } => {
            Some(Place::Summary { affiliate, day, seq, part })
        }
        _ => None,
    }
}

/// An item of one run for an affiliate's day, by its sort key.
pub(crate) struct OfRun {
    pub(crate) day: Day,
    pub(crate) seq: u64,
    pub(crate) what: RunItem,
}

/// What of a run an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunItem {
    /// The summary; parts after the first have only cells.
    Summary { part: u16 },
    /// The wallet's word that the run is paid.
    Payment,
}

impl OfRun {
    /// Reads a sort key that [`summary`], [`summary_part`] or [`paid`] made.
    pub(crate) fn read(sk: &str) -> Option<Self> {
        let mut pieces = sk.strip_prefix("DAY#")?.split('#');
        let (day, seq) = (pieces.next()?.parse().ok()?, pieces.next()?.parse().ok()?);
        let what = match (pieces.next(), pieces.next()) {
            (None, _) => RunItem::Summary { part: 0 },
            (Some("PAID"), None) => RunItem::Payment,
            (Some(piece), None) => {
                RunItem::Summary { part: piece.strip_prefix('C')?.parse().ok()? }
            }
            _ => return None,
        };
        Some(Self { day, seq, what })
    }
}

/// A stretch of one partition, in the order of its sort keys, both ends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    pub(crate) pk: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Range {
    fn new(pk: impl Into<String>, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { pk: pk.into(), from: from.into(), to: to.into() }
    }

    /// All items of a partition.
    fn whole(pk: impl Into<String>) -> Self {
        Self::new(pk, FIRST, LAST)
    }

    /// All items of a partition whose sort key begins with `prefix`.
    fn prefix(pk: impl Into<String>, prefix: &str) -> Self {
        Self::new(pk, prefix, format!("{prefix}{LAST}"))
    }
}

/// Sorts before every character that keys are made of. A bound may not be empty: DynamoDB refuses it.
const FIRST: char = '!';
/// Sorts after every character that keys are made of.
const LAST: char = '~';

/// An account: what the exchange told of it, its binding, its tiers.
#[must_use]
pub fn account(uid: &Uid) -> Key {
    Key::new(format!("U#{uid}"), "ACCOUNT")
}

/// The evidence of an account's binding, written once.
#[must_use]
pub fn binding(invitee: &Uid) -> Key {
    Key::new(format!("U#{invitee}"), "BINDING")
}

/// A link by its code.
#[must_use]
pub fn link(code: &LinkCode) -> Key {
    Key::new(format!("C#{code}"), "LINK")
}

/// All links of an affiliate, at most as many as the policy allows, in one item.
#[must_use]
pub fn links(owner: &Uid) -> Key {
    Key::new(format!("A#{owner}"), "LINKS")
}

/// An affiliate's totals over all time.
#[must_use]
pub fn totals(inviter: &Uid) -> Key {
    Key::new(format!("A#{inviter}"), "TOTALS")
}

/// One invitee as the inviter sees him; in order of binding.
#[must_use]
pub fn referral(inviter: &Uid, bound_at: Timestamp, invitee: &Uid) -> Key {
    Key::new(format!("A#{inviter}"), format!("REF#{:015}#{invitee}", bound_at.millis()))
}

/// All invitees of an inviter, in order of binding.
#[must_use]
pub fn referrals(inviter: &Uid) -> Range {
    Range::prefix(format!("A#{inviter}"), "REF#")
}

/// What one committed run booked for an affiliate's day.
#[must_use]
pub fn summary(inviter: &Uid, day: Day, seq: u64) -> Key {
    Key::new(format!("A#{inviter}"), format!("DAY#{day}#{seq:012}"))
}

/// A further part of what one committed run booked for an affiliate's day, from 1: it sorts behind
/// the first, which has the key of [`summary`], and before the payment.
#[must_use]
pub fn summary_part(inviter: &Uid, day: Day, seq: u64, part: u16) -> Key {
    Key::new(format!("A#{inviter}"), format!("DAY#{day}#{seq:012}#C{part:03}"))
}

/// The wallet's word that it paid what one run booked for an affiliate's day.
#[must_use]
pub fn paid(inviter: &Uid, day: Day, seq: u64) -> Key {
    Key::new(format!("A#{inviter}"), format!("DAY#{day}#{seq:012}#PAID"))
}

/// An affiliate's summaries and payments of some days, both days included.
#[must_use]
pub fn summaries(inviter: &Uid, from: Day, to: Day) -> Range {
    Range::new(format!("A#{inviter}"), format!("DAY#{from}"), format!("DAY#{to}#{LAST}"))
}

/// A chunk of the lines that a run booked for an affiliate; each chunk has a partition of its own.
#[must_use]
pub fn line_chunk(inviter: &Uid, seq: u64, chunk: u32) -> Key {
    Key::new(format!("L#{inviter}#{seq:012}#{chunk:06}"), "LINES")
}

/// A binding in the list of its day, from which the night's run learns of it.
#[must_use]
pub fn new_binding(day: Day, invitee: &Uid) -> Key {
    Key::new(new_bindings_pk(day, Shard::of(invitee)), invitee.as_str())
}

/// The bindings made on a day, in one shard.
#[must_use]
pub fn new_bindings(day: Day, shard: Shard) -> Range {
    Range::whole(new_bindings_pk(day, shard))
}

fn new_bindings_pk(day: Day, shard: Shard) -> String {
    format!("B#{day}#{:02}", shard.0)
}

/// A refused sign-up in the list of its inviter, whose late facts may still make it eligible.
#[must_use]
pub fn pending_sign_up(inviter: &Uid, invitee: &Uid) -> Key {
    Key::new(pending_sign_ups_pk(inviter), invitee.as_str())
}

/// All refused sign-ups that wait for facts of an inviter.
#[must_use]
pub fn pending_sign_ups(inviter: &Uid) -> Range {
    Range::whole(pending_sign_ups_pk(inviter))
}

fn pending_sign_ups_pk(inviter: &Uid) -> String {
    format!("S#{inviter}")
}

/// A chunk of a day's fees in one shard.
#[must_use]
pub fn fee_chunk(day: Day, shard: Shard, id: &str) -> Key {
    Key::new(fees_pk(day, shard), id)
}

/// All chunks of a day's fees in one shard.
#[must_use]
pub fn fees(day: Day, shard: Shard) -> Range {
    Range::whole(fees_pk(day, shard))
}

fn fees_pk(day: Day, shard: Shard) -> String {
    format!("F#{day}#{:02}", shard.0)
}

/// Partitions of the dirty markers. Each batch of fees writes one marker a day and shard, and a
/// partition takes 1,000 writes a second.
const DIRTY_PARTITIONS: u8 = 16;
/// The one partition of all dirty markers until 0.1.
const OLD_DIRTY_PARTITION: &str = "TOUCHED";

/// The dirty marker of a day's shard: it has something that no run has included.
#[must_use]
pub fn touched(day: Day, shard: Shard) -> Key {
    Key::new(touched_pk(shard.0 % DIRTY_PARTITIONS), touched_sk(day, shard))
}

/// The dirty marker of a day's shard as 0.1 wrote it.
#[must_use]
pub fn touched_before_partitions(day: Day, shard: Shard) -> Key {
    Key::new(OLD_DIRTY_PARTITION, touched_sk(day, shard))
}

fn touched_pk(partition: u8) -> String {
    format!("TOUCHED#{partition:02}")
}

fn touched_sk(day: Day, shard: Shard) -> String {
    format!("{day}#{:02}", shard.0)
}

/// The day and the shard of a mark, by its sort key.
pub(crate) fn touched_place(sk: &str) -> Option<(Day, Shard)> {
    let (day, shard) = sk.split_once('#')?;
    Some((day.parse().ok()?, Shard::new(shard.parse().ok()?)?))
}

/// All dirty markers up to and with a day, by partition; the one of 0.1 is among them.
pub fn touched_through(day: Day) -> impl Iterator<Item = Range> {
    let partitions = (0..DIRTY_PARTITIONS).map(touched_pk);
    let all = partitions.chain([OLD_DIRTY_PARTITION.to_owned()]);
    all.map(move |pk| Range::new(pk, "0", format!("{day}#{LAST}")))
}

/// The marker of a binding that was found void and under which lines may be booked.
#[must_use]
pub fn voided(invitee: &Uid) -> Key {
    Key::new("VOIDED", invitee.as_str())
}

/// All such markers.
#[must_use]
pub fn all_voided() -> Range {
    Range::whole("VOIDED")
}

/// What a worker found for a shard in a run: written once, last.
#[must_use]
pub fn shard_report(run: &str, shard: Shard) -> Key {
    Key::new(format!("R#{run}"), format!("S#{:02}", shard.0))
}

/// The shard of a report under [`shard_report`].
pub(crate) fn report_shard(item: &HashMap<String, AttributeValue>) -> Option<Shard> {
    Shard::new(sort_key(item).strip_prefix("S#")?.parse().ok()?)
}

/// All shards' reports of a run.
#[must_use]
pub fn shard_reports(run: &str) -> Range {
    Range::prefix(format!("R#{run}"), "S#")
}

/// The reason why a shard of a run is set aside.
#[must_use]
pub fn shard_set_aside(run: &str, shard: Shard) -> Key {
    Key::new(format!("R#{run}"), format!("X#{:02}", shard.0))
}

/// All shards of a run that are set aside.
#[must_use]
pub fn shards_set_aside(run: &str) -> Range {
    Range::prefix(format!("R#{run}"), "X#")
}

/// The word that a part of a run's publishing is done.
#[must_use]
pub fn part_done(run: &str, part: u16) -> Key {
    Key::new(format!("R#{run}"), format!("P#{part:04}"))
}

/// All such words of a run.
#[must_use]
pub fn parts_done(run: &str) -> Range {
    Range::prefix(format!("R#{run}"), "P#")
}

/// A run in the list of those that became visible on a date.
#[must_use]
pub fn finished(date: Day, seq: u64) -> Key {
    Key::new(format!("N#{date}"), format!("{seq:012}"))
}

/// All runs that became visible on a date.
#[must_use]
pub fn all_finished(date: Day) -> Range {
    Range::whole(format!("N#{date}"))
}

/// A chunk of what a worker found, under the name of that worker's attempt.
#[must_use]
pub fn work_chunk(run: &str, shard: Shard, attempt: &str, chunk: u32) -> Key {
    Key::new(work_pk(run, shard), format!("{attempt}#{chunk:06}"))
}

/// All chunks of one attempt.
#[must_use]
pub fn work(run: &str, shard: Shard, attempt: &str) -> Range {
    Range::prefix(work_pk(run, shard), &format!("{attempt}#"))
}

fn work_pk(run: &str, shard: Shard) -> String {
    format!("R#{run}#{:02}", shard.0)
}

/// A chunk of what a committed run booked for a day's shard: what later runs subtract.
#[must_use]
pub fn booked_chunk(day: Day, shard: Shard, seq: u64, chunk: u32) -> Key {
    Key::new(booked_pk(day, shard), format!("{seq:012}#{chunk:06}"))
}

/// The run and the number of a chunk under [`booked_chunk`].
pub(crate) fn booked_place(item: &HashMap<String, AttributeValue>) -> Option<(u64, u32)> {
    let (seq, chunk) = sort_key(item).split_once('#')?;
    Some((seq.parse().ok()?, chunk.parse().ok()?))
}

/// All that committed runs booked for a day's shard, in their order.
#[must_use]
pub fn booked(day: Day, shard: Shard) -> Range {
    Range::whole(booked_pk(day, shard))
}

fn booked_pk(day: Day, shard: Shard) -> String {
    format!("K#{day}#{:02}", shard.0)
}

/// All that one committed run booked for a day's shard.
#[must_use]
pub fn booked_by(day: Day, shard: Shard, seq: u64) -> Range {
    Range::prefix(booked_pk(day, shard), &format!("{seq:012}#"))
}

/// What is taken back of what a run booked for an affiliate in a day's shard; after its chunks.
#[must_use]
pub fn withdrawal(day: Day, shard: Shard, seq: u64, affiliate: &Uid) -> Key {
    let affiliate = short_sha256(affiliate.as_str().as_bytes());
    Key::new(booked_pk(day, shard), format!("{seq:012}#W{affiliate}"))
}

/// A run that waits to be published for an affiliate.
#[must_use]
pub fn parked_run(affiliate: &Uid, seq: u64) -> Key {
    Key::new("PARKED", format!("{affiliate}#{seq:012}"))
}

/// The runs that wait for an affiliate.
#[must_use]
pub fn parked_runs(affiliate: &Uid) -> Range {
    Range::prefix("PARKED", &format!("{affiliate}#"))
}

/// All runs that wait.
#[must_use]
pub fn parked() -> Range {
    Range::whole("PARKED")
}

/// The day's record: its committed runs.
#[must_use]
pub fn day(day: Day) -> Key {
    Key::new(format!("DAY#{day}"), "DAY")
}

/// The conservation report of a committed run.
#[must_use]
pub fn report(day: Day, seq: u64) -> Key {
    Key::new(format!("DAY#{day}"), format!("RUN#{seq:012}"))
}

/// A part of a value that is too large for one item, named by the digest of the whole.
#[must_use]
pub fn part(digest: &str, number: u16) -> Key {
    Key::new(format!("V#{digest}"), format!("{number:03}"))
}

/// The ledger's head: the newest committed run, and the newest that readers see.
#[must_use]
pub fn head() -> Key {
    Key::new("HEAD", "HEAD")
}

/// An affiliate in the list of his bucket group, for the quarterly evaluation.
#[must_use]
pub fn affiliate(uid: &Uid) -> Key {
    Key::new(affiliates_pk(Shard::of(uid)), uid.as_str())
}

/// All affiliates of one shard.
#[must_use]
pub fn affiliates(shard: Shard) -> Range {
    Range::whole(affiliates_pk(shard))
}

fn affiliates_pk(shard: Shard) -> String {
    format!("P#{:02}", shard.0)
}

/// An event's identity: its source and id.
#[must_use]
pub fn event(source: &str, id: &str) -> Key {
    let identity = short_sha256(format!("{}:{source}{id}", source.len()).as_bytes());
    Key::new(format!("E#{identity}"), "EVENT")
}

/// The recorded answer of a request with an `Idempotency-Key`. None of the parts has white space,
/// but for the one that every route has.
#[must_use]
pub fn answer(caller: &Uid, route: &str, key: &str) -> Key {
    let request = short_sha256(format!("{caller} {route} {key}").as_bytes());
    Key::new(format!("I#{request}"), "ANSWER")
}

/// The list of assets that fees are charged in.
#[must_use]
pub fn assets() -> Key {
    Key::new("ASSETS", "ASSETS")
}

/// A further part of the body of an entry of the quarantine, next to the entry itself.
#[must_use]
pub fn quarantined_part(day: Day, content: &str, part: usize) -> Key {
    Key::new(format!("Q#{day}"), format!("{content}#{part:03}"))
}

/// Something that could not be taken in, by the day on which it came and its content.
#[must_use]
pub fn quarantined(day: Day, content: &str) -> Key {
    Key::new(format!("Q#{day}"), content)
}

/// All that could not be taken in on a day.
#[must_use]
pub fn quarantine(day: Day) -> Range {
    Range::whole(format!("Q#{day}"))
}

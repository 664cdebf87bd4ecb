//! All keys of the table, as types. No file outside of this module builds a key.
//!
//! Numbers in keys are zero-padded and days are ISO dates, so that text order is time order. A key
//! that many writers share has the shard of the invitee, so that no partition is hot.

mod sign_ups;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};
use types::{Day, LinkCode, Timestamp, Uid};

pub use self::sign_ups::{held_sign_up, held_sign_ups, pending_sign_up, pending_sign_ups};
pub use crate::partition::{ActivityPart, BUCKETS, SHARDS, Shard, bucket};

/// The partition key's attribute.
pub const PK: &str = "pk";
/// The sort key's attribute.
pub const SK: &str = "sk";
/// The attribute that DynamoDB's time-to-live reads, in seconds since 1970.
pub const EXPIRES_AT: &str = "expiresAt";

/// Returns the first 16 bytes of a SHA-256 in hexadecimal, as a short name for some content.
#[must_use]
pub fn short_sha256(content: &[u8]) -> String {
    hexadecimal(&Sha256::digest(content))
}

/// Returns the first 16 bytes of a digest in hexadecimal.
pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    hex::encode(digest.get(..16).unwrap_or(digest))
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

    /// Returns the key in the form that the SDK requires.
    pub(crate) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk.clone())),
            (SK.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// Returns whether an item has the key `key`.
pub(crate) fn is_at(item: &HashMap<String, AttributeValue>, key: &Key) -> bool {
    item.get(PK) == Some(&AttributeValue::S(key.pk.clone()))
        && item.get(SK) == Some(&AttributeValue::S(key.sk.clone()))
}

/// Returns an item's primary key.
pub(crate) fn key_of(item: &HashMap<String, AttributeValue>) -> Option<Key> {
    let part = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Some(Key { pk: part(PK)?, sk: part(SK)? })
}

/// Returns an item's sort key.
pub(crate) fn sort_key(item: &HashMap<String, AttributeValue>) -> &str {
    item.get(SK).and_then(|sk| sk.as_s().ok()).map_or("", String::as_str)
}

/// The kind of an item by its key, as far as events depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// An account.
    Account,
    /// The evidence of a binding.
    Binding,
    /// The sums of one run's lines for an affiliate's day, or a part of them.
    Summary { affiliate: Uid, day: Day, seq: u64, part: u16 },
    /// Any other item, or no item.
    Other,
}

/// Returns the kind of an item by its key.
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

/// The kind of a run's item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunItem {
    /// The summary; parts after the first have only cells.
    Summary { part: u16 },
    /// The wallet's payment confirmation of the run.
    Payment,
}

impl OfRun {
    /// Parses a sort key that [`summary`], [`summary_part`] or [`paid`] made.
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

/// A range of one partition, in the order of its sort keys, both ends included.
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

    /// Returns the range of all items of a partition.
    fn whole(pk: impl Into<String>) -> Self {
        Self::new(pk, FIRST, LAST)
    }

    /// Returns the range of all items of a partition whose sort key begins with `prefix`.
    fn prefix(pk: impl Into<String>, prefix: &str) -> Self {
        Self::new(pk, prefix, format!("{prefix}{LAST}"))
    }
}

/// Sorts before every character in keys. A bound must not be empty, since DynamoDB refuses it.
const FIRST: char = '!';
/// Sorts after every character in keys.
const LAST: char = '~';

/// Returns the key of an account: its reported facts, its binding, its tiers.
#[must_use]
pub fn account(uid: &Uid) -> Key {
    Key::new(format!("U#{uid}"), "ACCOUNT")
}

/// Returns the key of the evidence of an account's binding, written once.
#[must_use]
pub fn binding(invitee: &Uid) -> Key {
    Key::new(format!("U#{invitee}"), "BINDING")
}

/// Returns the key of a link by its code.
#[must_use]
pub fn link(code: &LinkCode) -> Key {
    Key::new(format!("C#{code}"), "LINK")
}

/// Returns the key of all links of an affiliate, at most as many as the policy allows, in one item.
#[must_use]
pub fn links(owner: &Uid) -> Key {
    Key::new(format!("A#{owner}"), "LINKS")
}

/// Returns the key of an affiliate's totals over all time.
#[must_use]
pub fn totals(inviter: &Uid) -> Key {
    Key::new(format!("A#{inviter}"), "TOTALS")
}

/// Returns the key of an invitee entry in the affiliate view; in order of binding.
#[must_use]
pub fn referral(inviter: &Uid, bound_at: Timestamp, invitee: &Uid) -> Key {
    Key::new(format!("A#{inviter}"), format!("REF#{:015}#{invitee}", bound_at.millis()))
}

/// Returns the range of all invitees of an inviter, in order of binding.
#[must_use]
pub fn referrals(inviter: &Uid) -> Range {
    Range::prefix(format!("A#{inviter}"), "REF#")
}

/// Returns the key of the summary of one committed run for an affiliate's day.
#[must_use]
pub fn summary(inviter: &Uid, day: Day, seq: u64) -> Key {
    Key::new(format!("A#{inviter}"), format!("DAY#{day}#{seq:012}"))
}

/// Returns the key of a further part of the summary of a run, from 1. It sorts behind the first
/// part, which has the key of [`summary`], and before the payment.
#[must_use]
pub fn summary_part(inviter: &Uid, day: Day, seq: u64, part: u16) -> Key {
    Key::new(format!("A#{inviter}"), format!("DAY#{day}#{seq:012}#C{part:03}"))
}

/// Returns the key of the wallet's payment confirmation of one run for an affiliate's day.
#[must_use]
pub fn paid(inviter: &Uid, day: Day, seq: u64) -> Key {
    Key::new(format!("A#{inviter}"), format!("DAY#{day}#{seq:012}#PAID"))
}

/// Returns the range of an affiliate's summaries and payments of some days, both days included.
#[must_use]
pub fn summaries(inviter: &Uid, from: Day, to: Day) -> Range {
    Range::new(format!("A#{inviter}"), format!("DAY#{from}"), format!("DAY#{to}#{LAST}"))
}

/// Returns the key of a chunk of the lines that a run booked for an affiliate. Each chunk has a
/// separate partition.
#[must_use]
pub fn line_chunk(inviter: &Uid, seq: u64, chunk: u32) -> Key {
    Key::new(format!("L#{inviter}#{seq:012}#{chunk:06}"), "LINES")
}

/// Returns the key of a binding in the list of its day, which the night's run reads.
#[must_use]
pub fn new_binding(day: Day, invitee: &Uid) -> Key {
    Key::new(new_bindings_pk(day, Shard::of(invitee)), invitee.as_str())
}

/// Returns the range of the bindings made on a day, in one shard.
#[must_use]
pub fn new_bindings(day: Day, shard: Shard) -> Range {
    Range::whole(new_bindings_pk(day, shard))
}

fn new_bindings_pk(day: Day, shard: Shard) -> String {
    format!("B#{day}#{:02}", shard.number())
}

/// Returns the key of a chunk of a day's fees in one shard.
#[must_use]
pub fn fee_chunk(day: Day, shard: Shard, id: &str) -> Key {
    Key::new(fees_pk(day, shard), id)
}

/// Returns the range of all chunks of a day's fees in one shard.
#[must_use]
pub fn fees(day: Day, shard: Shard) -> Range {
    Range::whole(fees_pk(day, shard))
}

fn fees_pk(day: Day, shard: Shard) -> String {
    format!("F#{day}#{:02}", shard.number())
}

/// The number of partitions of the dirty markers. Each batch of fees writes one marker per day and
/// shard, and a partition accepts 1,000 writes per second.
const DIRTY_PARTITIONS: u8 = 16;
/// The only partition of the dirty markers until 0.1.
const OLD_DIRTY_PARTITION: &str = "TOUCHED";

/// Returns the key of the dirty marker of a day's shard, which has data that no run has included.
#[must_use]
pub fn touched(day: Day, shard: Shard) -> Key {
    Key::new(touched_pk(shard.number() % DIRTY_PARTITIONS), touched_sk(day, shard))
}

/// Returns the key of the dirty marker of a day's shard in the format of 0.1.
#[must_use]
pub fn touched_before_partitions(day: Day, shard: Shard) -> Key {
    Key::new(OLD_DIRTY_PARTITION, touched_sk(day, shard))
}

fn touched_pk(partition: u8) -> String {
    format!("TOUCHED#{partition:02}")
}

fn touched_sk(day: Day, shard: Shard) -> String {
    format!("{day}#{:02}", shard.number())
}

/// Returns the day and the shard of a dirty marker, by its sort key.
pub(crate) fn touched_place(sk: &str) -> Option<(Day, Shard)> {
    let (day, shard) = sk.split_once('#')?;
    Some((day.parse().ok()?, Shard::new(shard.parse().ok()?)?))
}

/// Returns the ranges of all dirty markers up to and including a day, by partition. The partition
/// of 0.1 is among them.
pub fn touched_through(day: Day) -> impl Iterator<Item = Range> {
    let partitions = (0..DIRTY_PARTITIONS).map(touched_pk);
    let all = partitions.chain([OLD_DIRTY_PARTITION.to_owned()]);
    all.map(move |pk| Range::new(pk, "0", format!("{day}#{LAST}")))
}

/// Returns the key of a chunk of the activity that was deferred on a date, in one part.
#[must_use]
pub fn activity_chunk(date: Day, part: ActivityPart, id: &str) -> Key {
    Key::new(activity_pk(date, part), id)
}

/// Returns the range of all chunks of the activity that was deferred on a date, in one part.
#[must_use]
pub fn activity(date: Day, part: ActivityPart) -> Range {
    Range::whole(activity_pk(date, part))
}

fn activity_pk(date: Day, part: ActivityPart) -> String {
    format!("D#{date}#{}", part.number())
}

/// Returns the key of the marker of a date and part with deferred activity.
#[must_use]
pub fn activity_marker(date: Day, part: ActivityPart) -> Key {
    Key::new("DEFERRED", format!("{}#{date}", part.number()))
}

/// Returns the range of the markers of one part up to and including a date.
#[must_use]
pub fn activity_markers_through(date: Day, part: ActivityPart) -> Range {
    Range::new("DEFERRED", format!("{}#0", part.number()), format!("{}#{date}", part.number()))
}

/// Returns the date of a marker of deferred activity, by its sort key.
pub(crate) fn activity_marker_date(sk: &str) -> Option<Day> {
    sk.split_once('#')?.1.parse().ok()
}

/// Returns the key of the marker of a void binding, under which lines may be booked.
#[must_use]
pub fn voided(invitee: &Uid) -> Key {
    Key::new("VOIDED", invitee.as_str())
}

/// Returns the range of all markers of void bindings.
#[must_use]
pub fn all_voided() -> Range {
    Range::whole("VOIDED")
}

/// Returns the key of a worker's report of a shard in a run: written once, last.
#[must_use]
pub fn shard_report(run: &str, shard: Shard) -> Key {
    Key::new(format!("R#{run}"), format!("S#{:02}", shard.number()))
}

/// Returns the shard of a report under [`shard_report`].
pub(crate) fn report_shard(item: &HashMap<String, AttributeValue>) -> Option<Shard> {
    Shard::new(sort_key(item).strip_prefix("S#")?.parse().ok()?)
}

/// Returns the range of all shards' reports of a run.
#[must_use]
pub fn shard_reports(run: &str) -> Range {
    Range::prefix(format!("R#{run}"), "S#")
}

/// Returns the key of the reason why a shard of a run is deferred.
#[must_use]
pub fn shard_set_aside(run: &str, shard: Shard) -> Key {
    Key::new(format!("R#{run}"), format!("X#{:02}", shard.number()))
}

/// Returns the range of all deferred shards of a run.
#[must_use]
pub fn shards_set_aside(run: &str) -> Range {
    Range::prefix(format!("R#{run}"), "X#")
}

/// Returns the key of the record that a part of a run's publishing is done.
#[must_use]
pub fn part_done(run: &str, part: u16) -> Key {
    Key::new(format!("R#{run}"), format!("P#{part:04}"))
}

/// Returns the range of all these records of a run.
#[must_use]
pub fn parts_done(run: &str) -> Range {
    Range::prefix(format!("R#{run}"), "P#")
}

/// Returns the key of a run in the list of those that became visible on a date.
#[must_use]
pub fn finished(date: Day, seq: u64) -> Key {
    Key::new(format!("N#{date}"), format!("{seq:012}"))
}

/// Returns the range of all runs that became visible on a date.
#[must_use]
pub fn all_finished(date: Day) -> Range {
    Range::whole(format!("N#{date}"))
}

/// Returns the key of a chunk of a shard delta, under the name of the worker's attempt.
#[must_use]
pub fn work_chunk(run: &str, shard: Shard, attempt: &str, chunk: u32) -> Key {
    Key::new(work_pk(run, shard), format!("{attempt}#{chunk:06}"))
}

/// Returns the range of all chunks of one attempt.
#[must_use]
pub fn work(run: &str, shard: Shard, attempt: &str) -> Range {
    Range::prefix(work_pk(run, shard), &format!("{attempt}#"))
}

fn work_pk(run: &str, shard: Shard) -> String {
    format!("R#{run}#{:02}", shard.number())
}

/// Returns the key of a chunk of a booked delta for a day's shard, which later runs subtract.
#[must_use]
pub fn booked_chunk(day: Day, shard: Shard, seq: u64, chunk: u32) -> Key {
    Key::new(booked_pk(day, shard), format!("{seq:012}#{chunk:06}"))
}

/// Returns the run and the number of a chunk under [`booked_chunk`].
pub(crate) fn booked_place(item: &HashMap<String, AttributeValue>) -> Option<(u64, u32)> {
    let (seq, chunk) = sort_key(item).split_once('#')?;
    Some((seq.parse().ok()?, chunk.parse().ok()?))
}

/// Returns the range of all booked deltas for a day's shard, in the order of their runs.
#[must_use]
pub fn booked(day: Day, shard: Shard) -> Range {
    Range::whole(booked_pk(day, shard))
}

fn booked_pk(day: Day, shard: Shard) -> String {
    format!("K#{day}#{:02}", shard.number())
}

/// Returns the range of the booked delta of one committed run for a day's shard.
#[must_use]
pub fn booked_by(day: Day, shard: Shard, seq: u64) -> Range {
    Range::prefix(booked_pk(day, shard), &format!("{seq:012}#"))
}

/// Returns the key of the withdrawal of a run's lines for an affiliate in a day's shard. It sorts
/// after the run's chunks.
#[must_use]
pub fn withdrawal(day: Day, shard: Shard, seq: u64, affiliate: &Uid) -> Key {
    let affiliate = short_sha256(affiliate.as_str().as_bytes());
    Key::new(booked_pk(day, shard), format!("{seq:012}#W{affiliate}"))
}

/// Returns the key of a run that waits to be published for an affiliate.
#[must_use]
pub fn parked_run(affiliate: &Uid, seq: u64) -> Key {
    Key::new("PARKED", format!("{affiliate}#{seq:012}"))
}

/// Returns the range of the runs that wait for an affiliate.
#[must_use]
pub fn parked_runs(affiliate: &Uid) -> Range {
    Range::prefix("PARKED", &format!("{affiliate}#"))
}

/// Returns the range of all waiting runs.
#[must_use]
pub fn parked() -> Range {
    Range::whole("PARKED")
}

/// Returns the key of the day's record: its committed runs.
#[must_use]
pub fn day(day: Day) -> Key {
    Key::new(format!("DAY#{day}"), "DAY")
}

/// Returns the key of the conservation report of a committed run.
#[must_use]
pub fn report(day: Day, seq: u64) -> Key {
    Key::new(format!("DAY#{day}"), format!("RUN#{seq:012}"))
}

/// Returns the key of a part of a value that is too large for one item. The digest of the whole
/// value names the partition.
#[must_use]
pub fn part(digest: &str, number: u16) -> Key {
    Key::new(format!("V#{digest}"), format!("{number:03}"))
}

/// Returns the key of the ledger's head: the newest committed run, and the newest that readers see.
#[must_use]
pub fn head() -> Key {
    Key::new("HEAD", "HEAD")
}

/// Returns the key of the kill switches that are on, in one item. It has a separate partition, so
/// that functions can be allowed to read it and not to write it.
#[must_use]
pub fn control() -> Key {
    Key::new("CONTROL", "CONTROL")
}

/// Returns the key of a change of a kill switch in the audit log, in the order of time. `revision`
/// is that of the switches after the change.
#[must_use]
pub fn switch_change(at: Timestamp, revision: u64) -> Key {
    Key::new("AUDIT", format!("SWITCH#{:015}#{revision:012}", at.millis()))
}

/// Returns the range of all changes of kill switches in the audit log.
#[must_use]
pub fn switch_changes() -> Range {
    Range::prefix("AUDIT", "SWITCH#")
}

/// Returns the key of an affiliate in the list of its shard, for the quarterly evaluation.
#[must_use]
pub fn affiliate(uid: &Uid) -> Key {
    Key::new(affiliates_pk(Shard::of(uid)), uid.as_str())
}

/// Returns the range of all affiliates of one shard.
#[must_use]
pub fn affiliates(shard: Shard) -> Range {
    Range::whole(affiliates_pk(shard))
}

fn affiliates_pk(shard: Shard) -> String {
    format!("P#{:02}", shard.number())
}

/// Returns the key of an event's identity: its source and id.
#[must_use]
pub fn event(source: &str, id: &str) -> Key {
    let identity = short_sha256(format!("{}:{source}{id}", source.len()).as_bytes());
    Key::new(format!("E#{identity}"), "EVENT")
}

/// Returns the key of the recorded answer of a request with an `Idempotency-Key`. None of the parts
/// has white space, except for the one space that every route has.
#[must_use]
pub fn answer(caller: &Uid, route: &str, key: &str) -> Key {
    let request = short_sha256(format!("{caller} {route} {key}").as_bytes());
    Key::new(format!("I#{request}"), "ANSWER")
}

/// Returns the key of the list of assets in which fees are charged.
#[must_use]
pub fn assets() -> Key {
    Key::new("ASSETS", "ASSETS")
}

/// Returns the key of a further part of the body of an entry of the quarantine, next to the entry.
#[must_use]
pub fn quarantined_part(day: Day, content: &str, part: usize) -> Key {
    Key::new(format!("Q#{day}"), format!("{content}#{part:03}"))
}

/// Returns the key of an entry of the quarantine, by its day and its content.
#[must_use]
pub fn quarantined(day: Day, content: &str) -> Key {
    Key::new(format!("Q#{day}"), content)
}

/// Returns the range of all entries of the quarantine of a day.
#[must_use]
pub fn quarantine(day: Day) -> Range {
    Range::whole(format!("Q#{day}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of a release before has items under these keys.
    #[test]
    fn keys_of_stored_items_stay() {
        let [inviter, invitee]: [Uid; 2] = ["inviter", "invitee"].map(|uid| uid.parse().unwrap());
        assert_eq!((bucket(&inviter), bucket(&invitee)), (1005, 245));
        let (day, shard) = ("2026-11-20".parse().unwrap(), Shard::new(37).unwrap());
        assert_eq!(touched(day, shard), Key::new("TOUCHED#05", "2026-11-20#37"));
        assert_eq!(pending_sign_up(&inviter, &invitee), Key::new("S#inviter", "invitee"));
        assert_eq!(held_sign_up(&inviter), Key::new("HELD#02", "inviter"));
        assert_eq!(affiliate(&inviter), Key::new("P#02", "inviter"));
    }
}

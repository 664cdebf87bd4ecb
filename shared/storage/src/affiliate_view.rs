//! The items that an affiliate reads: day summaries, lines, invitees, totals and payments.

use std::collections::{BTreeMap, HashMap};

use commission::{Amount, Asset, Line, Overflow, Split, Sums};
use serde::{Deserialize, Serialize};
use types::{Day, LinkCode, Market, Origin, Product, Reason, Timestamp, Uid};

use crate::access::{Action, Condition, Page, Table, Transaction};
use crate::account::{Account, Versioned};
use crate::affiliate_batch::{DayItems, day_items};
use crate::attempt::Attempt;
use crate::error::TableError;
use crate::item::{Item, has_content, packed, plain, read_packed, read_plain, revision, stamp};
use crate::keys::{self, OfRun, RunItem, sort_key};
use crate::ledger::Head;
use crate::packed_lines::LineChunk;
use crate::parked::{ParkedMark, parked_mark, set_mark};
use crate::referral::Referral;
use crate::two_version_cell::TwoVersionCell;

/// Amounts of one asset that are shown together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// The fees and their parts, in minor units of the asset.
    pub in_asset: Split,
    /// The fees and their parts, in USD.
    pub in_usd: Split,
    /// The volume of the trades, in USD.
    pub volume_usd: Amount,
}

impl Money {
    /// Returns a line's amounts.
    #[must_use]
    pub const fn of_line(sums: &Sums) -> Self {
        let (in_asset, in_usd) = (sums.in_asset(), sums.in_usd());
        Self { in_asset, in_usd, volume_usd: sums.volume_usd }
    }

    /// Returns the sum with a line's amounts.
    ///
    /// # Errors
    /// [`Overflow`] if it does not fit into 128 bits.
    pub fn plus_line(&self, sums: &Sums) -> Result<Self, Overflow> {
        self.plus(&Self::of_line(sums))
    }

    /// Returns only the amounts in USD, which may be added to those of another asset.
    #[must_use]
    pub fn usd_only(&self) -> Self {
        Self { in_asset: Split::default(), ..*self }
    }

    /// Returns the sum with other amounts of the same asset.
    ///
    /// # Errors
    /// [`Overflow`] if it does not fit into 128 bits.
    pub fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        Ok(Self {
            in_asset: self.in_asset.plus(other.in_asset)?,
            in_usd: self.in_usd.plus(other.in_usd)?,
            volume_usd: self.volume_usd.plus(other.volume_usd)?,
        })
    }
}

/// The sums of one committed run's lines for an affiliate and day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// By product, asset and origin.
    pub cells: BTreeMap<(Product, Asset, Origin), Money>,
    /// By link; only the USD columns are used.
    pub links: BTreeMap<LinkCode, Money>,
    /// By reason: the number of fees that earned nothing for it.
    pub zeros: BTreeMap<Reason, i64>,
    /// The number of fees.
    pub fee_count: i64,
    /// New invitees by origin and link.
    pub bound: BTreeMap<(Origin, LinkCode), u32>,
    /// Invitees with trades on this day that no earlier run of the day counted.
    pub active: u32,
    /// Invitees that an earlier run of the day counted, and whose trades of the day are all
    /// reversed.
    pub inactive: u32,
    /// The volume that counts for the tier, in USD.
    pub counted_volume_usd: BTreeMap<Market, Amount>,
    /// The change of the number of sign-ups whose first trade falls in this day's quarter.
    pub new_traders: BTreeMap<Market, i64>,
    /// The number of lines.
    pub lines: u64,
    /// The number of chunks.
    pub chunks: u32,
    /// When the run was committed; 0.1 did not store it here.
    pub booked_at: Option<Timestamp>,
    /// The number of further items with the cells of assets that do not fit into this one. Those
    /// items have only cells, this number and the instant.
    pub further_parts: u16,
}

impl Summary {
    /// Returns the instant from which the settlement delay counts: the run's commit, and not before
    /// its day ended, so that a late correction waits as long as a day's first booking. For
    /// bookings of 0.1 it is the end of the day.
    #[must_use]
    pub fn settlement_start(&self, day: Day) -> Timestamp {
        self.booked_at.map_or(day.end(), |booked_at| booked_at.max(day.end()))
    }
}

/// A summary with its key, and the payment of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySummary {
    /// The day that it covers.
    pub day: Day,
    /// The run that booked it.
    pub seq: u64,
    /// The sums.
    pub summary: Summary,
    /// The payment, if the wallet confirmed it.
    pub payment: Option<Payment>,
}

impl DaySummary {
    /// Returns the summary as of an instant: without a payment that was not known then.
    #[must_use]
    pub fn as_of(mut self, at: Timestamp) -> Self {
        self.payment = self.payment.filter(|payment| payment.known_at.is_none_or(|of| of <= at));
        self
    }
}

/// The wallet's confirmation that it paid the amounts of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// When the wallet paid.
    pub paid_at: Timestamp,
    /// The wallet's reference.
    pub reference: String,
    /// When the confirmation was ingested; 0.1 did not store it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_at: Option<Timestamp>,
}

impl Payment {
    /// Returns whether both confirm the same payment, whenever they were ingested.
    fn is_same(&self, other: &Self) -> bool {
        (self.paid_at, &self.reference) == (other.paid_at, &other.reference)
    }
}

/// An affiliate's totals over all time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Invitees by origin.
    pub invitees: BTreeMap<Origin, u32>,
    /// Invitees by link.
    pub by_link: BTreeMap<LinkCode, u32>,
    /// Invitees with at least one trade since they were bound.
    pub active: u32,
}

/// The data that every answer to an affiliate needs.
#[derive(Debug, Clone, PartialEq)]
pub struct AffiliateState {
    /// The head of the ledger as the affiliate sees it.
    pub head: Head,
    /// The account, if it is known.
    pub account: Option<Account>,
    /// The totals.
    pub totals: Totals,
}

/// An affiliate's totals as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredTotals {
    /// The totals; none before the first run is published.
    pub slots: Option<TwoVersionCell<Totals>>,
    /// The parts that the affiliate may not see, if it is parked.
    pub parked: Option<ParkedMark>,
}

/// A page of invitees, and the key after which the next page begins.
#[derive(Debug)]
pub struct Referrals {
    /// The invitees.
    pub referrals: Vec<Referral>,
    /// Opaque; `None` at the end.
    pub next: Option<String>,
}

/// The outcome of storing a payment confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentOutcome {
    /// It is stored now.
    Kept,
    /// It was stored before, with the same content.
    Repeated,
    /// The affiliate has no such run on such a day.
    NothingBooked,
    /// The run was reported paid before, with other content.
    Conflicting,
}

impl Table {
    /// Returns the head as an affiliate sees it, the account and the totals, which every dashboard
    /// answer needs. Cost: 1 call, about 3 read units.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn affiliate_state(&self, affiliate: &Uid) -> Result<AffiliateState, TableError> {
        let totals_key = keys::totals(affiliate);
        let wanted = [keys::head(), keys::account(affiliate), totals_key.clone()];
        let (mut head, mut account, mut totals, mut mark) = (Head::default(), None, None, None);
        for item in self.get_many(&wanted).await? {
            if keys::is_at(&item, &keys::head()) {
                head = read_plain("head", item)?;
            } else if keys::is_at(&item, &totals_key) {
                mark = parked_mark(&item)?;
                totals = read_totals(&item)?;
            } else {
                account = Some(read_plain("account", item)?);
            }
        }
        let head = head.seen_with(mark);
        let totals = totals.and_then(|slots| slots.at(head.visible).cloned()).unwrap_or_default();
        Ok(AffiliateState { head, account, totals })
    }

    /// Returns an affiliate's summaries of a range of days that are visible at `visible`, in the
    /// order of days and runs. Cost: 1 call per MB, 1 read unit per 4 KB: about one per day and
    /// run.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn summaries(
        &self,
        affiliate: &Uid,
        from: Day,
        to: Day,
        visible: u64,
    ) -> Result<Vec<DaySummary>, TableError> {
        let mut found = FoundSummaries::default();
        for item in self.query(&keys::summaries(affiliate, from, to)).await? {
            found.take(item, visible)?;
        }
        found.all()
    }

    /// Returns the lines of some chunks that a run booked for an affiliate, in their order. Cost: 1
    /// read unit per 4 KB, 1 call per hundred chunks.
    ///
    /// # Errors
    /// If the table fails, or a chunk is missing or does not decode.
    pub async fn lines(
        &self,
        affiliate: &Uid,
        wanted: &[(u64, u32)],
    ) -> Result<Vec<Vec<Line>>, TableError> {
        let wanted: Vec<_> =
            wanted.iter().map(|(seq, chunk)| keys::line_chunk(affiliate, *seq, *chunk)).collect();
        let items = self.get_many(&wanted).await?;
        wanted
            .iter()
            .map(|key| {
                let item = items.iter().find(|item| keys::is_at(item, key));
                let item =
                    item.ok_or_else(|| TableError::corrupt("line chunk", "it is missing"))?;
                Ok(read_packed::<LineChunk>("line chunk", item)?.lines)
            })
            .collect()
    }

    /// Returns a page of an affiliate's invitees in the order of binding, after the key where the
    /// last page ended. Cost: 1 call, 1 read unit per 4 KB.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn referrals(
        &self,
        affiliate: &Uid,
        oldest_first: bool,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Referrals, TableError> {
        let range = keys::referrals(affiliate);
        let page = self.page(&range, oldest_first, after, i32::from(limit)).await?;
        let Page { items, more } = page;
        let last = items.last().map(|item| sort_key(item).to_owned());
        let referrals: Result<Vec<_>, _> =
            items.iter().map(|item| read_packed("referral", item)).collect();
        Ok(Referrals { referrals: referrals?, next: last.filter(|_| more) })
    }

    /// Returns invitees by inviter, time of binding and id, with their revisions: by their id, as a
    /// user has one inviter at most. Cost: 1 read unit each.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn referrals_at(
        &self,
        places: &[(&Uid, Timestamp, &Uid)],
    ) -> Result<HashMap<Uid, Versioned<Referral>>, TableError> {
        let keys: Vec<_> =
            places.iter().map(|(inviter, at, uid)| keys::referral(inviter, *at, uid)).collect();
        let items = self.get_many(&keys).await?;
        items
            .iter()
            .map(|item| {
                let referral: Referral = read_packed("referral", item)?;
                let revision = revision(item);
                Ok((referral.uid.clone(), Versioned { value: referral, revision }))
            })
            .collect()
    }

    /// Writes an invitee entry, unless it was changed since it was read. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn save_referral(
        &self,
        inviter: &Uid,
        referral: &Versioned<Referral>,
    ) -> Result<Attempt, TableError> {
        self.put_revision(referral_item(inviter, &referral.value)?, referral.revision).await
    }

    /// Removes an invitee entry that a withdrawn run created, unless it was changed since it was
    /// read. Cost: 1 transaction of 1 item.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn remove_referral(
        &self,
        inviter: &Uid,
        referral: &Versioned<Referral>,
    ) -> Result<Attempt, TableError> {
        let Referral { bound_at, uid, .. } = &referral.value;
        let key = keys::referral(inviter, *bound_at, uid);
        self.remove_unchanged(key, referral.revision).await
    }

    /// Returns an affiliate's totals over all time. Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn totals(&self, affiliate: &Uid) -> Result<Versioned<StoredTotals>, TableError> {
        read_stored_totals(self.get(&keys::totals(affiliate)).await?)
    }

    /// Writes an affiliate's totals unless they were changed since they were read. Cost: 1 write
    /// unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn save_totals(
        &self,
        affiliate: &Uid,
        totals: &Versioned<StoredTotals>,
    ) -> Result<Attempt, TableError> {
        self.put_revision(totals_item(affiliate, &totals.value)?, totals.revision).await
    }

    /// Writes the lines of a run for an affiliate and day in chunks, then the summary, whose first
    /// part is written last. Lines and parts are the same at every repetition.
    ///
    /// An existing summary is not replaced: it was computed before any later run could change its
    /// inputs, and a publisher that is late changes nothing. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn publish_day(
        &self,
        affiliate: &Uid,
        day: Day,
        seq: u64,
        summary: Summary,
        lines: &[Line],
    ) -> Result<(), TableError> {
        let DayItems { lines, summaries } = day_items(affiliate, day, seq, summary, lines)?;
        self.put_many(lines).await?;
        for summary in summaries {
            let _first_or_not = self.put_if(summary, Condition::Absent).await?;
        }
        Ok(())
    }

    /// Stores the wallet's confirmation that it paid the amounts of a run for an affiliate's day.
    /// Cost: 1 transaction of 2 items.
    ///
    /// # Errors
    /// If the table fails or the earlier confirmation does not decode.
    pub async fn keep_payment(
        &self,
        affiliate: &Uid,
        day: Day,
        seq: u64,
        payment: &Payment,
    ) -> Result<PaymentOutcome, TableError> {
        let item = plain(&keys::paid(affiliate, day, seq), payment)?;
        let actions = vec![
            Action::Exists(keys::summary(affiliate, day, seq)),
            Action::Put(item, Condition::Absent),
        ];
        match self.transact(actions).await? {
            Transaction::Made => Ok(PaymentOutcome::Kept),
            Transaction::Refused { place: 0, .. } => Ok(PaymentOutcome::NothingBooked),
            Transaction::Refused { item: earlier, .. } => {
                let earlier: Option<Payment> =
                    earlier.map(|item| read_plain("payment", item)).transpose()?;
                let same = earlier.is_some_and(|earlier| earlier.is_same(payment));
                Ok(if same { PaymentOutcome::Repeated } else { PaymentOutcome::Conflicting })
            }
        }
    }
}

/// Returns the item of an invitee entry.
pub(crate) fn referral_item(inviter: &Uid, value: &Referral) -> Result<Item, TableError> {
    packed(&keys::referral(inviter, value.bound_at, &value.uid), value)
}

/// Returns the item of an affiliate's totals.
pub(crate) fn totals_item(affiliate: &Uid, totals: &StoredTotals) -> Result<Item, TableError> {
    let key = keys::totals(affiliate);
    let StoredTotals { slots, parked } = totals;
    let mut item = slots.as_ref().map_or_else(|| Ok(stamp(&key)), |slots| packed(&key, slots))?;
    set_mark(&mut item, *parked);
    Ok(item)
}

/// Reads the item of an affiliate's totals, if there is one.
pub(crate) fn read_stored_totals(
    item: Option<Item>,
) -> Result<Versioned<StoredTotals>, TableError> {
    let Some(item) = item else { return Ok(Versioned::new(StoredTotals::default())) };
    let value = StoredTotals { slots: read_totals(&item)?, parked: parked_mark(&item)? };
    Ok(Versioned { value, revision: revision(&item) })
}

fn read_totals(item: &Item) -> Result<Option<TwoVersionCell<Totals>>, TableError> {
    has_content(item).then(|| read_packed("totals", item)).transpose()
}

/// Collects the summaries of a range from its items: each run's parts in their order, then its
/// payment.
#[derive(Default)]
struct FoundSummaries {
    found: Vec<DaySummary>,
    /// The number of parts of the newest run that are not read yet.
    missing: u16,
}

impl FoundSummaries {
    fn take(&mut self, item: Item, visible: u64) -> Result<(), TableError> {
        let malformed = || TableError::corrupt("summary", "its sort key is malformed");
        let OfRun { day, seq, what } = OfRun::read(sort_key(&item)).ok_or_else(malformed)?;
        let last = self.found.last_mut().filter(|last| (last.day, last.seq) == (day, seq));
        match (what, last) {
            (RunItem::Payment, Some(of)) => of.payment = Some(read_plain("payment", item)?),
            (RunItem::Summary { part: 0 }, None) if seq <= visible => {
                self.complete()?;
                let summary: Summary = read_packed("summary", &item)?;
                self.missing = summary.further_parts;
                self.found.push(DaySummary { day, seq, summary, payment: None });
            }
            (RunItem::Summary { part: 1.. }, Some(of)) => {
                let surplus = || TableError::corrupt("summary", "it has too many parts");
                self.missing = self.missing.checked_sub(1).ok_or_else(surplus)?;
                let Summary { cells, .. } = read_packed("summary", &item)?;
                of.summary.cells.extend(cells);
            }
            _ => {}
        }
        Ok(())
    }

    fn complete(&self) -> Result<(), TableError> {
        match self.missing {
            0 => Ok(()),
            _ => Err(TableError::corrupt("summary", "parts of it are missing")),
        }
    }

    fn all(self) -> Result<Vec<DaySummary>, TableError> {
        self.complete()?;
        Ok(self.found)
    }
}

/// The most assets of one summary: its event has one entry per asset, and the bus accepts 256 KB.
pub const ASSETS_PER_SUMMARY: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usd_only_drops_the_asset_amounts() {
        let one = Amount::from_minor(1);
        let split = Split { fees: one, commission: one, shared: one };
        let money = Money { in_asset: split, in_usd: split, volume_usd: one };
        let expected = Money { in_usd: split, volume_usd: one, ..Money::default() };
        assert_eq!(money.usd_only(), expected);
    }

    #[test]
    fn payment_is_known_by_time_and_reference() {
        let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let paid = Payment { paid_at: at, reference: "p1".to_owned(), known_at: None };
        assert!(paid.is_same(&Payment { known_at: Some(at), ..paid.clone() }));
        assert!(!paid.is_same(&Payment { reference: "p2".to_owned(), ..paid.clone() }));
        assert!(!paid.is_same(&Payment { paid_at: at.plus_millis(1), ..paid.clone() }));
    }

    #[test]
    fn summary_without_all_parts_is_corrupt() {
        assert!(FoundSummaries::default().all().unwrap().is_empty());
        let incomplete = FoundSummaries { missing: 1, ..FoundSummaries::default() };
        assert!(incomplete.all().is_err());
    }
}

//! What an affiliate reads: summaries of days, lines, invitees, totals, payments.

use std::collections::{BTreeMap, HashMap};

use commission::{Amount, Asset, Line, Overflow, Sums};
use serde::{Deserialize, Serialize};
use terms::{Day, LinkCode, Market, Origin, Product, Reason, Timestamp, Uid};

use crate::access::{Action, Condition, Page, Table};
use crate::account::{Account, Versioned};
use crate::error::TableError;
use crate::item::{Item, packed, plain, read_packed, read_plain, revision};
use crate::keys::{self, sort_key};
use crate::ledger::Head;
use crate::slots::Slots;

/// Amounts that are shown together. Those without `usd` are in minor units of one asset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Money {
    /// What was charged.
    pub fees: Amount,
    /// The inviter's part.
    pub commission: Amount,
    /// The invitee's part.
    pub shared: Amount,
    /// What was charged, in USD.
    pub fees_usd: Amount,
    /// The inviter's part, in USD.
    pub commission_usd: Amount,
    /// The invitee's part, in USD.
    pub shared_usd: Amount,
    /// The volume of the trades, in USD.
    pub volume_usd: Amount,
}

impl Money {
    /// The sum with a line's amounts.
    ///
    /// # Errors
    /// [`Overflow`] if it does not fit into 128 bits.
    pub fn plus_line(&self, sums: &Sums) -> Result<Self, Overflow> {
        self.plus(&Self {
            fees: sums.fees,
            commission: sums.commission,
            shared: sums.shared,
            fees_usd: sums.fees_usd,
            commission_usd: sums.commission_usd,
            shared_usd: sums.shared_usd,
            volume_usd: sums.volume_usd,
        })
    }

    /// The sum with other amounts of the same asset.
    ///
    /// # Errors
    /// [`Overflow`] if it does not fit into 128 bits.
    pub fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        Ok(Self {
            fees: self.fees.plus(other.fees)?,
            commission: self.commission.plus(other.commission)?,
            shared: self.shared.plus(other.shared)?,
            fees_usd: self.fees_usd.plus(other.fees_usd)?,
            commission_usd: self.commission_usd.plus(other.commission_usd)?,
            shared_usd: self.shared_usd.plus(other.shared_usd)?,
            volume_usd: self.volume_usd.plus(other.volume_usd)?,
        })
    }
}

/// What one committed run booked for an affiliate's day: the sums of its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// By product, asset and origin.
    pub cells: BTreeMap<(Product, Asset, Origin), Money>,
    /// By link; only the USD columns are meant.
    pub links: BTreeMap<LinkCode, Money>,
    /// By reason: how many fees earned nothing for it.
    pub zeros: BTreeMap<Reason, i64>,
    /// How many fees.
    pub fee_count: i64,
    /// New invitees by origin and link.
    pub bound: BTreeMap<(Origin, LinkCode), u32>,
    /// Invitees who traded on this day and of whom no earlier run of the day knew.
    pub active: u32,
    /// The volume that counts for the tier, in USD.
    pub counted_volume_usd: BTreeMap<Market, Amount>,
    /// New registrants whose first trade falls on this day.
    pub new_traders: BTreeMap<Market, u32>,
    /// How many lines there are, and in how many chunks.
    pub lines: u64,
    /// The chunks.
    pub chunks: u32,
}

/// A summary with its place, and the wallet's word on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySummary {
    /// The day that it is about.
    pub day: Day,
    /// The run that booked it.
    pub seq: u64,
    /// The sums.
    pub summary: Summary,
    /// The payment, if the wallet made it.
    pub payment: Option<Payment>,
}

/// The wallet's word that it paid what a run booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// When.
    pub paid_at: Timestamp,
    /// The wallet's reference.
    pub reference: String,
}

/// An affiliate's totals over all time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Invitees by origin.
    pub invitees: BTreeMap<Origin, u32>,
    /// Invitees by link.
    pub by_link: BTreeMap<LinkCode, u32>,
    /// Invitees who traded at least once since they were bound.
    pub active: u32,
}

/// One invitee as the inviter sees him.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Referral {
    /// The invitee.
    pub uid: Uid,
    /// The link by which he came.
    pub code: LinkCode,
    /// How he came.
    pub origin: Origin,
    /// When he was bound.
    pub bound_at: Timestamp,
    /// What his trades came to.
    pub activity: Slots<ReferralActivity>,
}

/// What an invitee's trades came to since he was bound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferralActivity {
    /// By asset.
    pub by_asset: BTreeMap<Asset, Money>,
    /// The first trade in each market.
    pub first_trade_at: BTreeMap<Market, Timestamp>,
    /// The last trade.
    pub last_trade_at: Option<Timestamp>,
    /// When the binding was found void.
    pub voided_at: Option<Timestamp>,
}

/// Invitees of a page, and the key after which the next page begins.
#[derive(Debug)]
pub struct Referrals {
    /// The invitees.
    pub referrals: Vec<Referral>,
    /// Opaque; `None` at the end.
    pub next: Option<String>,
}

/// What became of the wallet's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentOutcome {
    /// It is kept.
    Kept,
    /// It was kept before, with the same content.
    Repeated,
    /// The affiliate has no such run on such a day.
    NothingBooked,
    /// The run was reported paid before, with other content.
    Conflicting,
}

impl Table {
    /// The head, an affiliate's account and totals: what every dashboard answer needs.
    /// Cost: 1 call, about 3 read units.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn standing(
        &self,
        affiliate: &Uid,
    ) -> Result<(Head, Option<Account>, Totals), TableError> {
        let totals_key = keys::totals(affiliate);
        let wanted = [keys::head(), keys::account(affiliate), totals_key.clone()];
        let (mut head, mut account, mut totals) = (Head::default(), None, None);
        for item in self.get_many(&wanted).await? {
            if keys::is_at(&item, &keys::head()) {
                head = read_plain("head", item)?;
            } else if keys::is_at(&item, &totals_key) {
                totals = Some(read_packed::<Slots<Totals>>("totals", &item)?);
            } else {
                account = Some(read_plain("account", item)?);
            }
        }
        let totals = totals.and_then(|slots| slots.at(head.visible).cloned()).unwrap_or_default();
        Ok((head, account, totals))
    }

    /// An affiliate's summaries of some days that readers of `visible` see, in the order of days
    /// and runs. Cost: 1 call per MB, 1 read unit per 4 KB: about one per day and run.
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
        let mut found: Vec<DaySummary> = Vec::new();
        for item in self.query(&keys::summaries(affiliate, from, to)).await? {
            let (day, seq, is_payment) = summary_place(&item)?;
            if is_payment {
                let payment = read_plain("payment", item)?;
                if let Some(of) = found.iter_mut().rev().find(|s| (s.day, s.seq) == (day, seq)) {
                    of.payment = Some(payment);
                }
            } else if seq <= visible {
                let summary = read_packed("summary", &item)?;
                found.push(DaySummary { day, seq, summary, payment: None });
            }
        }
        Ok(found)
    }

    /// Lines that a run booked for an affiliate, of some chunks, in their order.
    /// Cost: 1 read unit per 4 KB, 1 call per hundred chunks.
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
                read_packed("line chunk", item)
            })
            .collect()
    }

    /// A page of an affiliate's invitees in the order of binding, after the place where the last
    /// page ended. Cost: 1 call, 1 read unit per 4 KB.
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

    /// Invitees by inviter, time of binding and id, with their revisions. Cost: 1 read unit each.
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

    /// Writes an invitee as the inviter sees him, unless he was changed since he was read.
    /// Cost: 1 write unit per KB. Answers `false` where he was changed.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn save_referral(
        &self,
        inviter: &Uid,
        referral: &Versioned<Referral>,
    ) -> Result<bool, TableError> {
        let value = &referral.value;
        let item = packed(&keys::referral(inviter, value.bound_at, &value.uid), value)?;
        Ok(self.put_if(item, Condition::Revision(referral.revision)).await?.is_ok())
    }

    /// An affiliate's totals over all time. Cost: 1 read unit.
    ///
    /// # Errors
    /// If the table fails or the item does not decode.
    pub async fn totals(
        &self,
        affiliate: &Uid,
    ) -> Result<Option<Versioned<Slots<Totals>>>, TableError> {
        let item = self.get(&keys::totals(affiliate)).await?;
        item.map(|item| {
            let revision = revision(&item);
            Ok(Versioned { value: read_packed("totals", &item)?, revision })
        })
        .transpose()
    }

    /// Writes an affiliate's totals unless they were changed since they were read.
    /// Cost: 1 write unit. Answers `false` where they were changed.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn save_totals(
        &self,
        affiliate: &Uid,
        totals: &Versioned<Slots<Totals>>,
    ) -> Result<bool, TableError> {
        let item = packed(&keys::totals(affiliate), &totals.value)?;
        Ok(self.put_if(item, Condition::Revision(totals.revision)).await?.is_ok())
    }

    /// Writes what a run booked for an affiliate's day: its lines in chunks, then the summary.
    /// The first summary stands: it was made before any later run could change what it counts by,
    /// and whoever comes late with another is not heard. Cost: 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn publish_day(
        &self,
        affiliate: &Uid,
        day: Day,
        seq: u64,
        mut summary: Summary,
        lines: &[Line],
    ) -> Result<(), TableError> {
        let mut items = Vec::new();
        for (number, chunk) in (0..).zip(lines.chunks(LINES_PER_CHUNK)) {
            items.push(packed(&keys::line_chunk(affiliate, seq, number), &chunk)?);
            summary.chunks = number + 1;
        }
        self.put_many(items).await?;
        let summary = packed(&keys::summary(affiliate, day, seq), &summary)?;
        let _first_or_not = self.put_if(summary, Condition::Absent).await?;
        Ok(())
    }

    /// Keeps the wallet's word that it paid what a run booked for an affiliate's day.
    /// Cost: 1 transaction of 2 items.
    ///
    /// # Errors
    /// If the table fails or the earlier word does not decode.
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
            Ok(()) => Ok(PaymentOutcome::Kept),
            Err((0, _)) => Ok(PaymentOutcome::NothingBooked),
            Err((_, earlier)) => {
                let earlier: Option<Payment> =
                    earlier.map(|item| read_plain("payment", item)).transpose()?;
                let same = earlier.as_ref() == Some(payment);
                Ok(if same { PaymentOutcome::Repeated } else { PaymentOutcome::Conflicting })
            }
        }
    }
}

/// Lines in one chunk: some 200 bytes each keep an item under 400 KB.
const LINES_PER_CHUNK: usize = 1000;

fn summary_place(item: &Item) -> Result<(Day, u64, bool), TableError> {
    let malformed = || TableError::corrupt("summary", "its sort key is malformed");
    let mut parts = sort_key(item).split('#').skip(1);
    let day = parts.next().and_then(|day| day.parse().ok()).ok_or_else(malformed)?;
    let seq = parts.next().and_then(|seq| seq.parse().ok()).ok_or_else(malformed)?;
    Ok((day, seq, parts.next().is_some()))
}

//! Writes of a run to many affiliates' views at a time.

use std::collections::{BTreeMap, HashMap};

use commission::{Asset, Line};
use types::{Day, Uid};

use crate::access::Table;
use crate::account::Versioned;
use crate::affiliate_view::{
    ASSETS_PER_SUMMARY, StoredTotals, Summary, read_stored_totals, referral_item, totals_item,
};
use crate::attempt::Attempt;
use crate::chunks::{chunks, chunks_of};
use crate::conditional_batch::BatchCondition;
use crate::error::TableError;
use crate::item::{Item, packed};
use crate::keys;
use crate::packed_lines::LineChunk;
use crate::referral::Referral;

/// The sums and lines of a run for one affiliate.
#[derive(Debug)]
pub struct NewDay<'a> {
    /// The affiliate.
    pub affiliate: &'a Uid,
    /// The sums.
    pub summary: Summary,
    /// The lines, in the order of their keys.
    pub lines: &'a [Line],
}

impl Table {
    /// Writes invitee entries, each unless it was changed since it was read; returns the outcomes
    /// in their order. Cost: 1 call per 25 entries, 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails. Some of the entries may be written.
    pub async fn save_referrals(
        &self,
        referrals: &[(&Uid, &Versioned<Referral>)],
    ) -> Result<Vec<Attempt>, TableError> {
        let item = |(inviter, referral): &(&Uid, &Versioned<Referral>)| {
            let item = referral_item(inviter, &referral.value)?;
            Ok((item, BatchCondition::Revision(referral.revision)))
        };
        self.put_each_if(referrals.iter().map(item).collect::<Result<_, TableError>>()?).await
    }

    /// Returns the totals of some affiliates over all time. Cost: 1 call per hundred, 1 read unit
    /// each.
    ///
    /// # Errors
    /// If the table fails or an item does not decode.
    pub async fn totals_of<'a>(
        &self,
        affiliates: impl IntoIterator<Item = &'a Uid>,
    ) -> Result<HashMap<Uid, Versioned<StoredTotals>>, TableError> {
        let affiliates: Vec<&Uid> = affiliates.into_iter().collect();
        let keys: Vec<_> = affiliates.iter().map(|affiliate| keys::totals(affiliate)).collect();
        let mut items: HashMap<_, _> = self
            .get_many(&keys)
            .await?
            .into_iter()
            .filter_map(|item| Some((keys::key_of(&item)?, item)))
            .collect();
        let read = affiliates.iter().zip(&keys).map(|(affiliate, key)| {
            Ok(((*affiliate).clone(), read_stored_totals(items.remove(key))?))
        });
        read.collect()
    }

    /// Writes the totals of some affiliates, none of which is parked, each unless it was changed
    /// since it was read; returns the outcomes in their order. Cost: 1 call per 25, 1 write unit
    /// each.
    ///
    /// # Errors
    /// If the table fails. Some of the totals may be written.
    pub async fn save_totals_of(
        &self,
        totals: &[(&Uid, &Versioned<StoredTotals>)],
    ) -> Result<Vec<Attempt>, TableError> {
        let item = |(affiliate, totals): &(&Uid, &Versioned<StoredTotals>)| {
            let item = totals_item(affiliate, &totals.value)?;
            Ok((item, BatchCondition::Revision(totals.revision)))
        };
        self.put_each_if(totals.iter().map(item).collect::<Result<_, TableError>>()?).await
    }

    /// Writes the days of some affiliates as [`Table::publish_day`] does: first all lines, then all
    /// summaries. Cost: 1 call per 25 items of each kind, 1 write unit per KB.
    ///
    /// # Errors
    /// If the table fails. Some of the items may be written.
    pub async fn publish_days(
        &self,
        day: Day,
        seq: u64,
        days: Vec<NewDay<'_>>,
    ) -> Result<(), TableError> {
        let (mut lines, mut summaries) = (Vec::new(), Vec::new());
        for new in days {
            let items = day_items(new.affiliate, day, seq, new.summary, new.lines)?;
            lines.extend(items.lines);
            summaries.extend(items.summaries.into_iter().map(|it| (it, BatchCondition::Absent)));
        }
        self.put_many(lines).await?;
        let _first_or_not = self.put_each_if(summaries).await?;
        Ok(())
    }
}

/// The items of a run for an affiliate and day.
pub(crate) struct DayItems {
    /// The chunks of lines.
    pub(crate) lines: Vec<Item>,
    /// The parts of the summary, the first part last.
    pub(crate) summaries: Vec<Item>,
}

/// Returns the items of a run for an affiliate and day.
pub(crate) fn day_items(
    affiliate: &Uid,
    day: Day,
    seq: u64,
    mut summary: Summary,
    lines: &[Line],
) -> Result<DayItems, TableError> {
    let mut items = DayItems { lines: Vec::new(), summaries: Vec::new() };
    for (number, chunk) in (0..).zip(chunks(lines)?) {
        let key = keys::line_chunk(affiliate, seq, number);
        items.lines.push(packed(&key, &LineChunk { lines: chunk.to_vec() })?);
        summary.chunks = number + 1;
    }
    let (summary, further) = split(summary)?;
    for (number, part) in (1..).zip(&further) {
        items.summaries.push(packed(&keys::summary_part(affiliate, day, seq, number), part)?);
    }
    items.summaries.push(packed(&keys::summary(affiliate, day, seq), &summary)?);
    Ok(items)
}

/// Splits a summary whose cells do not fit into one item. All cells of an asset stay together, so
/// that each part yields an event. The first part has all other fields.
fn split(mut summary: Summary) -> Result<(Summary, Vec<Summary>), TableError> {
    let mut by_asset: BTreeMap<Asset, Vec<_>> = BTreeMap::new();
    for cell in std::mem::take(&mut summary.cells) {
        by_asset.entry(cell.0.1).or_default().push(cell);
    }
    let assets: Vec<_> = by_asset.into_values().collect();
    let mut parts = chunks_of(&assets, (ASSETS_PER_SUMMARY, CELLS_SIZE))?.into_iter();
    let cells = |part: &[Vec<_>]| part.iter().flatten().cloned().collect();
    summary.cells = parts.next().map(cells).unwrap_or_default();
    let further = parts.len().try_into();
    summary.further_parts = further.map_err(|error| TableError::corrupt("summary", error))?;
    let rest = parts.map(|part| Summary {
        cells: cells(part),
        booked_at: summary.booked_at,
        further_parts: summary.further_parts,
        ..Summary::default()
    });
    let rest = rest.collect();
    Ok((summary, rest))
}

/// The most bytes of one summary's cells: the links and counts beside them are some kilobytes.
const CELLS_SIZE: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affiliate_view::Totals;
    use crate::testing::table;
    use crate::two_version_cell::TwoVersionCell;

    #[tokio::test]
    async fn totals_are_written_and_read_in_groups() {
        let table = table().await;
        let [first, second]: [Uid; 2] = ["first", "second"].map(|uid| uid.parse().unwrap());
        let slots = Some(TwoVersionCell::new(7, Totals { active: 3, ..Totals::default() }));
        let new = Versioned::new(StoredTotals { slots, parked: None });
        let written = table.save_totals_of(&[(&first, &new)]).await.unwrap();
        assert_eq!(written, [Attempt::Done(())]);
        let repeated = table.save_totals_of(&[(&first, &new), (&second, &new)]).await.unwrap();
        assert_eq!(repeated, [Attempt::Conflict, Attempt::Done(())]);
        let third = "third".parse().unwrap();
        let read = table.totals_of([&first, &third]).await.unwrap();
        assert_eq!((&read[&first].value, read[&first].revision), (&new.value, 1));
        assert_eq!(read[&third], Versioned::default());
    }

    #[test]
    fn each_part_of_a_summary_has_its_instant() {
        let cell = |number: usize| {
            let asset = format!("A{number}").parse().unwrap();
            ((types::Product::Spot, asset, types::Origin::Recall), Default::default())
        };
        let cells = (0..=ASSETS_PER_SUMMARY).map(cell).collect();
        let booked_at = Some(types::Timestamp::EPOCH);
        let summary = Summary { cells, booked_at, lines: 7, ..Summary::default() };
        let (first, further) = split(summary).unwrap();
        assert_eq!((first.cells.len(), first.lines), (ASSETS_PER_SUMMARY, 7));
        let expected = Summary {
            cells: [cell(999)].into(),
            booked_at,
            further_parts: 1,
            ..Summary::default()
        };
        assert_eq!(further, [expected]);
    }
}

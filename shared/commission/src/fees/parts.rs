//! Records of fees in partitions by payer, and their grouping by payer within a partition.

use super::TooMany;
use crate::record::Record;

/// Number of partitions by payer, chosen so that the records of one partition fit into a cache.
pub(super) const PARTS: u32 = 256;
/// Number of records in a full block. Blocks of all partitions that are being filled fit into a
/// cache together.
const BLOCK: u32 = 32;

/// Records of all partitions, in blocks. A single allocation holds them, so that it is freed in
/// one step. The payer with number n is in partition n modulo [`PARTS`].
#[derive(Clone, Default)]
pub(super) struct Records {
    records: Vec<Record>,
    parts: Vec<Part>,
}

/// Blocks of one partition, in the order of their addition.
#[derive(Clone, Default)]
pub(super) struct Part {
    starts: Vec<u32>,
    /// Place of the next record.
    next: u32,
    /// End of the last block.
    end: u32,
}

/// Returns the number of records in a block. The first blocks of a partition are small, because a
/// small batch has few fees in each of many partitions.
const fn block_size(place: usize) -> u32 {
    if place < 3 { 4 << place } else { BLOCK }
}

impl Records {
    /// Adds partitions until there are enough for a number of payers.
    pub(super) fn add_parts(&mut self, payers: usize) {
        let parts = payers.min(PARTS as usize);
        if self.parts.len() < parts {
            self.parts.resize(parts, Part::default());
        }
    }

    /// Adds a record to the partition of its payer, which must exist.
    #[inline(always)]
    pub(super) fn push(&mut self, record: Record) -> Result<(), TooMany> {
        let part = self.parts.get_mut((record.payer % PARTS) as usize).ok_or(TooMany)?;
        if part.next == part.end {
            part.open_block(&mut self.records)?;
        }
        *self.records.get_mut(part.next as usize).ok_or(TooMany)? = record;
        part.next += 1;
        Ok(())
    }

    /// Checks the capacity for the given number of additional records.
    pub(super) fn check_room(&self, more: usize) -> Result<(), TooMany> {
        // Each partition may open a block that stays almost empty.
        let spare = (PARTS * BLOCK) as usize;
        let total = more.checked_add(spare).and_then(|more| self.records.len().checked_add(more));
        u32::try_from(total.ok_or(TooMany)?).map(drop).map_err(|_| TooMany)
    }

    /// Returns the record at a place.
    #[inline]
    pub(super) fn at(&self, place: u32) -> Option<&Record> {
        self.records.get(place as usize)
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub(super) fn part_of(&self, payer: u32) -> Option<&Part> {
        self.parts.get((payer % PARTS) as usize)
    }

    /// Returns the records of a partition with their places, in the order of their addition.
    pub(super) fn of(&self, part: &Part) -> impl Iterator<Item = (u32, &Record)> {
        self.blocks(part).flat_map(|(start, block)| (start..).zip(block))
    }

    /// Returns the blocks of a partition, each with the place of its first record.
    fn blocks(&self, part: &Part) -> impl Iterator<Item = (u32, &[Record])> {
        let unused = part.end - part.next;
        let last = part.starts.len().wrapping_sub(1);
        part.starts.iter().enumerate().map(move |(number, start)| {
            let used = block_size(number) - if number == last { unused } else { 0 };
            let block = *start as usize..(start + used) as usize;
            (*start, self.records.get(block).unwrap_or_default())
        })
    }
}

impl Part {
    #[cold]
    fn open_block(&mut self, records: &mut Vec<Record>) -> Result<(), TooMany> {
        let size = block_size(self.starts.len());
        let start = u32::try_from(records.len()).map_err(|_| TooMany)?;
        let end = start.checked_add(size).ok_or(TooMany)?;
        records.resize(end as usize, Record::default());
        self.starts.push(start);
        (self.next, self.end) = (start, end);
        Ok(())
    }
}

/// Places of the records of one partition, grouped by payer. The buffers are reused for all
/// partitions.
#[derive(Default)]
pub(super) struct Grouping {
    places: Vec<u32>,
    /// End of each payer's places, which is also the start of the next payer's places.
    ends: Vec<u32>,
}

impl Grouping {
    /// Groups the records of a partition that has the given number of payers: first counts the
    /// records of each payer, then puts each place where it belongs. A payer's places keep their
    /// order.
    pub(super) fn gather(&mut self, records: &Records, part: &Part, payers: usize) {
        self.ends.clear();
        self.ends.resize(payers, 0);
        let mut length = 0;
        for (_, block) in records.blocks(part) {
            for record in block {
                if let Some(count) = self.ends.get_mut((record.payer / PARTS) as usize) {
                    *count += 1;
                }
            }
            length += block.len();
        }
        let mut start = 0;
        for end in &mut self.ends {
            (*end, start) = (start, start + *end);
        }
        self.places.resize(length, 0);
        for (start, block) in records.blocks(part) {
            for (place, record) in (start..).zip(block) {
                let Some(end) = self.ends.get_mut((record.payer / PARTS) as usize) else {
                    continue;
                };
                if let Some(grouped) = self.places.get_mut(*end as usize) {
                    *grouped = place;
                }
                *end += 1;
            }
        }
    }

    /// Returns the places of each payer's records.
    pub(super) fn by_payer(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.places.get(*start as usize..*end as usize).unwrap_or_default())
    }
}

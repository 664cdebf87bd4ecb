//! Hash table from numeric ids to small numbers.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Number of bits for a value in a slot. The bits above hold the id.
const VALUE_BITS: u32 = 24;
const VALUE_MASK: u64 = (1 << VALUE_BITS) - 1;

/// Table from numeric ids to numbers, for example to indexes of a list.
///
/// It is asked once for each payer of each chunk. Therefore an entry takes one word, in a table
/// with open addressing: a look-up reads one place in memory, where a general table reads two.
/// Entries that do not fit into a word are in a general table.
#[derive(Debug, Clone, Default)]
pub(crate) struct NumberTable {
    /// Id in the upper bits, and below it the value plus one. Zero marks a free slot. The length is
    /// a power of two.
    slots: Vec<u64>,
    used: usize,
    others: HashMap<u64, u32, RandomState>,
}

impl NumberTable {
    /// Returns the value of an id.
    #[inline]
    pub(crate) fn get(&self, id: u64) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut place = place(id, mask);
        // A table always has free slots.
        while let Some(slot) = self.slots.get(place) {
            if slot >> VALUE_BITS == id && *slot != 0 {
                return Some((slot & VALUE_MASK) as u32 - 1);
            }
            if *slot == 0 {
                break;
            }
            place = (place + 1) & mask;
        }
        if self.others.is_empty() { None } else { self.others.get(&id).copied() }
    }

    /// Returns the first slots of some ids, for [`Self::get_from`]. Without branches in between,
    /// the processor waits for many of them at the same time.
    pub(crate) fn first_slots(&self, ids: &[u64]) -> Vec<u64> {
        let mask = self.slots.len().wrapping_sub(1);
        let slot = |id: &u64| self.slots.get(place(*id, mask)).copied().unwrap_or_default();
        ids.iter().map(slot).collect()
    }

    /// Returns the value of an id, given its first slot.
    #[inline]
    pub(crate) fn get_from(&self, first_slot: u64, id: u64) -> Option<u32> {
        if first_slot >> VALUE_BITS == id && first_slot != 0 {
            return Some((first_slot & VALUE_MASK) as u32 - 1);
        }
        self.get(id)
    }

    /// Adds an id with its value. A value in a slot is replaced only by one that fits into a slot:
    /// callers add each id once.
    pub(crate) fn insert(&mut self, id: u64, value: u32) {
        let word = id << VALUE_BITS | (u64::from(value) + 1);
        if id >> (u64::BITS - VALUE_BITS) != 0 || u64::from(value) >= VALUE_MASK {
            self.others.insert(id, value);
            return;
        }
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        self.put(word);
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        let before = std::mem::replace(&mut self.slots, vec![0; size]);
        self.used = 0;
        before.into_iter().filter(|slot| *slot != 0).for_each(|slot| self.put(slot));
    }

    fn put(&mut self, word: u64) {
        let mask = self.slots.len().wrapping_sub(1);
        let mut place = place(word >> VALUE_BITS, mask);
        while let Some(slot) = self.slots.get_mut(place) {
            if *slot == 0 || *slot >> VALUE_BITS == word >> VALUE_BITS {
                self.used += usize::from(*slot == 0);
                *slot = word;
                return;
            }
            place = (place + 1) & mask;
        }
    }
}

/// Returns the first slot of an id.
#[inline]
const fn place(id: u64, mask: usize) -> usize {
    (id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & mask
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn largest_ids_and_values_stay() {
        let mut table = NumberTable::default();
        assert_eq!(table.get(0), None);
        let ids = [0, 1, (1 << 40) - 1, 1 << 40, u64::MAX];
        let values = [0, VALUE_MASK as u32 - 1, VALUE_MASK as u32, u32::MAX];
        for id in ids {
            for value in values {
                let mut table = NumberTable::default();
                table.insert(id, value);
                assert_eq!((table.get(id), table.get(id ^ 1)), (Some(value), None));
            }
            table.insert(id, 7);
        }
        assert!(ids.iter().all(|id| table.get(*id) == Some(7)));
    }

    proptest! {
        #[test]
        fn table_equals_a_general_one(
            entries in prop::collection::vec((0..500_u64, any::<bool>(), 0..9_u32), 0..900),
        ) {
            let (mut table, mut expected) = (NumberTable::default(), BTreeMap::new());
            for (id, is_large, value) in entries {
                let id = if is_large { u64::MAX - id } else { id };
                table.insert(id, value);
                expected.insert(id, value);
            }
            for id in (0..501).chain(u64::MAX - 501..=u64::MAX) {
                prop_assert_eq!(table.get(id), expected.get(&id).copied());
                let first = table.first_slots(&[id]).remove(0);
                prop_assert_eq!(table.get_from(first, id), table.get(id));
            }
        }
    }
}

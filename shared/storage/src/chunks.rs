//! Lists in chunks that fit into an item, independent of the size of their entries.

use serde::Serialize;

use crate::error::TableError;
use crate::item::MAX_CONTENT;

/// The most entries of one chunk.
pub const ENTRIES_PER_CHUNK: usize = 1000;
/// Bytes of a chunk beside its entries as they are by themselves: the lists around them, and the
/// positions by which packed lines refer to these lists.
const ROOM: usize = 16 * ENTRIES_PER_CHUNK;

/// A list in chunks as items hold it.
pub(crate) fn chunks<T: Serialize>(entries: &[T]) -> Result<Vec<&[T]>, TableError> {
    chunks_of(entries, (ENTRIES_PER_CHUNK, MAX_CONTENT - ROOM))
}

/// A list in chunks of at most so many entries and bytes, whichever ends first. An entry that is
/// larger by itself has a separate chunk.
pub(crate) fn chunks_of<T: Serialize>(
    entries: &[T],
    most: (usize, usize),
) -> Result<Vec<&[T]>, TableError> {
    let (mut chunks, mut begin, mut fill) = (Vec::new(), 0, ChunkFill::of_at_most(most));
    for (place, entry) in entries.iter().enumerate() {
        if fill.ends_before(entry)? {
            chunks.extend(entries.get(begin..place));
            begin = place;
        }
    }
    chunks.extend(entries.get(begin..).filter(|rest| !rest.is_empty()));
    Ok(chunks)
}

/// The number of entries and bytes of a chunk while entries are added one at a time.
pub(crate) struct ChunkFill {
    entries: usize,
    bytes: usize,
    most: (usize, usize),
}

impl ChunkFill {
    /// An empty chunk as items hold it.
    pub(crate) const fn empty() -> Self {
        Self::of_at_most((ENTRIES_PER_CHUNK, MAX_CONTENT - ROOM))
    }

    const fn of_at_most(most: (usize, usize)) -> Self {
        Self { entries: 0, bytes: 0, most }
    }

    /// Adds an entry. Returns whether the chunk is full, so that the entry begins the next one.
    pub(crate) fn ends_before<T: Serialize>(&mut self, entry: &T) -> Result<bool, TableError> {
        let size = postcard::experimental::serialized_size(entry)
            .map_err(|error| TableError::corrupt("content", error))?;
        let (most_entries, most_bytes) = self.most;
        let is_full = self.entries >= most_entries || self.bytes + size > most_bytes;
        let ends = is_full && self.entries > 0;
        if ends {
            (self.entries, self.bytes) = (0, 0);
        }
        (self.entries, self.bytes) = (self.entries + 1, self.bytes + size);
        Ok(ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(entries: &[&str], most: (usize, usize)) -> Vec<usize> {
        chunks_of(entries, most).unwrap().iter().map(|chunk| chunk.len()).collect()
    }

    #[test]
    fn chunk_ends_at_entries_or_bytes() {
        // Each entry has its length before it.
        let four = ["abc"; 4];
        assert_eq!(sizes(&four, (3, 1000)), [3, 1]);
        assert_eq!(sizes(&four, (9, 8)), [2, 2]);
        assert_eq!(sizes(&four, (9, 7)), [1, 1, 1, 1]);
        assert_eq!(sizes(&four, (4, 16)), [4]);
    }

    #[test]
    fn large_entry_has_its_own_chunk() {
        let long = "x".repeat(50);
        assert_eq!(sizes(&["a", &long, "b", "c"], (9, 10)), [1, 1, 2]);
    }

    #[test]
    fn nothing_is_no_chunk() {
        assert!(sizes(&[], (9, 9)).is_empty());
    }

    #[test]
    fn first_large_entry_leaves_no_empty_chunk() {
        let long = "x".repeat(50);
        assert_eq!(sizes(&[&long, "b"], (9, 10)), [1, 1]);
    }

    #[test]
    fn chunk_leaves_room_for_its_lists() {
        let entries = vec!["x".repeat(998); 800];
        let per_chunk = (MAX_CONTENT - 16_000) / 1000;
        let sizes: Vec<usize> = chunks(&entries).unwrap().iter().map(|it| it.len()).collect();
        assert_eq!(sizes, [per_chunk, per_chunk, 800 - 2 * per_chunk]);
        let mut fill = ChunkFill::empty();
        let ends = entries.iter().position(|entry| fill.ends_before(entry).unwrap());
        assert_eq!(ends, Some(per_chunk));
    }
}

//! The result of a commit for the publishing: the run's number and the parts to publish.

use serde::{Deserialize, Serialize};
use storage::BUCKETS;

use crate::StepError;

/// The result of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// The run's number; `None` if there was nothing to book.
    pub seq: Option<u64>,
    /// The parts in which it is to be published.
    pub ranges: Vec<Part>,
    /// The reason if the day or a part of it is deferred.
    #[serde(default, rename = "setAside", skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}

/// One part of a run's publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The number of the part, from 0.
    pub part: u16,
    /// The number of parts.
    pub of: u16,
}

impl Part {
    pub(crate) fn checked(self) -> Result<Self, StepError> {
        if self.part < self.of && self.of <= BUCKETS {
            return Ok(self);
        }
        Err(StepError::BadRequest("range: expected a part below `of`".to_owned()))
    }

    /// Returns the inviters' buckets of this part.
    pub(crate) fn buckets(self) -> std::ops::RangeInclusive<u16> {
        let start = |part: u32| (part * u32::from(BUCKETS) / u32::from(self.of)) as u16;
        start(self.part.into())..=start(u32::from(self.part) + 1) - 1
    }

    /// Returns whether this part copies the delta of a shard to the booked deltas.
    pub(crate) fn copies(self, shard: u8) -> bool {
        u16::from(shard) % self.of == self.part
    }

    pub(crate) fn all(of: u16) -> Vec<Self> {
        (0..of).map(|part| Self { part, of }).collect()
    }
}

#[cfg(test)]
mod tests {
    use storage::SHARDS;

    use super::*;

    #[test]
    fn parts_split_buckets_and_shards() {
        for of in [1, 3, 64, BUCKETS] {
            let parts = Part::all(of);
            let buckets: Vec<u16> = parts.iter().flat_map(|part| part.buckets()).collect();
            assert!(buckets.into_iter().eq(0..BUCKETS), "{of}");
            for shard in 0..SHARDS {
                assert_eq!(parts.iter().filter(|part| part.copies(shard)).count(), 1, "{of}");
            }
        }
    }
}

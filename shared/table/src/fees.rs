//! Fees in chunks: one write for thousands of them, and a mark that their shard was touched.

use commission::{Arrived, FeeCorrection};
use serde::{Deserialize, Serialize};
use terms::Day;

use crate::access::Table;
use crate::error::TableError;
use crate::item::{packed, plain, read_packed, read_plain};
use crate::keys::{self, Shard, fingerprint};

/// Fees and corrections of one day and shard, as they came.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FeeBatch {
    /// Charged fees.
    pub fees: Vec<Arrived>,
    /// Corrections of fees, which may come before the fee itself.
    pub corrections: Vec<FeeCorrection>,
}

/// The mark that a day's shard has fees that no run has taken up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// The day.
    pub day: Day,
    /// The shard's number.
    pub shard: u8,
    /// Names what was kept before the mark was made.
    pub token: String,
    /// How often the mark was made since it was last removed. With the token it tells whether the
    /// mark was renewed meanwhile: also where a message that comes twice puts an old token in the
    /// place of a newer one.
    #[serde(rename = "rev")]
    pub count: u64,
}

/// A mark as it is written; the table counts the rest.
#[derive(Serialize)]
struct Mark<'a> {
    day: Day,
    shard: u8,
    token: &'a str,
}

/// Fees in one item: at most some 350 bytes each, so that an item stays under 400 KB.
const FEES_PER_CHUNK: usize = 1000;

impl Table {
    /// Keeps fees of one day and shard, and marks the shard as touched. The same batch again is
    /// the same items again. Cost: 1 write unit per KB of packed fees, and 1 for the mark.
    ///
    /// # Errors
    /// If the table fails; then the batch has to be brought again.
    pub async fn add_fees(
        &self,
        day: Day,
        shard: Shard,
        batch: &FeeBatch,
    ) -> Result<(), TableError> {
        let mut names = String::new();
        for chunk in chunks(batch) {
            let content =
                postcard::to_stdvec(&chunk).map_err(|e| TableError::corrupt("fee chunk", e))?;
            let name = fingerprint(&content);
            self.put(packed(&keys::fee_chunk(day, shard, &name), &chunk)?).await?;
            names.push_str(&name);
        }
        // Of all chunks: two batches that share one must not share their mark.
        self.touch(day, shard, &fingerprint(names.as_bytes())).await
    }

    /// Marks a day's shard, so that the next night's run takes it up. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn touch(&self, day: Day, shard: Shard, token: &str) -> Result<(), TableError> {
        let (key, shard) = (keys::touched(day, shard), shard.number());
        let mark = Mark { day, shard, token };
        self.put_counted(&key, plain(&key, &mark)?).await
    }

    /// All fees of a day's shard. Cost: 1 read unit per 4 KB of packed fees.
    ///
    /// # Errors
    /// If the table fails or a chunk does not decode.
    pub async fn fees(&self, day: Day, shard: Shard) -> Result<FeeBatch, TableError> {
        let mut all = FeeBatch::default();
        for item in self.query(&keys::fees(day, shard)).await? {
            let chunk: FeeBatch = read_packed("fee chunk", &item)?;
            all.fees.extend(chunk.fees);
            all.corrections.extend(chunk.corrections);
        }
        Ok(all)
    }

    /// All marks up to and with a day. Cost: 1 read unit per 4 KB of marks.
    ///
    /// # Errors
    /// If the table fails or a mark does not decode.
    pub async fn touched_through(&self, day: Day) -> Result<Vec<Touched>, TableError> {
        let items = self.query(&keys::touched_through(day)).await?;
        items.into_iter().map(|item| read_plain("mark", item)).collect()
    }

    /// Removes a mark, unless it was renewed since it was read. Cost: 1 write unit.
    ///
    /// # Errors
    /// If the table fails.
    pub async fn clear(&self, mark: &Touched) -> Result<(), TableError> {
        if let Some(shard) = Shard::new(mark.shard) {
            let key = keys::touched(mark.day, shard);
            self.delete_if(&key, ("token", &mark.token), mark.count).await?;
        }
        Ok(())
    }
}

fn chunks(batch: &FeeBatch) -> Vec<FeeBatch> {
    let fees = batch.fees.chunks(FEES_PER_CHUNK);
    let corrections = batch.corrections.chunks(FEES_PER_CHUNK);
    let fees = fees.map(|fees| FeeBatch { fees: fees.to_vec(), ..FeeBatch::default() });
    let corrections =
        corrections.map(|c| FeeBatch { corrections: c.to_vec(), ..FeeBatch::default() });
    fees.chain(corrections).collect()
}

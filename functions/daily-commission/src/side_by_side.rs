//! Work that waits for the table most of the time, done side by side.

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::StepError;

/// Does all of some work, at most `limit` at a time; the results are in the order of the work. The
/// first failure ends it.
pub(crate) async fn side_by_side<T, W>(
    limit: usize,
    work: impl IntoIterator<Item = W>,
) -> Result<Vec<T>, StepError>
where
    W: Future<Output = Result<T, StepError>>,
{
    // Collected first: an iterator that borrows, held over an await, is not known to be `Send`.
    let work: Vec<W> = work.into_iter().collect();
    stream::iter(work).buffered(limit).try_collect().await
}

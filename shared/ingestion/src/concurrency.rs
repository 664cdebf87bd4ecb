//! Independent table calls with bounded concurrency.

use futures_util::{StreamExt, TryStreamExt, stream};
use storage::TableError;

/// The most concurrent calls.
const AT_ONCE: usize = 16;

/// Runs all futures, a bounded number at a time; returns their results in order. Stops at the first
/// failure.
pub(crate) async fn concurrently<T, W>(
    work: impl IntoIterator<Item = W>,
) -> Result<Vec<T>, TableError>
where
    W: Future<Output = Result<T, TableError>>,
{
    // Collected first: an iterator that borrows, held over an await, is not known to be `Send`.
    let work: Vec<W> = work.into_iter().collect();
    stream::iter(work).buffered(AT_ONCE).try_collect().await
}

//! Calls of the table that wait for no other, at the same time.

use futures_util::{StreamExt, TryStreamExt, stream};
use storage::TableError;

/// How many of them are under way at once.
const AT_ONCE: usize = 16;

/// Does all work, a bounded number at a time; the results are in the order of the work. The first
/// failure ends it.
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

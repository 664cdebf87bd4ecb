//! Work that waits for the table most of the time, done concurrently.

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::StepError;

/// Does all of some work, at most `limit` at a time; the results are in the order of the work. The
/// first failure ends it.
pub(crate) async fn bounded_concurrency<T, W>(
    limit: usize,
    work: impl IntoIterator<Item = W>,
) -> Result<Vec<T>, StepError>
where
    W: Future<Output = Result<T, StepError>>,
{
    let mut results = Vec::new();
    each_side_by_side(limit, work, |result| {
        results.push(result);
        Ok(())
    })
    .await?;
    Ok(results)
}

/// The same, where each result is given to `take` and none is kept.
pub(crate) async fn each_side_by_side<T, W>(
    limit: usize,
    work: impl IntoIterator<Item = W>,
    mut take: impl FnMut(T) -> Result<(), StepError>,
) -> Result<(), StepError>
where
    W: Future<Output = Result<T, StepError>>,
{
    // Collected first: an iterator that borrows, held over an await, is not known to be `Send`.
    let work: Vec<W> = work.into_iter().collect();
    let mut results = stream::iter(work).buffered(limit);
    while let Some(result) = results.try_next().await? {
        take(result)?;
    }
    Ok(())
}

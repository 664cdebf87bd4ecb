//! Bounded concurrency for work that waits for the table most of the time.

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::StepError;

/// Does all of some work, at most `limit` at a time; returns the results in the order of the work.
/// Stops at the first failure.
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

/// Does the same, but passes each result to `take` and keeps none.
pub(crate) async fn each_side_by_side<T, W>(
    limit: usize,
    work: impl IntoIterator<Item = W>,
    mut take: impl FnMut(T) -> Result<(), StepError>,
) -> Result<(), StepError>
where
    W: Future<Output = Result<T, StepError>>,
{
    // Collect first: the compiler cannot prove that a borrowing iterator held across an await is
    // `Send`.
    let work: Vec<W> = work.into_iter().collect();
    let mut results = stream::iter(work).buffered(limit);
    while let Some(result) = results.try_next().await? {
        take(result)?;
    }
    Ok(())
}

//! Bounded concurrency for work that waits for the table most of the time.

use futures_util::{StreamExt, TryStreamExt, stream};

/// Does all of some work, at most `limit` at a time; returns the results in the order of the work.
/// Stops at the first failure.
///
/// # Errors
/// The first failure.
pub async fn bounded_concurrency<T, E, W>(
    limit: usize,
    work: impl IntoIterator<Item = W>,
) -> Result<Vec<T>, E>
where
    W: Future<Output = Result<T, E>>,
{
    let mut results = Vec::new();
    take_bounded(limit, work, |result| {
        results.push(result);
        Ok(())
    })
    .await?;
    Ok(results)
}

/// Does all of some work as [`bounded_concurrency`] does, but passes each result to `take` and
/// keeps none.
///
/// # Errors
/// The first failure of the work or of `take`.
pub async fn take_bounded<T, E, W>(
    limit: usize,
    work: impl IntoIterator<Item = W>,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E>
where
    W: Future<Output = Result<T, E>>,
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

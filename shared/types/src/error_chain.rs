//! Errors with their causes, as text.

use std::error::Error;

/// Returns an error and its causes, outermost first and separated by colons.
///
/// The message of an error does not repeat its source, so a log entry, a stored reason and a
/// terminal message use this function.
///
/// # Examples
/// ```
/// #[derive(Debug, thiserror::Error)]
/// #[error("the day cannot be read")]
/// struct Unreadable(#[source] types::Malformed);
///
/// let error = Unreadable("2026-02-30".parse::<types::Day>().unwrap_err());
/// assert!(types::error_chain(&error).starts_with("the day cannot be read: expected "));
/// ```
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

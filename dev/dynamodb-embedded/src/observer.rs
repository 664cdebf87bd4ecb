//! Observers of calls.

use std::fmt;

/// Sees every call of a client, also one that goes wrong.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// An operation is asked for, as `PutItem`, with its body in JSON.
    fn observe(&self, operation: &str, body: &[u8]);
}

//! Who looks on.

use std::fmt;

/// Sees every call of a client, also one that goes wrong.
pub trait Witness: fmt::Debug + Send + Sync + 'static {
    /// An operation is asked for, as `PutItem`, with its body in JSON.
    fn sees(&self, operation: &str, body: &[u8]);
}

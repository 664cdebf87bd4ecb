//! What the targets share: what must hold, as the tests have it.

#[path = "../decoding.rs"]
pub mod decoding;

//! The properties that the targets check, shared with the tests.

#[path = "../decoding.rs"]
pub mod decoding;

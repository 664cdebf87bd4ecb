//! Every route of `get-link` through its handler, over the embedded engine and the real SDK.
//!
//! The clock does not move and the random source is seeded, so that whole answers can be compared.

#![cfg(test)]

mod changing;
mod default;
mod listing;
mod making;
mod qr;
mod refusals;
mod repeating;
mod test_app;

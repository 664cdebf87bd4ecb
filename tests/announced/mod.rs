//! Published events: each is published once under one id, is valid under its schema, and suffices
//! for a wallet to pay exactly the amounts due.

mod bus;
mod filters;
mod schemas;
mod told;
mod wallet;

pub use bus::{Told, types};
pub use schemas::schema_of;

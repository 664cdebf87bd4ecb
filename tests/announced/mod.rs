//! What happens is told on the bus: each once under one id, to the receivers' schemas, and enough
//! for a wallet to pay exactly what is due.

mod bus;
mod filters;
mod schemas;
mod told;
mod wallet;

pub use bus::{Told, types};
pub use schemas::schema_of;

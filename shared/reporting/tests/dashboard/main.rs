//! The dashboard over the embedded engine, through the real SDK.

#![cfg(test)]

mod adds_up;
mod exports;
mod figures;
mod instants;
mod lines;
mod privacy;
mod refused;
mod sample;
mod test_app;

//! The operator's commands over the embedded engine, through the real SDK: what they print, how
//! they exit, and what they leave in the table.

#![cfg(test)]

mod consent;
mod explaining;
mod importing;
mod quarantined;
mod rolling_up;
mod support;
mod verifying;
#[expect(dead_code, reason = "the world of the end-to-end tests; not all of it is needed here")]
#[path = "../../../tests/world.rs"]
mod world;

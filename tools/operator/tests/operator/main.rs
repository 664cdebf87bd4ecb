//! The operator's commands over the embedded engine, through the real SDK: what they print, how
//! they exit, and what they leave in the table.

#![cfg(test)]

mod consent;
mod explaining;
mod hurrying;
mod importing;
mod parking;
mod quarantined;
mod restoring;
mod rolling_up;
mod support;
#[path = "../../../../tests/test_app.rs"]
mod test_app;
mod verifying;

//! The operator's commands on the embedded engine, through the real SDK: output, exit codes, and
//! changes of the table.

#![cfg(test)]

mod archiving;
mod archiving_s3;
mod connecting;
mod consent;
mod explaining;
mod hurrying;
mod importing;
mod parking;
mod quarantined;
mod rebuilding;
mod restoring;
mod rolling_up;
mod support;
mod switching;
#[path = "../../../../tests/test_app.rs"]
mod test_app;
mod verifying;

//! End-to-end tests of the programme: the functions' handlers, invoked with Lambda's events, on the
//! embedded engine through the real SDK.

#![cfg(test)]

mod activity;
mod announced;
mod continuity;
mod contract;
mod costs;
mod damage;
mod decoding;
mod deliveries;
mod dirty_markers;
mod emulator;
mod event_limits;
mod events_dir;
mod facts;
mod failing_calls;
mod held_sign_ups;
mod ingest_events;
mod invariants;
mod late;
mod limits;
mod lost_work;
mod malformed_input;
mod operating;
mod parked;
mod pending_sign_ups;
mod poison;
mod privacy;
mod quarters;
mod rates;
mod rebates;
mod reconciled;
mod regressions;
mod reruns;
mod roles;
mod runbook_proofs;
mod set_aside;
mod settlement;
mod signatures;
mod simulation;
mod story;
mod stream;
mod switches;
mod test_app;
mod trades;
mod upgrade;
mod voided;

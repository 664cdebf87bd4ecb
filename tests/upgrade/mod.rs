//! Data of each release is read by later releases, and a later change of a rule changes no earlier
//! result.

mod forms;
mod kinds;
mod policy;
mod releases;
mod written;

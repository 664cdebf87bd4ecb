//! The fold of version 0.1 (commit e7a3f4f), frozen so that benchmarks compare with it in one run.
//!
//! Types of the ledger (lines, sums, rules) are today's, so that results are compared exactly. The
//! code has one later fix: only real trades set a line's first and last trade. Nothing else of the
//! project uses this crate, and its code does not change.

mod conservation;
mod deduplicate;
mod difference;
mod due;
mod evaluation_cache;
mod fees;
mod fold;
mod relation;
mod sums;

pub use conservation::Conservation;
pub use difference::{Booked, difference};
pub use fees::{FeeRef, Fees, Payer, TooMany};
pub use fold::{Fold, fold};
pub use relation::Relations;

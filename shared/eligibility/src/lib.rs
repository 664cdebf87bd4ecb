//! The programme's rules of eligibility and region.
//!
//! [`evaluate`] is a pure function of facts, rules and an instant. It answers with every check, met or
//! not, so that the confirmation window, the bind itself and a later audit tell the same story.
//! The crate knows no I/O, no clock and no AWS, and no rule's number: those are the policy's.

mod evaluate;
mod facts;
mod regions;
mod report;
mod rules;

pub use evaluate::{Bind, evaluate};
pub use facts::{AccountFacts, LinkFacts, MAX_AFFILIATE_CHANGES, MAX_LOCATIONS};
pub use regions::{Period, Place, RegionRule, Regions};
pub use report::{Check, EligibilityReport, Requirement};
pub use rules::{Rules, Windows};

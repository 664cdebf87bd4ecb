//! Who may be bound to whom: the programme's rules of eligibility and region.
//!
//! [`judge`] is a pure function of facts, rules and an instant. It answers with every check, met or
//! not, so that the confirmation window, the bind itself and a later audit tell the same story.
//! The crate knows no I/O, no clock and no AWS, and no rule's number: those are the policy's.

mod facts;
mod judge;
mod judgement;
mod regions;
mod rules;

pub use facts::{AccountFacts, LinkFacts, MAX_AFFILIATE_CHANGES, MAX_LOCATIONS};
pub use judge::{Bind, judge};
pub use judgement::{Check, Judgement, Requirement};
pub use regions::{Period, Place, RegionRule, Regions};
pub use rules::{Rules, Windows};

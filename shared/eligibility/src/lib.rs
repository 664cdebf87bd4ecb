//! The programme's rules of eligibility and region.
//!
//! [`evaluate`] is a pure function of facts, rules and an instant. It returns every check, met or
//! not, so that the confirmation window, the bind and a later audit agree. The crate uses no I/O,
//! no clock and no AWS. It contains no limit of a rule: limits are in the programme's policy.
//!
//! # Examples
//!
//! An account that was active 60 days ago, where 90 days of inactivity are needed:
//!
//! ```
//! use eligibility::{AccountFacts, Bind, LinkFacts, Regions, Rules, Windows, evaluate};
//! use types::{Location, Malformed, Origin, Reason, Timeline, Timestamp};
//!
//! let registered_at: Timestamp = "2022-05-01T08:00:00Z".parse()?;
//! let now: Timestamp = "2026-11-22T12:00:00Z".parse()?;
//! let account = |uid: &str| -> Result<AccountFacts, Malformed> {
//!     Ok(AccountFacts {
//!         uid: uid.parse()?,
//!         registered_at,
//!         main_uid: None,
//!         top_uid: None,
//!         person: None,
//!         person_at: None,
//!         last_activity_at: None,
//!         location: Timeline::starting(
//!             registered_at,
//!             Location { country: "TR".parse()?, region: None },
//!         ),
//!         affiliate: Timeline::default(),
//!         inviter: None,
//!     })
//! };
//! let inviter =
//!     AccountFacts { affiliate: Timeline::starting(registered_at, true), ..account("1000")? };
//! let invitee = AccountFacts { last_activity_at: Some(now.plus_days(-60)), ..account("2000")? };
//! let link = LinkFacts {
//!     code: "ABCD2345".parse()?,
//!     owner: inviter.uid.clone(),
//!     invites_existing: true,
//! };
//! let windows = Windows { rule: "2026".into(), account_age_days: 90, inactivity_days: 90 };
//! let rules =
//!     Rules { windows: Timeline::starting(registered_at, windows), regions: Regions::default() };
//! let bind = Bind {
//!     link: Some(&link),
//!     inviter: Some(&inviter),
//!     invitee: Some(&invitee),
//!     origin: Origin::Recall,
//!     at: now,
//! };
//!
//! let report = evaluate(&bind, &rules);
//! assert_eq!(report.refusal(), Some(Reason::RecentlyActive));
//! // The limit is strict: one millisecond after 90 days.
//! let eligible_from = now.plus_days(30).plus_millis(1);
//! assert_eq!(report.eligible_from(), Some(eligible_from));
//! assert!(evaluate(&Bind { at: eligible_from, ..bind }, &rules).eligible());
//! # Ok::<(), Malformed>(())
//! ```

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

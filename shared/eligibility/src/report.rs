//! The result of an evaluation: every check, and the outcome of all of them.

use serde::Serialize;
use types::{Reason, Timestamp};

/// The requirement of a check that is met with time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Requirement {
    /// The account must be older than so many times 24 hours.
    AccountAge {
        /// Exactly so many days are not enough.
        more_than_days: u32,
        /// When the account was registered.
        since: Timestamp,
    },
    /// The account must have been dormant for longer than so many times 24 hours.
    Inactivity {
        /// Exactly so many days are not enough.
        more_than_days: u32,
        /// The last trade or use of a product, if there ever was one.
        since: Option<Timestamp>,
    },
}

/// One rule, and whether it is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// The reason of the refusal if the check is not met.
    pub reason: Reason,
    /// Whether the check is met.
    pub met: bool,
    /// The requirement, if the check is met with time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Requirement>,
    /// The first instant at which this unmet check would be met, where time alone changes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eligible_from: Option<Timestamp>,
}

/// The result of the evaluation of a bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EligibilityReport {
    /// The name of the rule in force at the instant of the bind; empty before the first rule.
    pub rule: String,
    /// All checks that the facts allow, in the order of precedence.
    pub checks: Vec<Check>,
    pub(crate) eligible_from: Option<Timestamp>,
}

impl EligibilityReport {
    /// Whether the bind may be made: every check is met. Never where a fact is missing.
    #[must_use]
    pub fn eligible(&self) -> bool {
        self.checks.iter().all(|check| check.met)
    }

    /// Returns the reason of the refusal: that of the first check that is not met.
    #[must_use]
    pub fn refusal(&self) -> Option<Reason> {
        self.checks.iter().find(|check| !check.met).map(|check| check.reason)
    }

    /// The first instant at which the bind could be made if nothing happens but time passing.
    ///
    /// `None` where it can be made now, and where something other than time has to change.
    #[must_use]
    pub fn eligible_from(&self) -> Option<Timestamp> {
        self.eligible_from
    }
}

//! Evaluations and bindings as the API shows them to the invitee.

use commission::SharedCommission;
use eligibility::{Check, EligibilityReport};
use serde::Serialize;
use storage::Binding;
use types::{LinkCode, Origin, Timestamp};

/// A check, with a sentence for a person if it is not met.
#[derive(Serialize)]
pub(crate) struct CheckView<'a> {
    #[serde(flatten)]
    check: &'a Check,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<&'static str>,
}

/// Returns every check of an evaluation, in the order in which they refuse.
pub(crate) fn checks(report: &EligibilityReport) -> Vec<CheckView<'_>> {
    let view = |check| CheckView { check, sentence: sentence(check) };
    report.checks.iter().map(view).collect()
}

fn sentence(check: &Check) -> Option<&'static str> {
    (!check.met).then_some(check.reason.sentence())
}

/// A binding. The invitee sees the inviter masked only.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BindingView<'a> {
    inviter: String,
    code: &'a LinkCode,
    origin: Origin,
    bound_at: Timestamp,
    shared_commission: SharedCommission,
    rule: &'a str,
}

impl<'a> BindingView<'a> {
    pub(crate) fn new(binding: &'a Binding) -> Self {
        let relation = &binding.relation;
        Self {
            inviter: relation.inviter.masked(),
            code: &relation.code,
            origin: relation.origin,
            bound_at: relation.bound_at,
            shared_commission: relation.shared,
            rule: &binding.rule,
        }
    }
}

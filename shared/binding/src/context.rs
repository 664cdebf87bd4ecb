//! The stored facts that a bind is evaluated by.

use commission::Relation;
use eligibility::{Bind, EligibilityReport, Rules};
use http_api::Problem;
use lambda::{App, OrProblem};
use storage::{Account, BindFacts, Binding, Versioned};
use types::{LinkCode, Origin, Timestamp, Uid};

/// The known facts of a bind.
pub(crate) struct BindContext(BindFacts);

impl BindContext {
    /// Reads the account to be bound, the link and its owner, if known, in one call.
    pub(crate) async fn read(
        app: &App,
        invitee: &Uid,
        code: &LinkCode,
        owner: Option<&Uid>,
    ) -> Result<Self, Problem> {
        app.table.parties(invitee, code, owner).await.or_problem().map(Self)
    }

    /// Every check, at the instant `at`.
    pub(crate) fn evaluate(&self, rules: &Rules, at: Timestamp) -> EligibilityReport {
        let bind = Bind {
            link: self.0.link.as_ref().map(|link| &link.facts),
            inviter: self.0.inviter.as_ref().map(|account| &account.facts),
            invitee: self.0.invitee.as_ref().map(|account| &account.value.facts),
            origin: Origin::Recall,
            at,
        };
        eligibility::evaluate(&bind, rules)
    }

    /// Whether the account is bound already, by this very link.
    pub(crate) fn is_made(&self) -> bool {
        let relation = self.0.invitee.as_ref().and_then(|account| account.value.relation.as_ref());
        relation.zip(self.0.link.as_ref()).is_some_and(|(relation, link)| {
            relation.voided_at.is_none()
                && relation.code == link.facts.code
                && relation.inviter == link.facts.owner
        })
    }

    /// Returns the binding that takes effect at `at` by `rule`, and the evaluated account; `None`
    /// if a fact is unknown.
    pub(crate) fn binding(
        self,
        rule: String,
        at: Timestamp,
    ) -> Option<(Versioned<Account>, Binding)> {
        let (invitee, link, inviter) = (self.0.invitee?, self.0.link?, self.0.inviter?);
        let relation = Relation {
            inviter: link.facts.owner,
            invitee: invitee.value.facts.uid.clone(),
            code: link.facts.code,
            origin: Origin::Recall,
            bound_at: at,
            shared: link.shared,
            voided_at: None,
        };
        let binding = Binding::new(relation, rule, &invitee.value.facts, &inviter.facts);
        Some((invitee, binding))
    }
}

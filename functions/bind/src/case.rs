//! All that a bind is judged by, as the table has it.

use commission::Relation;
use eligibility::{Bind, Judgement, Rules};
use http_api::Problem;
use runtime::{App, OrProblem};
use table::{Account, Binding, Link, Versioned};
use terms::{LinkCode, Origin, Timestamp, Uid};

/// What is known of a bind; `None` where the table does not know of something.
pub(crate) struct Case {
    invitee: Option<Versioned<Account>>,
    link: Option<Link>,
    inviter: Option<Account>,
}

impl Case {
    /// Reads the account to be bound, the link, and then the link's owner.
    ///
    /// The account comes first: its revision, on which the write depends, is then older than
    /// everything else that is judged.
    pub(crate) async fn read(app: &App, invitee: &Uid, code: &LinkCode) -> Result<Self, Problem> {
        let invitee = app.table.account(invitee).await.or_problem()?;
        let link = app.table.link(code).await.or_problem()?;
        let inviter = match &link {
            Some(link) => app.table.account(&link.facts.owner).await.or_problem()?,
            None => None,
        };
        Ok(Self { invitee, link, inviter: inviter.map(|account| account.value) })
    }

    /// The link.
    pub(crate) const fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// Every check, at the instant `at`.
    pub(crate) fn judge(&self, rules: &Rules, at: Timestamp) -> Judgement {
        let bind = Bind {
            link: self.link.as_ref().map(|link| &link.facts),
            inviter: self.inviter.as_ref().map(|account| &account.facts),
            invitee: self.invitee.as_ref().map(|account| &account.value.facts),
            origin: Origin::Recall,
            at,
        };
        eligibility::judge(&bind, rules)
    }

    /// Whether the account is bound already, by this very link.
    pub(crate) fn is_made(&self) -> bool {
        let relation = self.invitee.as_ref().and_then(|account| account.value.relation.as_ref());
        relation.zip(self.link.as_ref()).is_some_and(|(relation, link)| {
            relation.voided_at.is_none()
                && relation.code == link.facts.code
                && relation.inviter == link.facts.owner
        })
    }

    /// The binding as it comes into force at `at` by `rule`, and the account as it was judged;
    /// `None` where something is not known.
    pub(crate) fn binding(
        self,
        rule: String,
        at: Timestamp,
    ) -> Option<(Versioned<Account>, Binding)> {
        let (invitee, link, inviter) = (self.invitee?, self.link?, self.inviter?);
        let relation = Relation {
            inviter: link.facts.owner,
            invitee: invitee.value.facts.uid.clone(),
            code: link.facts.code,
            origin: Origin::Recall,
            bound_at: at,
            shared: link.shared,
            voided_at: None,
        };
        let facts = invitee.value.facts.clone();
        let binding = Binding { relation, rule, invitee: facts, inviter: inviter.facts };
        Some((invitee, binding))
    }
}

//! A registration: the account becomes known, and perhaps bound at sign-up.

use commission::Relation;
use eligibility::{Bind, judge};
use runtime::App;
use table::{Account, BindOutcome, Binding, Link, Shard, TableError, Versioned, fingerprint};
use terms::{LinkCode, Origin, Reason};

use crate::account::registered;
use crate::event::Registered;

/// Registers an account. `before` is the account, if it is known already.
///
/// Answers the account if it is new, nothing if it was registered so before, and a sentence if it
/// was registered with other facts.
pub(crate) async fn register(
    app: &App,
    event: &Registered,
    before: Option<&Account>,
) -> Result<Result<Option<Account>, &'static str>, TableError> {
    if let Some(before) = before {
        return again(app, event, before).await;
    }
    let account = registered(event);
    let (account, bound) = match &event.code {
        Some(code) => sign_up(app, account, code).await?,
        None => (account, None),
    };
    let new = Versioned::new(account);
    let written = match &bound {
        Some(binding) => app.table.bind(&new, binding).await? == BindOutcome::Bound,
        None => app.table.save_account(&new).await?,
    };
    if !written {
        let now_known = app.table.account(&event.uid).await?;
        let now_known = now_known.ok_or(TableError::Contended("an account"))?;
        return again(app, event, &now_known.value).await;
    }
    let mut account = new.value;
    if let Some(Binding { relation, .. }) = bound {
        mark(app, &relation).await?;
        account.facts.inviter = Some(relation.inviter.clone());
        account.relation = Some(relation);
    }
    Ok(Ok(Some(account)))
}

/// A registration of a known account. The worker that was told of it first may have died between
/// the binding and its mark, so the day is marked once more.
async fn again(
    app: &App,
    event: &Registered,
    known: &Account,
) -> Result<Result<Option<Account>, &'static str>, TableError> {
    let same = known.facts.registered_at == event.registered_at
        && known.facts.main_uid == event.main_uid
        && known.facts.location.at(event.registered_at).is_some();
    if !same {
        return Ok(Err("the account was registered before with other facts"));
    }
    match &known.relation {
        Some(relation) if relation.origin == Origin::Signup => mark(app, relation).await?,
        _ => {}
    }
    Ok(Ok(None))
}

/// A late registration binds on a day whose run is over, so that day is marked for the next one.
async fn mark(app: &App, relation: &Relation) -> Result<(), TableError> {
    let token = fingerprint(format!("{} {}", relation.invitee, relation.bound_at).as_bytes());
    app.table.touch(relation.bound_at.day(), Shard::of(&relation.invitee), &token).await
}

/// Judges a sign-up through a link. A refusal stays with the account; the account is registered
/// all the same.
async fn sign_up(
    app: &App,
    mut account: Account,
    code: &str,
) -> Result<(Account, Option<Binding>), TableError> {
    let link = match code.parse::<LinkCode>() {
        Ok(code) => app.table.link(&code).await?,
        Err(_) => None,
    };
    let inviter = match &link {
        Some(link) => app.table.account(&link.facts.owner).await?.map(|owner| owner.value.facts),
        None => None,
    };
    let judgement = judge(
        &Bind {
            link: link.as_ref().map(|link| &link.facts),
            inviter: inviter.as_ref(),
            invitee: Some(&account.facts),
            origin: Origin::Signup,
            at: account.facts.registered_at,
        },
        &app.programme.eligibility,
    );
    match (link, inviter) {
        (Some(link), Some(inviter)) if judgement.eligible() => {
            let relation = relation(&account, link);
            let invitee = account.facts.clone();
            let binding = Binding { relation, rule: judgement.rule, invitee, inviter };
            Ok((account, Some(binding)))
        }
        _ => {
            account.sign_up_refused = judgement.refusal().or(Some(Reason::UnknownLink));
            Ok((account, None))
        }
    }
}

fn relation(account: &Account, link: Link) -> Relation {
    Relation {
        inviter: link.facts.owner,
        invitee: account.facts.uid.clone(),
        code: link.facts.code,
        origin: Origin::Signup,
        bound_at: account.facts.registered_at,
        shared: link.shared,
        voided_at: None,
    }
}

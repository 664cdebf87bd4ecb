//! A registration: the account becomes known, and perhaps bound at sign-up.

use commission::Relation;
use eligibility::{Bind, evaluate};
use lambda::App;
use storage::{Account, BindOutcome, Binding, Link, Shard, TableError, Versioned, short_sha256};
use types::{LinkCode, Origin, Reason};

use crate::account::registered;
use crate::event::Registered;

/// What became of a registration.
pub(crate) enum Registration {
    /// The account is new.
    New(Box<Account>),
    /// The account was registered so before.
    Known,
    /// The account was registered before, with other facts.
    Otherwise,
}

/// Registers an account. `before` is the account, if it is known already.
///
/// # Errors
/// If the table fails.
pub(crate) async fn register(
    app: &App,
    event: &Registered,
    before: Option<&Account>,
) -> Result<Registration, TableError> {
    if let Some(before) = before {
        return again(app, event, before).await;
    }
    let account = registered(event, event.digest()?);
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
    Ok(Registration::New(Box::new(account)))
}

/// A registration of a known account. The worker that was told of it first may have died between
/// the binding and its mark, so the day is marked once more.
async fn again(app: &App, event: &Registered, known: &Account) -> Result<Registration, TableError> {
    let same = match &known.registration {
        Some(digest) => *digest == event.digest()?,
        None => is_as_known(event, known),
    };
    if !same {
        return Ok(Registration::Otherwise);
    }
    match &known.relation {
        Some(relation) if relation.origin == Origin::Signup => mark(app, relation).await?,
        _ => {}
    }
    Ok(Registration::Known)
}

/// Whether a registration can be that of an account of version 0.1, which has no digest of it. A
/// person may have been reported later, so another one proves nothing.
fn is_as_known(event: &Registered, known: &Account) -> bool {
    let facts = &known.facts;
    let code = match &known.relation {
        Some(relation) if relation.origin == Origin::Signup => Some(relation.code.as_str()),
        _ => None,
    };
    let same_code = match known.sign_up_refused {
        Some(_) => event.code.is_some(),
        None => event.code.as_deref() == code,
    };
    facts.registered_at == event.registered_at
        && facts.main_uid == event.main_uid
        && facts.location.at(event.registered_at) == Some(&event.location())
        && (event.person_hash.is_none() || facts.person.is_some())
        && same_code
}

/// A late registration binds on a day whose run is over, so that day is marked for the next one.
async fn mark(app: &App, relation: &Relation) -> Result<(), TableError> {
    let token = short_sha256(format!("{} {}", relation.invitee, relation.bound_at).as_bytes());
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
    let mut inviter = match &link {
        Some(link) => app.table.account(&link.facts.owner).await?.map(|owner| owner.value.facts),
        None => None,
    };
    if let Some(inviter) = inviter.as_mut().filter(|inviter| inviter.main_uid.is_some()) {
        inviter.top_uid = Some(app.table.top_account(inviter).await?);
    }
    let judgement = evaluate(
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
            let binding = Binding::new(relation, judgement.rule, &account.facts, &inviter);
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

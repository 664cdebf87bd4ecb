//! A registration: the account becomes known, and perhaps bound at sign-up.

use lambda::App;
use storage::{Account, BindOutcome, Binding, TableError, Versioned};
use types::Origin;

use crate::account::registered;
use crate::event::Registered;
use crate::sign_up::{self, SignUp, mark};

/// The outcome of a registration.
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
    let mut account = registered(event, event.digest()?);
    let mut bound = None;
    if let Some(code) = &event.code {
        match sign_up::evaluate(app, &account.facts, code).await? {
            SignUp::Eligible(binding) => bound = Some(*binding),
            SignUp::Refused { reason, owner } => {
                account.sign_up_refused = Some(reason);
                account.pending_sign_up =
                    owner.map(|(owner, code)| sign_up::pending(app, owner, code));
            }
        }
    }
    let new = Versioned::new(account);
    let written = match (&bound, &new.value.pending_sign_up) {
        (Some(binding), _) => app.table.bind(&new, binding).await? == BindOutcome::Bound,
        (None, Some(pending)) => app.table.list_sign_up(&new, pending).await?.is_done(),
        (None, None) => app.table.save_account(&new).await?.is_done(),
    };
    if !written {
        let now_known = app.table.account(&event.uid).await?;
        let now_known = now_known.ok_or(TableError::Contended("an account"))?;
        return again(app, event, &now_known.value).await;
    }
    if let Some(pending) = &new.value.pending_sign_up {
        // A fact that was written after the evaluation above and before the list was: whoever
        // wrote it did not find the sign-up there.
        sign_up::evaluate_again(app, &pending.inviter, &event.uid).await?;
    }
    let mut account = new.value;
    if let Some(Binding { relation, .. }) = bound {
        mark(app, &relation).await?;
        account.facts.inviter = Some(relation.inviter.clone());
        account.relation = Some(relation);
    }
    Ok(Registration::New(Box::new(account)))
}

/// Handles a registration of a known account. The process that handled it first may have ended
/// after the binding and before its marker, so the marker is written again.
async fn again(app: &App, event: &Registered, known: &Account) -> Result<Registration, TableError> {
    let same = match &known.registration {
        Some(digest) => *digest == event.digest()?,
        None => is_as_known(event, known),
    };
    if !same {
        return Ok(Registration::Otherwise);
    }
    match (&known.relation, &known.pending_sign_up) {
        (_, Some(pending)) => sign_up::evaluate_again(app, &pending.inviter, &event.uid).await?,
        (Some(relation), None) if relation.origin == Origin::Signup => mark(app, relation).await?,
        _ => {}
    }
    Ok(Registration::Known)
}

/// Returns whether a registration can be that of an account of version 0.1, which has no digest. A
/// person may have been reported later, so a different one proves nothing.
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

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
            SignUp::Stopped { inviter, code } => {
                account.pending_sign_up = Some(sign_up::pending(app, inviter, code));
            }
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
        // A fact or a switch that was written after the evaluation above and before the list was:
        // whoever wrote it did not find the sign-up there.
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
        (_, Some(pending)) => {
            sign_up::evaluate_again(app, &pending.inviter, &event.uid).await?;
        }
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

#[cfg(test)]
mod tests {
    use commission::{Relation, SharedCommission};
    use serde_json::{Value, json};
    use types::Reason;

    use super::*;

    const CODE: &str = "DYNAUCGD";
    const AT: &str = "2026-01-02T03:04:05.006Z";

    fn event(change: impl FnOnce(&mut Value)) -> Registered {
        let mut event = json!({
            "uid": "7",
            "registeredAt": AT,
            "country": "CH",
            "ref": CODE,
            "mainUid": "8",
        });
        change(&mut event);
        serde_json::from_value(event).unwrap()
    }

    /// Returns the account of 0.1 that the event made.
    fn known(event: &Registered) -> Account {
        let mut account = registered(event, String::new());
        account.registration = None;
        account
    }

    fn bound(origin: Origin) -> Account {
        let mut account = known(&event(|_| {}));
        account.relation = Some(Relation {
            inviter: "1".parse().unwrap(),
            invitee: "7".parse().unwrap(),
            code: CODE.parse().unwrap(),
            origin,
            bound_at: account.facts.registered_at,
            shared: SharedCommission::default(),
            voided_at: None,
        });
        account
    }

    #[test]
    fn same_sign_up_matches_account_of_0_1() {
        assert!(is_as_known(&event(|_| {}), &bound(Origin::Signup)));
    }

    #[test]
    fn changed_fact_is_other_registration() {
        for (key, value) in [
            ("registeredAt", json!("2026-01-02T03:04:05.007Z")),
            ("country", json!("TR")),
            ("mainUid", Value::Null),
            ("ref", json!("SZG9C7X8")),
            ("ref", Value::Null),
            ("personHash", json!("0".repeat(64))),
        ] {
            let other = event(|event| event[key] = value.clone());
            assert!(!is_as_known(&other, &bound(Origin::Signup)), "{key} {value}");
        }
    }

    #[test]
    fn reported_person_is_ignored() {
        let with_person = event(|event| event["personHash"] = json!("0".repeat(64)));
        let mut account = bound(Origin::Signup);
        account.facts.person = with_person.person_hash.clone();
        let other_person = event(|event| event["personHash"] = json!("1".repeat(64)));
        for same in [&with_person, &other_person, &event(|_| {})] {
            assert!(is_as_known(same, &account));
        }
    }

    #[test]
    fn recalled_account_signed_up_without_link() {
        let without = event(|event| event["ref"] = Value::Null);
        assert!(is_as_known(&without, &bound(Origin::Recall)));
        assert!(!is_as_known(&event(|_| {}), &bound(Origin::Recall)));
    }

    #[test]
    fn refused_sign_up_had_some_link() {
        let without = event(|event| event["ref"] = Value::Null);
        let mut account = known(&event(|_| {}));
        account.sign_up_refused = Some(Reason::UnknownLink);
        assert!(is_as_known(&event(|_| {}), &account));
        assert!(!is_as_known(&without, &account));
    }
}
